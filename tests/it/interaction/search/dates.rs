//! Dates as intervals, <https://hl7.org/fhir/R4/search.html#date>: a table of search values, targets and prefixes.

use serde_json::{Value, json};
use tests::{TestServer, builders};

const PREFIXES: [&str; 8] = ["eq", "ne", "gt", "lt", "ge", "le", "sa", "eb"];

#[tokio::test(flavor = "multi_thread")]
async fn the_table_of_intervals() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let when = |text: &str| json!({"effectiveDateTime": text});
    let period = |period: Value| json!({"effectivePeriod": period});
    let rows: [(&str, Value, &str); 14] = [
        ("2013-01-14", when("2013-01-14T10:00:00Z"), "eq ge le"),
        ("2013-01-14", when("2013-01-14"), "eq ge le"),
        ("2013-01-14", when("2013-01-15T00:00:00Z"), "ne gt ge sa"),
        ("2013-01-14T10:00Z", when("2013-01-14"), "ne gt lt ge le"),
        ("2013-01", when("2013-01-14"), "eq ge le"),
        ("2013-01-14", when("2013-01"), "ne gt lt ge le"),
        ("2013-03-14", period(json!({"start": "2013-01-21"})), "ne gt lt ge le"),
        ("2013-03-14", period(json!({"start": "2013-03-15"})), "ne gt ge sa"),
        ("2013-03-14", period(json!({"end": "2013-01-21"})), "ne lt le eb"),
        ("2013", period(json!({"start": "2012-12-31", "end": "2013-01-01"})), "ne lt ge le gt-not"),
        ("2013", period(json!({"start": "2013-02-01", "end": "2013-02-03"})), "eq ge le"),
        // In summer a day begins in London an hour before it does in UTC.
        ("2026-06-15", when("2026-06-14T23:30:00Z"), "eq ge le"),
        ("2026-06-14", when("2026-06-14T23:30:00Z"), "ne gt ge sa"),
        ("2026-06-15T00:30:00+01:00", when("2026-06-14T23:30:00Z"), "eq ge le"),
    ];
    let entries: Vec<_> = rows
        .iter()
        .enumerate()
        .map(|(at, (_, target, _))| {
            let mut resource = json!({
                "resourceType": "Observation", "id": format!("o{at}"), "status": "final", "code": {"text": "x"}
            });
            resource.as_object_mut().unwrap().extend(target.as_object().unwrap().clone());
            json!({"resource": resource, "request": {"method": "PUT", "url": format!("Observation/o{at}")}})
        })
        .collect();
    epr.post("", &builders::transaction(&entries)).await.expect(200);
    for (at, (value, target, expected)) in rows.iter().enumerate() {
        for prefix in PREFIXES {
            let found = epr
                .search("Observation", &[("date", &format!("{prefix}{value}")), ("_id", &format!("o{at}"))])
                .await
                .expect(200);
            let expected = expected.split(' ').any(|expected| expected == prefix);
            assert_eq!(found.entries().len() == 1, expected, "{prefix}{value} on {target}");
        }
        let plain =
            epr.search("Observation", &[("date", value), ("_id", &format!("o{at}"))]).await.expect(200);
        assert_eq!(plain.entries().len() == 1, expected.contains("eq"), "{value} on {target}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_date_that_is_missing_matches_nothing() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let bare = json!({"resourceType": "Observation", "status": "final", "code": {"text": "x"}});
    epr.post("Observation", &bare).await.expect(201);
    for prefix in PREFIXES {
        let found = epr.get(&format!("Observation?date={prefix}2013-01-14")).await.expect(200);
        assert!(found.entries().is_empty(), "{prefix}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn windows_precision_and_zones() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let at = json!({
        "resourceType": "Observation", "status": "final", "code": {"text": "x"},
        "effectiveDateTime": "2026-03-29T01:30:00.250+01:00"
    });
    epr.post("Observation", &at).await.expect(201);
    for (query, found) in [
        ("date=ge2026-03-29&date=le2026-03-29", true),
        ("date=ge2026-03-30&date=le2026-03-31", false),
        ("date=2026-03-29T00:30:00.250Z", true),
        ("date=2026-03-29T00:30:00Z", true),
        ("date=2026-03-29T00:30Z", true),
        ("date=2026-03-29T00:30:01Z", false),
        ("date=2026-03-29T00:30:00.251Z", false),
        ("date=2026-03-29T01:30:00%2B01:00", true),
        ("date=2026-03-29T01:30:00+01:00", true),
        ("date=ap2026-03-29", true),
        ("date=0001", false),
        ("date=9999", false),
        ("date=lt9999-12-31", true),
    ] {
        let answer = epr.get(&format!("Observation?{query}")).await.expect(200);
        assert_eq!(answer.entries().len() == 1, found, "{query}");
    }
    for bad in [
        "2026-02-30",
        "2026-03-29T25:00",
        "2026-03-29T01",
        "20260329",
        "23 May 2009",
        "2026-3-9",
        "eq",
        "zz2026",
    ] {
        epr.search("Observation", &[("date", bad)]).await.expect(400);
    }
}
