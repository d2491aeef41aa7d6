//! StructureDefinition and its ElementDefinitions as they are published, <https://hl7.org/fhir/R4/elementdefinition.html>:
//! only the parts that the server uses, read from HL7's package and from our own profiles alike.

use serde::Deserialize;

use crate::structure::{
    Binding, Constraint, ElementType, ExtensionContext, ProfileElementType, Slicing, Strength,
};
use crate::without_version;

/// The head of a StructureDefinition, with the elements of its snapshot in the form `E`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StructureDefinition<E> {
    pub url: String,
    pub name: String,
    pub kind: String,
    #[serde(rename = "abstract", default)]
    pub is_abstract: bool,
    #[serde(rename = "type")]
    pub type_name: String,
    pub base_definition: Option<String>,
    pub derivation: Option<String>,
    /// For extensions: where they may stand.
    #[serde(default = "Vec::new")]
    pub context: Vec<ExtensionContext>,
    pub snapshot: Option<Snapshot<E>>,
}

/// The snapshot: every element, the inherited ones too.
#[derive(Debug, Deserialize)]
pub struct Snapshot<E> {
    pub element: Vec<E>,
}

/// One element of a snapshot, without its `fixed[x]` and `pattern[x]`, whose names vary.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ElementDefinition {
    pub id: Option<String>,
    pub path: String,
    pub slice_name: Option<String>,
    pub slicing: Option<Slicing>,
    #[serde(default)]
    pub min: u32,
    pub max: Option<String>,
    pub short: Option<String>,
    pub definition: Option<String>,
    pub content_reference: Option<String>,
    #[serde(rename = "type", default)]
    pub types: Vec<TypeReference>,
    pub binding: Option<BindingDefinition>,
    #[serde(default)]
    pub constraint: Vec<ConstraintDefinition>,
    #[serde(default)]
    pub must_support: bool,
    #[serde(default)]
    pub is_modifier: bool,
    #[serde(default)]
    pub is_summary: bool,
}

/// `ElementDefinition.type`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TypeReference {
    code: String,
    #[serde(default)]
    profile: Vec<String>,
    #[serde(default)]
    target_profile: Vec<String>,
    #[serde(default)]
    extension: Vec<TypeExtension>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct TypeExtension {
    url: String,
    #[serde(alias = "valueUri")]
    value_url: Option<String>,
    value_string: Option<String>,
}

/// `ElementDefinition.binding`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BindingDefinition {
    strength: Strength,
    value_set: Option<String>,
}

/// `ElementDefinition.constraint`.
#[derive(Debug, Deserialize)]
pub struct ConstraintDefinition {
    /// The canonical url of the definition that states it; absent when it is this one.
    pub source: Option<String>,
    #[serde(flatten)]
    pub constraint: Constraint,
}

const FHIR_TYPE: &str = "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type";
const REGEX: &str = "http://hl7.org/fhir/StructureDefinition/regex";
const SYSTEM_TYPE: &str = "http://hl7.org/fhirpath/System.";

impl ElementDefinition {
    /// `None` is `*`.
    #[must_use]
    pub fn max(&self) -> Option<u32> {
        self.max.as_deref().and_then(|max| max.parse().ok())
    }

    /// Its binding, if that names a value set.
    #[must_use]
    pub fn binding(&self) -> Option<Binding> {
        let BindingDefinition { strength, value_set } = self.binding.as_ref()?;
        Some(Binding { strength: *strength, value_set: value_set.clone()? })
    }

    /// Its types with the resource types that they may point to. `is_resource` says that a `Resource.id` is among
    /// the elements of this structure.
    #[must_use]
    pub fn element_types(&self, is_resource: bool) -> Vec<ElementType> {
        self.types
            .iter()
            .map(|t| ElementType { code: self.type_code(t, is_resource), targets: t.targets() })
            .collect()
    }

    /// Its types with the profiles that they must conform to.
    #[must_use]
    pub fn profile_element_types(&self, is_resource: bool) -> Vec<ProfileElementType> {
        self.types
            .iter()
            .map(|t| ProfileElementType {
                code: self.type_code(t, is_resource),
                profiles: t.profile.clone(),
                target_profiles: t.target_profile.clone(),
            })
            .collect()
    }

    /// The canonical urls of the profiles that its types must conform to.
    pub fn type_profiles(&self) -> impl Iterator<Item = &str> {
        self.types.iter().flat_map(|t| t.profile.iter().map(String::as_str))
    }

    /// The regular expression of a primitive's `value`, if there is one.
    #[must_use]
    pub fn regex(&self) -> Option<&str> {
        self.types.iter().find_map(|t| t.extension(REGEX)?.value_string.as_deref())
    }

    /// The FHIR type. HL7 gives `id`, `url` and `value` their FHIRPath type, with the FHIR one in an extension, and that
    /// says `string` for the id of a resource, which the specification's own text says is an `id`.
    fn type_code(&self, t: &TypeReference, is_resource: bool) -> String {
        if !t.code.starts_with(SYSTEM_TYPE) {
            return t.code.clone();
        }
        if is_resource && self.path.matches('.').count() == 1 && self.path.ends_with(".id") {
            return "id".to_owned();
        }
        t.extension(FHIR_TYPE).and_then(|e| e.value_url.clone()).unwrap_or_else(|| "string".to_owned())
    }
}

impl TypeReference {
    fn extension(&self, url: &str) -> Option<&TypeExtension> {
        self.extension.iter().find(|extension| extension.url == url)
    }

    /// A target of `Resource` is any type.
    fn targets(&self) -> Vec<String> {
        let targets: Vec<_> = self.target_profile.iter().map(|url| type_name(url).to_owned()).collect();
        if targets.iter().any(|name| name == "Resource") { Vec::new() } else { targets }
    }
}

/// The name of the type whose StructureDefinition has this canonical url: its last segment.
#[must_use]
pub fn type_name(url: &str) -> &str {
    let url = without_version(url);
    url.rsplit_once('/').map_or(url, |(_, name)| name)
}
