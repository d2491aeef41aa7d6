//! The registry of search parameters: what each resource type can be searched by,
//! <https://hl7.org/fhir/R4/searchparameter.html>.
//!
//! It is made once from the embedded definitions; each expression is cut to the type and compiled. The components of
//! a composite are parameters too, whose expressions begin at one element. Those of the kind special are known, but of them `near` alone is indexed.

use std::{fmt, sync::LazyLock};

use canonical::{SearchParameter, definitions};
use fhir::{Key, ResourceType};
use fhirpath::Expression;

use crate::{
    derived::{Derived, derived},
    element::Selected,
    expression, hot,
    hot::Hot,
};

/// The one special parameter that has an expression and is understood.
const NEAR: &str = "http://hl7.org/fhir/SearchParameter/Location-near";
/// The types of tokens that are sorted by their codes, which are in the vocabulary.
const CODES: [&str; 4] = ["code", "Coding", "CodeableConcept", "boolean"];

/// <https://hl7.org/fhir/R4/search.html#ptypes>
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Token,
    Reference,
    Date,
    String,
    Uri,
    Number,
    Quantity,
    Composite,
    Special,
}

impl Kind {
    /// The kind with this code.
    #[must_use]
    pub fn find(code: &str) -> Option<Self> {
        Some(match code {
            "token" => Self::Token,
            "reference" => Self::Reference,
            "date" => Self::Date,
            "string" => Self::String,
            "uri" => Self::Uri,
            "number" => Self::Number,
            "quantity" => Self::Quantity,
            "composite" => Self::Composite,
            "special" => Self::Special,
            _ => return None,
        })
    }

    /// FHIR's code for it, as in `CapabilityStatement.rest.resource.searchParam.type`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Reference => "reference",
            Self::Date => "date",
            Self::String => "string",
            Self::Uri => "uri",
            Self::Number => "number",
            Self::Quantity => "quantity",
            Self::Composite => "composite",
            Self::Special => "special",
        }
    }

    fn is_indexed(self) -> bool {
        self != Self::Special
    }
}

/// One search parameter of one resource type. Two are equal when type and code are.
pub struct Parameter {
    /// The name in a query: `authored-on`.
    pub code: String,
    /// The canonical url of its definition.
    pub url: String,
    pub kind: Kind,
    pub resource_type: ResourceType,
    /// For references: the types that may be pointed to.
    pub targets: Vec<ResourceType>,
    /// What stands for it in the database; it depends on type and code alone and never changes.
    pub number: i32,
    /// The column of its own, if it has one.
    pub hot: Option<Hot>,
    /// Whether it can be searched by.
    pub indexed: bool,
    /// For composites: what is compared of each element, in the order of the query.
    pub components: Vec<Parameter>,
    /// Whether it is a component itself: nothing of it is in columns or tables of their own.
    pub(crate) is_component: bool,
    /// How it is answered by others, if it is.
    pub(crate) derived: Option<Derived>,
    pub(crate) selected: Selected,
    expression: Option<Expression>,
}

impl Parameter {
    /// The key of the fact that a resource has a value for this parameter: what `:missing` asks for. A hot parameter
    /// has it only when its column does not say so already.
    #[must_use]
    pub fn presence(&self) -> Key {
        self.key("present", &[])
    }

    /// What stands for its values in the index tables and in the vocabulary: its own number, or those of the parameters whose values are
    /// its values.
    #[must_use]
    pub fn numbers(&self) -> Vec<i32> {
        self.parts().iter().map(|part| part.number).collect()
    }

    /// The parameters whose values are its values: itself, or those that it is a union of.
    pub(crate) fn parts(&self) -> Vec<&Parameter> {
        match self.derived {
            Some(Derived::Union(codes)) => registry().named(self.resource_type, codes),
            Some(Derived::Join(_)) | None => vec![self],
        }
    }

    /// For a composite: what each part of its values is compared as.
    pub(crate) fn compared(&'static self) -> Vec<&'static Parameter> {
        match self.derived {
            Some(Derived::Join(codes)) => registry().named(self.resource_type, codes),
            Some(Derived::Union(_)) | None => self.components.iter().collect(),
        }
    }

    /// What stands for the texts of a token's codes in the vocabulary, as `number` for the codes.
    #[must_use]
    pub fn text_number(&self) -> i32 {
        number(self.resource_type, &format!("{}:text", self.code))
    }

    /// What stands for the latitude and the longitude of a position.
    #[must_use]
    pub fn position_numbers(&self) -> [i32; 2] {
        ["latitude", "longitude"].map(|name| number(self.resource_type, &format!("{}:{name}", self.code)))
    }

    /// Whether a resource may refer to more by it than to what is in its column: the others have rows, as those of a parameter without one.
    #[must_use]
    pub fn may_have_more(&self) -> bool {
        self.kind == Kind::Reference && self.hot.is_some() && !self.selected.is_single()
    }

    /// Whether a search of its type can be sorted by it.
    #[must_use]
    pub fn is_sortable(&self) -> bool {
        match self.kind {
            Kind::Date | Kind::String | Kind::Number | Kind::Quantity | Kind::Uri => true,
            Kind::Token => self.selected.may_be(&CODES) || self.is_of_identifiers(),
            Kind::Reference => !self.targets.is_empty() && self.selected.may_be(&["Reference"]),
            Kind::Composite | Kind::Special => false,
        }
    }

    /// Whether it is a token whose values are identifiers and nothing else: they are in a table of their own.
    #[must_use]
    pub fn is_of_identifiers(&self) -> bool {
        self.kind == Kind::Token && !self.is_component && self.selected.is_only(&["Identifier"])
    }

    /// The key of a value of this parameter in one of its forms.
    pub(crate) fn key(&self, form: &str, texts: &[&str]) -> Key {
        let mut parts = vec![self.resource_type.name(), self.code.as_str(), form];
        parts.extend(texts);
        Key::of_parts("token", &parts)
    }

    /// What selects its values; `None` when it is not indexed, or is answered by the columns that every resource has.
    pub(crate) fn expression(&self) -> Option<&Expression> {
        self.expression.as_ref()
    }

    fn new(definition: &SearchParameter, resource_type: ResourceType) -> Option<Self> {
        let kind = Kind::find(&definition.kind)?;
        let members = definition.expression.as_deref().map(|text| expression::cut(text, resource_type));
        let members = members.unwrap_or_default();
        let members = match (members.as_slice(), definition.bases.as_slice(), &definition.expression) {
            // The standard's own slip: paths that do not name their type, which is the only one.
            ([], [_], Some(text)) if text.starts_with(|c: char| c.is_ascii_lowercase()) => {
                expression::members(text).iter().map(|path| format!("{resource_type}.{path}")).collect()
            }
            _ => members,
        };
        let selected = Selected::by(&members);
        let is_indexed = kind.is_indexed() || definition.url == NEAR;
        let expression = if is_indexed && !members.is_empty() {
            Expression::parse(&members.join(" | ")).ok()
        } else {
            None
        };
        let components = components(definition, resource_type, &members);
        let code = definition.code.clone();
        let mut targets: Vec<_> =
            definition.targets.iter().filter_map(|name| ResourceType::find(name)).collect();
        if code == "patient" && targets.contains(&ResourceType::PATIENT) {
            // Some definitions list Group beside it; whatever the list, `patient` is about patients.
            targets = vec![ResourceType::PATIENT];
        }
        Some(Self {
            hot: hot::column(resource_type, &code, kind, &selected),
            number: number(resource_type, &code),
            indexed: expression.is_some() && components.iter().all(|component| component.indexed),
            components,
            is_component: false,
            derived: derived(resource_type, &code),
            expression: expression.filter(|_| !matches!(code.as_str(), "_id" | "_lastUpdated")),
            code,
            url: definition.url.clone(),
            kind,
            resource_type,
            targets,
            selected,
        })
    }
}

/// The components of a composite, as parameters of their own.
fn components(definition: &SearchParameter, resource_type: ResourceType, roots: &[String]) -> Vec<Parameter> {
    let find = |url: &str| definitions().search_parameters().iter().find(|candidate| candidate.url == url);
    let named = definition.components.iter().filter_map(|(url, _)| find(url)).flat_map(|of| &of.targets);
    let targets: Vec<_> = named.filter_map(|name| ResourceType::find(name)).collect();
    let component = |(at, (url, text)): (usize, &(String, String))| {
        let of = find(url)?;
        // The standard's own spelling of a type that it does not have.
        let text = text.replace("as(DateTime)", "as(dateTime)");
        let paths = expression::members(&text);
        let paths: Vec<_> =
            roots.iter().flat_map(|root| paths.iter().map(move |path| format!("{root}.{path}"))).collect();
        let selected = Selected::by(&paths);
        let expression = Expression::parse(&text).ok();
        let code = format!("{}${}", definition.code, at + 1);
        Some(Parameter {
            number: number(resource_type, &code),
            code,
            url: url.clone(),
            kind: kind_of(&selected).or_else(|| Kind::find(&of.kind))?,
            resource_type,
            targets: targets.clone(),
            hot: None,
            indexed: expression.is_some(),
            components: Vec::new(),
            is_component: true,
            derived: None,
            selected,
            expression,
        })
    };
    definition.components.iter().enumerate().filter_map(component).collect()
}

/// The kind that elements of these types have, whatever definition is named for a component: one names the other's.
fn kind_of(selected: &Selected) -> Option<Kind> {
    if selected.is_only(&["code", "Coding", "CodeableConcept"]) {
        Some(Kind::Token)
    } else if selected.is_only(&["Reference"]) {
        Some(Kind::Reference)
    } else {
        None
    }
}

/// 31 bits of a hash of `Type.code`.
fn number(resource_type: ResourceType, code: &str) -> i32 {
    let hash = blake3::hash(format!("{resource_type}.{code}").as_bytes());
    let mut bytes = [0; 4];
    bytes.copy_from_slice(&hash.as_bytes()[..4]);
    i32::from_be_bytes(bytes) & i32::MAX
}

impl PartialEq for Parameter {
    fn eq(&self, other: &Self) -> bool {
        self.resource_type == other.resource_type && self.code == other.code
    }
}

impl Eq for Parameter {}

impl fmt::Debug for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.resource_type, self.code)
    }
}

/// Every search parameter of every type.
pub struct Registry {
    /// By the number of the type; each list sorted by code.
    types: Vec<Vec<Parameter>>,
}

/// The registry of this process.
#[must_use]
pub fn registry() -> &'static Registry {
    static REGISTRY: LazyLock<Registry> = LazyLock::new(Registry::from_definitions);
    &REGISTRY
}

impl Registry {
    /// The parameter of that type with this exact code, `_id` and its like included.
    #[must_use]
    pub fn parameter(&self, resource_type: ResourceType, code: &str) -> Option<&Parameter> {
        let parameters = self.parameters(resource_type);
        parameters
            .binary_search_by(|parameter| parameter.code.as_str().cmp(code))
            .ok()
            .map(|at| &parameters[at])
    }

    /// Every parameter of that type, sorted by code.
    #[must_use]
    pub fn parameters(&self, resource_type: ResourceType) -> &[Parameter] {
        usize::try_from(resource_type.number())
            .ok()
            .and_then(|at| self.types.get(at))
            .map_or(&[], Vec::as_slice)
    }

    /// The parameters of that type with these codes, in their order.
    fn named(&self, resource_type: ResourceType, codes: &[&str]) -> Vec<&Parameter> {
        codes.iter().filter_map(|code| self.parameter(resource_type, code)).collect()
    }

    fn from_definitions() -> Self {
        let mut types: Vec<Vec<Parameter>> = ResourceType::all().map(|_| Vec::new()).collect();
        for definition in definitions().search_parameters() {
            let general = definition.bases.iter().any(|base| base == "Resource" || base == "DomainResource");
            for (resource_type, parameters) in ResourceType::all().zip(&mut types) {
                if general || definition.bases.iter().any(|base| base == resource_type.name()) {
                    parameters.extend(Parameter::new(definition, resource_type));
                }
            }
        }
        for parameters in &mut types {
            // A few examples in the definitions redefine a code; the official definition has the code in its url.
            parameters.sort_by(|a, b| {
                let unofficial = |parameter: &Parameter| parameter.url.contains("/example");
                a.code.cmp(&b.code).then(unofficial(a).cmp(&unofficial(b)))
            });
            parameters.dedup();
        }
        Self { types }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn numbers_do_not_collide_and_do_not_change() {
        let mut seen = HashMap::new();
        for resource_type in ResourceType::all() {
            let parameters = registry().parameters(resource_type);
            for parameter in
                parameters.iter().flat_map(|parameter| parameter.components.iter().chain([parameter]))
            {
                assert!(parameter.number >= 0);
                if let Some(other) = seen.insert(parameter.number, parameter) {
                    panic!("{other:?} and {parameter:?} have the same number");
                }
            }
        }
        assert!(seen.len() > 2000, "{}", seen.len());
        assert_eq!(number(ResourceType::TASK, "owner"), 45_304_900);
        // As the migration has it that moves it.
        assert_eq!(number(ResourceType::SERVICE_REQUEST, "performer"), 1_362_367_077);
    }

    #[test]
    fn every_indexed_kind_compiles_wherever_the_definition_has_an_expression() {
        for definition in definitions().search_parameters() {
            for resource_type in definition.bases.iter().filter_map(|base| ResourceType::find(base)) {
                let members =
                    definition.expression.as_deref().map(|text| expression::cut(text, resource_type));
                let parameter = registry().parameter(resource_type, &definition.code).unwrap();
                if parameter.kind.is_indexed() && members.is_some_and(|members| !members.is_empty()) {
                    assert!(parameter.indexed, "{parameter:?}: {:?}", definition.expression);
                }
            }
        }
    }

    #[test]
    fn what_a_type_is_searched_by() {
        let check = |code: &str, kind: Kind, hot: Option<Hot>, indexed: bool| {
            let parameter = registry().parameter(ResourceType::TASK, code).unwrap();
            assert_eq!((parameter.kind, parameter.hot, parameter.indexed), (kind, hot, indexed), "{code}");
        };
        check("status", Kind::Token, Some(Hot::Status), true);
        check("business-status", Kind::Token, None, true);
        check("patient", Kind::Reference, Some(Hot::Patient), true);
        check("subject", Kind::Reference, None, true);
        check("authored-on", Kind::Date, Some(Hot::Date), true);
        check("_id", Kind::Token, None, true);
        check("_lastUpdated", Kind::Date, None, true);
        check("_tag", Kind::Token, None, true);
        check("_profile", Kind::Uri, None, true);
        check("_source", Kind::Uri, None, true);
        check("_text", Kind::String, None, false);
        assert!(registry().parameter(ResourceType::TASK, "Status").is_none());
        assert!(
            registry().parameter(ResourceType::TASK, "intent").unwrap()
                != registry().parameter(ResourceType::TASK, "code").unwrap()
        );
    }
}
