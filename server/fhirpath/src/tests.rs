//! The engine as its users see it: search parameters, topic triggers, types, limits; and HL7's own test suite.

use fhir::Resource;
use serde_json::{Value, json};

use crate::*;

mod official_suite;
mod search;
mod triggers;
mod values;

fn resource(value: Value) -> Resource {
    Resource::new(value).unwrap()
}

fn expression(text: &str) -> Expression {
    Expression::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// The results as texts: JSON of elements, `toString()` of values.
fn results(text: &str, context: &Context<'_>) -> Vec<String> {
    let expression = expression(text);
    let items = expression.evaluate(context).unwrap_or_else(|error| panic!("{text}: {error}"));
    items.iter().map(|item| item.to_text().unwrap_or_else(|| item_json(item))).collect()
}

fn item_json(item: &Item<'_>) -> String {
    item.node().and_then(|node| node.value()).map_or_else(|| "?".to_owned(), Value::to_string)
}

fn patient() -> Resource {
    resource(json!({
        "resourceType": "Patient", "id": "p", "active": true, "gender": "male",
        "birthDate": "1974-12-25",
        "_birthDate": {"extension": [{"url": "http://x/time", "valueDateTime": "1974-12-25T14:35:45-05:00"}]},
        "deceasedBoolean": false,
        "name": [
            {"use": "official", "family": "Chalmers", "given": ["Peter", "James"]},
            {"use": "usual", "given": ["Jim", null], "_given": [null, {"id": "g", "extension": [{"url": "u", "valueCode": "c"}]}]}
        ],
        "telecom": [{"system": "phone", "value": "1", "rank": 1}, {"system": "email", "value": "a@b"}],
        "contained": [{"resourceType": "Organization", "id": "o", "name": "Acme"}],
        "managingOrganization": {"reference": "#o"},
        "generalPractitioner": [
            {"reference": "Practitioner/1"}, {"reference": "http://x/fhir/Organization/2"},
            {"type": "PractitionerRole", "identifier": {"value": "i"}}
        ]
    }))
}
