//! What the search parameters of R4 need.

use super::*;

#[test]
fn every_search_parameter_can_be_parsed() {
    let parameters = canonical::definitions().search_parameters();
    assert!(parameters.len() > 1300);
    let components = parameters.iter().flat_map(|p| p.components.iter().map(|(_, expression)| expression));
    for text in parameters.iter().filter_map(|parameter| parameter.expression.as_ref()).chain(components) {
        expression(text);
    }
}

#[test]
fn paths_and_filters_select_elements() {
    let patient = patient();
    for (text, expected) in [
        ("Patient.name.family", vec!["Chalmers"]),
        ("Patient.name.given", vec!["Peter", "James", "Jim", "?"]),
        ("Resource.id", vec!["p"]),
        ("DomainResource.text", vec![]),
        ("Person.name.family", vec![]),
        ("Patient.telecom.where(system='phone').value", vec!["1"]),
        ("Patient.telecom.where(system='email').value | Person.telecom.value", vec!["a@b"]),
        ("Patient.deceased.exists() and Patient.deceased != false", vec!["false"]),
        ("(Patient.deceased as dateTime)", vec![]),
        ("(Patient.deceased as boolean)", vec!["false"]),
        ("Patient.deceasedBoolean", vec![]),
        ("Patient.generalPractitioner.where(resolve() is Practitioner).reference", vec!["Practitioner/1"]),
        ("Patient.generalPractitioner.where(resolve() is Organization).count()", vec!["1"]),
        ("Patient.generalPractitioner.where(resolve() is PractitionerRole).identifier.value", vec!["i"]),
        ("Patient.managingOrganization.resolve().name", vec!["Acme"]),
        ("Patient.birthDate.extension('http://x/time').value", vec!["1974-12-25T14:35:45-05:00"]),
        ("Patient.name.given.extension('u').value.ofType(code)", vec!["c"]),
        ("Patient.contained.name", vec!["Acme"]),
        ("Patient.nonsense.id", vec![]),
    ] {
        assert_eq!(results(text, &Context::of_resource(&patient)), expected, "{text}");
    }
}

#[test]
fn an_element_knows_its_type() {
    let observation = resource(json!({
        "resourceType": "Observation", "valueQuantity": {"value": 1.50, "unit": "kg"},
        "component": [{"valueString": "x"}, {"_valueDateTime": {"extension": []}}],
        "extension": [{"url": "age", "valueAge": {"value": 3, "unit": "a"}}],
    }));
    let context = Context::of_resource(&observation);
    let types = |text: &str| -> Vec<&'static str> {
        let expression = expression(text);
        let items = expression.evaluate(&context).unwrap();
        items.iter().map(|item| item.type_info().1).collect()
    };
    assert_eq!(types("Observation"), ["Observation"]);
    assert_eq!(types("value"), ["Quantity"]);
    assert_eq!(types("component"), ["BackboneElement", "BackboneElement"]);
    assert_eq!(types("component.value"), ["string", "dateTime"]);
    assert_eq!(types("value.value"), ["decimal"]);
    assert_eq!(types("extension.value.unit"), ["string"]);
    assert_eq!(types("component[1].value.as(DateTime)").len(), 0, "no value, so no System value");
    for (text, expected) in [
        ("Observation.extension.value is Quantity", "true"),
        ("Observation is DomainResource", "true"),
        ("Observation is Resource", "true"),
        ("Observation is Patient", "false"),
        ("value is FHIR.Quantity", "true"),
        ("value.value = 1.5", "true"),
    ] {
        assert_eq!(results(text, &context), [expected], "{text}");
    }
}

#[test]
fn an_expression_for_one_type_gives_the_same() {
    let patient = patient();
    let context = Context::of_resource(&patient);
    let text = "Person.telecom.where(system='email') | Patient.telecom.where(system='email') | (Observation.value as string) | Resource.id";
    let all = expression(text);
    let some = expression(text).for_type("Patient");
    assert_eq!(all.evaluate(&context).unwrap().len(), 2);
    assert_eq!(some.evaluate(&context).unwrap().len(), 2);
    let none = expression("Person.name | Practitioner.name").for_type("Patient");
    assert!(none.evaluate(&context).unwrap().is_empty());
}

#[test]
fn one_element_can_be_the_focus() {
    let patient = patient();
    let telecom = expression("Patient.telecom");
    let value = expression("value | %resource.id");
    let context = Context::of_resource(&patient);
    let focus = telecom.evaluate(&context).unwrap().remove(1);
    let items = value.evaluate(&context.clone().with_focus(focus)).unwrap();
    let texts: Vec<_> = items.iter().filter_map(Item::text).collect();
    assert_eq!(texts, ["a@b", "p"]);
}

#[test]
fn in_a_strict_context_an_unknown_element_is_an_error() {
    let patient = patient();
    let context = Context::of_resource(&patient).strict();
    for text in ["Patient.nam", "name.given1", "Encounter.status", "deceasedBoolean", "birthDate.value2"] {
        let error = expression(text).evaluate(&context).map(|items| items.len()).unwrap_err();
        assert!(matches!(error, EvaluateError::UnknownElement { .. }), "{text}: {error}");
    }
    assert_eq!(results("name.given.extension.value", &context), ["c"]);
    assert_eq!(results("photo.url", &context), Vec::<String>::new());
}
