//! Times that are written in another way and say the same, <https://hl7.org/fhir/R4/datatypes.html#dateTime>.
//!
//! Clients that work with types of their language write `10:15:03.120Z` back as `10:15:03.120000+00:00`. What is looked at is
//! whole dates with time and zone only; neither the zone nor a precision is ever changed.

use serde_json::Value;

/// Puts back the text of each time in `sent` that says the same as the one in its place in `previous`.
pub(crate) fn keep_times(previous: &Value, sent: &mut Value) {
    match (previous, sent) {
        (Value::Object(previous), Value::Object(sent)) => {
            for (name, value) in sent {
                if let Some(before) = previous.get(name) {
                    keep_times(before, value);
                }
            }
        }
        (Value::Array(previous), Value::Array(sent)) if previous.len() == sent.len() => {
            previous.iter().zip(sent).for_each(|(before, value)| keep_times(before, value));
        }
        (Value::String(previous), Value::String(sent)) if say_the_same(previous, sent) => {
            sent.clone_from(previous);
        }
        _ => {}
    }
}

fn say_the_same(a: &str, b: &str) -> bool {
    a != b && parts(a).is_some_and(|parts_of_a| parts(b) == Some(parts_of_a))
}

/// `2026-11-22T10:15:03`, the fraction without zeros at its end, and the zone, where there are all three.
fn parts(text: &str) -> Option<(&str, &str, &str)> {
    const FORM: &[u8] = b"0000-00-00T00:00:00";
    let head = text.get(..FORM.len())?;
    let fits = |(byte, form): (&u8, &u8)| if *form == b'0' { byte.is_ascii_digit() } else { byte == form };
    if !head.as_bytes().iter().zip(FORM).all(fits) {
        return None;
    }
    let rest = &text[FORM.len()..];
    let zone_at = rest.find(['Z', '+', '-'])?;
    let (fraction, zone) = rest.split_at(zone_at);
    let digits = if fraction.is_empty() { "" } else { fraction.strip_prefix('.')? };
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let zone = if matches!(zone, "+00:00" | "-00:00") { "Z" } else { zone };
    Some((head, digits.trim_end_matches('0'), zone))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_says_the_same_is_put_back() {
        let time = "2026-11-22T10:15:03.120Z";
        for (before, sent, is_kept) in [
            (time, "2026-11-22T10:15:03.120000+00:00", true),
            (time, "2026-11-22T10:15:03.12Z", true),
            (time, "2026-11-22T10:15:03.121Z", false),
            (time, "2026-11-22T10:15:03Z", false),
            (time, "2026-11-22T11:15:03.120+01:00", false),
            ("2026-11-22T10:15:03+00:00", "2026-11-22T10:15:03Z", true),
            ("2026-11-22T10:15:03Z", "2026-11-22T10:15:03.000Z", true),
            ("2026-07-01T10:00:00+01:00", "2026-07-01T10:00:00.0+01:00", true),
            ("2026-11-22", "2026-11-22T00:00:00Z", false),
            ("2026-11-22T10:15:03.Z", "2026-11-22T10:15:03Zulu", false),
            ("", "2026", false),
        ] {
            let mut sent = json!(sent);
            let unchanged = sent.clone();
            keep_times(&json!(before), &mut sent);
            assert_eq!(sent == json!(before), is_kept, "{before} {unchanged}");
            assert!(is_kept || sent == unchanged);
        }
    }

    #[test]
    fn places_are_compared_and_others_are_left_alone() {
        let at = |seconds: &str| format!("2026-11-22T10:15:0{seconds}");
        let before = json!({"a": [{"b": at("1Z")}, at("2Z")], "c": [at("3Z")], "d": at("4Z")});
        let mut sent = json!({"d": 4, "c": [at("3.0Z"), at("3.0Z")], "a": [{"b": at("1.0Z")}, at("2.0Z")], "e": at("4.0Z")});
        keep_times(&before, &mut sent);
        let expect =
            json!({"d": 4, "c": [at("3.0Z"), at("3.0Z")], "a": [{"b": at("1Z")}, at("2Z")], "e": at("4.0Z")});
        assert_eq!(sent, expect);
    }
}
