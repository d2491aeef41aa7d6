//! capabilities, `mode=terminology`: the TerminologyCapabilities, generated from what is held and from the operations,
//! <https://hl7.org/fhir/R4/terminologycapabilities.html>.
//!
//! Code systems that are stored here are not listed: who may read them finds them by searching for them.

use std::sync::OnceLock;

use bytes::Bytes;
use canonical::terminology::{Announced, terminology};
use fhir::{CANONICAL_BASE, Value};
use serde_json::json;

use crate::capabilities::DATE;
use crate::operation::{Code, OPERATIONS};
use crate::{Reply, Server};

/// The list of code systems is the same for every server.
static CODE_SYSTEMS: OnceLock<Vec<Value>> = OnceLock::new();

impl Server {
    pub(crate) fn terminology_capabilities(&self) -> Reply {
        let systems =
            CODE_SYSTEMS.get_or_init(|| terminology().announced().iter().map(code_system).collect());
        let expand = OPERATIONS.iter().find(|operation| operation.code == Code::Expand);
        let parameters = expand.into_iter().flat_map(|operation| operation.parameters);
        let parameters: Vec<Value> = parameters.map(|parameter| json!({"name": parameter.name})).collect();
        let statement = json!({
            "resourceType": "TerminologyCapabilities",
            "id": "homefirst",
            "url": format!("{CANONICAL_BASE}/TerminologyCapabilities/homefirst"),
            "version": env!("CARGO_PKG_VERSION"),
            "name": "HomeFirstTerminology",
            "title": "The terminology of HomeFirst",
            "status": "active",
            "date": DATE,
            "publisher": "HomeFirst",
            "description": "HL7's code systems for R4 and our own. The CodeSystems, ValueSets and ConceptMaps that are stored here are used as well. SNOMED CT and LOINC are not held.",
            "kind": "instance",
            "software": {"name": "HomeFirst", "version": env!("CARGO_PKG_VERSION")},
            "implementation": {"description": "HomeFirst", "url": self.settings.base},
            "lockedDate": false,
            "codeSystem": systems,
            "expansion": {
                "hierarchical": false,
                "paging": true,
                "incomplete": false,
                "parameter": parameters,
                "textFilter": "Every word stands in the code, its display or a designation; case makes no difference.",
            },
            "codeSearch": "explicit",
            "validateCode": {"translations": true},
            "translation": {"needsMap": true},
        });
        Reply::resource(Bytes::from(statement.to_string()))
    }
}

fn code_system(announced: &Announced) -> Value {
    let mut system = json!({"uri": announced.url});
    if let Some(version) = &announced.version {
        system["version"] = json!([{"code": version, "isDefault": true}]);
    }
    system["subsumption"] = (announced.content == "complete").into();
    system
}
