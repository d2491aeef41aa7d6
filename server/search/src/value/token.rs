//! Token parameters, <https://hl7.org/fhir/R4/search.html#token>.
//!
//! Codes and identifiers compare exactly, code point by code point; the values of contact points and tokens of type
//! string are folded. A `code` has no system of its own: it is found by `|code`, and by the system it is bound to.

use fhir::Key;
use serde_json::Value;

use crate::{
    criterion::Condition,
    index::IndexRows,
    parameter::Parameter,
    query::Criterion,
    refusal::{Refusal, shown},
    value::{split, string::fold, unescape},
};

/// Types whose values are compared folded.
const FOLDED: [&str; 3] = ["ContactPoint", "string", "markdown"];
/// Types that have no system, so that a value with `|` cannot be right.
const WITHOUT_SYSTEM: [&str; 10] =
    ["ContactPoint", "boolean", "canonical", "id", "markdown", "oid", "string", "uri", "url", "uuid"];

/// The forms in which a token has a key: the same for what is stored and for what is asked.
pub(crate) enum Form<'a> {
    /// `system|code`
    SystemCode(&'a str, &'a str),
    /// `code`, in whatever system.
    Code(&'a str),
    /// `system|`
    System(&'a str),
    /// `|code`
    NoSystem(&'a str),
    /// A folded text.
    Folded(&'a str),
}

impl Form<'_> {
    fn key(&self, parameter: &Parameter) -> Key {
        match self {
            Self::SystemCode(system, code) => parameter.key("sv", &[system, code]),
            Self::Code(code) => parameter.key("v", &[code]),
            Self::System(system) => parameter.key("s", &[system]),
            Self::NoSystem(code) => parameter.key("nv", &[code]),
            Self::Folded(text) => parameter.key("f", &[text]),
        }
    }

    /// The key of `Reference.identifier` in a reference parameter.
    pub(crate) fn identifier_key(&self, parameter: &Parameter) -> Key {
        match self {
            Self::SystemCode(system, code) => parameter.key("isv", &[system, code]),
            Self::Code(code) => parameter.key("iv", &[code]),
            Self::System(system) => parameter.key("is", &[system]),
            Self::NoSystem(code) => parameter.key("inv", &[code]),
            Self::Folded(text) => parameter.key("if", &[text]),
        }
    }
}

/// Calls with each form of a system and a code, either of which may be absent.
pub(crate) fn forms<'a>(system: Option<&'a str>, code: Option<&'a str>, mut each: impl FnMut(Form<'a>)) {
    match (system, code) {
        (Some(system), Some(code)) => {
            each(Form::SystemCode(system, code));
            each(Form::Code(code));
            each(Form::System(system));
        }
        (None, Some(code)) => {
            each(Form::Code(code));
            each(Form::NoSystem(code));
        }
        (Some(system), None) => each(Form::System(system)),
        (None, None) => {}
    }
}

/// Adds the keys of one element.
pub(crate) fn add(parameter: &Parameter, type_name: &str, value: &Value, rows: &mut IndexRows) {
    let text = |member: &str| value.get(member).and_then(Value::as_str);
    let mut push = |form: Form<'_>| rows.keys.push(form.key(parameter));
    match (type_name, value) {
        ("code", Value::String(code)) => {
            forms(None, Some(code), &mut push);
            if let Some(system) = parameter.selected.system_of(code) {
                forms(Some(system), Some(code), &mut push);
            }
        }
        ("CodeableConcept", concept) => {
            let codings = concept.get("coding").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
            for coding in codings {
                let text = |member: &str| coding.get(member).and_then(Value::as_str);
                forms(text("system"), text("code"), &mut push);
            }
        }
        ("Identifier", _) => {
            forms(text("system"), text("value"), |form| {
                let key = form.key(parameter);
                if matches!(form, Form::SystemCode(..) | Form::Code(_)) {
                    rows.identifiers.push(key);
                }
                rows.keys.push(key);
            });
        }
        ("ContactPoint", _) => {
            if let Some(text) = text("value") {
                push(Form::Folded(&fold(text)));
            }
        }
        ("string" | "markdown", Value::String(text)) => push(Form::Folded(&fold(text))),
        (_, Value::String(text)) => push(Form::Code(text)),
        (_, Value::Bool(_) | Value::Number(_)) => push(Form::Code(&value.to_string())),
        (_, Value::Object(_)) => forms(text("system"), text("code"), &mut push),
        _ => {}
    }
}

/// One value of a query, without its escapes.
pub(crate) enum Asked {
    Code(String),
    /// An absent system is `|code`, an absent code `system|`.
    Pair(Option<String>, Option<String>),
}

impl Asked {
    /// The value that this text asks for.
    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        let present = |text: &str| unescape(text).map(|text| (!text.is_empty()).then_some(text));
        match split(text, '|').as_slice() {
            [code] => Ok(Self::Code(unescape(code)?)),
            [system, code] => match (present(system)?, present(code)?) {
                (None, None) => Err(Refusal::invalid("A token needs a system or a code beside its '|'.")),
                (system, code) => Ok(Self::Pair(system, code)),
            },
            _ => Err(Refusal::invalid(format!(
                "'{}' has more than one '|'. A '|' that is part of a code is written '\\|'.",
                shown(text)
            ))),
        }
    }

    /// The form in which it is looked for.
    pub(crate) fn form(&self) -> Form<'_> {
        match self {
            Self::Code(code) => Form::Code(code),
            Self::Pair(Some(system), Some(code)) => Form::SystemCode(system, code),
            Self::Pair(Some(system), None) => Form::System(system),
            Self::Pair(None, code) => Form::NoSystem(code.as_deref().unwrap_or_default()),
        }
    }
}

/// The criterion of a query: any of the values, or with `:not` none of them.
pub(crate) fn criterion(condition: &Condition<'_>) -> Result<Criterion, Refusal> {
    let parameter = condition.parameter;
    let negated = match condition.modifier {
        None => false,
        Some("not") => true,
        Some(other) => return Err(condition.no_modifier(other, &["missing", "not"])),
    };
    let asked: Vec<Asked> =
        condition.raw_values()?.into_iter().map(Asked::parse).collect::<Result<_, _>>()?;
    check(condition, &asked)?;
    if parameter.hot.is_some() {
        return Ok(status(parameter, asked, negated));
    }
    let selected = &parameter.selected;
    if !negated
        && selected.is_only(&["Identifier"])
        && asked.iter().all(|asked| matches!(asked.form(), Form::Code(_) | Form::SystemCode(..)))
    {
        let keys = asked.iter().map(|asked| asked.form().key(parameter)).collect();
        return Ok(Criterion::Identifier { parameter, keys });
    }
    let mut keys = Vec::new();
    for asked in &asked {
        let exact = selected.may_be_other_than(&FOLDED);
        if exact {
            keys.push(asked.form().key(parameter));
        }
        if let Asked::Code(text) = asked
            && selected.may_be(&FOLDED)
        {
            keys.push(Form::Folded(&fold(text)).key(parameter));
        }
    }
    Ok(Criterion::Keys { parameter, keys, negated })
}

fn check(condition: &Condition<'_>, asked: &[Asked]) -> Result<(), Refusal> {
    let selected = &condition.parameter.selected;
    for asked in asked {
        match asked {
            Asked::Pair(..) if selected.is_only(&WITHOUT_SYSTEM) => {
                return Err(Refusal::invalid(format!(
                    "The values of '{}' have no system, so '|' cannot be used.",
                    condition.parameter.code
                )));
            }
            Asked::Code(code) if selected.is_only(&["boolean"]) && code != "true" && code != "false" => {
                return Err(Refusal::invalid(format!(
                    "The parameter '{}' is 'true' or 'false', not '{}'.",
                    condition.parameter.code,
                    shown(code)
                )));
            }
            _ => {}
        }
    }
    Ok(())
}

/// The condition on the column `status`: a code there has no system but the one it is bound to.
fn status(parameter: &'static Parameter, asked: Vec<Asked>, negated: bool) -> Criterion {
    let mut codes = Vec::new();
    for asked in asked {
        match asked {
            Asked::Code(code) | Asked::Pair(None, Some(code)) => codes.push(code),
            Asked::Pair(Some(system), Some(code)) => {
                if parameter.selected.system_of(&code) == Some(system.as_str()) {
                    codes.push(code);
                }
            }
            Asked::Pair(Some(system), None) if parameter.selected.is_of_system(&system) => {
                // Every code is of this system.
                return Criterion::Missing { parameter, missing: negated };
            }
            Asked::Pair(..) => {}
        }
    }
    Criterion::Status { parameter, codes, negated }
}
