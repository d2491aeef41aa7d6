//! What the server's CapabilityStatement declares, and what a case needs of it, <https://hl7.org/fhir/R4/capabilitystatement.html>.
//!
//! A need is written `Patient`, `Patient.create` (an interaction, or a member that is not false), `Patient.versioning=versioned`,
//! `Patient?name` (a search parameter), `Patient$everything`, `$convert` (operations), `system.transaction`, `format=xml`,
//! `patchFormat=application/json-patch+json`, `compartment=patient`, `security`, `cors`, or `not` before any of these.

use anyhow::{Result, bail};
use serde_json::Value;

/// A CapabilityStatement.
pub struct Declared {
    statement: Value,
}

impl Declared {
    /// Reads the statement.
    pub fn new(statement: Value) -> Self {
        Self { statement }
    }

    /// Name and version of the software.
    pub fn software(&self) -> String {
        let text = |name: &str| self.statement["software"][name].as_str().unwrap_or("unknown");
        format!("{} {}", text("name"), text("version"))
    }

    /// Every declared search parameter with its resource type, name and type.
    pub fn search_parameters(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        self.types().flat_map(|(resource_type, resource)| {
            let parameters = items(&resource["searchParam"]).filter_map(|parameter| {
                Some((parameter["name"].as_str()?, parameter["type"].as_str().unwrap_or_default()))
            });
            parameters.map(move |(name, kind)| (resource_type, name, kind))
        })
    }

    /// Every text in that list of a resource type, with the type.
    pub fn listed<'a>(&'a self, member: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.types().flat_map(move |(resource_type, resource)| {
            items(&resource[member]).filter_map(move |item| Some((resource_type, item.as_str()?)))
        })
    }

    /// Every declared resource type.
    pub fn types(&self) -> impl Iterator<Item = (&str, &Value)> {
        items(&self.rest()["resource"]).filter_map(|resource| Some((resource["type"].as_str()?, resource)))
    }

    /// Why the need is not met; nothing if it is.
    pub fn lacks(&self, need: &str) -> Result<Option<String>> {
        if let Some(undeclared) = need.strip_prefix("not ") {
            return Ok(self.has(undeclared)?.then(|| format!("{undeclared} is declared")));
        }
        Ok((!self.has(need)?).then(|| format!("{need} is not declared")))
    }

    fn has(&self, need: &str) -> Result<bool> {
        if let Some((name, value)) = need.split_once('=').filter(|(name, _)| !name.contains('.')) {
            return Ok(match name {
                "format" => self.formats("format").any(|format| is_format(format, value)),
                "patchFormat" => self.formats("patchFormat").any(|format| format == value),
                "compartment" => items(&self.rest()["compartment"])
                    .any(|url| url.as_str().is_some_and(|url| url.rsplit('/').next() == Some(value))),
                other => bail!("'{other}' is nothing that a case can need"),
            });
        }
        if need == "security" {
            return Ok(items(&self.rest()["security"]["service"]).next().is_some());
        }
        if need == "cors" {
            return Ok(self.rest()["security"]["cors"] == true);
        }
        if let Some(code) = need.strip_prefix("system.") {
            return Ok(has_code(&self.rest()["interaction"], "code", code));
        }
        if let Some((resource_type, name)) = need.split_once('$') {
            let declared = match resource_type {
                "" => &self.rest()["operation"],
                _ => &self.resource(resource_type)["operation"],
            };
            return Ok(items(declared).any(|operation| {
                operation["name"].as_str().is_some_and(|found| found.trim_start_matches('$') == name)
            }));
        }
        if let Some((resource_type, name)) = need.split_once('?') {
            let own = &self.resource(resource_type)["searchParam"];
            return Ok(has_code(own, "name", name) || has_code(&self.rest()["searchParam"], "name", name));
        }
        let Some((resource_type, member)) = need.split_once('.') else {
            return Ok(!self.resource(need).is_null());
        };
        let resource = self.resource(resource_type);
        let (member, wanted) =
            member.split_once('=').map_or((member, None), |(name, value)| (name, Some(value)));
        Ok(match (&resource[member], wanted) {
            (Value::Null, None) => has_code(&resource["interaction"], "code", member),
            (Value::Bool(declared), None) => *declared,
            (Value::String(code), None) => code != "not-supported" && code != "no-version",
            (Value::String(code), Some(wanted)) => code == wanted,
            (Value::Array(list), Some(wanted)) => list.iter().any(|item| item == wanted || item == "*"),
            _ => false,
        })
    }

    fn rest(&self) -> &Value {
        items(&self.statement["rest"]).find(|rest| rest["mode"] == "server").unwrap_or(&Value::Null)
    }

    fn resource(&self, resource_type: &str) -> &Value {
        self.types().find(|(found, _)| *found == resource_type).map_or(&Value::Null, |(_, resource)| resource)
    }

    fn formats(&self, member: &str) -> impl Iterator<Item = &str> {
        items(&self.statement[member]).filter_map(Value::as_str)
    }
}

fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().map(Vec::as_slice).unwrap_or_default().iter()
}

fn has_code(list: &Value, member: &str, code: &str) -> bool {
    items(list).any(|item| item[member] == code)
}

fn is_format(format: &str, short: &str) -> bool {
    let format = format.split(';').next().unwrap_or_default().trim();
    format == short || format == format!("application/fhir+{short}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn needs_are_looked_up_in_the_statement() {
        let declared = Declared::new(json!({
            "format": ["application/fhir+json", "xml"],
            "patchFormat": ["application/json-patch+json"],
            "rest": [{"mode": "client"}, {
                "mode": "server",
                "interaction": [{"code": "batch"}],
                "searchParam": [{"name": "_id"}],
                "operation": [{"name": "convert"}],
                "compartment": ["http://hl7.org/fhir/CompartmentDefinition/patient"],
                "resource": [{
                    "type": "Patient",
                    "interaction": [{"code": "read"}],
                    "searchParam": [{"name": "name", "type": "string"}],
                    "operation": [{"name": "$everything"}],
                    "versioning": "versioned",
                    "conditionalCreate": true,
                    "conditionalUpdate": false,
                    "conditionalDelete": "not-supported",
                    "searchInclude": ["Patient:organization"]
                }]
            }]
        }));
        for need in [
            "Patient",
            "Patient.read",
            "Patient?name",
            "Patient?_id",
            "Patient$everything",
            "$convert",
            "system.batch",
            "format=json",
            "format=xml",
            "patchFormat=application/json-patch+json",
            "compartment=patient",
            "Patient.versioning",
            "Patient.versioning=versioned",
            "Patient.conditionalCreate",
            "Patient.searchInclude=Patient:organization",
        ] {
            assert_eq!(declared.lacks(need).unwrap(), None);
            assert!(declared.lacks(&format!("not {need}")).unwrap().is_some(), "{need}");
        }
        for need in [
            "Task",
            "Patient.delete",
            "Task.read",
            "Patient?family",
            "Patient$match",
            "$everything",
            "system.transaction",
            "format=ttl",
            "compartment=device",
            "security",
            "Patient.versioning=versioned-update",
            "Patient.conditionalUpdate",
            "Patient.conditionalDelete",
            "Patient.searchInclude=Patient:link",
        ] {
            assert!(declared.lacks(need).unwrap().is_some(), "{need}");
            assert_eq!(declared.lacks(&format!("not {need}")).unwrap(), None);
        }
        assert!(declared.lacks("colour=red").is_err());
        assert_eq!(
            declared.listed("searchInclude").collect::<Vec<_>>(),
            [("Patient", "Patient:organization")]
        );
        assert_eq!(declared.search_parameters().collect::<Vec<_>>(), [("Patient", "name", "string")]);
    }
}
