//! The operations, over HTTP, <https://hl7.org/fhir/R4/operations.html>.

mod everything;
mod meta;
mod reindex;
mod terminology;
mod validate;

use serde_json::{Value, json};
use tests::TestServer;

#[tokio::test(flavor = "multi_thread")]
async fn a_parameter_has_the_form_of_its_type() {
    let server = TestServer::start().await;
    let hub = server.caller("hub");
    let url = json!({"name": "url", "valueUri": "http://hl7.org/fhir/ValueSet/administrative-gender"});
    let expand = async |parameter: &Value| {
        let body = json!({"resourceType": "Parameters", "parameter": [url, parameter]});
        hub.post("ValueSet/$expand", &body).await
    };
    for (parameter, at) in [
        (json!({"name": "count", "valueInteger": "x"}), "value"),
        (json!({"name": "count", "valueInteger": "2"}), "value"),
        (json!({"name": "activeOnly", "valueBoolean": "yes"}), "value"),
        (json!({"name": "activeOnly", "valueBoolean": "true"}), "value"),
        (json!({"name": "displayLanguage", "valueCode": " de"}), "value"),
        (json!({"name": "filter", "valueString": 7}), "value"),
        (json!({"name": "filter", "valueText": "male"}), "valueText"),
    ] {
        let refused = expand(&parameter).await.expect(400);
        assert_eq!(refused.expressions(), [format!("Parameters.parameter[1].{at}")], "{}", refused.text());
    }
    for parameter in
        [json!({"name": "count", "valueInteger": 2}), json!({"name": "activeOnly", "valueBoolean": true})]
    {
        expand(&parameter).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_is_where_it_is_declared() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    for (address, status) in [
        ("$nonsense", 404),
        ("$validate", 404),
        ("Patient/$nonsense", 404),
        ("Patient/$status", 404),
        ("Nonsense/$validate", 404),
        ("Subscription/$status?nonsense=1", 400),
        ("Patient/$validate", 400),
    ] {
        let answer = epr.get(address).await;
        assert_eq!(answer.status, status, "{address}: {}", answer.text());
        assert!(!answer.issues().is_empty());
    }
    epr.request("PUT", "Subscription/$status").send().await.expect(405);
    let statement = epr.get("metadata").await.expect(200).json;
    for resource in statement["rest"][0]["resource"].as_array().unwrap() {
        let operations = resource["operation"].as_array().unwrap();
        let validate = operations.iter().find(|operation| operation["name"] == "validate").unwrap();
        assert_eq!(validate["definition"], "http://hl7.org/fhir/OperationDefinition/Resource-validate");
    }
}
