//! Values, operators and functions beyond what the official suite asks, and the limits of an evaluation.

use super::*;

#[test]
fn values() {
    let patient = patient();
    let context = Context::of_resource(&patient).at(DateTime::parse("2026-11-21T10:15:00Z").unwrap());
    for (text, expected) in [
        ("today()", vec!["2026-11-21"]),
        ("now() + 1 day", vec!["2026-11-22T10:15:00Z"]),
        ("timeOfDay()", vec!["10:15:00"]),
        ("name.given.hasValue()", vec!["false"]),
        ("birthDate.getValue() < @1975", vec!["true"]),
        ("name.select(given.first() & '-' & use)", vec!["Peter-official", "Jim-usual"]),
        ("telecom.rank = 1", vec!["true"]),
        ("telecom[1].value", vec!["a@b"]),
        ("telecom[7].value", vec![]),
        ("telecom[-1].value", vec![]),
        ("name.all(given.exists())", vec!["true"]),
        ("5 div 2", vec!["2"]),
        ("-7 mod 3", vec!["-1"]),
        ("9223372036854775807 + 1", vec![]),
        ("1 'kg' + 1 'g'", vec!["1.001 'kg'"]),
        ("(1 | 2 | 3).where($this > 1).select($index)", vec!["0", "1"]),
        ("(1|2|3).aggregate($this + $total, 0)", vec!["6"]),
        ("'a,b'.split(',')", vec!["a", "b"]),
        ("'äöü'.substring(1, 1)", vec!["ö"]),
        ("'x'.type().name", vec!["String"]),
        ("birthDate.children().url", vec!["http://x/time"]),
        ("name.given.children().ofType(code)", vec![]),
        ("'1 kg'.toQuantity()", vec![]),
        ("'1 \\'kg\\''.toQuantity('g')", vec!["1000 'g'"]),
        ("(@2020 | @2019 | @2020-05 | 3).first()", vec!["2020"]),
        ("('b' | 'a').sort()", vec!["a", "b"]),
        ("'2020-02-30'.toDate().empty()", vec!["true"]),
    ] {
        assert_eq!(results(text, &context), expected, "{text}");
    }
}

#[test]
fn what_has_no_meaning_is_an_error() {
    let patient = patient();
    for text in [
        "name.single()",
        "1 < 'a'",
        "name.startsWith('a')",
        "'a' * 2",
        "name[name]",
        "(1|2).not()",
        "'a'.round()",
        "1.5.round(-1)",
        "@2020 + 1 'kg'",
        "name & 'a'",
        "'a'.matches('(' & 'b')",
        "conformsTo('http://x')",
        "(1 | 'a').sort()",
        "(true | 1).allTrue()",
    ] {
        let expression = expression(text);
        assert!(expression.evaluate(&Context::of_resource(&patient)).is_err(), "{text}");
    }
}

#[test]
fn the_cost_is_bounded() {
    let patient = patient();
    let doubled = format!("'0123456789'{}", ".select($this & $this)".repeat(60));
    let combined =
        format!("descendants(){}", ".combine($this.descendants())".repeat(5)).replace("$this", "%resource");
    let crossed = "descendants().select(%resource.descendants().select(%resource.descendants().select(%resource.descendants())))";
    let grown = format!("'a'{}", ".replace('', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa')".repeat(20));
    let long = format!("'{}'.toChars().select(%text.contains(%text & $this))", "a".repeat(10_000));
    for text in [doubled.as_str(), crossed, grown.as_str(), long.as_str()] {
        let expression = expression(text);
        let context = Context::of_resource(&patient)
            .with_variable("text", vec![Item::String("a".repeat(1 << 19).into())]);
        let result = expression.evaluate(&context);
        assert_eq!(result.map(|items| items.len()).unwrap_err(), EvaluateError::TooCostly);
    }
    assert!(!results(&combined, &Context::of_resource(&patient)).is_empty());
}

#[test]
fn the_deepest_expression_fits_the_stack() {
    let patient = patient();
    let nested = format!("{}true{}", "$this.where(".repeat(45), ").exists()".repeat(45));
    assert_eq!(results(&nested, &Context::of_resource(&patient)), ["true"]);
    let chained = format!("1{}", "+1".repeat(98));
    assert_eq!(results(&chained, &Context::of_nothing()), ["99"]);
}

#[test]
fn no_text_makes_the_parser_panic() {
    let text = "a.where(b >= -@2015-02-04T14:34:28.5+10:00 | `c`) & 'd\\u00e9' is System.Integer [1] // ü";
    for (start, _) in text.char_indices() {
        for (end, _) in text.char_indices().filter(|(end, _)| *end >= start) {
            let _ = Expression::parse(&text[start..end]);
        }
    }
}
