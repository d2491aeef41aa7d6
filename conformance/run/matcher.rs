//! What a case expects of values that a path, a header or the content yields.
//!
//! A bare value means "exactly this one"; a map of words means that each of them holds:
//! `is not literal one_of present count at_least at_most matches any none are set includes excludes distinct ascending descending`.

use anyhow::{Result, bail};
use serde_json::Value;

/// Conditions that must all hold.
#[derive(Clone, Debug)]
pub struct Matcher {
    conditions: Vec<Condition>,
}

#[derive(Clone, Debug)]
enum Condition {
    Is(Value),
    Not(Value),
    Literal(String),
    OneOf(Vec<Value>),
    Present(bool),
    Count(usize),
    AtLeast(usize),
    AtMost(usize),
    Matches(regex::Regex),
    Any(regex::Regex),
    None(regex::Regex),
    Are(Vec<Value>),
    Set(Vec<Value>),
    Includes(Vec<Value>),
    Excludes(Vec<Value>),
    Distinct,
    Ascending,
    Descending,
}

impl Matcher {
    /// Reads what a case says; an error names the word that is wrong.
    pub fn read(value: &Value) -> Result<Self> {
        let conditions = match value {
            Value::Object(words) if !words.is_empty() => {
                words.iter().map(|(word, value)| condition(word, value)).collect::<Result<_>>()?
            }
            Value::Object(_) => bail!("an empty map expects nothing"),
            other => vec![Condition::Is(other.clone())],
        };
        Ok(Self { conditions })
    }

    /// What is wrong with the values; nothing if they are as expected.
    pub fn faults(&self, values: &[&Value]) -> Vec<String> {
        self.conditions.iter().filter_map(|condition| condition.fault(values)).collect()
    }
}

fn condition(word: &str, value: &Value) -> Result<Condition> {
    let list = || match value {
        Value::Array(items) => Ok(items.clone()),
        _ => bail!("'{word}' takes a list"),
    };
    let number = || match value.as_u64().and_then(|number| usize::try_from(number).ok()) {
        Some(number) => Ok(number),
        None => bail!("'{word}' takes a number"),
    };
    let pattern = || match value.as_str() {
        Some(pattern) => Ok(regex::Regex::new(pattern)?),
        None => bail!("'{word}' takes a regular expression"),
    };
    let only_true = |condition| match value {
        Value::Bool(true) => Ok(condition),
        _ => bail!("'{word}' takes true"),
    };
    Ok(match word {
        "is" => Condition::Is(value.clone()),
        "not" => Condition::Not(value.clone()),
        "literal" => match value.as_str() {
            Some(digits) => Condition::Literal(digits.to_owned()),
            None => bail!("'literal' takes the digits as a string"),
        },
        "one_of" => Condition::OneOf(list()?),
        "present" => match value.as_bool() {
            Some(present) => Condition::Present(present),
            None => bail!("'present' takes true or false"),
        },
        "count" => Condition::Count(number()?),
        "at_least" => Condition::AtLeast(number()?),
        "at_most" => Condition::AtMost(number()?),
        "matches" => Condition::Matches(pattern()?),
        "any" => Condition::Any(pattern()?),
        "none" => Condition::None(pattern()?),
        "are" => Condition::Are(list()?),
        "set" => Condition::Set(list()?),
        "includes" => Condition::Includes(list()?),
        "excludes" => Condition::Excludes(list()?),
        "distinct" => only_true(Condition::Distinct)?,
        "ascending" => only_true(Condition::Ascending)?,
        "descending" => only_true(Condition::Descending)?,
        other => bail!("'{other}' is no word of a matcher"),
    })
}

impl Condition {
    fn fault(&self, values: &[&Value]) -> Option<String> {
        let found = || shown(values.iter().copied());
        let fault = |holds: bool, expected: String| {
            (!holds).then(|| format!("expected {expected}, found {}", found()))
        };
        let has = |value: &Value| values.contains(&value);
        match self {
            Self::Is(value) => fault(values == [value], value.to_string()),
            Self::Not(value) => {
                fault(!values.is_empty() && !has(value), format!("something other than {value}"))
            }
            Self::Literal(digits) => fault(
                values.iter().map(|value| value.to_string()).eq([digits.clone()]),
                format!("the digits {digits}"),
            ),
            Self::OneOf(list) => {
                fault(values.len() == 1 && list.contains(values[0]), format!("one of {}", shown(list)))
            }
            Self::Present(present) => fault(
                *present != values.is_empty(),
                if *present { "something" } else { "nothing" }.to_owned(),
            ),
            Self::Count(count) => fault(values.len() == *count, format!("{count} of them")),
            Self::AtLeast(count) => fault(values.len() >= *count, format!("at least {count} of them")),
            Self::AtMost(count) => fault(values.len() <= *count, format!("at most {count} of them")),
            Self::Matches(pattern) => fault(
                !values.is_empty() && values.iter().all(|value| pattern.is_match(&text(value))),
                format!("/{pattern}/"),
            ),
            Self::Any(pattern) => fault(
                values.iter().any(|value| pattern.is_match(&text(value))),
                format!("one that matches /{pattern}/"),
            ),
            Self::None(pattern) => fault(
                !values.iter().any(|value| pattern.is_match(&text(value))),
                format!("none that matches /{pattern}/"),
            ),
            Self::Are(list) => {
                fault(values.iter().copied().eq(list), format!("in this order {}", shown(list)))
            }
            Self::Set(list) => fault(
                list.len() == values.len()
                    && list.iter().all(has)
                    && values.iter().all(|value| list.contains(value)),
                format!("in any order {}", shown(list)),
            ),
            Self::Includes(list) => fault(list.iter().all(has), format!("among others {}", shown(list))),
            Self::Excludes(list) => fault(!list.iter().any(has), format!("none of {}", shown(list))),
            Self::Distinct => {
                let repeated = values.iter().enumerate().find(|(at, value)| values[..*at].contains(value));
                repeated.map(|(_, value)| format!("{value} is there more than once"))
            }
            Self::Ascending => fault(ordered(values.iter()), "an ascending order".to_owned()),
            Self::Descending => fault(ordered(values.iter().rev()), "a descending order".to_owned()),
        }
    }
}

/// The value as an expression sees it: a string without its quotes.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Values in one line, not longer than a reader bears.
pub fn shown<'a>(values: impl IntoIterator<Item = &'a Value>) -> String {
    let line = values.into_iter().map(Value::to_string).collect::<Vec<_>>().join(", ");
    match line.char_indices().nth(400) {
        _ if line.is_empty() => "nothing".to_owned(),
        Some((at, _)) => format!("{} …", &line[..at]),
        None => line,
    }
}

fn ordered<'a>(values: impl Iterator<Item = &'a &'a Value> + Clone) -> bool {
    values.clone().zip(values.skip(1)).all(|(first, second)| match (instant(first), instant(second)) {
        (Some(first), Some(second)) => first <= second,
        _ => match (first.as_f64(), second.as_f64()) {
            (Some(first), Some(second)) => first <= second,
            _ => text(first) <= text(second),
        },
    })
}

fn instant(value: &Value) -> Option<jiff::Timestamp> {
    value.as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Whether the values are as the matcher says.
    fn holds(matcher: Value, values: Value) -> bool {
        let values: Vec<Value> = serde_json::from_value(values).unwrap();
        Matcher::read(&matcher).unwrap().faults(&values.iter().collect::<Vec<_>>()).is_empty()
    }

    #[test]
    fn every_word_holds_and_fails() {
        for (matcher, right, wrong) in [
            (json!("a"), json!(["a"]), json!(["b"])),
            (json!("a"), json!(["a"]), json!(["a", "a"])),
            (json!(3), json!([3]), json!([])),
            (json!({"is": {"a": 1}}), json!([{"a": 1}]), json!([{"a": 2}])),
            (json!({"not": "a"}), json!(["b"]), json!(["a"])),
            (json!({"not": "a"}), json!(["b"]), json!([])),
            (json!({"one_of": [1, 2]}), json!([2]), json!([3])),
            (json!({"present": true}), json!([null]), json!([])),
            (json!({"present": false}), json!([]), json!([1])),
            (json!({"count": 2}), json!([1, 1]), json!([1])),
            (json!({"at_least": 2}), json!([1, 1, 1]), json!([1])),
            (json!({"at_most": 2}), json!([]), json!([1, 1, 1])),
            (json!({"matches": "^a"}), json!(["ab", "ac"]), json!(["ab", "b"])),
            (json!({"matches": "^a"}), json!(["ab"]), json!([])),
            (json!({"matches": "^1"}), json!([12]), json!([21])),
            (json!({"any": "^a"}), json!(["b", "a"]), json!(["b"])),
            (json!({"none": "^a"}), json!(["b"]), json!(["b", "a"])),
            (json!({"are": [1, 2]}), json!([1, 2]), json!([2, 1])),
            (json!({"set": [1, 2]}), json!([2, 1]), json!([1, 2, 3])),
            (json!({"set": [1, 2]}), json!([2, 1]), json!([2, 2])),
            (json!({"includes": [1]}), json!([2, 1]), json!([2])),
            (json!({"excludes": [1]}), json!([2]), json!([2, 1])),
            (json!({"distinct": true}), json!([1, 2]), json!([1, 2, 1])),
            (json!({"ascending": true}), json!([1, 2, 10]), json!([2, 1])),
            (json!({"descending": true}), json!(["b", "a", "a"]), json!(["a", "b"])),
            (
                json!({"ascending": true}),
                json!(["2026-01-01T00:00:00+01:00", "2025-12-31T23:30:00Z"]),
                json!(["2025-12-31T23:30:00Z", "2026-01-01T00:00:00+01:00"]),
            ),
            (json!({"at_least": 1, "at_most": 2}), json!([1]), json!([1, 1, 1])),
        ] {
            assert!(holds(matcher.clone(), right.clone()), "{matcher} does not hold for {right}");
            assert!(!holds(matcher.clone(), wrong.clone()), "{matcher} holds for {wrong}");
        }
    }

    #[test]
    fn digits_are_compared_as_they_are_written() {
        let values: Value = serde_json::from_str("[1.50]").unwrap();
        assert!(holds(json!({"literal": "1.50"}), values.clone()));
        assert!(!holds(json!({"literal": "1.5"}), values));
    }

    #[test]
    fn what_expects_nothing_sensible_is_refused() {
        for matcher in [
            json!({}),
            json!({"equals": 1}),
            json!({"count": "2"}),
            json!({"distinct": false}),
            json!({"matches": "("}),
            json!({"set": 1}),
        ] {
            assert!(Matcher::read(&matcher).is_err(), "{matcher}");
        }
    }

    #[test]
    fn a_fault_says_what_was_expected_and_found() {
        let faults = Matcher::read(&json!("a")).unwrap().faults(&[&json!("b")]);
        assert_eq!(faults, [r#"expected "a", found "b""#]);
        let long = json!("x".repeat(1000));
        assert!(shown([&long]).len() < 500);
    }
}
