//! Elements of resource types, data types and profiles, <https://hl7.org/fhir/R4/elementdefinition.html>.
//!
//! Only shapes: how they are read is in `scope` and `profile`, what they mean for a resource is the validation's.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a structure defines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    Resource,
    ComplexType,
    PrimitiveType,
}

/// The children of a resource type, a data type or a backbone element: where a path can go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ScopeId(pub u32);

/// A resource type or data type of R4.
#[derive(Debug)]
pub struct Structure {
    pub name: String,
    pub url: String,
    pub kind: Kind,
    pub is_abstract: bool,
    /// The name of the type it specialises, such as `DomainResource`.
    pub base: Option<String>,
    /// Where its elements are found; `None` for primitives.
    pub scope: Option<ScopeId>,
    /// For primitives: the regular expression of the value's text, if the definition has one.
    pub regex: Option<String>,
    /// The invariants that this definition states on the whole, without those of its base type.
    pub constraints: Vec<Constraint>,
}

/// One element of a structure, as its snapshot says.
#[derive(Debug)]
pub struct Element {
    /// `Task.restriction.period`; a choice is written `Task.input.value[x]`.
    pub path: String,
    /// The last part of the path: `value[x]`.
    pub name: String,
    pub min: u32,
    /// `None` is `*`.
    pub max: Option<u32>,
    pub types: Vec<ElementType>,
    pub binding: Option<Binding>,
    pub is_modifier: bool,
    pub is_summary: bool,
    /// The invariants that this definition states here, without those of the element's type.
    pub constraints: Vec<Constraint>,
}

/// One of the types that an element may have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ElementType {
    /// FHIR's name: `Reference`, `CodeableConcept`, `BackboneElement`, `code`, `Resource`, `xhtml`, …
    pub code: String,
    /// For references and canonicals: the names of the resource types that may be pointed to; empty is any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<String>,
}

/// Where the codes of an element come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    pub strength: Strength,
    /// The value set's canonical url, with `|version` when the definition has one.
    pub value_set: String,
}

/// How binding the value set of a [`Binding`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Strength {
    Required,
    Extensible,
    Preferred,
    Example,
}

/// An invariant, <https://hl7.org/fhir/R4/conformance-rules.html#constraints>.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Constraint {
    /// Its name: `bdl-7`.
    pub key: String,
    /// `error` or `warning`.
    pub severity: String,
    /// The rule in words.
    pub human: String,
    /// The rule in FHIRPath; `None` when it is only given in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expression: Option<String>,
}

/// What a JSON property of a scope is: the element, and the type that its name or its definition settles.
#[derive(Debug)]
pub struct Child {
    pub element: &'static Element,
    /// FHIR's name of the type: for `valueQuantity` it is `Quantity`; for a backbone element `BackboneElement`.
    pub type_name: &'static str,
    /// Where its own children are found; `None` for primitives, and for `Resource`, whose type the JSON says.
    pub scope: Option<ScopeId>,
}

/// A profile of ours: a constraint on one type, with its snapshot.
#[derive(Debug)]
pub struct Profile {
    pub url: String,
    pub name: String,
    /// The resource type or data type (`Extension`) that it constrains.
    pub type_name: String,
    /// For extensions: the elements that it may stand on; empty is any.
    pub contexts: Vec<ExtensionContext>,
    /// The url of the definition that it narrows: of a profile, or of its type.
    pub base: Option<String>,
    pub elements: Vec<ProfileElement>,
}

/// Where an extension may stand, <https://hl7.org/fhir/R4/defining-extensions.html#context>.
#[derive(Debug, Deserialize)]
pub struct ExtensionContext {
    /// `element`, `extension` or `fhirpath`.
    #[serde(rename = "type")]
    pub kind: String,
    /// For `element` a type or a path: `ServiceRequest`, `Patient.name`.
    pub expression: String,
}

/// One element of a profile's snapshot.
#[derive(Debug)]
pub struct ProfileElement {
    /// `ServiceRequest.extension:discharge`, as the snapshot's `id`.
    pub id: String,
    pub path: String,
    pub slice_name: Option<String>,
    pub min: u32,
    /// `None` is `*`.
    pub max: Option<u32>,
    pub types: Vec<ProfileElementType>,
    pub binding: Option<Binding>,
    pub must_support: bool,
    /// `fixed[x]`: the value must be equal to it.
    pub fixed: Option<Value>,
    /// `pattern[x]`: the value must contain it.
    pub pattern: Option<Value>,
    pub slicing: Option<Slicing>,
    /// The sentence that says why, from `short` or `definition`.
    pub short: Option<String>,
    /// The invariants that our profiles add here, without those of HL7's definitions.
    pub constraints: Vec<Constraint>,
}

/// A type of a profile's element, with the profiles it must conform to.
#[derive(Debug)]
pub struct ProfileElementType {
    pub code: String,
    pub profiles: Vec<String>,
    pub target_profiles: Vec<String>,
}

/// How the repetitions of an element, or the types of a choice, are told apart.
#[derive(Debug, Deserialize)]
pub struct Slicing {
    #[serde(rename = "discriminator", default)]
    pub discriminators: Vec<Discriminator>,
    #[serde(default)]
    pub ordered: bool,
    /// `open`, `closed` or `openAtEnd`.
    pub rules: String,
}

/// What a slice is recognised by.
#[derive(Debug, Deserialize)]
pub struct Discriminator {
    /// `value`, `pattern`, `exists`, `type` or `profile`.
    #[serde(rename = "type")]
    pub kind: String,
    pub path: String,
}
