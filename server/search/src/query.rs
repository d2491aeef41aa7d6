//! A search as a value: what `store` turns into SQL and what a subscription's filters are made of,
//! <https://hl7.org/fhir/R4/search.html>.

use fhir::{Key, ResourceType};

use crate::parameter::Parameter;

/// A whole search of one type (or, with several types, of a system or compartment).
#[derive(Clone, Debug)]
pub struct Query {
    pub resource_type: ResourceType,
    /// Joined by AND.
    pub criteria: Vec<Criterion>,
    pub sort: Vec<Sort>,
    /// How many matches a page has at most; 0 asks for the total alone.
    pub count: u32,
    pub total: Total,
    pub includes: Vec<Include>,
    pub summary: Summary,
    /// The names of `_elements`; empty is all.
    pub elements: Vec<String>,
    /// The place after which this page begins, as given by the `next` link of the one before.
    pub cursor: Option<String>,
    /// The parameters that were used, as they are repeated in the self link, in order.
    pub used: Vec<(String, String)>,
    /// The parameters that were ignored under `handling=lenient`, each with the reason.
    pub ignored: Vec<(String, String)>,
}

/// One condition on a resource. All of them are decided on the index rows of [`crate::index`].
#[derive(Clone, Debug)]
pub enum Criterion {
    /// The parameter has (or, negated, has not) any of these keys: tokens, references, uris, `_id`, `_tag`, `_profile`.
    /// `negated` is `:not`, and also holds where there is no value.
    Keys { parameter: &'static Parameter, keys: Vec<Key>, negated: bool },
    /// The parameter's text matches any of these.
    Text { parameter: &'static Parameter, mode: TextMode, texts: Vec<String> },
    /// The parameter's interval stands to any of these as its prefix says.
    Date { parameter: &'static Parameter, values: Vec<DateValue> },
    /// `:missing`.
    Missing { parameter: &'static Parameter, missing: bool },
    /// The identity of the resource itself: `_id`.
    Identity { keys: Vec<Key> },
    /// A chain: the parameter refers to a resource of one of these types for which one of these conditions holds.
    Chain { parameter: &'static Parameter, links: Vec<(ResourceType, Box<Criterion>)> },
}

/// How a string is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextMode {
    /// Folded, from the beginning.
    StartsWith,
    /// Folded, anywhere.
    Contains,
    /// As it is, in full.
    Exact,
    /// A uri that is this one or lies below it.
    Below,
}

/// One value of a date parameter: `[low, high)` in microseconds since 1970 UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateValue {
    pub prefix: Prefix,
    pub low: i64,
    pub high: i64,
}

/// <https://hl7.org/fhir/R4/search.html#prefix>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prefix {
    Eq,
    Ne,
    Gt,
    Lt,
    Ge,
    Le,
    Sa,
    Eb,
    Ap,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortBy {
    LastUpdated,
    Id,
    Parameter(&'static Parameter),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sort {
    pub by: SortBy,
    pub descending: bool,
}

/// `_total`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Total {
    /// No preference: exact when the first page is also the last.
    Unspecified,
    None,
    Estimate,
    Accurate,
}

/// `_summary`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Summary {
    False,
    True,
    Text,
    Data,
    Count,
}

/// `_include` or `_revinclude`.
#[derive(Clone, Debug)]
pub struct Include {
    pub direction: Direction,
    /// The type that has the reference.
    pub source: ResourceType,
    /// `None` is `*`: every reference parameter of the source.
    pub parameter: Option<&'static Parameter>,
    /// Only references to this type.
    pub target: Option<ResourceType>,
    pub iterate: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Forward,
    Reverse,
}
