//! A search as a value: what `store` turns into SQL and what a subscription's filters are made of,
//! <https://hl7.org/fhir/R4/search.html>.

use fhir::{Key, ResourceType};
use fhirpath::Decimal;

use crate::parameter::Parameter;

/// A whole search: of one type, or of several, as in a search of the whole system or of a compartment.
#[derive(Clone, Debug)]
pub struct Query {
    /// The address below the base that is searched: `Task`, `Patient/1/Task`, or nothing for the whole system.
    pub path: String,
    /// The types of its matches; sorted, each once.
    pub types: Vec<ResourceType>,
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
    /// The parameters that were used, as they are repeated in the self link, in order; without the cursor.
    pub used: Vec<(String, String)>,
    /// The parameters that were ignored under `handling=lenient`, each with the reason.
    pub ignored: Vec<(String, String)>,
}

impl Query {
    /// Whether it was asked for one type, by its address.
    #[must_use]
    pub fn is_of_one_type(&self) -> bool {
        !self.path.is_empty() && !self.path.ends_with('*')
    }
}

/// One condition on a resource. All of them are decided on the index rows of [`crate::index`].
///
/// What has a column of its own (`parameter.hot`) is compared there; the rest in `keys` or in the parameter's rows.
#[derive(Clone, Debug)]
pub enum Criterion {
    /// A token or uri: any of these is among the resource's `keys`.
    /// `negated` is `:not`: none of them is, and it also holds where there is no value.
    Keys { parameter: &'static Parameter, keys: Vec<Key>, negated: bool },
    /// Identifiers with their systems: any of these is in `identifiers`.
    Identifier { parameter: &'static Parameter, keys: Vec<Key> },
    /// A token with the column `status`: its code is (or, negated, is not, or is absent) one of these.
    Status { parameter: &'static Parameter, codes: Vec<String>, negated: bool },
    /// A reference: to any of these resources (`local`, keys of resources: in the column of a hot parameter, else in
    /// the parameter's `references`), or with any of these texts or identifiers (`other`, always in `keys`).
    /// `negated` as for `Keys`.
    Reference { parameter: &'static Parameter, local: Vec<Key>, other: Vec<Key>, negated: bool },
    /// The parameter's text (in `strings`) matches any of these.
    Text { parameter: &'static Parameter, mode: TextMode, texts: Vec<String> },
    /// One of the parameter's intervals (the column `date` of a hot parameter, else `dates`) stands to any of these as
    /// its prefix says.
    Date { parameter: &'static Parameter, values: Vec<DateValue> },
    /// A number or quantity: one of the parameter's values (in `quantities`) stands to any of these as its prefix says.
    Quantity { parameter: &'static Parameter, values: Vec<QuantityValue> },
    /// `:text` of a token: a word of one of its texts (in `vocabulary`) begins with any of these.
    Display { parameter: &'static Parameter, texts: Vec<String> },
    /// A composite: for one of the parameter's elements (in `composites`), every criterion of one of these tuples holds.
    Composite { parameter: &'static Parameter, tuples: Vec<Vec<Criterion>> },
    /// `:missing`. Without a value: for strings and dates no row, or no value in the column; for the other kinds
    /// the key [`Parameter::presence`] is absent, and the column, if there is one, is empty.
    Missing { parameter: &'static Parameter, missing: bool },
    /// The identity of the resource itself is one of these: `_id`.
    Identity { keys: Vec<Key> },
    /// `_lastUpdated`, where the resource's own interval is the millisecond that it is shown with.
    LastUpdated { values: Vec<DateValue> },
    /// A chain: the parameter refers to a resource of one of these types for which that type's condition holds.
    Chain { parameter: &'static Parameter, links: Vec<(ResourceType, Box<Criterion>)> },
    /// `_has`: a resource of the parameter's type refers to this one by the parameter, and the condition holds for it.
    Has { parameter: &'static Parameter, criterion: Box<Criterion> },
    /// A reference to one of these resources, or to one that is below (or above) them in a hierarchy. `by` are the references from
    /// a resource to the one above it.
    Hierarchy {
        parameter: &'static Parameter,
        local: Vec<Key>,
        by: Vec<&'static Parameter>,
        towards: Towards,
    },
    /// The position is in one of these circles.
    Near { parameter: &'static Parameter, circles: Vec<Circle> },
    /// Any of these holds.
    Any(Vec<Criterion>),
    /// All of these hold.
    All(Vec<Criterion>),
    /// None of this holds.
    Not(Box<Criterion>),
    /// The resource is of this type, and this holds.
    OfType(ResourceType, Box<Criterion>),
    /// The resource refers to `owner` by one of these parameters, or, where the owner is in its own compartment, is the owner.
    Compartment { owner: Key, parameters: Vec<&'static Parameter>, itself: bool },
}

/// How a string is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextMode {
    /// Folded, from the beginning (`folded`).
    StartsWith,
    /// Folded, anywhere (`folded`).
    Contains,
    /// As it is, in full (`exact`).
    Exact,
    /// Folded, at the end (`folded`).
    EndsWith,
    /// Folded, in full (`folded`), in the order of code points. `Ap`, `Sa` and `Eb` do not occur.
    Whole(Prefix),
    /// A uri that is this one or lies below it: it goes on with `/` (`folded`, which is not folded for uris).
    Below,
}

/// Where a hierarchy is followed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Towards {
    Above,
    Below,
}

/// What is near to a place: degrees of WGS84, and metres.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Circle {
    pub latitude: f64,
    pub longitude: f64,
    pub metres: f64,
}

/// One value of a date parameter: `[low, high)` in microseconds since 1970 UTC. For `ap` it is already widened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateValue {
    pub prefix: Prefix,
    pub low: i64,
    pub high: i64,
}

/// One value of a number or quantity parameter: `[low, high)` for `eq` and `ne`, `[low, high]` for `ap`, where it is already
/// widened, and one point (`low` is `high`) for the other prefixes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuantityValue {
    pub prefix: Prefix,
    pub low: Decimal,
    pub high: Decimal,
    pub unit: Unit,
}

/// Which values are compared, and in which unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// All, as they are written.
    Any,
    /// Those whose unit has this code or text, as they are written.
    Written(Key),
    /// Those of this measure, in its base units.
    Measure(Key),
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
    /// The types that have the reference: one, or for `*` those of the search.
    pub sources: Vec<ResourceType>,
    /// `None` is `*`: every reference parameter of the sources.
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
