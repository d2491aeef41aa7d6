//! Every official search parameter, on HL7's own examples, <https://hl7.org/fhir/R4/searchparameter-registry.html>: a value that
//! the parameter's expression selects in a resource, asked for over HTTP, finds this resource.
//!
//! The folder with the examples' JSON files is named by the variable `FHIR_R4_EXAMPLES`. They are not part of this project.

use std::collections::{BTreeMap, BTreeSet};
use std::{fs, path::PathBuf};

use canonical::{SearchParameter, definitions};
use fhir::{Id, Resource, ResourceType, Value};
use fhirpath::{Context, Expression, Item, Node};
use store::{Change, Commit, Committed, Label, Operation};
use tests::TestServer;

/// How many examples of a type are stored.
const MOST: usize = 40;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the folder of HL7's examples in FHIR_R4_EXAMPLES"]
async fn every_parameter_finds_what_its_expression_selects() {
    let folder = std::env::var("FHIR_R4_EXAMPLES").expect("FHIR_R4_EXAMPLES names the folder");
    let server = TestServer::start().await;
    let (epr, auditor) = (server.caller("epr"), server.caller("auditor"));
    let mut examples = Vec::new();
    for resource in read(PathBuf::from(folder)) {
        // Where the demo place has something of the same id, that stays.
        if write(&server, &resource).await {
            examples.push(resource);
        }
    }
    let mut tried: BTreeMap<String, usize> = BTreeMap::new();
    let mut missed = Vec::new();
    for resource in &examples {
        let resource_type = resource.resource_type();
        let context = Context::of_resource(resource);
        for definition in definitions().search_parameters() {
            let name = format!("{resource_type}.{}", definition.code);
            if !definition.bases.iter().any(|base| base == resource_type.name() || base.ends_with("Resource"))
                || definition.url.contains("/example")
                || definition.code == "_lastUpdated"
                || tried.get(&name).is_some_and(|count| *count >= 3)
            {
                continue;
            }
            for (suffix, value) in queries(definition, resource_type, &context).into_iter().take(2) {
                *tried.entry(name.clone()).or_default() += 1;
                let parameter = format!("{}{suffix}", definition.code);
                let pairs =
                    [(parameter.as_str(), value.as_str()), ("_id", resource.id().unwrap_or_default())];
                let caller = if resource_type.name() == "AuditEvent" { &auditor } else { &epr };
                let answer = caller.search(resource_type.name(), &pairs).await;
                if answer.status != 200 || answer.entries().len() != 1 {
                    missed.push(format!(
                        "{resource_type}/{}?{parameter}={value}: {}",
                        pairs[1].1,
                        answer.text()
                    ));
                }
            }
        }
    }
    let all: BTreeSet<String> = ResourceType::all()
        .flat_map(|resource_type| search::registry().parameters(resource_type))
        .filter(|parameter| parameter.indexed && !parameter.url.contains("/example"))
        .map(|parameter| format!("{parameter:?}"))
        .collect();
    let without: Vec<_> =
        all.iter().filter(|name| !tried.contains_key(*name) && !name.contains("._")).collect();
    println!("{} resources, {} of {} parameters have a value", examples.len(), tried.len(), all.len());
    println!("without a value: {without:?}");
    missed.iter().for_each(|missed| println!("{missed}"));
    assert!(tried.len() > 1000, "{}", tried.len());
    assert!(missed.is_empty(), "{} searches found nothing", missed.len());
}

fn read(folder: PathBuf) -> Vec<Resource> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut seen: BTreeMap<(ResourceType, String), Resource> = BTreeMap::new();
    let mut counts: BTreeMap<ResourceType, usize> = BTreeMap::new();
    for file in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "json")) {
        let value: Option<Value> = serde_json::from_slice(&fs::read(file).unwrap()).ok();
        let Some(resource) = value.and_then(|value| Resource::new(value).ok()) else { continue };
        let count = counts.entry(resource.resource_type()).or_default();
        // Subscriptions are seen by those who made them.
        let is_seen = *count < MOST && resource.resource_type() != ResourceType::SUBSCRIPTION;
        if let Some(id) = resource.id().filter(|_| is_seen) {
            *count += 1;
            seen.insert((resource.resource_type(), id.to_owned()), resource);
        }
    }
    seen.into_values().collect()
}

/// Writes it as it is: some are examples of what is not valid.
async fn write(server: &TestServer, resource: &Resource) -> bool {
    let change = Change {
        resource_type: resource.resource_type(),
        id: Id::parse(resource.id().unwrap()).unwrap(),
        operation: Operation::Create,
        expected: None,
        content: Some(store::Content::of(resource).unwrap()),
        rows: search::index(resource, &server.base, fhir::primitive::date::london()),
        previous_rows: search::IndexRows::default(),
        business_identifiers: Vec::new(),
        previous_business_identifiers: Vec::new(),
        label: Label::default(),
        keepers: Vec::new(),
    };
    let commit = Commit { changes: vec![change], ..Commit::default() };
    let committed = server.running().store.commit(commit).await;
    let committed = committed.unwrap_or_else(|error| panic!("{:?}: {error:?}", resource.key()));
    matches!(committed, Committed::Written(_))
}

/// Modifiers and values that must find the resource.
fn queries(
    definition: &SearchParameter,
    resource_type: ResourceType,
    context: &Context<'_>,
) -> Vec<(String, String)> {
    let Some(text) = &definition.expression else { return Vec::new() };
    let expression = Expression::parse(text).unwrap().for_type(resource_type.name());
    let Ok(items) = expression.evaluate(context) else { return Vec::new() };
    let mut queries = Vec::new();
    for item in &items {
        if definition.kind != "composite" {
            queries.extend(query(&definition.kind, item));
            continue;
        }
        let component = |(url, text): &(String, String)| {
            let of = definitions().search_parameters().iter().find(|candidate| candidate.url == *url)?;
            let expression = Expression::parse(&text.replace("DateTime", "dateTime")).unwrap();
            let context = context.clone().with_focus(item.clone());
            let items = expression.evaluate(&context).ok()?;
            let (suffix, value) = items.iter().find_map(|item| query(&of.kind, item))?;
            suffix.is_empty().then_some(value)
        };
        let parts: Option<Vec<String>> = definition.components.iter().map(component).collect();
        queries.extend(parts.map(|parts| (String::new(), parts.join("$"))));
    }
    queries
}

fn query(kind: &str, item: &Item<'_>) -> Option<(String, String)> {
    let Item::Node(node) = item else {
        return match item {
            Item::Boolean(value) => Some((String::new(), value.to_string())),
            _ => None,
        };
    };
    let node: &Node<'_> = node;
    let value = node.value()?;
    let plain = |text: String| Some((String::new(), text));
    let text = |of: &Value, member: &str| of.get(member).and_then(Value::as_str).map(escaped);
    let token = |of: &Value, member: &str| match (text(of, "system"), text(of, member)) {
        (Some(system), Some(code)) => Some(format!("{system}|{code}")),
        (None, Some(code)) => Some(format!("|{code}")),
        _ => None,
    };
    match (kind, node.type_name()) {
        ("token", "CodeableConcept") => {
            let codings = value.get("coding").and_then(Value::as_array).into_iter().flatten();
            match codings.into_iter().find_map(|coding| token(coding, "code")) {
                Some(token) => plain(token),
                None => Some((":text".to_owned(), text(value, "text")?)),
            }
        }
        ("token", "Identifier") => plain(token(value, "value")?),
        ("token", "ContactPoint") => plain(text(value, "value")?),
        ("token", _) if value.is_object() => plain(token(value, "code")?),
        ("token" | "uri", _) => plain(value.as_str().map_or_else(|| value.to_string(), escaped)),
        ("reference", _) => {
            let reference = value.as_str().or_else(|| value.get("reference")?.as_str());
            match reference.filter(|reference| !reference.starts_with('#')) {
                Some(reference) => plain(escaped(reference)),
                None => Some((":identifier".to_owned(), token(value.get("identifier")?, "value")?)),
            }
        }
        ("date", "Period") => {
            let end = |prefix: &str, member: &str| text(value, member).map(|text| format!("{prefix}{text}"));
            plain(end("ge", "start").or_else(|| end("le", "end"))?)
        }
        ("date", "Timing") => plain(value.get("event")?.get(0)?.as_str()?.to_owned()),
        // One example has words where a date should be.
        ("date", _) => plain(value.as_str().filter(|text| text.starts_with(['1', '2']))?.to_owned()),
        ("string", "HumanName" | "Address") => {
            let members = ["family", "text", "city", "country", "postalCode"];
            plain(members.iter().find_map(|member| text(value, member))?)
        }
        ("string", _) => plain(escaped(value.as_str()?)),
        ("number", _) => plain(value.to_string()),
        ("quantity", "Range") => plain(format!("ge{}", value.get("low")?.get("value")?)),
        ("quantity", "SampledData") => plain(format!("ge{}", value.get("lowerLimit")?)),
        ("quantity", _) => {
            let number = value.get("value")?;
            let number = if value.get("comparator").is_some() { return None } else { number.to_string() };
            plain(match (text(value, "system"), text(value, "code"), text(value, "currency")) {
                (Some(system), Some(code), _) => format!("{number}|{system}|{code}"),
                (_, _, Some(currency)) => format!("{number}|urn:iso:std:iso:4217|{currency}"),
                _ => number,
            })
        }
        _ => None,
    }
}

fn escaped(text: &str) -> String {
    text.chars()
        .flat_map(|c| ['\\', ',', '|', '$'].contains(&c).then_some('\\').into_iter().chain([c]))
        .collect()
}
