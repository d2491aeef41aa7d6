//! Which search parameters are answered by what others are found by, so that nothing is kept for them twice: the whole table, in one place,
//! <https://hl7.org/fhir/R4/observation.html#search>.
//!
//! A union has no rows and no keys of its own. A join has none but its presence.

use fhir::ResourceType;

/// How a parameter is answered by others of its type, which are named by their codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Derived {
    /// Its values are those of all of these: what is found by one of them is found by it. One alone is another name for it.
    Union(&'static [&'static str]),
    /// A composite whose only element is the resource itself: what is found by all of these at once, one a component. A component may
    /// select less than its parameter (of the values of one type); then the composite has no presence.
    Join(&'static [&'static str]),
}

const TABLE: [(&str, &str, Derived); 17] = [
    ("Patient", "phonetic", Derived::Union(&["name"])),
    ("Person", "phonetic", Derived::Union(&["name"])),
    ("Practitioner", "phonetic", Derived::Union(&["name"])),
    ("RelatedPerson", "phonetic", Derived::Union(&["name"])),
    ("ServiceRequest", "journey", Derived::Union(&["requisition"])),
    ("ServiceRequest", "service-line", Derived::Union(&["code"])),
    ("EpisodeOfCare", "service-line", Derived::Union(&["type"])),
    ("Observation", "combo-code", Derived::Union(&["code", "component-code"])),
    (
        "Observation",
        "combo-data-absent-reason",
        Derived::Union(&["data-absent-reason", "component-data-absent-reason"]),
    ),
    ("Observation", "combo-value-concept", Derived::Union(&["value-concept", "component-value-concept"])),
    ("Observation", "combo-value-quantity", Derived::Union(&["value-quantity", "component-value-quantity"])),
    (
        "Observation",
        "combo-code-value-concept",
        Derived::Union(&["code-value-concept", "component-code-value-concept"]),
    ),
    (
        "Observation",
        "combo-code-value-quantity",
        Derived::Union(&["code-value-quantity", "component-code-value-quantity"]),
    ),
    ("Observation", "code-value-concept", Derived::Join(&["code", "value-concept"])),
    ("Observation", "code-value-date", Derived::Join(&["code", "value-date"])),
    ("Observation", "code-value-quantity", Derived::Join(&["code", "value-quantity"])),
    ("Observation", "code-value-string", Derived::Join(&["code", "value-string"])),
];

/// How this parameter is answered by others; `None` when it has rows or keys of its own.
pub(crate) fn derived(resource_type: ResourceType, code: &str) -> Option<Derived> {
    let line = TABLE.iter().find(|(name, own, _)| *name == resource_type.name() && *own == code);
    line.map(|(_, _, derived)| *derived)
}

#[cfg(test)]
mod tests;
