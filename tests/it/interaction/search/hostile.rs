//! What is sent to break a search: it finds nothing, or is refused, and the server goes on.

use futures_util::{StreamExt, stream};

use super::filled;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_reaches_the_database_as_anything_but_a_value() {
    let (server, epr) = filled().await;
    let long = "x".repeat(64 * 1024);
    let values = [
        "'",
        "''",
        "\"",
        "\\",
        "\\\\",
        "%",
        "_",
        "$1",
        "$$",
        "--",
        ";",
        "' OR '1'='1",
        "'; DROP TABLE resource; --",
        "\u{0}",
        "a\u{0}b",
        "\u{1}",
        "\u{202e}",
        "😀",
        "{}",
        "[]",
        "null",
        "NaN",
        "-1",
        "1e400",
        "99999999999999999999",
        "../..",
        "ge",
        "|",
        "||",
        ",",
        "a,,b",
        "$",
        long.as_str(),
    ];
    for (resource_type, parameters) in [
        (
            "Patient",
            &[
                "identifier",
                "family",
                "name:contains",
                "gender",
                "gender:not",
                "birthdate",
                "organization",
                "_id",
                "_lastUpdated",
                "family:missing",
                "organization.name",
                "_has:Observation:patient:code",
                "_sort",
                "_count",
                "_elements",
                "_include",
                "_cursor",
                "_profile",
                "_tag",
                "phone",
            ][..],
        ),
        ("Observation", &["code", "subject", "subject:identifier", "date", "status"]),
        ("ValueSet", &["url", "url:below"]),
    ] {
        for parameter in parameters {
            for value in values {
                // What is too long for an address is posted.
                let answer = epr.post_search(resource_type, &[(parameter, value)]).await;
                let shown: String = value.chars().take(20).collect();
                assert!(
                    answer.status == 200 || answer.status == 400,
                    "{resource_type}?{parameter}={shown}: {} {}",
                    answer.status,
                    answer.text()
                );
                let repeats = answer.status == 400 && answer.text().len() > 5_000;
                assert!(!repeats, "{parameter}={shown}: the refusal repeats what was sent");
            }
        }
        for name in [
            "'",
            "a'b",
            "\u{0}",
            "name:'",
            "a.b.c",
            "_has:",
            "_has:::",
            "name:exact:exact",
            "😀",
            long.as_str(),
        ] {
            let answer = epr.post_search(resource_type, &[(name, "x")]).await;
            assert_eq!(answer.status, 400, "{}", name.chars().take(20).collect::<String>());
        }
    }
    assert_eq!(epr.get("Patient?_summary=count").await.expect(200).json["total"], 5);
    assert_eq!(server.count("SELECT count(*) FROM resource WHERE deleted").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_cost_too_much_is_refused() {
    let (_server, epr) = filled().await;
    let many = |count: usize, text: &str| vec![text; count].join(",");
    let repeated = |count: usize, text: &str| vec![text; count].join("&");
    for (query, status) in [
        (format!("family={}", many(50, "a")), 200),
        (format!("family={}", many(51, "a")), 400),
        (repeated(30, "family=a"), 200),
        (repeated(31, "family=a"), 400),
        (repeated(10, "_include=Patient:organization"), 200),
        (repeated(11, "_include=Patient:organization"), 400),
        ("organization.partof.partof.name=x".to_owned(), 200),
        ("organization.partof.partof.partof.name=x".to_owned(), 400),
    ] {
        let answer = epr.get(&format!("Patient?{query}")).await.expect(status);
        if status == 400 {
            assert_eq!(answer.code(), "too-costly", "{query}");
        }
    }
}

/// What no value of a search parameter should look like, and some that do.
fn values() -> Vec<String> {
    let mut values: Vec<String> = [
        "'",
        "\"",
        "\\",
        "\\,",
        "%",
        "_",
        "*",
        "$1",
        "--",
        "' OR 1=1 --",
        "\u{1}",
        "\u{fffd}\u{202e}",
        "😀",
        "|",
        "||",
        "a|b",
        "a||b",
        "|a|b",
        "a|b|c",
        "a|b|c|d",
        "$",
        "a$b",
        "a$b$c",
        ",",
        "a,b,,c",
        "-1",
        "1e30",
        "1e999",
        "0x1",
        "NaN",
        "9999-99-99",
        "9999-12-31",
        "2026",
        "2026-02-29",
        "ge",
        "true",
        "Task/1",
        "Task/../1",
        "Patient?identifier=1",
        "#a",
        "urn:uuid:1",
        "http://[::1",
        "http://hl7.org/fhir/ValueSet/task-status",
    ]
    .map(str::to_owned)
    .into();
    values.push("x".repeat(64 * 1024));
    values.push(format!("{}|{}", "é".repeat(16 * 1024), "😀".repeat(8 * 1024)));
    values
}

/// Every parameter of the workflow types with every modifier, prefix and value that breaks something elsewhere: each is refused with
/// a sentence, or the database answers it; nothing is lost.
#[tokio::test(flavor = "multi_thread")]
async fn every_parameter_of_the_workflow_types() {
    let (server, epr) = filled().await;
    let before = server.count("SELECT count(*) FROM resource").await;
    let options = search::Options::new(server.base.clone(), fhir::primitive::date::london().clone());
    let modifiers = [
        "not",
        "text",
        "of-type",
        "in",
        "not-in",
        "below",
        "above",
        "contains",
        "exact",
        "identifier",
        "missing",
        "Patient",
        "Organization",
        "iterate",
        "",
        "'",
        "exact:exact",
    ];
    let prefixes = ["eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"];
    let mut understood = Vec::new();
    let mut refused = 0;
    for name in ["ServiceRequest", "Task", "EpisodeOfCare", "CarePlan"] {
        let resource_type = fhir::ResourceType::find(name).unwrap();
        for parameter in search::registry().parameters(resource_type) {
            let code = &parameter.code;
            let names = modifiers.iter().map(|modifier| format!("{code}:{modifier}"));
            let mut pairs: Vec<(String, String)> = Vec::new();
            for name in [code.clone()].into_iter().chain(names) {
                pairs.extend(values().into_iter().map(|value| (name.clone(), value)));
            }
            let ordered = ["date", "number", "quantity"].contains(&parameter.kind.code());
            for prefix in prefixes.iter().filter(|_| ordered) {
                pairs.extend(values().into_iter().map(|value| (code.clone(), format!("{prefix}{value}"))));
            }
            for pair in pairs {
                let shown: String = pair.1.chars().take(20).collect();
                match search::parse(resource_type, std::slice::from_ref(&pair), &options) {
                    Ok(_) => understood.push((name, pair)),
                    Err(error) => {
                        refused += 1;
                        assert_eq!(error.cause().status(), 400, "{name}?{}={shown}", pair.0);
                        let said: usize = error.issues().iter().map(|issue| issue.diagnostics.len()).sum();
                        assert!((1..5_000).contains(&said), "{name}?{}={shown}: {error}", pair.0);
                    }
                }
            }
        }
    }
    assert!(understood.len() > 3_000 && refused > 30_000, "{} {refused}", understood.len());
    let (long, short): (Vec<_>, Vec<_>) =
        understood.into_iter().partition(|(_, (_, value))| value.len() > 1000);
    let epr = &epr;
    let batches = short.chunks(100).map(|entries| async move {
        let requests = entries.iter().map(|(name, pair)| {
            let url = format!("{name}?{}&_count=1", tests::client::form(&[(&pair.0, &pair.1)]));
            serde_json::json!({"request": {"method": "GET", "url": url}})
        });
        let batch = serde_json::json!({"resourceType": "Bundle", "type": "batch", "entry": requests.collect::<Vec<_>>()});
        let answer = epr.post("", &batch).await.expect(200);
        for (entry, (name, pair)) in answer.entries().iter().zip(entries) {
            assert_eq!(entry["response"]["status"], "200 OK", "{name}?{}={}: {entry}", pair.0, pair.1);
        }
        assert_eq!(answer.entries().len(), entries.len());
    });
    stream::iter(batches).buffer_unordered(4).collect::<Vec<()>>().await;
    let posts = long.iter().map(|(name, (code, value))| async move {
        epr.post_search(name, &[(code, value), ("_count", "1")]).await.expect(200);
    });
    stream::iter(posts).buffer_unordered(4).collect::<Vec<()>>().await;
    let address = format!("Task?code={}", "x".repeat(20_000));
    assert_eq!(epr.get(&address).await.status, 414);
    assert_eq!(server.count("SELECT count(*) FROM resource").await, before);
}
