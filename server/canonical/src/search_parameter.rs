//! Search parameters as defined, <https://hl7.org/fhir/R4/searchparameter.html>.

/// One search parameter of one or more resource types.
#[derive(Debug)]
pub struct SearchParameter {
    pub url: String,
    /// The name in a query: `authored-on`.
    pub code: String,
    /// `token`, `reference`, `date`, `string`, `uri`, `number`, `quantity`, `composite` or `special`.
    pub kind: String,
    /// The resource types that have it; `Resource` and `DomainResource` stand for all.
    pub bases: Vec<String>,
    /// The FHIRPath expression; `None` for the special ones without any.
    pub expression: Option<String>,
    /// For references: the resource types that may be pointed to.
    pub targets: Vec<String>,
    /// For composites: the definition's url and the expression of each component.
    pub components: Vec<(String, String)>,
}
