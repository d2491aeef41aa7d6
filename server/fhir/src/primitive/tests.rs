//! Tables: which texts are which primitives, and what intervals they are.

use jiff::{Timestamp, tz::TimeZone};
use proptest::prelude::*;
use serde_json::Value;

use super::{
    check,
    date::{Interval, interval, london},
};
use crate::json;

/// Valid and invalid values of each type, as JSON.
const TABLE: &[(&str, &[&str], &[&str])] = &[
    ("boolean", &["true", "false"], &["\"true\"", "1", "null", "[true]", "{\"a\":1}"]),
    (
        "integer",
        &["0", "-0", "1", "-2147483648", "2147483647"],
        &["2147483648", "-2147483649", "1.0", "1e2", "\"1\"", "true", "99999999999999999999"],
    ),
    ("unsignedInt", &["0", "1", "2147483647"], &["-1", "-0", "2147483648", "0.0", "\"0\""]),
    ("positiveInt", &["1", "2147483647"], &["0", "-1", "2147483648", "1.0"]),
    ("decimal", &["0", "1.00", "-1.5e-7", "1E5", "123456789012345678901234567890"], &["\"1.0\"", "true"]),
    (
        "string",
        &["\"a\"", "\" a \"", "\"\\t\\r\\n\"", "\"\u{1f600}\""],
        &["\"\"", "1", "\"\\u0001\"", "[\"a\"]"],
    ),
    ("markdown", &["\"# a\\n\\n* b\""], &["\"\"", "1"]),
    (
        "code",
        &["\"a\"", "\"a b\"", "\"a-b c\""],
        &["\"\"", "\" a\"", "\"a \"", "\"a  b\"", "\"a\\tb\"", "\"a\\nb\"", "1"],
    ),
    ("id", &["\"a\"", "\"A-1.b\""], &["\"\"", "\"a_b\"", "\"a/b\"", "\"a b\"", "\"\u{e9}\"", "1"]),
    (
        "uri",
        &["\"http://a/b?c#d\"", "\"urn:a:b\"", "\"a\""],
        &["\"\"", "\"a b\"", "\" a\"", "\"a\\n\"", "\"a\u{a0}b\"", "1"],
    ),
    ("url", &["\"http://a\""], &["\"http://a b\""]),
    ("canonical", &["\"http://a|1.0\"", "\"#a\""], &["\"http://a |1\""]),
    (
        "oid",
        &["\"urn:oid:1.2.3\"", "\"urn:oid:2.16.840.1.113883.0\""],
        &[
            "\"1.2.3\"",
            "\"urn:oid:3.1\"",
            "\"urn:oid:1\"",
            "\"urn:oid:1.02\"",
            "\"urn:oid:1..2\"",
            "\"urn:oid:1.2.\"",
            "\"urn:oid:\"",
        ],
    ),
    (
        "uuid",
        &["\"urn:uuid:c757873d-ec9a-4326-a141-556f43239520\""],
        &[
            "\"c757873d-ec9a-4326-a141-556f43239520\"",
            "\"urn:uuid:C757873D-EC9A-4326-A141-556F43239520\"",
            "\"urn:uuid:c757873dec9a4326a141556f43239520\"",
            "\"urn:uuid:c757873d-ec9a-4326-a141-556f4323952\"",
        ],
    ),
    (
        "base64Binary",
        &["\"AAAA\"", "\"AA==\"", "\"AAA=\"", "\"AAAA\\r\\n AAAA\""],
        &["\"\"", "\" \"", "\"AAA\"", "\"A===\"", "\"AA=A\"", "\"AA-_\"", "\"====\"", "1"],
    ),
    (
        "date",
        &["\"2026\"", "\"2026-02\"", "\"2024-02-29\"", "\"0001-01-01\"", "\"9999-12-31\"", "\"2000-02-29\""],
        &[
            "\"2026-02-30\"",
            "\"2026-02-29\"",
            "\"1900-02-29\"",
            "\"2026-13\"",
            "\"2026-00\"",
            "\"2026-01-00\"",
            "\"2026-04-31\"",
            "\"0000\"",
            "\"26\"",
            "\"2026-1\"",
            "\"2026-01-1\"",
            "\"20260101\"",
            "\"2026-01-01T00:00:00Z\"",
            "\"2026-\"",
            "\"\"",
            "\"-2026\"",
            "\"+2026\"",
            "\"2026-01-01-01\"",
            "\" 2026\"",
            "\"\u{0662}026\"",
            "2026",
        ],
    ),
    (
        "dateTime",
        &[
            "\"2026\"",
            "\"2026-02\"",
            "\"2026-02-03\"",
            "\"2026-02-03T04:05:06Z\"",
            "\"2026-02-03T04:05:06.789+01:00\"",
            "\"2016-12-31T23:59:60Z\"",
            "\"2026-02-03T04:05:06-14:00\"",
            "\"2026-02-03T00:00:00.000000000001Z\"",
        ],
        &[
            "\"2026-02-03T04:05Z\"",
            "\"2026-02-03T04:05:06\"",
            "\"2026-02-03T24:00:00Z\"",
            "\"2026-02-03T04:60:00Z\"",
            "\"2026-02-03T04:05:61Z\"",
            "\"2026-02-03T4:05:06Z\"",
            "\"2026-02-03 04:05:06Z\"",
            "\"2026-02-03T04:05:06z\"",
            "\"2026-02-03T04:05:06.Z\"",
            "\"2026-02-03T04:05:06+0100\"",
            "\"2026-02-03T04:05:06+01\"",
            "\"2026-02-03T04:05:06+14:01\"",
            "\"2026-02-03T04:05:06+01:60\"",
            "\"2026-02-30T04:05:06Z\"",
            "\"2026-02T04:05:06Z\"",
            "\"2026-02-03T\"",
            "\"2026-02-03T04:05:06ZZ\"",
            "\"2026-02-03T04:05:06+\"",
            "\"2026-02-03T04:05:06.1.2Z\"",
            "1",
        ],
    ),
    (
        "instant",
        &["\"2026-02-03T04:05:06Z\"", "\"2026-02-03T04:05:06.123-05:00\""],
        &["\"2026\"", "\"2026-02-03\"", "\"2026-02-03T04:05Z\"", "\"2026-02-03T04:05:06\""],
    ),
    (
        "time",
        &["\"00:00:00\"", "\"23:59:59.999\"", "\"23:59:60\""],
        &[
            "\"24:00:00\"",
            "\"12:00\"",
            "\"12:00:00Z\"",
            "\"12:00:00+01:00\"",
            "\"12\"",
            "\"T12:00:00\"",
            "\"12:60:00\"",
            "1",
        ],
    ),
    (
        "xhtml",
        &["\"<div xmlns='http://www.w3.org/1999/xhtml'>a</div>\""],
        &["\"a\"", "\"<div>a</div>\"", "1"],
    ),
    ("HumanName", &[], &["\"a\"", "{\"a\":1}"]),
];

#[test]
fn each_type_has_its_values() {
    for (name, valid, invalid) in TABLE {
        for text in *valid {
            assert_eq!(check(name, &value(text)), Ok(()), "{name} {text}");
        }
        for text in *invalid {
            let refused = check(name, &value(text));
            assert!(
                refused.as_ref().is_err_and(|sentence| sentence.ends_with('.')),
                "{name} {text}: {refused:?}"
            );
        }
    }
}

/// A JSON value as the parser of record reads it, or without it where that refuses it.
fn value(text: &str) -> Value {
    json::parse(text.as_bytes()).unwrap_or_else(|_| serde_json::from_str(text).unwrap())
}

#[test]
fn long_client_text_is_cut_in_sentences() {
    let sentence = check("id", &Value::from("é".repeat(10_000))).unwrap_err();
    assert!(sentence.chars().count() < 160 && sentence.contains('…'), "{sentence}");
}

#[test]
fn intervals_at_home_know_the_clock_changes() {
    let table = [
        ("2026", "2026-01-01T00:00Z", "2027-01-01T00:00Z"),
        ("2026-01", "2026-01-01T00:00Z", "2026-02-01T00:00Z"),
        ("2026-12", "2026-12-01T00:00Z", "2027-01-01T00:00Z"),
        ("2026-03", "2026-03-01T00:00Z", "2026-03-31T23:00Z"),
        ("2026-06", "2026-05-31T23:00Z", "2026-06-30T23:00Z"),
        ("2026-01-15", "2026-01-15T00:00Z", "2026-01-16T00:00Z"),
        ("2026-07-15", "2026-07-14T23:00Z", "2026-07-15T23:00Z"),
        // 23 hours, then 25.
        ("2026-03-29", "2026-03-29T00:00Z", "2026-03-29T23:00Z"),
        ("2026-10-25", "2026-10-24T23:00Z", "2026-10-26T00:00Z"),
        ("2026-07-15T09:30", "2026-07-15T08:30Z", "2026-07-15T08:31Z"),
        ("2026-07-15T09:30:15", "2026-07-15T08:30:15Z", "2026-07-15T08:30:16Z"),
        ("2026-01-15T09:30:15.5", "2026-01-15T09:30:15.5Z", "2026-01-15T09:30:15.6Z"),
        // Skipped by the clock, and shown twice.
        ("2026-03-29T01:30", "2026-03-29T01:30Z", "2026-03-29T01:31Z"),
        ("2026-10-25T01:30", "2026-10-25T00:30Z", "2026-10-25T00:31Z"),
        ("2026-07-15T09:30Z", "2026-07-15T09:30Z", "2026-07-15T09:31Z"),
        ("2026-07-15T09:30:15+01:00", "2026-07-15T08:30:15Z", "2026-07-15T08:30:16Z"),
        ("2026-07-15T23:30:15.120-05:30", "2026-07-16T05:00:15.120Z", "2026-07-16T05:00:15.121Z"),
        ("2026-07-15T00:00:00.123456789Z", "2026-07-15T00:00:00.123456Z", "2026-07-15T00:00:00.123457Z"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z", "2017-01-01T00:00:01Z"),
        ("2016-12-31T23:59:60", "2017-01-01T00:00:00Z", "2017-01-01T00:00:01Z"),
        // British Standard Time all year.
        ("1970-01-01", "1969-12-31T23:00Z", "1970-01-01T23:00Z"),
    ];
    for (text, low, high) in table {
        let expected = Interval { low: microseconds(low), high: microseconds(high) };
        assert_eq!(interval(text, london()), Some(expected), "{text}");
    }
    for text in [
        "",
        "T",
        "2026-07-15T09",
        "2026-07T09:30",
        "2026-02-30",
        "09:30:00",
        "2026-07-15T24:00",
        "eq2026",
        "2026-07-15T09:30 01:00",
    ] {
        assert_eq!(interval(text, london()), None, "{text}");
    }
}

#[test]
fn the_ends_of_the_calendar_do_not_overflow() {
    const DAY: i64 = 86_400_000_000;
    let utc = TimeZone::UTC;
    let first = interval("0001", &utc).unwrap();
    let last = interval("9999", &utc).unwrap();
    assert_eq!(first, Interval { low: -719_162 * DAY, high: (365 - 719_162) * DAY });
    assert_eq!(last, Interval { low: (2_932_897 - 365) * DAY, high: 2_932_897 * DAY });
    assert_eq!(interval("9999-12", &utc).unwrap().high, last.high);
    assert_eq!(interval("9999-12-31", &utc).unwrap(), Interval { low: last.high - DAY, high: last.high });
    assert_eq!(interval("9999-12-31T23:59:60Z", &utc).unwrap().low, last.high);
    assert_eq!(interval("9999-12-31T23:59:59-14:00", &utc).unwrap().high, last.high + DAY / 24 * 14);
    assert_eq!(interval("0001-01-01T00:00:00+14:00", &utc).unwrap().low, first.low - DAY / 24 * 14);
    // The days meet across the place where years are moved by one cycle.
    assert_eq!(interval("9899-12-31", london()).unwrap().high, interval("9900-01-01", london()).unwrap().low);
    assert_eq!(interval("9999-07-01", london()).unwrap().low % DAY, DAY / 24 * 23);
}

fn microseconds(text: &str) -> i64 {
    text.parse::<Timestamp>().unwrap().as_microsecond()
}

proptest! {
    #[test]
    fn texts_that_jiff_reads_begin_where_jiff_says(second in -62_135_596_800i64..253_402_200_000, micro in 0i32..1_000_000, offset in -14i32..=14) {
        let timestamp = Timestamp::new(second, micro * 1000).unwrap();
        let zone = TimeZone::fixed(jiff::tz::offset(offset as i8));
        let zoned = timestamp.to_zoned(zone.clone());
        if zoned.year() >= 1 {
            let text = zoned.strftime("%Y-%m-%dT%H:%M:%S%.6f%:z").to_string();
            let found = interval(&text, london()).unwrap();
            prop_assert_eq!(found, Interval { low: timestamp.as_microsecond(), high: timestamp.as_microsecond() + 1 });
            // The day in the same zone holds the moment.
            let day = interval(&text[..10], &zone).unwrap();
            prop_assert!(day.low <= found.low && found.low < day.high);
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in "[-0-9TZ:.+é ]{0,30}") {
        let _ = interval(&text, london());
        for name in ["date", "dateTime", "instant", "time", "oid", "uuid", "base64Binary", "xhtml", "code"] {
            let _ = check(name, &Value::from(text.as_str()));
        }
    }
}
