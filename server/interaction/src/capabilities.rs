//! capabilities: the CapabilityStatement, generated from the same registries that route and search,
//! <https://hl7.org/fhir/R4/http.html#capabilities>.

use bytes::Bytes;
use canonical::definitions;
use fhir::{CANONICAL_BASE, Map, ResourceType, Value};
use search::Kind;
use serde_json::json;

use crate::operation::{Code, Level, OPERATIONS, Operation};
use crate::{Reply, Server};

/// The day on which what this statement says last changed.
pub(crate) const DATE: &str = "2026-11-22";

const BACKPORT: &str = "http://hl7.org/fhir/uv/subscriptions-backport";

impl Server {
    /// The statement is made once; it changes only with the binary and its settings.
    pub(crate) fn capabilities(&self) -> Reply {
        let statement = self.capability_statement.get_or_init(|| Bytes::from(self.statement().to_string()));
        Reply::resource(statement.clone())
    }

    fn statement(&self) -> Value {
        let base = &self.settings.base;
        let mut statement = json!({
            "resourceType": "CapabilityStatement",
            "id": "homefirst",
            "url": format!("{CANONICAL_BASE}/CapabilityStatement/homefirst"),
            "version": env!("CARGO_PKG_VERSION"),
            "name": "HomeFirst",
            "title": "HomeFirst, an interoperability server for intermediate care",
            "status": "active",
            "date": DATE,
            "publisher": "HomeFirst",
            "description": "What this server does, generated from what it routes and searches.",
            "kind": "instance",
            "instantiates": [
                format!("{BACKPORT}/CapabilityStatement/backport-subscription-server-r4"),
                "http://hl7.org/fhir/uv/bulkdata/CapabilityStatement/bulk-data",
            ],
            "software": {"name": "HomeFirst", "version": env!("CARGO_PKG_VERSION")},
            "implementation": {"description": "HomeFirst", "url": base},
            "fhirVersion": "4.0.1",
            "format": ["application/fhir+json", "application/fhir+xml", "json", "xml"],
            "patchFormat": ["application/json-patch+json", "application/merge-patch+json", "application/fhir+json", "application/fhir+xml"],
            "rest": [{
                "mode": "server",
                "documentation": "Search parameters that are not known are refused with 400; Prefer: handling=lenient ignores them.",
                "security": self.security(),
                "resource": ResourceType::all().map(|of| resource(of, self.is_guarded(of))).collect::<Vec<_>>(),
                "interaction": [{"code": "transaction"}, {"code": "batch"}, {"code": "search-system"}, {"code": "history-system"}],
                "searchParam": common_parameters(),
                "compartment": compartments(),
                "operation": operations(|operation| self.has_at_base(operation)),
            }]
        });
        if let Some(rest) = statement["rest"][0].as_object_mut() {
            retain_filled(rest);
        }
        statement
    }

    /// Whether somebody can call the operation at the base: that of operators only where there are such.
    fn has_at_base(&self, operation: &Operation) -> bool {
        let is_for_somebody = !self.settings.asks_for_tokens || !self.settings.operators.is_empty();
        operation.levels.contains(&Level::System) && (operation.code != Code::Reindex || is_for_somebody)
    }

    /// Who may call, as this server is set up.
    fn security(&self) -> Value {
        let mut security = json!({"cors": self.settings.allows_origins});
        if self.settings.asks_for_tokens {
            security["service"] = json!([{"coding": [{
                "system": "http://terminology.hl7.org/CodeSystem/restful-security-service", "code": "SMART-on-FHIR"
            }]}]);
            security["description"] =
                json!("Bearer tokens with SMART v2 scopes; see .well-known/smart-configuration.");
            if let Some(address) = &self.settings.token_endpoint {
                // Clients older than smart-configuration look here.
                security["extension"] = json!([{
                    "url": "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris",
                    "extension": [{"url": "token", "valueUri": address}]
                }]);
            }
        } else {
            security["description"] = json!("Nobody has to log in.");
        }
        security
    }
}

/// The declarations of the operations that are meant.
fn operations(is_meant: impl Fn(&Operation) -> bool) -> Value {
    let meant = OPERATIONS.iter().filter(|operation| is_meant(operation));
    meant.map(|operation| json!({"name": operation.name, "definition": operation.definition})).collect()
}

/// What every type can be searched by beside its own parameters.
fn common_parameters() -> Vec<Value> {
    let parameter = |name: &str, kind: &str, documentation: &str| json!({"name": name, "type": kind, "documentation": documentation});
    let filter = json!({
        "name": "_filter", "type": "special", "definition": "http://hl7.org/fhir/SearchParameter/filter",
        "documentation": "Every operator of the page, on the parameters of the type; chains, brackets, 'and', 'or', 'not'; at most 30 tests."
    });
    vec![
        filter,
        parameter("_list", "reference", "What the List with this id has as an item."),
        parameter("_has", "string", "_has:Type:reference:parameter, at most three deep."),
        parameter(
            "_type",
            "token",
            "In a search of the whole system or of a whole compartment: the types, with commas.",
        ),
    ]
}

/// The compartments that can be searched: `Patient/1/Task`, `Patient/1/*`.
fn compartments() -> Vec<String> {
    ResourceType::all()
        .filter(|owner| !::search::compartment::members(*owner).is_empty())
        .map(|owner| format!("http://hl7.org/fhir/CompartmentDefinition/{}", owner.name().to_lowercase()))
        .collect()
}

fn resource(resource_type: ResourceType, is_guarded: bool) -> Value {
    let name = resource_type.name();
    let mut interactions =
        vec!["read", "vread", "create", "update", "patch", "history-instance", "history-type", "search-type"];
    if !is_guarded {
        interactions.push("delete");
    }
    let parameters: Vec<_> =
        ::search::registry().parameters(resource_type).iter().filter(|p| p.indexed).collect();
    let mut resource = json!({
        "type": name,
        "profile": format!("http://hl7.org/fhir/StructureDefinition/{name}"),
        "interaction": interactions.iter().map(|code| json!({"code": code})).collect::<Vec<_>>(),
        "versioning": if is_guarded { "versioned-update" } else { "versioned" },
        "readHistory": true,
        "updateCreate": !is_guarded,
        "conditionalCreate": true,
        "conditionalRead": "full-support",
        "conditionalUpdate": true,
        "conditionalDelete": if is_guarded { "not-supported" } else { "single" },
        "referencePolicy": ["literal", "local", "enforced"],
        "searchInclude": parameters
            .iter()
            .filter(|p| p.kind == Kind::Reference)
            .map(|p| format!("{name}:{}", p.code))
            .collect::<Vec<_>>(),
        "searchRevInclude": reverse_includes(resource_type),
        "searchParam": parameters
            .iter()
            .map(|p| json!({"name": p.code, "definition": p.url, "type": p.kind.code()}))
            .collect::<Vec<_>>(),
    });
    resource["operation"] = operations(|operation| operation.is_for(resource_type));
    let mut profiles: Vec<_> = definitions()
        .profiles()
        .iter()
        .filter(|profile| profile.type_name == name)
        .map(|profile| profile.url.clone())
        .collect();
    if resource_type == ResourceType::SUBSCRIPTION {
        profiles.push(format!("{BACKPORT}/StructureDefinition/backport-subscription"));
        let topics = definitions().topics().iter().filter_map(|topic| topic.get("url"));
        resource["extension"] = topics
            .map(|url| {
                json!({
                    "url": format!("{BACKPORT}/StructureDefinition/capabilitystatement-subscriptiontopic-canonical"),
                    "valueCanonical": url
                })
            })
            .collect();
    }
    if !profiles.is_empty() {
        resource["supportedProfile"] = Value::from(profiles);
    }
    if let Some(members) = resource.as_object_mut() {
        retain_filled(members);
    }
    resource
}

/// FHIR has no empty arrays.
fn retain_filled(members: &mut Map<String, Value>) {
    members.retain(|_, value| value.as_array().is_none_or(|items| !items.is_empty()));
}

/// Every reference parameter of every type that may point to this one.
fn reverse_includes(target: ResourceType) -> Vec<String> {
    ResourceType::all()
        .flat_map(|source| ::search::registry().parameters(source).iter().map(move |p| (source, p)))
        .filter(|(_, p)| p.indexed && p.kind == Kind::Reference && p.targets.contains(&target))
        .map(|(source, p)| format!("{source}:{}", p.code))
        .collect()
}
