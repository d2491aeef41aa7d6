use fhir::{Resource, ResourceType, primitive::date::london};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{Options, index, matches, parse::parse_criteria};

const HERE: &str = "http://here/fhir";

fn observation() -> ResourceType {
    ResourceType::find("Observation").unwrap()
}

/// Whether an Observation with this value is found by `value-quantity=` this.
fn finds(value: &Value, asked: &str) -> bool {
    let mut resource = json!({"resourceType": "Observation"});
    let name = if value.get("origin").is_some() { "valueSampledData" } else { "valueQuantity" };
    resource[name] = value.clone();
    let rows = index(&Resource::new(resource).unwrap(), HERE, london());
    let query = format!("value-quantity={}", asked.replace('%', "%25"));
    let options = Options::new(HERE, london().clone());
    let criteria = parse_criteria(observation(), &query, &options).unwrap();
    let key = Key::of_resource(observation(), "x");
    criteria.iter().all(|criterion| matches(criterion, &rows, key, 0).unwrap())
}

fn number(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn in_unit(value: &str, code: &str) -> Value {
    json!({"value": number(value), "unit": "words", "system": UCUM, "code": code})
}

#[test]
fn a_quantity_is_found_in_its_unit_and_in_others_of_its_measure() {
    let check = |value: &str, code: &str, asked: &str, expect: bool| {
        assert_eq!(finds(&in_unit(value, code), asked), expect, "{value} {code} by {asked}");
    };
    check("5.4", "mg", "5.4", true);
    check("5.4", "mg", "5.4||mg", true);
    check("5.4", "mg", "5.4||words", true);
    check("5.4", "mg", "5.4||g", false);
    check("5.4", "mg", "5.4|http://unitsofmeasure.org|mg", true);
    check("5.4", "mg", "5.40e-3|http://unitsofmeasure.org|g", true);
    check("5.4", "mg", "5.4|http://unitsofmeasure.org|g", false);
    check("5.4", "mg", "gt5000|http://unitsofmeasure.org|ug", true);
    check("1", "g", "1000|http://unitsofmeasure.org|mg", true);
    check("1", "kg", "le2.21|http://unitsofmeasure.org|[lb_av]", true);
    check("80", "/min", "80|http://unitsofmeasure.org|/min", true);
    check("36.6", "Cel", "36.6|http://unitsofmeasure.org|Cel", true);
    check("36.6", "Cel", "309.8|http://unitsofmeasure.org|K", false);
    check("120", "mm[Hg]", "120|http://unitsofmeasure.org|mm[Hg]", true);
    check("120", "mm[Hg]", "120|urn:other|mm[Hg]", false);
    check("97", "%", "97|http://unitsofmeasure.org|%", true);
    check("3", "{score}", "3|http://unitsofmeasure.org|{score}", true);
    check("7", "a|b", "7||a\\|b", true);
    let plain = json!({"value": 5, "unit": "apples"});
    assert!(finds(&plain, "5") && finds(&plain, "5||apples") && !finds(&plain, "5||pears"));
}

#[test]
fn comparators_ranges_and_samples_are_intervals() {
    let below = json!({"value": 5, "comparator": "<", "code": "mg", "system": UCUM});
    for (asked, expect) in
        [("5", false), ("lt3", true), ("gt4", true), ("gt5", false), ("eb6", true), ("sa1", false)]
    {
        assert_eq!(finds(&below, asked), expect, "<5 by {asked}");
    }
    let samples = json!({"origin": {"value": 10, "code": "mV", "system": UCUM}, "factor": 2, "data": "1 E 4 -3", "period": 1, "dimensions": 1});
    for (asked, expect) in [
        ("gt17", true),
        ("gt18", false),
        ("lt5", true),
        ("ge4|http://unitsofmeasure.org|mV", true),
        ("sa3", true),
    ] {
        assert_eq!(finds(&samples, asked), expect, "4 to 18 by {asked}");
    }
}

#[test]
fn what_is_no_quantity_is_refused() {
    let options = Options::new(HERE, london().clone());
    for bad in ["abc", "5||", "5|http://x", "5|http://x|", "|http://x|mg", "5|a|b|c", "zz5", "5%5C"] {
        let query = format!("value-quantity={bad}");
        assert!(parse_criteria(observation(), &query, &options).is_err(), "{bad}");
    }
}

/// A number of at most four digits as it is written, with that many after the point, and in ten-thousandths.
fn written_number() -> impl Strategy<Value = (String, i64)> {
    (-9999_i64..10_000, 0_u32..4).prop_map(|(digits, places)| {
        let unit = 10_i64.pow(places);
        let sign = if digits < 0 { "-" } else { "" };
        let (whole, fraction) = (digits.abs() / unit, digits.abs() % unit);
        let text = match places {
            0 => format!("{sign}{whole}"),
            places => format!("{sign}{whole}.{fraction:0>width$}", width = places as usize),
        };
        (text, digits * 10_i64.pow(5 - places))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    /// The definition, in whole numbers: `eq` is `[v - half of the last digit, v + half)`, the others compare with `v`.
    #[test]
    fn a_row_matches_when_the_interval_says_so(
        (target, t) in written_number(), (asked, v) in written_number(), near in any::<bool>(), milli in any::<bool>()
    ) {
        // Half of the cases ask about the neighbourhood of what is stored, where it matters.
        let (asked, v) = if near { (target.clone(), t) } else { (asked, v) };
        let places = asked.split_once('.').map_or(0, |(_, fraction)| fraction.len());
        let half = 10_i64.pow(5 - u32::try_from(places).unwrap()) / 2;
        let within = v - half <= t && t < v + half;
        let around = (v.abs() / 10).max(half);
        // Both sides in grams, or one of them in milligrams.
        let (unit, asked_unit) = if milli { ("mg", "|http://unitsofmeasure.org|mg") } else { ("g", "") };
        let stored = in_unit(&target, unit);
        for (prefix, expect) in [
            ("", within), ("eq", within), ("ne", !within), ("gt", t > v), ("lt", t < v), ("ge", t >= v), ("le", t <= v),
            ("sa", t > v), ("eb", t < v),
        ] {
            prop_assert_eq!(finds(&stored, &format!("{prefix}{asked}{asked_unit}")), expect, "{} by {}{}", target, prefix, asked);
        }
        // The tenth is exact where it falls on a whole number; a unit beside it is clear on either side.
        let found = finds(&stored, &format!("ap{asked}"));
        prop_assert!(found || (t - v).abs() + 1 >= around, "{} by ap{}", target, asked);
        prop_assert!(!found || (t - v).abs() <= around + 1, "{} by ap{}", target, asked);
    }
}
