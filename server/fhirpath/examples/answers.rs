//! What our FHIRPath answers to the project's own expressions on the JSON files in these folders, for another implementation to
//! compare: a line of JSON for each, with the file, the expression and its items. Invariants of elements become expressions on
//! the resource; elements are printed as their JSON, so that every number keeps its digits. Large files are left out.
//! `cargo run -p fhirpath --example answers -- FOLDER…`

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    env, fs,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use canonical::{Constraint, Kind, ScopeId, definitions};
use fhir::Resource;
use fhirpath::{Context, Expression, Item, Node};
use serde_json::{Value, json};

const MOST_BYTES: u64 = 100_000;

/// The most files of one type, those of the first folders first.
const MOST_OF_A_TYPE: usize = 40;

/// The type of every element, which tells too which types of data the resource has. R4 says of an id both that it is a System
/// String and that it is an id; the other implementation loses the types of extensions of primitives, and so of their urls.
const TYPES: &str = "descendants().select(iif(type().name in ('String' | 'string' | 'id' | 'uri'), 'string', \
                     iif(type().name = 'Object', 'Extension', type().name)))";

fn main() -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    let asked = Asked::of_definitions();
    let mut compiled = HashMap::new();
    let mut by_type: BTreeMap<&str, Vec<(String, Resource)>> = BTreeMap::new();
    for path in env::args_os().skip(1).flat_map(|folder| files(Path::new(&folder))) {
        let Ok(value) = fhir::json::parse(&fs::read(&path)?) else { continue };
        let Ok(resource) = Resource::new(value) else { continue };
        let of_type = by_type.entry(resource.resource_type().name()).or_default();
        if of_type.len() < MOST_OF_A_TYPE {
            of_type.push((path.display().to_string(), resource));
        }
    }
    for (resource_type, resources) in &by_type {
        for (path, resource) in resources {
            let context = Context::of_resource(resource);
            let types = answer(&mut compiled, TYPES, &context);
            let found: HashSet<&str> =
                types["items"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            writeln!(out, "{}", line(path, None, TYPES, &types))?;
            for (of, text) in &asked.expressions {
                if of == resource_type || of == "Resource" || found.contains(&**of) {
                    let answered = answer(&mut compiled, text, &context);
                    writeln!(out, "{}", line(path, None, text, &answered))?;
                }
            }
        }
        // What one example was before, and the next one is now.
        let before = std::iter::once(None).chain(resources.iter().map(Some));
        let now = resources.iter().map(Some).chain([None]);
        for (previous, current) in before.zip(now) {
            let context = Context::of_nothing()
                .with_variable("previous", version(previous))
                .with_variable("current", version(current));
            let name = |version: Option<&(String, Resource)>| version.map_or("", |(path, _)| path).to_owned();
            for (_, text) in asked.criteria.iter().filter(|(of, _)| of == resource_type) {
                let answered = answer(&mut compiled, text, &context);
                writeln!(out, "{}", line(&name(current), Some(&name(previous)), text, &answered))?;
            }
        }
    }
    Ok(())
}

/// The expressions, each with the type that it is asked of.
struct Asked {
    expressions: Vec<(String, String)>,
    criteria: Vec<(String, String)>,
}

impl Asked {
    fn of_definitions() -> Self {
        let mut asked = Self { expressions: Vec::new(), criteria: Vec::new() };
        for structure in definitions().structures() {
            asked.invariants(&structure.name, &structure.name, &structure.constraints);
            asked.below(structure.scope, &mut HashSet::new());
        }
        for element in definitions().profiles().iter().flat_map(|profile| &profile.elements) {
            let first = element.path.split('.').next().unwrap_or_default();
            asked.invariants(first, &element.path, &element.constraints);
        }
        for parameter in definitions().search_parameters() {
            let Some(expression) = &parameter.expression else { continue };
            for base in &parameter.bases {
                asked.ask(base, expression.clone());
                for (_, component) in &parameter.components {
                    asked.ask(base, format!("({expression}).select({component})"));
                }
            }
        }
        for trigger in
            definitions().topics().iter().flat_map(|topic| topic["resourceTrigger"].as_array()).flatten()
        {
            let of = trigger["resource"].as_str().and_then(|url| url.rsplit('/').next()).unwrap_or_default();
            let criteria = &trigger["fhirPathCriteria"];
            let several = criteria.as_array().into_iter().flatten();
            for text in several.chain([criteria]).filter_map(Value::as_str) {
                asked.criteria.push((of.to_owned(), text.to_owned()));
            }
        }
        let mut seen = HashSet::new();
        asked.expressions.retain(|pair| seen.insert(pair.clone()));
        asked
    }

    /// The same for the elements in this scope, and below them; a scope that refers to itself is looked at once.
    fn below(&mut self, scope: Option<ScopeId>, seen: &mut HashSet<ScopeId>) {
        let Some(scope) = scope.filter(|scope| seen.insert(*scope)) else { return };
        for element in definitions().children(scope) {
            let first = element.path.split('.').next().unwrap_or_default();
            self.invariants(first, &element.path, &element.constraints);
            let child = definitions().child(scope, &element.name);
            self.below(child.and_then(|child| child.scope), seen);
        }
    }

    /// Asks the invariants of the elements with this path of this type.
    fn invariants(&mut self, of: &str, path: &str, constraints: &[Constraint]) {
        let rest = path.strip_prefix(of).unwrap_or_default().replace("[x]", "").replace(".div", ".`div`");
        for text in constraints.iter().filter_map(|constraint| constraint.expression.as_ref()) {
            let is_resource =
                definitions().structure(of).is_some_and(|structure| structure.kind == Kind::Resource);
            match (of, &*rest) {
                ("Element", _) => {
                    self.ask("Resource", format!("descendants().where(($this is xhtml).not()).all({text})"));
                }
                ("Extension", _) => {
                    self.ask(of, format!("extension.combine(descendants().extension){rest}.select({text})"));
                }
                ("Resource" | "DomainResource", _) => self.ask("Resource", text.clone()),
                (_, "") if is_resource => self.ask(of, text.clone()),
                _ if is_resource => self.ask(of, format!("{of}{rest}.select({text})")),
                _ => self.ask(of, format!("descendants().where($this is {of}){rest}.select({text})")),
            }
        }
    }

    fn ask(&mut self, of: &str, text: String) {
        let of = if of == "DomainResource" { "Resource" } else { of };
        self.expressions.push((of.to_owned(), text));
    }
}

fn answer(
    compiled: &mut HashMap<String, Result<Expression, String>>,
    text: &str,
    context: &Context<'_>,
) -> Value {
    let expression = compiled
        .entry(text.to_owned())
        .or_insert_with(|| Expression::parse(text).map_err(|error| error.to_string()));
    match expression {
        Ok(expression) => match expression.evaluate(&context.clone()) {
            Ok(items) => json!({"items": items.iter().filter_map(neutral).collect::<Vec<_>>()}),
            Err(error) => json!({"error": error.to_string()}),
        },
        Err(error) => json!({"error": error}),
    }
}

/// An item as JSON: an element as it stands, a value as its literal; nothing for an element that has extensions only.
fn neutral(item: &Item<'_>) -> Option<Value> {
    Some(match item {
        Item::Node(node) => return node.value().cloned(),
        Item::Boolean(value) => json!(value),
        Item::Integer(value) => json!(value),
        Item::Decimal(value) => serde_json::from_str(&value.to_string()).unwrap_or_default(),
        Item::String(value) => json!(value.to_string()),
        Item::Date(value) => json!(value.to_string()),
        Item::DateTime(value) => json!(value.to_string()),
        Item::Time(value) => json!(value.to_string()),
        Item::Quantity(value) => json!(value.to_string()),
        Item::Type(namespace, name) => json!(format!("{namespace}.{name}")),
    })
}

fn line(file: &str, previous: Option<&str>, expression: &str, answered: &Value) -> Value {
    let mut line = json!({"file": file, "expression": expression, "answer": answered});
    if let Some(previous) = previous {
        line["previous"] = json!(previous);
    }
    line
}

fn version(of: Option<&(String, Resource)>) -> Vec<Item<'_>> {
    of.map(|(_, resource)| Item::Node(Node::resource(resource))).into_iter().collect()
}

/// The JSON files of a folder that are not too large, in the order of their names; none where there is no such folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let small = |path: &PathBuf| path.metadata().is_ok_and(|metadata| metadata.len() <= MOST_BYTES);
    let mut files: Vec<_> = entries
        .filter(|path| path.extension().is_some_and(|extension| extension == "json") && small(path))
        .collect();
    files.sort();
    files
}
