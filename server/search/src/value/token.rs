//! Token parameters, <https://hl7.org/fhir/R4/search.html#token>.
//!
//! Codes and identifiers compare exactly, code point by code point; the values of contact points and tokens of type
//! string are folded. A `code` has no system of its own: it is found by `|code`, and by the system it is bound to.

use fhir::Key;
use serde_json::Value;

use crate::{
    criterion::Condition,
    index::{IdentifierRow, IndexRows, VocabularyRow},
    parameter::Parameter,
    parse::ValueSets,
    query::Criterion,
    refusal::{Refusal, shown},
    value::{
        concept, split,
        string::{cut, fold},
        unescape,
    },
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

/// Adds the keys of one element, and the texts that it is shown with.
pub(crate) fn add(parameter: &Parameter, type_name: &str, value: &Value, rows: &mut IndexRows) {
    if !parameter.is_component {
        for text in texts(type_name, value) {
            let folded = fold(text);
            let key = display_key(parameter, &folded);
            rows.keys.push(key);
            rows.vocabulary.push(VocabularyRow { parameter: parameter.text_number(), text: folded, key });
        }
        for code in codes(type_name, value) {
            let key = Form::Code(code).key(parameter);
            rows.vocabulary.push(VocabularyRow { parameter: parameter.number, text: code.to_owned(), key });
        }
    }
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
            let is_apart = parameter.is_of_identifiers();
            forms(text("system"), text("value"), |form| {
                let key = form.key(parameter);
                if let Form::SystemCode(_, value) | Form::NoSystem(value) = form
                    && is_apart
                {
                    rows.identifiers.push(IdentifierRow {
                        key,
                        parameter: parameter.number,
                        text: cut(value),
                    });
                }
                if !(is_apart && matches!(form, Form::SystemCode(..))) {
                    rows.keys.push(key);
                }
            });
            let types = value.get("type").and_then(|of| of.get("coding")).and_then(Value::as_array);
            for coding in types.into_iter().flatten() {
                let of_type = |member: &str| coding.get(member).and_then(Value::as_str);
                if let (Some(system), Some(code), Some(value)) =
                    (of_type("system"), of_type("code"), text("value"))
                {
                    rows.keys.push(of_type_key(parameter, system, code, value));
                }
            }
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

/// The texts that `:text` looks at.
fn texts<'v>(type_name: &str, value: &'v Value) -> Vec<&'v str> {
    let text = |of: Option<&'v Value>, member: &str| of?.get(member)?.as_str();
    match type_name {
        "CodeableConcept" => {
            let codings = value.get("coding").and_then(Value::as_array).into_iter().flatten();
            codings
                .map(|coding| text(Some(coding), "display"))
                .chain([text(Some(value), "text")])
                .flatten()
                .collect()
        }
        "Coding" => text(Some(value), "display").into_iter().collect(),
        "Identifier" => text(value.get("type"), "text").into_iter().collect(),
        _ => Vec::new(),
    }
}

/// The codes that a token is sorted by.
fn codes<'v>(type_name: &str, value: &'v Value) -> Vec<&'v str> {
    fn code(coding: &Value) -> Option<&str> {
        coding.get("code")?.as_str()
    }
    match type_name {
        "code" => value.as_str().into_iter().collect(),
        "CodeableConcept" => {
            value.get("coding").and_then(Value::as_array).into_iter().flatten().filter_map(code).collect()
        }
        "Coding" => code(value).into_iter().collect(),
        "boolean" => value.as_bool().map(|known| if known { "true" } else { "false" }).into_iter().collect(),
        _ => Vec::new(),
    }
}

fn display_key(parameter: &Parameter, folded: &str) -> Key {
    parameter.key("x", &[folded])
}

/// The key of an identifier with its type: `system|code|value`.
fn of_type_key(parameter: &Parameter, system: &str, code: &str, value: &str) -> Key {
    parameter.key("t", &[system, code, value])
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

/// The criterion of a query: any of the values, or with `:not` none of them; `:text` and `:of-type`. `known` are the value sets that
/// were looked up.
pub(crate) fn criterion(condition: &Condition<'_>, known: &ValueSets) -> Result<Criterion, Refusal> {
    let parameter = condition.parameter;
    let modifiers = modifiers(parameter);
    let negated = match condition.modifier {
        None => false,
        Some(modifier) if !modifiers.contains(&modifier) => {
            return Err(condition.no_modifier(modifier, &modifiers));
        }
        Some("text") => return text(condition),
        Some("of-type") => return of_type(condition),
        Some(modifier) => matches!(modifier, "not" | "not-in"),
    };
    let asked = asked(condition, known)?;
    check(condition, &asked)?;
    if parameter.hot.is_some() {
        return Ok(status(parameter, asked, negated));
    }
    if parameter.is_of_identifiers() {
        return Ok(identifiers(parameter, &asked, negated));
    }
    let selected = &parameter.selected;
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

/// Identifiers with their system are kept apart, all else among the keys.
fn identifiers(parameter: &'static Parameter, asked: &[Asked], negated: bool) -> Criterion {
    let (apart, others): (Vec<_>, Vec<_>) =
        asked.iter().map(Asked::form).partition(|form| matches!(form, Form::SystemCode(..)));
    let keys = |forms: &[Form<'_>]| forms.iter().map(|form| form.key(parameter)).collect::<Vec<_>>();
    let apart = (!apart.is_empty()).then(|| Criterion::Identifier { parameter, keys: keys(&apart) });
    let others =
        (!others.is_empty()).then(|| Criterion::Keys { parameter, keys: keys(&others), negated: false });
    let any = match (apart, others) {
        (Some(only), None) | (None, Some(only)) => only,
        (apart, others) => Criterion::Any(apart.into_iter().chain(others).collect()),
    };
    match any {
        any if !negated => any,
        Criterion::Keys { parameter, keys, .. } => Criterion::Keys { parameter, keys, negated },
        any => Criterion::Not(Box::new(any)),
    }
}

/// The tokens that the values stand for, under the modifier.
fn asked(condition: &Condition<'_>, known: &ValueSets) -> Result<Vec<Asked>, Refusal> {
    let given = || condition.raw_values()?.into_iter().map(Asked::parse).collect::<Result<Vec<_>, _>>();
    let codes = match condition.modifier {
        Some("in" | "not-in") => concept::in_value_sets(&condition.values()?, known)?,
        Some(modifier @ ("below" | "above")) => {
            let mut codes = Vec::new();
            for asked in given()? {
                let Asked::Pair(Some(system), Some(code)) = &asked else {
                    return Err(Refusal::invalid(format!(
                        "With ':{modifier}' the code is written with its system: system|code."
                    )));
                };
                codes.extend(concept::subsumed(system, code, modifier == "above")?);
            }
            codes
        }
        _ => return given(),
    };
    Ok(codes.into_iter().map(|(system, code)| Asked::Pair(Some(system), Some(code))).collect())
}

/// The modifiers that can be used with a token parameter.
pub(crate) fn modifiers(parameter: &Parameter) -> Vec<&'static str> {
    let selected = &parameter.selected;
    let mut modifiers = vec!["missing", "not"];
    if selected.may_be(&["CodeableConcept", "Coding", "Identifier"]) {
        modifiers.push("text");
    }
    if selected.may_be(&["code", "CodeableConcept", "Coding"]) {
        modifiers.extend(["in", "not-in", "below", "above"]);
    }
    if selected.may_be(&["Identifier"]) {
        modifiers.push("of-type");
    }
    modifiers
}

/// `:text`: a word of a text that the code is shown with begins so.
fn text(condition: &Condition<'_>) -> Result<Criterion, Refusal> {
    let texts: Vec<_> = condition.values()?.iter().map(|text| fold(text)).collect();
    if texts.iter().any(String::is_empty) {
        return Err(Refusal::invalid(format!("'{}' has no letter to search for.", shown(condition.value))));
    }
    Ok(Criterion::Display { parameter: condition.parameter, texts })
}

/// `:of-type=system|code|value`
fn of_type(condition: &Condition<'_>) -> Result<Criterion, Refusal> {
    let parameter = condition.parameter;
    let key = |value: &str| {
        let parts = split(value, '|').into_iter().map(unescape).collect::<Result<Vec<_>, _>>()?;
        match parts.as_slice() {
            [system, code, value] if parts.iter().all(|part| !part.is_empty()) => {
                Ok(of_type_key(parameter, system, code, value))
            }
            _ => Err(Refusal::invalid(format!(
                "'{}' is not an identifier with its type. Write system|code|value, where system and code are those of the type.",
                shown(value)
            ))),
        }
    };
    let keys = condition.raw_values()?.into_iter().map(key).collect::<Result<_, _>>()?;
    Ok(Criterion::Keys { parameter, keys, negated: false })
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
