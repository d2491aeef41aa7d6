//! Operations, <https://hl7.org/fhir/R4/operations.html>: which there are, where they may be called, and with what.
//!
//! A new operation is a row of [`OPERATIONS`], a [`Code`], and a file with what it does. The row routes, checks the
//! parameters, and is what the CapabilityStatement declares.

mod call;
mod events;
mod everything;
mod export;
mod hand_over;
mod meta;
mod parameters;
mod reindex;
mod status;
mod terminology;
mod validate;
mod versions;

use fhir::{Error, ResourceType};

pub use call::Call;
pub use export::{ExportFile, Lines, is_later, lines};
pub(crate) use parameters::Parameters;

use crate::{Context, Reply, Server};

/// Which operation it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    SubscriptionStatus,
    SubscriptionEvents,
    Validate,
    Expand,
    Membership,
    Lookup,
    Subsumes,
    Translate,
    Everything,
    Export,
    Meta,
    MetaAdd,
    MetaDelete,
    Versions,
    Reindex,
    Redirect,
    Transfer,
}

/// Where an operation is called: `[base]/$name`, `[base]/[type]/$name` or `[base]/[type]/[id]/$name`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    System,
    Type,
    Instance,
}

/// One operation, as its OperationDefinition describes it.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) code: Code,
    pub(crate) name: &'static str,
    pub(crate) levels: &'static [Level],
    /// The types that it is for; `None` is every type.
    pub(crate) resource_types: Option<&'static [ResourceType]>,
    /// Whether calling it changes anything, so that it cannot be called with GET.
    pub(crate) affects_state: bool,
    pub(crate) parameters: &'static [Parameter],
    /// The canonical url of its OperationDefinition.
    pub(crate) definition: &'static str,
}

/// A parameter that goes in.
#[derive(Debug)]
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) repeats: bool,
}

/// What a parameter holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A primitive of any type, in a query or as `value[x]`.
    Primitive,
    /// A value of this data type, as `Coding`.
    Element(&'static str),
    /// A resource. The only one of an operation may be the body itself.
    Resource,
}

impl Parameter {
    const fn once(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, repeats: false }
    }

    const fn many(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, repeats: true }
    }
}

static OF_EXPORT_OF_PERSONS: [Parameter; 7] = [
    Parameter::once("_outputFormat", Kind::Primitive),
    Parameter::once("_since", Kind::Primitive),
    Parameter::once("_until", Kind::Primitive),
    Parameter::many("_type", Kind::Primitive),
    Parameter::many("_typeFilter", Kind::Primitive),
    Parameter::many("_elements", Kind::Primitive),
    Parameter::many("patient", Kind::Element("Reference")),
];

/// The same, except that nobody is picked.
static OF_EXPORT: &[Parameter] = match OF_EXPORT_OF_PERSONS.split_last() {
    Some((_, others)) => others,
    None => &[],
};

static OF_HANDOVER: [Parameter; 2] = [
    Parameter::once("to", Kind::Element("Reference")),
    Parameter::once("reason", Kind::Element("CodeableConcept")),
];

pub(crate) static OPERATIONS: [Operation; 20] = [
    Operation {
        code: Code::SubscriptionStatus,
        name: "status",
        levels: &[Level::Type, Level::Instance],
        resource_types: Some(&[ResourceType::SUBSCRIPTION]),
        affects_state: false,
        parameters: &[Parameter::many("id", Kind::Primitive), Parameter::many("status", Kind::Primitive)],
        definition: "http://hl7.org/fhir/uv/subscriptions-backport/OperationDefinition/backport-subscription-status",
    },
    Operation {
        code: Code::SubscriptionEvents,
        name: "events",
        levels: &[Level::Instance],
        resource_types: Some(&[ResourceType::SUBSCRIPTION]),
        affects_state: false,
        parameters: &[
            Parameter::once("eventsSinceNumber", Kind::Primitive),
            Parameter::once("eventsUntilNumber", Kind::Primitive),
            Parameter::once("content", Kind::Primitive),
        ],
        definition: "http://hl7.org/fhir/uv/subscriptions-backport/OperationDefinition/backport-subscription-events",
    },
    Operation {
        code: Code::Validate,
        name: "validate",
        levels: &[Level::Type, Level::Instance],
        resource_types: None,
        affects_state: false,
        parameters: &[
            Parameter::once("resource", Kind::Resource),
            Parameter::once("mode", Kind::Primitive),
            Parameter::once("profile", Kind::Primitive),
        ],
        definition: "http://hl7.org/fhir/OperationDefinition/Resource-validate",
    },
    Operation {
        code: Code::Expand,
        name: "expand",
        levels: &[Level::Type, Level::Instance],
        resource_types: Some(&[ResourceType::VALUE_SET]),
        affects_state: false,
        parameters: &[
            Parameter::once("url", Kind::Primitive),
            Parameter::once("valueSet", Kind::Resource),
            Parameter::once("valueSetVersion", Kind::Primitive),
            Parameter::once("filter", Kind::Primitive),
            Parameter::once("offset", Kind::Primitive),
            Parameter::once("count", Kind::Primitive),
            Parameter::once("includeDesignations", Kind::Primitive),
            Parameter::once("includeDefinition", Kind::Primitive),
            Parameter::once("activeOnly", Kind::Primitive),
            Parameter::once("excludeNested", Kind::Primitive),
            Parameter::once("displayLanguage", Kind::Primitive),
            Parameter::many("exclude-system", Kind::Primitive),
            Parameter::many("system-version", Kind::Primitive),
            Parameter::many("check-system-version", Kind::Primitive),
            Parameter::many("force-system-version", Kind::Primitive),
        ],
        definition: "http://hl7.org/fhir/OperationDefinition/ValueSet-expand",
    },
    Operation {
        code: Code::Membership,
        name: "validate-code",
        levels: &[Level::Type, Level::Instance],
        resource_types: Some(&[ResourceType::VALUE_SET]),
        affects_state: false,
        parameters: &[
            Parameter::once("url", Kind::Primitive),
            Parameter::once("valueSet", Kind::Resource),
            Parameter::once("valueSetVersion", Kind::Primitive),
            Parameter::once("code", Kind::Primitive),
            Parameter::once("system", Kind::Primitive),
            Parameter::once("systemVersion", Kind::Primitive),
            Parameter::once("display", Kind::Primitive),
            Parameter::once("coding", Kind::Element("Coding")),
            Parameter::once("codeableConcept", Kind::Element("CodeableConcept")),
            Parameter::once("abstract", Kind::Primitive),
            Parameter::once("displayLanguage", Kind::Primitive),
        ],
        definition: "http://hl7.org/fhir/OperationDefinition/ValueSet-validate-code",
    },
    Operation {
        code: Code::Membership,
        name: "validate-code",
        levels: &[Level::Type, Level::Instance],
        resource_types: Some(&[ResourceType::CODE_SYSTEM]),
        affects_state: false,
        parameters: &[
            Parameter::once("url", Kind::Primitive),
            Parameter::once("codeSystem", Kind::Resource),
            Parameter::once("code", Kind::Primitive),
            Parameter::once("version", Kind::Primitive),
            Parameter::once("display", Kind::Primitive),
            Parameter::once("coding", Kind::Element("Coding")),
            Parameter::once("codeableConcept", Kind::Element("CodeableConcept")),
            Parameter::once("abstract", Kind::Primitive),
            Parameter::once("displayLanguage", Kind::Primitive),
        ],
        definition: "http://hl7.org/fhir/OperationDefinition/CodeSystem-validate-code",
    },
    Operation {
        code: Code::Lookup,
        name: "lookup",
        levels: &[Level::Type],
        resource_types: Some(&[ResourceType::CODE_SYSTEM]),
        affects_state: false,
        parameters: &[
            Parameter::once("code", Kind::Primitive),
            Parameter::once("system", Kind::Primitive),
            Parameter::once("version", Kind::Primitive),
            Parameter::once("coding", Kind::Element("Coding")),
            Parameter::once("displayLanguage", Kind::Primitive),
            Parameter::many("property", Kind::Primitive),
        ],
        definition: "http://hl7.org/fhir/OperationDefinition/CodeSystem-lookup",
    },
    Operation {
        code: Code::Subsumes,
        name: "subsumes",
        levels: &[Level::Type, Level::Instance],
        resource_types: Some(&[ResourceType::CODE_SYSTEM]),
        affects_state: false,
        parameters: &[
            Parameter::once("codeA", Kind::Primitive),
            Parameter::once("codeB", Kind::Primitive),
            Parameter::once("system", Kind::Primitive),
            Parameter::once("version", Kind::Primitive),
            Parameter::once("codingA", Kind::Element("Coding")),
            Parameter::once("codingB", Kind::Element("Coding")),
        ],
        definition: "http://hl7.org/fhir/OperationDefinition/CodeSystem-subsumes",
    },
    Operation {
        code: Code::Translate,
        name: "translate",
        levels: &[Level::Type, Level::Instance],
        resource_types: Some(&[ResourceType::CONCEPT_MAP]),
        affects_state: false,
        parameters: &[
            Parameter::once("url", Kind::Primitive),
            Parameter::once("conceptMap", Kind::Resource),
            Parameter::once("conceptMapVersion", Kind::Primitive),
            Parameter::once("code", Kind::Primitive),
            Parameter::once("system", Kind::Primitive),
            Parameter::once("source", Kind::Primitive),
            Parameter::once("coding", Kind::Element("Coding")),
            Parameter::once("codeableConcept", Kind::Element("CodeableConcept")),
            Parameter::once("target", Kind::Primitive),
            Parameter::once("targetsystem", Kind::Primitive),
            Parameter::once("reverse", Kind::Primitive),
        ],
        definition: "http://hl7.org/fhir/OperationDefinition/ConceptMap-translate",
    },
    Operation {
        code: Code::Everything,
        name: "everything",
        levels: &[Level::Instance],
        resource_types: Some(&[ResourceType::PATIENT]),
        affects_state: false,
        parameters: &[
            Parameter::once("start", Kind::Primitive),
            Parameter::once("end", Kind::Primitive),
            Parameter::once("_since", Kind::Primitive),
            Parameter::many("_type", Kind::Primitive),
            Parameter::once("_count", Kind::Primitive),
            Parameter::once("_cursor", Kind::Primitive),
        ],
        definition: "http://hl7.org/fhir/OperationDefinition/Patient-everything",
    },
    Operation {
        code: Code::Export,
        name: "export",
        levels: &[Level::System],
        resource_types: None,
        affects_state: false,
        parameters: OF_EXPORT,
        definition: "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/export",
    },
    Operation {
        code: Code::Export,
        name: "export",
        levels: &[Level::Type],
        resource_types: Some(&[ResourceType::PATIENT]),
        affects_state: false,
        parameters: &OF_EXPORT_OF_PERSONS,
        definition: "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/patient-export",
    },
    Operation {
        code: Code::Export,
        name: "export",
        levels: &[Level::Instance],
        resource_types: Some(&[ResourceType::GROUP]),
        affects_state: false,
        parameters: &OF_EXPORT_OF_PERSONS,
        definition: "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/group-export",
    },
    Operation {
        code: Code::Meta,
        name: "meta",
        levels: &[Level::Instance],
        resource_types: None,
        affects_state: false,
        parameters: &[],
        definition: "http://hl7.org/fhir/OperationDefinition/Resource-meta",
    },
    Operation {
        code: Code::MetaAdd,
        name: "meta-add",
        levels: &[Level::Instance],
        resource_types: None,
        affects_state: true,
        parameters: &[Parameter::once("meta", Kind::Element("Meta"))],
        definition: "http://hl7.org/fhir/OperationDefinition/Resource-meta-add",
    },
    Operation {
        code: Code::MetaDelete,
        name: "meta-delete",
        levels: &[Level::Instance],
        resource_types: None,
        affects_state: true,
        parameters: &[Parameter::once("meta", Kind::Element("Meta"))],
        definition: "http://hl7.org/fhir/OperationDefinition/Resource-meta-delete",
    },
    Operation {
        code: Code::Versions,
        name: "versions",
        levels: &[Level::System],
        resource_types: None,
        affects_state: false,
        parameters: &[],
        definition: "http://hl7.org/fhir/OperationDefinition/CapabilityStatement-versions",
    },
    Operation {
        code: Code::Reindex,
        name: "reindex",
        levels: &[Level::System],
        resource_types: None,
        affects_state: true,
        parameters: &[],
        definition: "https://homefirst.example/fhir/OperationDefinition/reindex",
    },
    Operation {
        code: Code::Redirect,
        name: "redirect",
        levels: &[Level::Instance],
        resource_types: Some(&[ResourceType::TASK]),
        affects_state: true,
        parameters: &OF_HANDOVER,
        definition: "https://homefirst.example/fhir/OperationDefinition/Task-redirect",
    },
    Operation {
        code: Code::Transfer,
        name: "transfer",
        levels: &[Level::Instance],
        resource_types: Some(&[ResourceType::TASK]),
        affects_state: true,
        parameters: &OF_HANDOVER,
        definition: "https://homefirst.example/fhir/OperationDefinition/Task-transfer",
    },
];

impl Operation {
    /// The operation with this name at an address of this type (none: of the system) and id.
    pub(crate) fn find(
        name: &str,
        resource_type: Option<ResourceType>,
        has_id: bool,
    ) -> Option<&'static Self> {
        let level = match (resource_type, has_id) {
            (None, _) => Level::System,
            (Some(_), false) => Level::Type,
            (Some(_), true) => Level::Instance,
        };
        OPERATIONS.iter().find(|operation| {
            operation.name == name
                && operation.levels.contains(&level)
                && resource_type.is_none_or(|resource_type| operation.is_for(resource_type))
        })
    }

    /// Whether it can be called at a type, or at a resource of the type.
    pub(crate) fn is_for(&self, resource_type: ResourceType) -> bool {
        self.levels.iter().any(|level| *level != Level::System)
            && self.resource_types.is_none_or(|types| types.contains(&resource_type))
    }

    /// The verbs by which it can be called, for the `Allow` header.
    pub(crate) fn verbs(&self) -> &'static [&'static str] {
        match (self.affects_state, self.code) {
            (true, _) => &["POST"],
            // Whoever asks for its headers alone does not want it to begin.
            (false, Code::Export) => &["GET", "POST"],
            (false, _) => &["GET", "HEAD", "POST"],
        }
    }

    /// Whether it is for the operation to say what becomes of parameters that it has not.
    pub(crate) fn may_ignore(&self) -> bool {
        self.code == Code::Export
    }
}

impl Server {
    pub(crate) async fn operation(&self, context: &Context, call: Call) -> Result<Reply, Error> {
        let Call { operation, id, parameters, .. } = &call;
        match (operation.code, id) {
            (Code::SubscriptionStatus, id) => {
                self.subscription_status(context, id.as_deref(), parameters).await
            }
            (Code::SubscriptionEvents, Some(id)) => self.subscription_events(context, id, parameters).await,
            (Code::Validate, _) => self.validate(context, &call).await,
            (Code::Expand, _) => self.expand(context, &call).await,
            (Code::Membership, _) => self.validate_code(context, &call).await,
            (Code::Lookup, _) => self.lookup(context, &call).await,
            (Code::Subsumes, _) => self.subsumes(context, &call).await,
            (Code::Translate, _) => self.translate(context, &call).await,
            (Code::Everything, _) => self.everything(context, &call).await,
            (Code::Export, _) => self.export(context, &call).await,
            (Code::Meta, _) => self.meta(context, &call).await,
            (Code::MetaAdd | Code::MetaDelete, _) => self.change_meta(context, &call).await,
            (Code::Redirect | Code::Transfer, _) => self.hand_over(context, &call).await,
            (Code::Reindex, _) => self.begin_reindex(context, &call).await,
            (Code::Versions, _) => Ok(versions::versions()),
            (Code::SubscriptionEvents, None) => Err(call.unknown()),
        }
    }
}
