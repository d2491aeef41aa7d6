//! The parameters of an operation, from a query, a Parameters resource, or a resource that is the body,
//! <https://hl7.org/fhir/R4/parameters.html>.
//!
//! That each value has the form of its type is checked; what a resource among them is like is for the operation to look at.

use std::collections::HashSet;

use fhir::{Cause, Error, Issue, IssueType, Resource, Value};

use super::{Kind, Operation, Parameter};

/// The parameters of one call, all of them known to its operation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parameters {
    given: Vec<(&'static str, Argument)>,
    /// What is said of those that the operation has not, where it is for the operation to say what becomes of them.
    unknown: Vec<Issue>,
}

#[derive(Clone, Debug)]
enum Argument {
    /// A primitive, as text.
    Text(String),
    /// An element or a resource.
    Value(Value),
}

impl Parameters {
    /// Those of the query, then those of the body.
    ///
    /// # Errors
    /// 400 for a parameter that the operation has not, that is of another type, or that is given too often.
    pub(super) fn read(
        operation: &'static Operation,
        query: &[(String, String)],
        body: Option<Value>,
    ) -> Result<Self, Error> {
        let mut parameters = Self::default();
        for (name, text) in query {
            let Some(parameter) = parameters.find(operation, name, None)? else { continue };
            if parameter.kind != Kind::Primitive {
                return Err(Error::bad_request(format!(
                    "The parameter '{name}' of ${} does not fit into an address. POST it in a Parameters resource.",
                    operation.name
                )));
            }
            parameters.add(operation, parameter, Argument::Text(text.clone()), None)?;
        }
        match body {
            None => {}
            Some(body) if body.get("resourceType").and_then(Value::as_str) == Some("Parameters") => {
                parameters.read_resource(operation, body)?;
            }
            Some(body) => {
                let mut resources = operation.parameters.iter().filter(|p| p.kind == Kind::Resource);
                let (Some(parameter), None) = (resources.next(), resources.next()) else {
                    let found = body.get("resourceType").and_then(Value::as_str).unwrap_or("no resource");
                    return Err(Error::bad_request(format!(
                        "The body of ${} is a Parameters resource; received was {found}.",
                        operation.name
                    )));
                };
                parameters.add(operation, parameter, Argument::Value(body), None)?;
            }
        }
        Ok(parameters)
    }

    /// The text of a primitive parameter.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.texts(name).next()
    }

    /// The texts of a primitive parameter that repeats.
    pub(crate) fn texts(&self, name: &str) -> impl Iterator<Item = &str> {
        self.given.iter().filter_map(move |(given, argument)| match argument {
            Argument::Text(text) if *given == name => Some(text.as_str()),
            _ => None,
        })
    }

    /// The element or resource that a parameter holds.
    pub(crate) fn value(&self, name: &str) -> Option<&Value> {
        self.values(name).next()
    }

    /// The elements of a parameter that repeats.
    pub(crate) fn values(&self, name: &str) -> impl Iterator<Item = &Value> {
        self.given.iter().filter_map(move |(given, argument)| match argument {
            Argument::Value(value) if *given == name => Some(value),
            _ => None,
        })
    }

    /// What is to be said of parameters that the operation has not; see [`Operation::may_ignore`].
    pub(crate) fn unknown(&self) -> &[Issue] {
        &self.unknown
    }

    /// The primitive parameters as the query that would give them.
    pub(crate) fn query(&self) -> Vec<(String, String)> {
        let texts = self.given.iter().filter_map(|(name, argument)| match argument {
            Argument::Text(text) => Some(((*name).to_owned(), text.clone())),
            Argument::Value(_) => None,
        });
        texts.collect()
    }

    /// The parameter with this name; `None` for one that the operation has not and may ignore.
    fn find(
        &mut self,
        operation: &'static Operation,
        name: &str,
        at: Option<&str>,
    ) -> Result<Option<&'static Parameter>, Error> {
        match find(operation, name, at) {
            Err(error) if operation.may_ignore() => {
                self.unknown.extend(error.into_issues());
                Ok(None)
            }
            found => found.map(Some),
        }
    }

    fn read_resource(&mut self, operation: &'static Operation, mut body: Value) -> Result<(), Error> {
        check_form(&body)?;
        let Some(Value::Array(items)) = body.get_mut("parameter").map(Value::take) else { return Ok(()) };
        for (index, mut item) in items.into_iter().enumerate() {
            let at = format!("Parameters.parameter[{index}]");
            let name = item.get("name").and_then(Value::as_str).map(str::to_owned);
            let name = name.ok_or_else(|| refuse(&at, "Each parameter has a name.".to_owned()))?;
            let Some(parameter) = self.find(operation, &name, Some(&at))? else { continue };
            let argument = match parameter.kind {
                Kind::Resource => item.get_mut("resource").map(|resource| Argument::Value(resource.take())),
                Kind::Element(type_name) => {
                    item.get_mut(format!("value{type_name}")).map(|value| Argument::Value(value.take()))
                }
                Kind::Primitive => primitive(&item).map(Argument::Text),
            };
            let argument = argument.ok_or_else(|| {
                let wanted = match parameter.kind {
                    Kind::Resource => "a resource".to_owned(),
                    Kind::Element(type_name) => format!("value{type_name}"),
                    Kind::Primitive => "a value of a primitive type".to_owned(),
                };
                refuse(&at, format!("The parameter '{name}' of ${} holds {wanted}.", operation.name))
            })?;
            self.add(operation, parameter, argument, Some(&at))?;
        }
        Ok(())
    }

    fn add(
        &mut self,
        operation: &Operation,
        parameter: &'static Parameter,
        argument: Argument,
        at: Option<&str>,
    ) -> Result<(), Error> {
        if !parameter.repeats && self.given.iter().any(|(name, _)| *name == parameter.name) {
            let sentence =
                format!("The parameter '{}' of ${} is given once.", parameter.name, operation.name);
            return Err(refuse(at.unwrap_or_default(), sentence));
        }
        self.given.push((parameter.name, argument));
        Ok(())
    }
}

fn find(operation: &'static Operation, name: &str, at: Option<&str>) -> Result<&'static Parameter, Error> {
    operation.parameters.iter().find(|parameter| parameter.name == name).ok_or_else(|| {
        let known: Vec<_> = operation.parameters.iter().map(|parameter| parameter.name).collect();
        let takes = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        let short: String = name.chars().take(50).collect();
        let sentence = format!("'{short}' is not a parameter of ${}. It takes {takes}.", operation.name);
        refuse(at.unwrap_or_default(), sentence)
    })
}

/// Refuses what has not the form that R4 gives it: a `valueInteger` that is no number, an element that there is not.
fn check_form(parameters: &Value) -> Result<(), Error> {
    // Resources may be large: they are left where they are.
    let without_resource = |item: &Value| match item {
        Value::Object(members) => members
            .iter()
            .filter(|(name, _)| *name != "resource")
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
        other => other.clone(),
    };
    let form = parameters.as_object().into_iter().flatten().map(|(name, value)| match value {
        Value::Array(items) if name == "parameter" => {
            (name.clone(), items.iter().map(without_resource).collect())
        }
        value => (name.clone(), value.clone()),
    });
    let parameters = Resource::new(form.collect())?;
    let settings = validation::Settings { required_profiles: HashSet::new() };
    let mut found = validation::validate_against(&parameters, &[], &settings);
    found.retain(|finding| finding.cause == Cause::Unparsable && finding.issue.is_error());
    if found.is_empty() { Ok(()) } else { Err(validation::into_error(found)) }
}

fn primitive(parameter: &Value) -> Option<String> {
    let value = parameter.as_object()?.iter().find(|(member, _)| member.starts_with("value"))?.1;
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

fn refuse(at: &str, sentence: String) -> Error {
    let issue = Issue::error(IssueType::Invalid, sentence);
    let issue = if at.is_empty() { issue } else { issue.at(at) };
    Error::with_issue(Cause::BadRequest, issue)
}

#[cfg(test)]
mod tests {
    use super::super::{Code, Level};
    use super::*;
    use serde_json::json;

    static OPERATION: Operation = Operation {
        code: Code::SubscriptionStatus,
        name: "try",
        levels: &[Level::System],
        resource_types: None,
        affects_state: false,
        parameters: &[
            Parameter::once("mode", Kind::Primitive),
            Parameter::many("tag", Kind::Primitive),
            Parameter::once("coding", Kind::Element("Coding")),
            Parameter::once("resource", Kind::Resource),
        ],
        definition: "https://example.org",
    };

    fn read(query: &[(&str, &str)], body: Option<Value>) -> Result<Parameters, Error> {
        let query: Vec<_> = query.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        Parameters::read(&OPERATION, &query, body)
    }

    #[test]
    fn they_come_from_the_query_and_the_body() {
        let body = json!({"resourceType": "Parameters", "parameter": [
            {"name": "tag", "valueCode": "b"}, {"name": "tag", "valueInteger": 3},
            {"name": "coding", "valueCoding": {"code": "c"}},
            {"name": "resource", "resource": {"resourceType": "Patient"}},
        ]});
        let parameters = read(&[("mode", "create"), ("tag", "a")], Some(body)).unwrap();
        assert_eq!(parameters.text("mode"), Some("create"));
        assert_eq!(parameters.texts("tag").collect::<Vec<_>>(), ["a", "b", "3"]);
        assert_eq!(parameters.value("coding"), Some(&json!({"code": "c"})));
        assert_eq!(parameters.value("resource"), Some(&json!({"resourceType": "Patient"})));
        assert_eq!(parameters.query().len(), 4);
        let direct = read(&[], Some(json!({"resourceType": "Patient"}))).unwrap();
        assert_eq!(direct.value("resource"), Some(&json!({"resourceType": "Patient"})));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let with = |parameter: Value| {
            read(&[], Some(json!({"resourceType": "Parameters", "parameter": [parameter]})))
        };
        assert!(read(&[("x", "1")], None).is_err());
        assert!(read(&[("mode", "a"), ("mode", "b")], None).is_err());
        assert!(read(&[("coding", "a")], None).is_err());
        assert!(with(json!({"name": "coding", "valueString": "a"})).is_err());
        assert!(with(json!({"name": "mode", "valueCoding": {"code": "a"}})).is_err());
        assert!(with(json!({"name": "resource"})).is_err());
        for (parameter, at) in [
            (json!({"valueString": "a"}), ""),
            (json!({"name": "mode", "valueInteger": "x"}), ".value"),
            (json!({"name": "mode", "valueInteger": 1.5}), ".value"),
            (json!({"name": "mode", "valueBoolean": "yes"}), ".value"),
            (json!({"name": "mode", "valueDate": "soon"}), ".value"),
            (json!({"name": "mode", "valueText": "a"}), ".valueText"),
            (json!({"name": "coding", "valueCoding": {"code": 1}}), ".value.code"),
        ] {
            let error = with(parameter.clone()).unwrap_err();
            assert_eq!(error.cause().status(), 400, "{parameter}");
            assert_eq!(error.issues()[0].expression, [format!("Parameters.parameter[0]{at}")], "{parameter}");
        }
    }
}
