//! Dates.

use super::*;

/// The search value, the target, and the prefixes that find it.
const ORACLE: [(&str, &str, &str); 10] = [
    ("2013-01-14", "2013-01-14T10:00:00Z", "eq ge le"),
    ("2013-01-14", "2013-01-14", "eq ge le"),
    ("2013-01-14", "2013-01-15T00:00:00Z", "ne gt ge sa"),
    ("2013-01-14T10:00Z", "2013-01-14", "ne gt lt ge le"),
    ("2013-01", "2013-01-14", "eq ge le"),
    ("2013-01-14", "2013-01", "ne gt lt ge le"),
    ("2013-03-14", "2013-01-21..", "ne gt lt ge le"),
    ("2013-03-14", "2013-03-15..", "ne gt ge sa"),
    ("2013-03-14", "..2013-01-21", "ne lt le eb"),
    ("2013", "2012-12-31..2013-01-01", "ne lt ge le"),
];

#[test]
fn the_table_of_date_prefixes() {
    for (searched, target, expect) in ORACLE {
        let mut observations = Vec::new();
        if let Some((start, end)) = target.split_once("..") {
            let mut period = json!({});
            for (name, end) in [("start", start), ("end", end)] {
                if !end.is_empty() {
                    period[name] = json!(end);
                }
            }
            observations.push(json!({"resourceType": "Observation", "effectivePeriod": period}));
            observations.push(json!({"resourceType": "Observation", "effectiveTiming": {"repeat": {"boundsPeriod": period}}}));
            observations.push(json!({"resourceType": "Procedure", "performedPeriod": period}));
        } else {
            observations.push(json!({"resourceType": "Observation", "effectiveDateTime": target}));
            observations.push(json!({"resourceType": "Observation", "effectiveTiming": {"event": [target]}}));
            observations.push(json!({"resourceType": "Procedure", "performedDateTime": target}));
            if target.contains('T') {
                observations.push(json!({"resourceType": "Observation", "effectiveInstant": target}));
            }
        }
        for observation in &observations {
            for prefix in ["eq", "ne", "gt", "lt", "ge", "le", "sa", "eb"] {
                let query = format!("date={prefix}{searched}");
                let expect = expect.split(' ').any(|expected| expected == prefix);
                assert_eq!(found(observation, &query), expect, "{query} on {observation}");
            }
            assert_eq!(
                found(observation, &format!("date={searched}")),
                expect.starts_with("eq"),
                "{observation}"
            );
        }
    }
}

#[test]
fn dates_without_a_zone_are_british() {
    let at = |time: &str| json!({"resourceType": "ServiceRequest", "authoredOn": time});
    check(
        &at("2026-06-15T00:30:00+01:00"),
        &["authored=2026-06-15", "authored=2026-06-15T00:30", "authored=2026-06-14T23:30Z"],
        &["authored=2026-06-14"],
    );
    // The day on which summer time ends has 25 hours.
    check(&at("2026-10-25T23:30:00Z"), &["authored=2026-10-25"], &["authored=2026-10-26"]);
    check(&at("2026-06-15"), &["authored=2026-06", "authored=ap2026-06-15"], &["authored=gt2026-06-15"]);
    check(&at("9999-12-31"), &["authored=9999", "authored=gt2026"], &["authored=lt2026"]);
    let missing = json!({"resourceType": "ServiceRequest"});
    for prefix in ["eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"] {
        assert!(!found(&missing, &format!("authored={prefix}2026")), "{prefix}");
    }
    check(
        &missing,
        &["authored:missing=true", "_lastUpdated=2026-01-02", "_lastUpdated=2026-01-02T00:00:00.120Z"],
        &["_lastUpdated=gt2026-01-02"],
    );
}
