//! What is sent to break a search: it finds nothing, or is refused, and the server goes on.

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

/// Every parameter of the workflow types, and what is sent to it: never a fault, and nothing is lost.
#[tokio::test(flavor = "multi_thread")]
async fn every_parameter_of_the_workflow_types() {
    let (server, epr) = filled().await;
    let before = server.count("SELECT count(*) FROM resource").await;
    let long = "x".repeat(64 * 1024);
    let values = [
        "'",
        "\"",
        "\\",
        "%",
        "_",
        "*",
        "$1",
        "--",
        "' OR 1=1 --",
        "\u{0}",
        "a\u{0}",
        "\u{fffd}\u{202e}",
        "|",
        "a|b|c|d",
        "$",
        "a$b",
        "a,b,,c",
        "-1",
        "1e999",
        "9999-99-99",
        "ge",
        long.as_str(),
    ];
    for name in ["ServiceRequest", "Task", "EpisodeOfCare", "CarePlan"] {
        let resource_type = fhir::ResourceType::find(name).unwrap();
        let mut parameters = Vec::new();
        for parameter in search::registry().parameters(resource_type) {
            parameters.push(parameter.code.clone());
            for modifier in [
                "not",
                "text",
                "of-type",
                "in",
                "below",
                "above",
                "contains",
                "exact",
                "identifier",
                "missing",
            ] {
                if parameter.code.len() % 4 == modifier.len() % 4 {
                    parameters.push(format!("{}:{modifier}", parameter.code));
                }
            }
        }
        for (at, parameter) in parameters.iter().enumerate() {
            // Each value meets each kind of parameter many times; all of them with all would add nothing.
            for value in values.iter().skip(at % 3).step_by(3) {
                let answer = epr.post_search(name, &[(parameter, value), ("_count", "1")]).await;
                let shown: String = value.chars().take(20).collect();
                assert!(
                    [200, 400, 413, 414].contains(&answer.status),
                    "{name}?{parameter}={shown}: {}",
                    answer.text()
                );
                assert!(answer.status == 200 || answer.text().len() < 5_000, "{name}?{parameter}={shown}");
            }
        }
    }
    let address = format!("Task?code={}", &long[..20_000]);
    assert_eq!(epr.get(&address).await.status, 414);
    assert_eq!(server.count("SELECT count(*) FROM resource").await, before);
}
