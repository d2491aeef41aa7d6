//! `$versions`: which versions of FHIR are spoken, <https://hl7.org/fhir/R4/capabilitystatement-operation-versions.html>.

use serde_json::json;

use crate::Reply;

/// The one version of this server.
pub(super) fn versions() -> Reply {
    let parameters = json!({"resourceType": "Parameters", "parameter": [
        {"name": "version", "valueCode": "4.0"}, {"name": "default", "valueCode": "4.0"}]});
    Reply::resource(parameters.to_string().into())
}
