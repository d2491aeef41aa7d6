//! Tables of what the parser refuses, and properties of what it accepts.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::Cause;

/// The findings on a text, each as `expression: diagnostics`.
fn findings(bytes: &[u8]) -> Vec<String> {
    match parse(bytes) {
        Ok(_) => Vec::new(),
        Err(error) => {
            assert_eq!(error.cause(), Cause::Unparsable);
            let show =
                |issue: &crate::Issue| format!("{}: {}", issue.expression.join(" | "), issue.diagnostics);
            error.issues().iter().map(show).collect()
        }
    }
}

#[test]
fn soft_findings_name_their_place() {
    let table: &[(&str, &str, &str)] = &[
        (r#"{"resourceType":"Task","status":null}"#, "Task.status", "null is not"),
        (r#"{"status":null,"resourceType":"Task"}"#, "Task.status", "null is not"),
        (r#"{"status":null}"#, "status", "null is not"),
        (r#"{"resourceType":"Task","note":[]}"#, "Task.note", "array is empty"),
        (r#"{"resourceType":"Task","note":[{}]}"#, "Task.note[0]", "object is empty"),
        (r#"{"resourceType":"Task","code":{}}"#, "Task.code", "object is empty"),
        (r#"{"resourceType":"Task","description":""}"#, "Task.description", "string is empty"),
        (r#"{"resourceType":"Task","":"x"}"#, "Task", "name of a property is empty"),
        (r#"{"resourceType":"Task","status":"a","status":"b"}"#, "Task.status", "there twice"),
        (r#"{"resourceType":"Task","status":"a","\u0073tatus":"b"}"#, "Task.\\u0073tatus", "there twice"),
        (r#"{"resourceType":"Task","note":[{"text":"a\u0000b"}]}"#, "Task.note[0].text", "U+0000"),
        ("{\"resourceType\":\"Task\",\"description\":\"a\0b\"}", "Task.description", "U+0000"),
        (r#"{"resourceType":"Task","a\u0000":"b"}"#, "Task.a\\u0000", "U+0000"),
        (r#"{"resourceType":"Task","description":"a\u001Fb"}"#, "Task.description", "U+001F"),
        (r#"{"resourceType":"Task","description":"a\bb"}"#, "Task.description", "U+0008"),
        (r#"{"resourceType":"Task","description":"\f"}"#, "Task.description", "U+000C"),
        ("{\"resourceType\":\"Task\",\"description\":\"a\u{1b}b\"}", "Task.description", "U+001B"),
        ("{\"resourceType\":\"Task\",\"description\":\"a\nb\"}", "Task.description", "must be escaped"),
        (r#"{"resourceType":"Task","description":"\ud83d"}"#, "Task.description", "surrogate"),
        (r#"{"resourceType":"Task","description":"\ude00\ud83d"}"#, "Task.description", "surrogate"),
        (r#"{"resourceType":"Task","description":"\ud83d\u0041"}"#, "Task.description", "surrogate"),
        (
            r#"{"resourceType":"Patient","name":[{"given":["a",null]}]}"#,
            "Patient.name[0].given[1]",
            "'_given'",
        ),
        (
            r#"{"resourceType":"Patient","name":[{"_given":[{"id":"1"},null]}]}"#,
            "Patient.name[0]._given[1]",
            "'given'",
        ),
        (
            r#"{"resourceType":"Patient","name":[{"given":["a","b"],"_given":[{"id":"1"}]}]}"#,
            "Patient.name[0]._given",
            "same number",
        ),
        (
            r#"{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Task","status":""}}]}"#,
            "Bundle.entry[0].resource.status",
            "string is empty",
        ),
        (r#"null"#, "Resource", "null is not"),
        (r#"[{"op":"add","op":"test"}]"#, "[0].op", "there twice"),
    ];
    for (text, expression, sentence) in table {
        let found = findings(text.as_bytes());
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        let (at, diagnostics) = found[0].split_once(": ").unwrap();
        assert_eq!(at, *expression, "{text}");
        assert!(diagnostics.contains(sentence), "{text}: {diagnostics}");
    }
}

#[test]
fn the_values_of_a_patch_may_be_empty() {
    for text in [r#"[]"#, r#"[{"op":"test","path":"","value":null},{"value":[]},{"value":{"a":[null]}}]"#] {
        assert_eq!(findings(text.as_bytes()), Vec::<String>::new(), "{text}");
    }
    let merge = br#"{"gender":null,"name":[],"a":{},"b":[null],"c":""}"#;
    assert_eq!(findings(merge).len(), 5);
    assert!(parse_patch(merge).unwrap()["gender"].is_null());
    assert!(parse_patch(br#"{"gender":null,"gender":null}"#).is_err());
}

#[test]
fn all_findings_come_at_once() {
    let text = r#"{"a":"","b":[],"c":{},"d":null,"e":[{"f":"\u0000"}],"a":1,"resourceType":"Task"}"#;
    let places: Vec<String> =
        findings(text.as_bytes()).iter().map(|f| f.split(':').next().unwrap().to_owned()).collect();
    assert_eq!(places, ["Task.a", "Task.b", "Task.c", "Task.d", "Task.e[0].f", "Task.a"]);

    let many = format!(r#"{{"resourceType":"Task","x":[{}{{}}]}}"#, "{},".repeat(500));
    let found = findings(many.as_bytes());
    assert_eq!(found.len(), 101);
    assert!(found[100].contains("401 more"), "{}", found[100]);
}

#[test]
fn malformed_texts_name_line_and_column() {
    let table: &[(&[u8], &str)] = &[
        (b"", "line 1, column 1: the text ends where a value should be"),
        (b"{", "line 1, column 2: the name of a property"),
        (b"{\"a\":1", "line 1, column 7: the text ends before"),
        (b"{\"a\":1,}", "line 1, column 8: there is a comma behind"),
        (b"[1,]", "line 1, column 4: there is a comma behind"),
        (b"[1,,2]", "line 1, column 4: there is a comma where"),
        (b"{\"a\":1}\n x", "line 2, column 2: there is more behind"),
        (b"{\"a\":1} // x", "line 1, column 9: comments"),
        (b"{/* x */\"a\":1}", "line 1, column 2: comments"),
        (b"{\"a\": /* x */ 1}", "line 1, column 7: comments"),
        (b"{\"a\" 1}", "line 1, column 6: ':' is missing"),
        (b"{\"a\":1 \"b\":2}", "line 1, column 8: ',' or '}' is missing"),
        (b"[1 2]", "line 1, column 4: ',' or ']' is missing"),
        (b"{a:1}", "line 1, column 2: the name of a property"),
        (b"{'a':1}", "line 1, column 2: the name of a property"),
        (b"{\"a\":'b'}", "line 1, column 6: strings stand in double quotes"),
        (b"{\"a\":\"b", "line 1, column 8: the text ends within a string"),
        (b"{\"a\":\"\\x\"}", "line 1, column 8: there is no such escape"),
        (b"{\"a\":\"\\u12g4\"}", "line 1, column 11: \\u needs four"),
        (b"{\"a\":\"\\ud800\\u12\"}", "column 17: \\u needs four"),
        (b"{\"a\":01}", "line 1, column 6: a number has a leading zero"),
        (b"{\"a\":-01}", "line 1, column 6: a number has a leading zero"),
        (b"{\"a\":00}", "line 1, column 6: a number has a leading zero"),
        (b"{\"a\":1.}", "line 1, column 8: a digit is missing"),
        (b"{\"a\":.5}", "line 1, column 6: a number begins"),
        (b"{\"a\":+1}", "line 1, column 6: a number begins"),
        (b"{\"a\":1e}", "line 1, column 8: a digit is missing"),
        (b"{\"a\":-}", "line 1, column 7: a digit is missing"),
        (b"{\"a\":0x1}", "a number is followed by a letter"),
        (b"{\"a\":NaN}", "line 1, column 6: NaN"),
        (b"{\"a\":Infinity}", "line 1, column 6: NaN"),
        (b"{\"a\":-Infinity}", "line 1, column 7: a digit is missing"),
        (b"{\"a\":tru}", "line 1, column 6: this is not the beginning"),
        (b"{\"a\":truely}", "line 1, column 6: this is not the beginning"),
        (b"{\"a\":\"\xff\"}", "line 1, column 7: the text is not UTF-8"),
        (b"{\"a\":\"\xed\xa0\x80\"}", "line 1, column 7: the text is not UTF-8"),
        (b"\xff\xfe{\x00}\x00", "line 1, column 1: the text is not UTF-8"),
        ("{\"é\":\n\"é\" x}".as_bytes(), "line 2, column 5"),
    ];
    for (text, sentence) in table {
        let found = findings(text);
        assert_eq!(found.len(), 1, "{}: {found:?}", String::from_utf8_lossy(text));
        assert!(found[0].contains(sentence), "{}: {}", String::from_utf8_lossy(text), found[0]);
    }
}

#[test]
fn a_malformed_text_still_tells_what_was_found_before_and_where_it_broke() {
    let found = findings(br#"{"resourceType":"Task","note":[{"text":""},{"text":}]}"#);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].starts_with("Task.note[0].text: "), "{found:?}");
    assert!(found[1].starts_with("Task.note[1].text: The JSON is not well-formed"), "{found:?}");
}

#[test]
fn the_limits() {
    let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    assert!(parse(nested(MAX_DEPTH).as_bytes()).is_ok());
    assert!(findings(nested(MAX_DEPTH + 1).as_bytes())[0].contains("64 deep"));
    assert!(findings("[".repeat(1_000_000).as_bytes())[0].contains("64 deep"));

    let string = |name: &str, length: usize| format!(r#"{{"{name}":"{}"}}"#, "x".repeat(length));
    assert_eq!(findings(string("text", MAX_STRING).as_bytes()), [""; 0]);
    assert!(findings(string("text", MAX_STRING + 1).as_bytes())[0].contains("1048577 bytes"));
    assert_eq!(findings(string("data", 2 * MAX_STRING).as_bytes()), [""; 0]);

    let number = |length: usize| format!("[{}]", "1".repeat(length));
    assert_eq!(findings(number(MAX_NUMBER).as_bytes()), [""; 0]);
    assert!(findings(number(MAX_NUMBER + 1).as_bytes())[0].contains("1001 characters"));
}

#[test]
fn what_is_accepted_keeps_its_text() {
    for text in [
        r#"{"a":[1.00,1e2,1E+2,-0,0.0,-1.50e-10,123456789012345678901234567890.10]}"#,
        r#"{"given":["a",null],"_given":[null,{"id":"1"}]}"#,
        r#"{"given":[null,"b"],"_given":[{"id":"1"},{"id":"2"}]}"#,
        r#"{"_given":[{"id":"1"}]}"#,
        r#"[{"op":"add","path":"/name/0/_given","value":[null,{"id":"1"}]}]"#,
        r#"{"z":"é😀\u007f\t\r\n\\\"/","b":true,"a":false}"#.replace("\\u007f", "\u{7f}").as_str(),
        r#""text""#,
        "1",
    ] {
        assert_eq!(to_string(&parse(text.as_bytes()).unwrap()), text);
    }
    assert_eq!(
        parse(b"\xef\xbb\xbf {\"a\" : [ 1 , \"\\ud83d\\ude00\\/\" ] }\n").unwrap(),
        json!({"a": [1, "😀/"]})
    );
}

#[test]
fn an_object_is_a_resource() {
    assert_eq!(object(br#"{"id":"a","resourceType":"Task"}"#).unwrap().address().as_deref(), Some("Task/a"));
    assert!(object(br#"{"id":"a"}"#).is_err());
    assert!(object(b"[1]").is_err());
}

/// Values without anything that the parser refuses.
fn clean() -> impl Strategy<Value = Value> {
    let text = "[ -~\t\r\n\u{80}-\u{d7ff}\u{e000}-\u{10ffff}]{1,40}";
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_filter_map("finite", |f| serde_json::Number::from_f64(f).map(Value::from)),
        text.prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 60, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..8).prop_map(Value::from),
            prop::collection::vec((text, inner), 1..8)
                .prop_map(|members| Value::Object(
                    members.into_iter().filter(|(n, _)| !n.starts_with('_')).collect()
                ))
                .prop_filter("not empty", |value| value
                    .as_object()
                    .is_some_and(|members| !members.is_empty())),
        ]
    })
}

/// Whether the parser should refuse a whole text that serde_json has read as this. An array is a JSON Patch, whose values may be
/// empty or null.
fn refused(whole: &Value) -> bool {
    match whole {
        Value::Array(items) => items.iter().any(has_bad_text),
        other => is_refused(other, false),
    }
}

fn is_refused(value: &Value, in_array: bool) -> bool {
    match value {
        Value::Null => !in_array,
        Value::String(text) => text.is_empty() || is_bad(text),
        Value::Array(items) => {
            items.is_empty() || items.iter().any(|item| item.is_null() || is_refused(item, true))
        }
        Value::Object(members) => {
            members.is_empty()
                || members
                    .iter()
                    .any(|(name, value)| name.is_empty() || is_bad(name) || is_refused(value, false))
        }
        _ => false,
    }
}

fn has_bad_text(value: &Value) -> bool {
    match value {
        Value::String(text) => is_bad(text),
        Value::Array(items) => items.iter().any(has_bad_text),
        Value::Object(members) => members.iter().any(|(name, value)| is_bad(name) || has_bad_text(value)),
        _ => false,
    }
}

fn is_bad(text: &str) -> bool {
    text.chars().any(|c| c < ' ' && !"\t\r\n".contains(c))
}

proptest! {
    #[test]
    fn clean_values_are_read_as_serde_json_reads_them(value in clean(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_string_pretty(&value).unwrap() } else { value.to_string() };
        let parsed = parse(text.as_bytes());
        prop_assert!(parsed.is_ok(), "{text}: {parsed:?}");
        let parsed = parsed.unwrap();
        prop_assert_eq!(&parsed, &value);
        prop_assert_eq!(to_string(&parsed), value.to_string());
        prop_assert_eq!(parse(to_string(&parsed).as_bytes()).unwrap(), parsed);
    }

    #[test]
    fn scraps_of_json_are_accepted_only_where_serde_json_accepts_them(
        scraps in prop::collection::vec(prop::sample::select(vec![
            "{", "}", "[", "]", ",", ":", "\"a\"", "\"b\"", "\"\"", "null", "true", "false", "0", "-1", "1.0", "1e2",
            "\"\\u0000\"", "\"\\ud83d\"", "\"\\ud83d\\ude00\"", " ", "\n", "\"", "\\", "01", "NaN", "//",
        ]), 0..12)
    ) {
        let text = scraps.concat();
        let ours = parse(text.as_bytes());
        match serde_json::from_str::<Value>(&text) {
            // serde_json writes the exponent differently.
            Ok(theirs) if !refused(&theirs) => if let Ok(ours) = ours {
                let exponent = |value: Value| value.to_string().replace("1e2", "1e+2");
                prop_assert_eq!(exponent(ours), exponent(theirs));
            } else {
                // Only a property that is there twice is left to refuse.
                prop_assert!(findings(text.as_bytes()).iter().all(|f| f.contains("there twice")), "{}", text);
            },
            _ => prop_assert!(ours.is_err(), "{}", text),
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let ours = parse(&bytes);
        prop_assert!(ours.is_err() || serde_json::from_slice::<Value>(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes)).is_ok());
    }
}
