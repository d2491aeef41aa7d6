//! `_filter`, <https://hl7.org/fhir/R4/search_filter.html>: what it finds, and that the database decides every filter as the
//! conditions decide it in memory.

use std::collections::BTreeMap;

use fhir::{Key, Resource, ResourceType, primitive::date::london};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use search::{IndexRows, Options};
use serde_json::{Value, json};
use tests::{TestServer, builders};

use super::{filled, matches};

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_finds_what_it_says() {
    let (_server, epr) = filled().await;
    for (resource_type, filter, expected) in [
        ("Patient", r#"name co "neill""#, "ann cat"),
        ("Patient", r#"given eq "ann" and birthdate le 1941-05-17"#, "ann"),
        ("Patient", "identifier eq urn:a|1 or identifier eq urn:b|1", "ann bob"),
        ("Patient", "_id eq ann or _id eq bob and gender eq male", "bob"),
        ("Patient", "_id eq ann or (_id eq bob and gender eq male)", "ann bob"),
        ("Patient", "_id ne ann and not(gender eq male) and not(_id eq patient-1)", "cat dan"),
        ("Patient", "gender pr false", "cat"),
        ("Patient", "birthdate po 1950-07-15 and not(birthdate eq 1950-07)", "bob"),
        ("Patient", "organization re Organization/north and active eq true", "ann"),
        ("Observation", r#"subject:Patient.name co "zo""#, "o3"),
        ("Observation", r#"subject:Patient.organization.name eq "north""#, "o1 o2 o5"),
        ("Observation", "patient[gender eq female].birthdate lt 1945 and status ne final", "o2"),
        ("Observation", "not(patient.gender eq female)", "o3 o4"),
        ("Patient", "_has:Observation:patient:code eq urn:l|hr", "ann"),
        (
            "Patient",
            "not(_has:Observation:patient:code eq hr) and (_id eq ann or _id eq bob or _id eq cat)",
            "cat",
        ),
        ("Organization", r#"partof.name ew "th" and name sw "we""#, "west"),
    ] {
        let found = matches(&epr, resource_type, &[("_filter", filter)]).await;
        let expected: Vec<&str> = expected.split(' ').collect();
        assert_eq!(found, expected, "{resource_type}: {filter}");
    }
    // Beside other parameters, in a condition, in the whole system, and page by page.
    assert_eq!(
        matches(&epr, "Patient", &[("_filter", "family co neill"), ("gender", "female")]).await,
        ["ann"]
    );
    let system =
        epr.search("", &[("_filter", "_id eq ann or _id eq o1"), ("_type", "Patient,Observation")]).await;
    assert_eq!(system.expect(200).matches(), ["ann", "o1"]);
    let page =
        epr.search("Patient", &[("_filter", "family co neill"), ("_count", "1"), ("_sort", "_id")]).await;
    let next = epr.get(page.expect(200).link("next").unwrap()).await;
    assert_eq!(next.expect(200).matches(), ["cat"]);
    let create = epr.request("POST", "Patient").header("if-none-exist", "_filter=family%20co%20neill");
    create.json(&json!({"resourceType": "Patient"})).send().await.expect(412);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_that_cannot_be_read_says_where() {
    let (_server, epr) = filled().await;
    for prefer in ["handling=strict", "handling=lenient"] {
        for (filter, place) in [
            ("name is x", "character 6"),
            ("name eq x and", "character 14"),
            ("gender eq male and nothing eq x", "character 20"),
            ("gender co male", "eq, ne, in, ni, ss, sb, pr"),
        ] {
            let call = epr.request("GET", &format!("Patient?_filter={}", tests::client::encode(filter)));
            let answer = call.header("prefer", prefer).send().await.expect(400);
            assert!(answer.text().contains(place), "{filter}: {}", answer.text());
        }
    }
    let deep = format!("{}name eq x{}", "(".repeat(40), ")".repeat(40));
    assert_eq!(epr.search("Patient", &[("_filter", deep.as_str())]).await.expect(400).code(), "too-costly");
    let many = epr.search("", &[("_filter", vec!["_id eq x"; 20].join(" or ").as_str())]).await;
    assert_eq!(many.expect(400).code(), "too-costly");
}

/// A filter, and what it is made of.
#[derive(Clone, Debug)]
enum Part {
    /// A test of the resource itself.
    Test(String),
    /// A test of the organization that it refers to.
    Chain(String),
    Not(Box<Part>),
    All(Box<Part>, Box<Part>),
    Any(Box<Part>, Box<Part>),
}

impl Part {
    fn text(&self) -> String {
        match self {
            Self::Test(test) => test.clone(),
            Self::Chain(test) => format!("organization.{test}"),
            Self::Not(part) => format!("not({})", part.text()),
            Self::All(a, b) => format!("({}) and ({})", a.text(), b.text()),
            Self::Any(a, b) => format!("({}) or ({})", a.text(), b.text()),
        }
    }

    fn holds(&self, of: &Indexed, all: &BTreeMap<Key, Indexed>) -> bool {
        match self {
            Self::Test(test) => of.meets(test),
            Self::Chain(test) => {
                let organization = of.organization.and_then(|key| all.get(&key));
                organization.is_some_and(|organization| organization.meets(test))
            }
            Self::Not(part) => !part.holds(of, all),
            Self::All(a, b) => a.holds(of, all) && b.holds(of, all),
            Self::Any(a, b) => a.holds(of, all) || b.holds(of, all),
        }
    }
}

/// A resource as it is found.
struct Indexed {
    resource_type: ResourceType,
    key: Key,
    rows: IndexRows,
    organization: Option<Key>,
}

impl Indexed {
    fn of(resource: &Value, base: &str) -> Self {
        let organization = resource["managingOrganization"]["reference"].as_str();
        let organization = organization.and_then(|reference| reference.strip_prefix("Organization/"));
        let resource = Resource::new(resource.clone()).unwrap();
        Self {
            resource_type: resource.resource_type(),
            key: resource.key().unwrap(),
            rows: search::index(&resource, base, london()),
            organization: organization.map(|id| Key::of_resource(ResourceType::ORGANIZATION, id)),
        }
    }

    fn meets(&self, test: &str) -> bool {
        let options = Options::new("http://here/fhir", london().clone());
        let query = search::parse(self.resource_type, &[("_filter".into(), test.into())], &options).unwrap();
        query.criteria.iter().all(|criterion| search::matches(criterion, &self.rows, self.key, 0).unwrap())
    }
}

fn tests_of_patients() -> impl Strategy<Value = String> {
    let text = "[abe]{1,2}|\"a b\"|\"[%_]\"|é";
    let date = "195[0-2]|195[0-2]-0[1-3]|195[0-2]-0[1-3]-0[1-3]";
    prop_oneof![
        ("(name|family|given|address)", "(eq|ne|co|sw|ew|gt|lt|ge|le)", text).prop_map(joined),
        ("(birthdate|death-date)", "(eq|ne|gt|lt|ge|le|sa|eb|po)", date).prop_map(joined),
        (
            "(gender|active|language|deceased)",
            "(eq|ne)",
            "male|female|other|true|fr|nl|\\|male|urn:l\\|fr|urn:l\\|"
        )
            .prop_filter("a truth is true or false", |(name, _, value)| {
                !matches!(name.as_str(), "active" | "deceased") || value == "true"
            })
            .prop_map(joined),
        ("identifier", "(eq|ne)", "[12]|urn:[ab]\\|[12]|\\|[12]|urn:[ab]\\|").prop_map(joined),
        ("organization", "(re|eq|ne)", "Organization/[abc]|[abc]|http://there/Organization/a")
            .prop_map(joined),
        ("gender", "(in|ni)", "http://hl7\\.org/fhir/ValueSet/administrative-gender").prop_map(joined),
        ("(gender|birthdate|family|organization|identifier|language|_id|address|active)", "pr", "true|false")
            .prop_map(joined),
        ("_id", "(eq|ne)", "p[0-9]").prop_map(joined),
    ]
}

fn joined((name, operator, value): (String, String, String)) -> String {
    format!("{name} {operator} {value}")
}

fn part() -> impl Strategy<Value = Part> {
    let of_organization = prop_oneof![
        ("name", "(eq|ne|co|sw|ew|gt|lt)", "[abc]").prop_map(joined),
        ("(name|active|partof)", "pr", "true|false").prop_map(joined),
        ("active", "(eq|ne)", "true|false").prop_map(joined),
    ];
    let test = prop_oneof![
        4 => tests_of_patients().prop_map(Part::Test),
        1 => of_organization.prop_map(Part::Chain),
    ];
    test.prop_recursive(3, 6, 2, |part| {
        let two = (part.clone(), part.clone());
        prop_oneof![
            part.prop_map(|part| Part::Not(Box::new(part))),
            two.clone().prop_map(|(a, b)| Part::All(Box::new(a), Box::new(b))),
            two.prop_map(|(a, b)| Part::Any(Box::new(a), Box::new(b))),
        ]
    })
}

prop_compose! {
    fn patient()(
        names in prop::collection::vec(("[abeé]{1,2}( [ab])?|[ab]-[ab]", "[abe]{1,2}"), 0..3),
        gender in prop::option::of("male|female|other"), active in prop::option::of(any::<bool>()),
        birth_date in prop::option::of("195[0-2]|195[0-2]-0[1-3]|195[0-2]-0[1-3]-0[1-3]"),
        identifiers in prop::collection::vec((prop::option::of("urn:[ab]"), "[12]"), 0..3),
        organization in prop::option::of("Organization/[abc]|http://there/Organization/a"),
        languages in prop::collection::vec("fr|nl", 0..3), died in prop::option::of("1952-0[1-3]"), city in prop::option::of("[ab]{1,2}"),
    ) -> Value {
        let mut patient = json!({"resourceType": "Patient"});
        let mut put = |name: &str, value: Value| {
            if !value.is_null() && value.as_array().is_none_or(|items| !items.is_empty()) {
                patient[name] = value;
            }
        };
        put("name", names.iter().map(|(family, given)| json!({"family": family, "given": [given]})).collect());
        put("gender", json!(gender));
        put("active", json!(active));
        put("birthDate", json!(birth_date));
        let identifier = |(system, value): &(Option<String>, String)| match system {
            Some(system) => json!({"system": system, "value": value}),
            None => json!({"value": value}),
        };
        put("identifier", identifiers.iter().map(identifier).collect());
        put("managingOrganization", organization.map_or(Value::Null, |reference| json!({"reference": reference})));
        let language = |code: &String| json!({"language": {"coding": [{"system": "urn:l", "code": code}]}});
        put("communication", languages.iter().map(language).collect());
        put("deceasedDateTime", json!(died));
        put("address", city.map_or(Value::Null, |city| json!([{"city": city}])));
        patient
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_decides_as_the_conditions_do_in_memory() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let mut runner = TestRunner::deterministic();
    let mut resources = vec![
        json!({"resourceType": "Organization", "id": "a", "name": "A", "active": true}),
        json!({"resourceType": "Organization", "id": "b", "name": "b a", "partOf": {"reference": "Organization/a"}}),
        json!({"resourceType": "Organization", "id": "c", "name": "Ca", "active": false}),
    ];
    for number in 0..30 {
        let mut patient = patient().new_tree(&mut runner).unwrap().current();
        patient["id"] = format!("p{number}").into();
        resources.push(patient);
    }
    let entries: Vec<_> = resources.iter().map(builders::update_entry).collect();
    epr.post("", &builders::transaction(&entries)).await.expect(200);
    let all: BTreeMap<Key, Indexed> = resources
        .iter()
        .map(|resource| Indexed::of(resource, &server.base))
        .map(|indexed| (indexed.key, indexed))
        .collect();

    let mut found = 0;
    for _ in 0..250 {
        let part = part().new_tree(&mut runner).unwrap().current();
        let filter = part.text();
        let mut expected: Vec<&str> = resources
            .iter()
            .filter(|resource| resource["resourceType"] == "Patient")
            .filter_map(|resource| resource["id"].as_str())
            .filter(|id| part.holds(&all[&Key::of_resource(ResourceType::PATIENT, id)], &all))
            .collect();
        expected.sort_unstable();
        let answer = epr.post_search("Patient", &[("_filter", &filter), ("_elements", "id")]).await;
        assert_eq!(answer.status, 200, "{filter}: {}", answer.text());
        let mut matches = answer.matches();
        // Those of the demo place are not known here.
        matches.retain(|id| resources.iter().any(|resource| resource["id"] == id.as_str()));
        matches.sort_unstable();
        assert_eq!(matches, expected, "{filter}");
        found += usize::from(!expected.is_empty() && expected.len() < 30);
    }
    assert!(found > 100, "{found} filters tell the patients apart");
}
