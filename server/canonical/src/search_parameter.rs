//! Search parameters as defined, <https://hl7.org/fhir/R4/searchparameter.html>.
//!
//! The expression is kept whole, also where it unites those of many types; cutting it by type is the search's business.

use serde::{Deserialize, Serialize};

/// One search parameter of one or more resource types.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchParameter {
    pub url: String,
    /// The name in a query: `authored-on`.
    pub code: String,
    /// `token`, `reference`, `date`, `string`, `uri`, `number`, `quantity`, `composite` or `special`.
    pub kind: String,
    /// The resource types that have it; `Resource` and `DomainResource` stand for all.
    pub bases: Vec<String>,
    /// The FHIRPath expression; `None` for the special ones without any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expression: Option<String>,
    /// For references: the resource types that may be pointed to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<String>,
    /// For composites: the definition's url and the expression of each component.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<(String, String)>,
}

/// A SearchParameter as it is published.
#[derive(Deserialize)]
struct Resource {
    url: String,
    code: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    base: Vec<String>,
    expression: Option<String>,
    #[serde(default)]
    target: Vec<String>,
    #[serde(default)]
    component: Vec<Component>,
}

#[derive(Deserialize)]
struct Component {
    definition: String,
    expression: String,
}

impl SearchParameter {
    /// What the text of a SearchParameter resource defines.
    pub fn read(resource: &str) -> Result<Self, serde_json::Error> {
        let resource: Resource = serde_json::from_str(resource)?;
        Ok(Self {
            url: resource.url,
            code: resource.code,
            kind: resource.kind,
            bases: resource.base,
            expression: resource.expression,
            targets: resource.target,
            components: resource.component.into_iter().map(|c| (c.definition, c.expression)).collect(),
        })
    }
}
