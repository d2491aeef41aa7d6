//! How Postgres goes about the searches of a day, on enough rows for a choice: by an index always, in order where pages are in order, and
//! for values that are rare, common or nowhere, whether the caller sees much or little.
//!
//! plan.golden has the indexes that Postgres 15 goes by; `BLESS=1` writes it anew. What must hold is checked with every version.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

use fhir::{Key, ResourceType};
use search::Query;
use search::parse::{Options, parse};
use search::query::Criterion;
use store::{Access, Store};
use tests::TestServer;
use tokio_postgres::Client;

const GOLDEN: &str = include_str!("plan.golden");
/// Postgres looks at all rows of a table that has no more than 30,000: the plans are the same every time.
const PATIENTS: usize = 2_000;
const REQUESTS: usize = 7_500;
const TASKS: usize = 18_000;

/// The searches, each with whether its page needs no sorting: a line of the golden file says the same of how it is gone about.
const SEARCHES: [(&str, bool); 34] = [
    ("Task?owner=HealthcareService/team-0&status=requested&_sort=-_lastUpdated", true),
    ("Task?owner=HealthcareService/team-0&status=on-hold&_sort=-_lastUpdated", true),
    ("Task?owner=HealthcareService/team-0&status=requested,received,accepted", true),
    ("ServiceRequest?patient=Patient/p-7", true),
    ("ServiceRequest?patient.identifier=urn:n|7", false),
    ("ServiceRequest?identifier=urn:n|7", false),
    ("ServiceRequest?authored=ge2026-01-02&authored=lt2026-01-03&_sort=authored", true),
    ("ServiceRequest?authored=ge2026-01-02&authored=lt2026-01-03", false),
    ("Task?status=completed", true),
    ("Task?status=requested", true),
    ("Task?status=on-hold", true),
    ("Task?status=completed&_sort=authored-on", true),
    ("Task?status=completed&_sort=-authored-on", true),
    ("Task?status=on-hold&_sort=-authored-on", false),
    ("Task?status=completed&_count=0", false),
    ("Task?owner=HealthcareService/team-0&status=completed&_count=0", false),
    ("Task?priority=routine", true),
    ("Task?priority=asap", false),
    ("Task?priority=stat", false),
    ("Task?priority=routine&status=completed", true),
    ("Task?owner=HealthcareService/team-0", true),
    ("Task?owner=HealthcareService/team-0&priority=routine&_sort=-_lastUpdated", true),
    ("Task?owner=HealthcareService/team-0&priority=asap&_sort=-_lastUpdated", false),
    ("Task", true),
    ("Task?_sort=_lastUpdated", true),
    ("Task?_id=p-7", false),
    ("Task?focus=ServiceRequest/s-7", false),
    ("Task?owner=HealthcareService/team-0,HealthcareService/team-17&status=requested,accepted", true),
    ("ServiceRequest?performer=HealthcareService/team-0", false),
    ("ServiceRequest?performer=HealthcareService/team-17", false),
    ("ServiceRequest?performer=HealthcareService/team-0&status=active", false),
    ("ServiceRequest?requester=Organization/team-0", false),
    ("ServiceRequest?requester=Organization/team-17", false),
    ("Patient?_has:Task:patient:status=on-hold", false),
];
/// Pages after the first of these.
const PAGES: [&str; 3] =
    ["Task?_sort=-_lastUpdated", "Task?status=completed&_sort=authored-on", "Task?_sort=-authored-on"];

#[tokio::test(flavor = "multi_thread")]
async fn every_search_goes_by_an_index() {
    let server = TestServer::start().await;
    let client = server.database.connect().await;
    fill(&client).await;
    let store = tests::database::config(&server.database.url()).store().unwrap();
    let mut found = String::new();
    for (caller, access) in callers(&store) {
        for (search, is_ordered) in SEARCHES {
            let plan = store.explain(&access, &query(search, None)).await.unwrap();
            check(&plan, is_ordered, &format!("{search} by {caller}"));
            write_plan(&mut found, caller, search, &plan);
        }
        for search in PAGES {
            let Some(next) = store.search(&access, &query(search, None)).await.unwrap().next else {
                assert_eq!(caller, "newcomer", "{search}");
                continue;
            };
            let plan = store.explain(&access, &query(search, Some(next))).await.unwrap();
            let name = format!("{search} (a later page)");
            check(&plan, true, &format!("{name} by {caller}"));
            write_plan(&mut found, caller, &name, &plan);
        }
    }
    check_links(&client, &store).await;
    check_crowd(&client, &store).await;
    let version: i32 = client
        .query_one("SELECT current_setting('server_version_num')::integer / 10000", &[])
        .await
        .unwrap()
        .get(0);
    if version != 15 {
        return;
    }
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("it/store/plan.golden"), &found).unwrap();
        return;
    }
    let new: Vec<_> = found.lines().zip(GOLDEN.lines()).filter(|(found, golden)| found != golden).collect();
    assert!(found == GOLDEN, "plan.golden says something else (found, golden): {new:#?}");
}

/// What refers to an organisation is found whether it is much or little: one statement goes about the two in different ways.
async fn check_links(client: &Client, store: &Store) {
    let sql = "SELECT r.seq FROM resource r JOIN reference_index l ON l.source = r.key WHERE l.target = $1 ORDER BY r.seq DESC LIMIT 120";
    for team in ["team-0", "team-1", "team-17", "team-99"] {
        let key = Key::of_resource(ResourceType::ORGANIZATION, team).uuid();
        let expected: Vec<i64> =
            client.query(sql, &[&key]).await.unwrap().iter().map(|row| row.get(0)).collect();
        let search = format!("ServiceRequest?requester=Organization/{team}&_count=40");
        let (mut found, mut next) = (Vec::new(), None);
        for _ in 0..3 {
            let page = store.search(&Access::system(), &query(&search, next)).await.unwrap();
            found.extend(page.matches.iter().map(|stored| stored.seq));
            next = page.next;
            if next.is_none() {
                break;
            }
        }
        assert_eq!(found, expected, "{team}");
    }
}

/// Who is one of very many parties to a referral reads what is about its patient, as one of few does, and nobody else.
async fn check_crowd(client: &Client, store: &Store) {
    let key = |id: &str| Key::of_resource(ResourceType::ORGANIZATION, id);
    let referral = Key::of_resource(ResourceType::SERVICE_REQUEST, "s-7").uuid();
    let sql = "UPDATE resource SET parties = $2 WHERE key = $1 RETURNING patient";
    for crowd in [64, 65, 500] {
        let parties: Vec<_> = (0..crowd).map(|number| key(&format!("org-crowd-{number}")).uuid()).collect();
        let patient: uuid::Uuid = client.query_one(sql, &[&referral, &parties]).await.unwrap().get(0);
        let number = (0..PATIENTS)
            .find(|number| Key::of_resource(ResourceType::PATIENT, &format!("p-{number}")).uuid() == patient);
        let search = format!("Task?patient=Patient/p-{}", number.unwrap());
        let all = store.search(&Access::system(), &query(&search, None)).await.unwrap().matches.len();
        assert!(all > 0);
        let last = format!("org-crowd-{}", crowd - 1);
        for (organization, expected) in [(last.as_str(), all), ("org-crowd-none", 0)] {
            let access = store.access(&[key(organization)]);
            let page = store.search(&access, &query(&search, None)).await.unwrap();
            assert_eq!(page.matches.len(), expected, "{organization} of {crowd}");
            let count = store.search(&access, &query(&format!("{search}&_count=0"), None)).await.unwrap();
            assert_eq!(count.total, Some(expected as i64), "{organization} of {crowd}");
        }
    }
}

/// The server itself, a hub that is a party to nearly everything, a team with a few Tasks, and one that has none yet.
fn callers(store: &Store) -> [(&'static str, Access); 4] {
    let of = |id: &str| store.access(&[Key::of_resource(ResourceType::ORGANIZATION, id)]);
    [
        ("server", Access::system()),
        ("hub", of("org-hub")),
        ("team", of("org-17")),
        ("newcomer", of("org-new")),
    ]
}

fn query(search: &str, cursor: Option<String>) -> Query {
    let (name, parameters) = search.split_once('?').unwrap_or((search, ""));
    let pair = |pair: &str| pair.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    let mut pairs: Vec<_> = parameters.split('&').filter_map(pair).collect();
    pairs.extend(cursor.map(|cursor| ("_cursor".to_owned(), cursor)));
    let options = Options::new("http://localhost/fhir", jiff::tz::TimeZone::UTC);
    parse(ResourceType::find(name).unwrap(), &pairs, &options).unwrap()
}

/// No table is read from end to end, and what is in order is not sorted: nothing is sorted below the LIMIT of a page.
fn check(plan: &[String], is_ordered: bool, name: &str) {
    let text = plan.join("\n");
    assert!(!text.contains("Seq Scan"), "{name}:\n{text}");
    let depth = |line: &str| line.find(|c: char| c.is_alphabetic()).unwrap_or(0);
    let limit = plan.iter().find(|line| line.contains("Limit")).map(|line| depth(line));
    let sorted = plan.iter().any(|line| {
        line.contains("-> ") && line.ends_with("Sort") && limit.is_some_and(|limit| depth(line) > limit)
    });
    assert!(!is_ordered || !sorted, "{name} is sorted:\n{text}");
}

/// The indexes that a search goes by. Which kind of scan reads them is left out: it also depends on what else runs beside it.
fn write_plan(out: &mut String, caller: &str, search: &str, plan: &[String]) {
    if !["hub", "team"].contains(&caller) {
        return;
    }
    let index = |line: &String| {
        let (_, rest) = line.split_once(" using ").or_else(|| line.split_once("Bitmap Index Scan on "))?;
        rest.split(' ').next().map(str::to_owned)
    };
    let indexes: BTreeSet<_> = plan.iter().filter_map(index).collect();
    let indexes: Vec<_> = indexes.into_iter().collect();
    writeln!(out, "{search} by {caller}: {}", indexes.join(", ")).unwrap();
}

/// The rows of resources, as columns.
#[derive(Default)]
struct Rows {
    keys: Vec<uuid::Uuid>,
    types: Vec<i16>,
    ids: Vec<String>,
    statuses: Vec<Option<&'static str>>,
    owners: Vec<Option<uuid::Uuid>>,
    patients: Vec<uuid::Uuid>,
    focuses: Vec<Option<uuid::Uuid>>,
    dates: Vec<i64>,
    tokens: Vec<String>,
    parties: Vec<String>,
}

/// A day's work of 18 teams, the first of which has half of it; what was done is most of it.
async fn fill(client: &Client) {
    let token = |search: &str| match query(search, None).criteria.as_slice() {
        [Criterion::Keys { keys, .. } | Criterion::Identifier { keys, .. }] => keys[0].uuid(),
        other => panic!("{search} is {other:?}"),
    };
    let key = |of: ResourceType, id: String| Key::of_resource(of, &id).uuid();
    let (routine, asap) = (token("Task?priority=routine"), token("Task?priority=asap"));
    let requester = search::registry().parameter(ResourceType::SERVICE_REQUEST, "requester").unwrap().number;
    let mut rows = Rows::default();
    let (mut identifiers, mut requesters) = (Vec::new(), Vec::new());
    for number in 0..PATIENTS + REQUESTS + TASKS {
        // Any order that is no order, and the same every time.
        let random = (number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33;
        let team = match random % 4 {
            0 | 1 => 0,
            2 => 1,
            _ => 2 + random / 4 % 16,
        };
        let service = key(ResourceType::HEALTHCARE_SERVICE, format!("team-{team}"));
        let patient = key(ResourceType::PATIENT, format!("p-{}", random as usize % PATIENTS));
        let (of, id, status) = match number {
            _ if number < PATIENTS => (ResourceType::PATIENT, format!("p-{number}"), None),
            _ if number < PATIENTS + REQUESTS => {
                let status = if random % 10 < 8 { "completed" } else { "active" };
                (ResourceType::SERVICE_REQUEST, format!("s-{}", number - PATIENTS), Some(status))
            }
            _ => {
                let status = match random / 64 % 100 {
                    0..68 => "completed",
                    68..76 => "in-progress",
                    76..90 => "accepted",
                    90..96 => "requested",
                    _ => "rejected",
                };
                (ResourceType::TASK, format!("t-{}", number - PATIENTS - REQUESTS), Some(status))
            }
        };
        let own = key(of, id.clone());
        if of == ResourceType::SERVICE_REQUEST {
            requesters.push((key(ResourceType::ORGANIZATION, format!("team-{team}")), own));
            identifiers.push((token(&format!("ServiceRequest?identifier=urn:n|{}", number - PATIENTS)), own));
        }
        if of == ResourceType::PATIENT {
            identifiers.push((token(&format!("Patient?identifier=urn:n|{number}")), own));
        }
        let is_task = of == ResourceType::TASK;
        let priority = if random.is_multiple_of(450) { asap } else { routine };
        let others =
            [0, 1, 2].map(|part| key(ResourceType::CARE_PLAN, format!("{number}-{part}")).to_string());
        let organization = |id: String| key(ResourceType::ORGANIZATION, id);
        let hub = if random.is_multiple_of(20) { "org-other" } else { "org-hub" };
        rows.keys.push(own);
        rows.types.push(of.number());
        rows.ids.push(id);
        rows.statuses.push(status);
        rows.owners.push((of != ResourceType::PATIENT).then_some(service));
        rows.patients.push(if of == ResourceType::PATIENT { own } else { patient });
        rows.focuses.push(
            is_task.then(|| key(ResourceType::SERVICE_REQUEST, format!("s-{}", random as usize % REQUESTS))),
        );
        rows.dates.push(1_767_225_600_000_000 + number as i64 * 30_000_000);
        rows.tokens.push(format!("{{{priority},{}}}", others.join(",")));
        rows.parties.push(format!(
            "{{{},{}}}",
            organization(hub.to_owned()),
            organization(format!("org-{team}"))
        ));
    }
    rows.write(client).await;
    let (values, sources): (Vec<_>, Vec<_>) = identifiers.into_iter().unzip();
    let sql = "INSERT INTO identifier_index (value, source) SELECT * FROM unnest($1::uuid[], $2::uuid[])";
    client.execute(sql, &[&values, &sources]).await.unwrap();
    let (targets, sources): (Vec<_>, Vec<_>) = requesters.into_iter().unzip();
    let sql = "INSERT INTO reference_index (target, parameter, source) SELECT t, $3, s FROM unnest($1::uuid[], $2::uuid[]) AS x (t, s)";
    client.execute(sql, &[&targets, &sources, &requester]).await.unwrap();
    settle(client).await;
}

/// The statistics of what is there, with every page known to be visible to all. A page that some transaction beside this one held
/// back costs more to look at, and may tip the balance between two indexes.
async fn settle(client: &Client) {
    let unsettled = "SELECT count(*) FROM pg_class WHERE relallvisible < relpages AND relname IN
        ('resource', 'version', 'reference_index', 'identifier_index')";
    for _ in 0..600 {
        client.batch_execute("VACUUM ANALYZE").await.unwrap();
        if client.query_one(unsettled, &[]).await.unwrap().get::<_, i64>(0) == 0 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("a transaction has been open for a minute");
}

impl Rows {
    /// The current rows, and a version of each with some content.
    async fn write(&self, client: &Client) {
        let sql = "
            WITH row AS (
                SELECT nextval('version_seq') AS seq, x.* FROM unnest(
                    $1::uuid[], $2::smallint[], $3::text[], $4::text[], $5::uuid[], $6::uuid[], $7::uuid[], $8::bigint[], $9::text[], $10::text[]
                ) AS x (key, resource_type, id, status, owner, patient, focus, date, keys, parties)
            ), current AS (
                INSERT INTO resource (key, resource_type, version_id, seq, deleted, last_updated, status, owner, patient, focus, date_low,
                    date_high, keys, parties, confidentiality, closed_at)
                SELECT key, resource_type, 1, seq, false, now(), status, owner, patient, focus, date, date + 1000, keys::uuid[],
                    parties::uuid[], 0, CASE WHEN status IN ('completed', 'rejected') THEN now() END
                FROM row
            )
            INSERT INTO version (seq, key, version_id, resource_type, id, operation, last_updated, dictionary, content, patient, parties,
                confidentiality)
            SELECT seq, key, 1, resource_type, id, 'create', now(), 0,
                (SELECT content FROM version WHERE content IS NOT NULL ORDER BY version.seq LIMIT 1), patient, parties::uuid[], 0
            FROM row";
        client
            .execute(
                sql,
                &[
                    &self.keys,
                    &self.types,
                    &self.ids,
                    &self.statuses,
                    &self.owners,
                    &self.patients,
                    &self.focuses,
                    &self.dates,
                    &self.tokens,
                    &self.parties,
                ],
            )
            .await
            .unwrap();
    }
}
