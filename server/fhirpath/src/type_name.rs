//! Types by name: FHIR's own, and the few of System that literals have, <https://hl7.org/fhirpath/N1/#types-and-reflection>.

use canonical::{Kind, definitions};

use crate::item::Item;

/// No chain of base types is longer.
const MAX_BASES: usize = 8;

/// The type that an expression names: of FHIR, of System, or (for `Quantity`) either.
#[derive(Debug)]
pub(crate) struct TypeName {
    qualified: bool,
    fhir: Option<&'static str>,
    primitive: bool,
    system: Option<&'static str>,
}

/// The types of literals and results.
const SYSTEM: [&str; 9] =
    ["Any", "Boolean", "Date", "DateTime", "Decimal", "Integer", "Quantity", "String", "Time"];

impl TypeName {
    /// The type with this name, in this namespace or in any.
    pub(crate) fn new(namespace: Option<&str>, name: &str) -> Self {
        let fhir = (namespace != Some("System")).then(|| definitions().structure(name)).flatten();
        let system = (namespace != Some("FHIR"))
            .then(|| SYSTEM.iter().find(|system| **system == name).copied())
            .flatten();
        Self {
            qualified: namespace.is_some(),
            fhir: fhir.map(|structure| structure.name.as_str()),
            primitive: fhir.is_some_and(|structure| structure.kind == Kind::PrimitiveType),
            system,
        }
    }

    pub(crate) fn is_unknown(&self) -> bool {
        self.fhir.is_none() && self.system.is_none()
    }

    pub(crate) fn is_qualified(&self) -> bool {
        self.qualified
    }

    /// FHIR's type of this name.
    pub(crate) fn fhir_type(&self) -> Option<&'static str> {
        self.fhir
    }

    /// Whether the item is of this type or one derived from it.
    pub(crate) fn covers(&self, item: &Item<'_>) -> bool {
        match item {
            Item::Node(node) => self.fhir.is_some_and(|fhir| is_a(node.type_name(), fhir)),
            _ => self.covers_system(item),
        }
    }

    /// Whether the item may be taken for this type: as [`Self::covers`], but a `code` is not taken for a `string`;
    /// and a primitive may be taken for its System type, as some of R4's search parameters do.
    pub(crate) fn selects(&self, item: &Item<'_>) -> bool {
        match (item, self.fhir) {
            (Item::Node(node), Some(fhir)) if self.primitive => node.type_name() == fhir,
            (Item::Node(node), Some(fhir)) => is_a(node.type_name(), fhir),
            (Item::Node(_), None) => {
                !matches!(item.system(), Item::Node(_)) && self.covers_system(&item.system())
            }
            _ => self.covers_system(item),
        }
    }

    fn covers_system(&self, item: &Item<'_>) -> bool {
        self.system.is_some_and(|system| system == "Any" || system == item.type_info().1)
    }
}

/// Whether the type with the first name is the second, or derived from it.
pub(crate) fn is_a(name: &str, ancestor: &str) -> bool {
    if name == ancestor {
        return true;
    }
    let mut current = name;
    for _ in 0..MAX_BASES {
        let Some(base) = definitions().structure(current).and_then(|s| s.base.as_deref()) else {
            return false;
        };
        if base == ancestor {
            return true;
        }
        current = base;
    }
    false
}
