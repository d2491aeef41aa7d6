//! Whom requests are sent to, where that is nobody, one or several: the first is found in a column, the others in a table, and no search
//! tells the difference, <https://hl7.org/fhir/R4/servicerequest.html#search>.

use fhir::ResourceType;
use serde_json::{Value, json};
use tests::{Caller, TestServer};

use super::matches;

/// What is in a column and what is in the table.
const ROWS: &str = "SELECT r.key::text, r.owner::text, (SELECT string_agg(target::text, ' ' ORDER BY target) FROM reference_index x \
                    WHERE x.source = r.key AND x.parameter = 1362367077) FROM resource r WHERE r.resource_type = 123 ORDER BY r.key";
const MIGRATION: &str = include_str!("../../../../migrations/V0020__performer_in_order.sql");

fn request(id: &str, performers: &[&str]) -> Value {
    let mut request = json!({
        "resourceType": "ServiceRequest", "id": id, "status": if id == "ab" { "draft" } else { "active" }, "intent": "order",
        "priority": "urgent", "subject": {"reference": "Patient/p"}
    });
    if !performers.is_empty() {
        request["performer"] = performers.iter().map(|at| json!({"reference": at})).collect();
    }
    request
}

/// Requests whose ids say whom they are sent to: a, b, both in either order, somebody elsewhere, nobody.
async fn filled() -> (TestServer, Caller) {
    let server = TestServer::with(|config| config.profiles.required = Vec::new()).await;
    let epr = server.caller("epr");
    let (a, b, far) = ("Organization/a", "Organization/b", "https://far.example/Organization/a");
    let resources = [
        json!({"resourceType": "Organization", "id": "a", "name": "Anna"}),
        json!({"resourceType": "Organization", "id": "b", "name": "Berta", "partOf": {"reference": a}}),
        json!({"resourceType": "Patient", "id": "p"}),
        request("none", &[]),
        request("far", &[far]),
        request("a", &[a]),
        request("b", &[b, b]),
        request("ab", &[a, b]),
        request("ba", &[b, a, b]),
    ];
    for resource in &resources {
        let path =
            format!("{}/{}", resource["resourceType"].as_str().unwrap(), resource["id"].as_str().unwrap());
        epr.put(&path, resource).await.expect(201);
    }
    (server, epr)
}

async fn rows(server: &TestServer) -> Vec<[Option<String>; 3]> {
    let rows = server.database.connect().await.query(ROWS, &[]).await.unwrap();
    rows.iter().map(|row| [row.get(0), row.get(1), row.get(2)]).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_and_the_others_are_found_alike() {
    let (server, epr) = filled().await;
    check(&epr).await;
    // As they were before: all of them in the table.
    let written = rows(&server).await;
    assert_eq!(written.iter().filter(|[_, _, others]| others.is_some()).count(), 2);
    let client = server.database.connect().await;
    let performer = search::registry().parameter(ResourceType::SERVICE_REQUEST, "performer").unwrap();
    let before = format!(
        "INSERT INTO reference_index (target, parameter, source) \
         SELECT owner, {}, key FROM resource WHERE resource_type = 123 AND owner IS NOT NULL; \
         UPDATE resource SET owner = NULL, keys = keys || '{}'::uuid WHERE resource_type = 123 AND owner IS NOT NULL",
        performer.number,
        performer.presence().uuid()
    );
    client.batch_execute(&before).await.unwrap();
    check(&epr).await;
    client.batch_execute(MIGRATION).await.unwrap();
    check(&epr).await;
    let asked: i64 = client
        .query_one("SELECT count(*) FROM reindex_job WHERE due_at IS NOT NULL", &[])
        .await
        .unwrap()
        .get(0);
    assert_eq!(asked, 1, "where there are several, only the resource says which one is the first");
    let running = server.running();
    let mut after = None;
    while let Some(step) = running.server.reindex(after).await.unwrap() {
        after = Some(step.reached);
    }
    assert_eq!(rows(&server).await, written);
    check(&epr).await;
}

async fn check(epr: &Caller) {
    for (parameters, expected) in [
        (&[("performer", "Organization/a")][..], "ba ab a"),
        (&[("performer", "Organization/b")], "ba ab b"),
        (&[("performer", "a,Organization/b")], "ba ab b a"),
        (&[("performer", "Organization/a"), ("performer", "Organization/b")], "ba ab"),
        (&[("performer", "Organization/a"), ("status", "active,draft")], "ba ab a"),
        (&[("performer", "Organization/a,Organization/b"), ("status", "draft")], "ab"),
        (&[("performer", "Organization/b"), ("priority", "urgent")], "ba ab b"),
        (&[("performer", "Organization/b"), ("patient", "p")], "ba ab b"),
        (&[("performer", "https://far.example/Organization/a")], "far"),
        (&[("performer", "https://far.example/Organization/a,Organization/a")], "ba ab a far"),
        (&[("performer:not", "Organization/a")], "b far none"),
        (&[("performer:missing", "true")], "none"),
        (&[("performer:missing", "false")], "ba ab b a far"),
        (&[("performer:Organization.name", "berta")], "ba ab b"),
        (&[("performer:below", "Organization/a")], "ba ab b a"),
        (&[("performer:below", "Organization/b")], "ba ab b"),
        (&[("performer", "Organization/a"), ("_sort", "_lastUpdated")], "a ab ba"),
        (&[("performer", "Organization/a"), ("_sort", "status,_lastUpdated")], "a ba ab"),
        (&[("_filter", "performer eq Organization/b and status eq active")], "ba b"),
    ] {
        assert_eq!(
            epr.search("ServiceRequest", parameters).await.ids("match").join(" "),
            expected,
            "{parameters:?}"
        );
    }
    let has = [("_has:ServiceRequest:performer:status", "draft")];
    assert_eq!(matches(epr, "Organization", &has).await, ["a", "b"]);
    for (path, expected) in [
        ("ServiceRequest?_id=ba&_include=ServiceRequest:performer", "a b"),
        ("Organization?_id=a&_revinclude=ServiceRequest:performer", "a ab ba"),
    ] {
        let mut ids = epr.get(path).await.expect(200).ids("include");
        ids.sort_unstable();
        assert_eq!(ids.join(" "), expected, "{path}");
    }
    let sorted = epr
        .get("ServiceRequest?performer=Organization/a,Organization/b&_sort=performer,-_id")
        .await
        .expect(200);
    assert_eq!(sorted.ids("match").join(" "), "ba ab a b");
    let count = epr
        .get("ServiceRequest?performer=Organization/a,Organization/b&_summary=count")
        .await
        .expect(200)
        .json;
    assert_eq!(count["total"], 4);
    // A page a match, none twice and none lost.
    let mut path = "ServiceRequest?performer=Organization/a,Organization/b&_count=1".to_owned();
    let mut found = Vec::new();
    for _ in 0..5 {
        let page = epr.get(&path).await.expect(200);
        found.extend(page.ids("match"));
        let Some(next) = page.link("next") else { break };
        path = next.to_owned();
    }
    assert_eq!(found.join(" "), "ba ab b a");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_no_performer_any_more_finds_it_no_more() {
    let (server, epr) = filled().await;
    epr.put("ServiceRequest/ab", &request("ab", &["Organization/b"])).await.expect(200);
    epr.put("ServiceRequest/a", &request("a", &["Organization/b", "Organization/a"])).await.expect(200);
    let of = async |name: &str| matches(&epr, "ServiceRequest", &[("performer", name)]).await.join(" ");
    assert_eq!(of("Organization/a").await, "a ba");
    assert_eq!(of("Organization/b").await, "a ab b ba");
    epr.delete("Organization/a").await.expect(409);
    let others = rows(&server).await.into_iter().filter(|[_, _, others]| others.is_some());
    assert_eq!(others.count(), 2);
}
