//! Loads the cases, from the binary or from a folder of `<feature>/*.yaml`, and unfolds their rows.
//!
//! A case with `rows` becomes one case a row: `$(column)` stands for the row's value everywhere in it, and the column `row` is added
//! to its id.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Map, Value};

use super::case::{Case, File};
use super::expect::is_status;

const EMBEDDED: &[(&str, &str, &str)] = include!(concat!(env!("OUT_DIR"), "/cases.rs"));

/// The cases of one file.
#[derive(Clone, Debug)]
pub struct Group {
    /// Feature and file name.
    pub name: String,
    /// What is given to all of its cases.
    pub given: Map<String, Value>,
    /// Statuses by which a server may refuse that.
    pub may_refuse: Option<Value>,
    /// Its cases, in order, with their full ids.
    pub cases: Vec<Case>,
}

/// The cases that are part of this program.
pub fn embedded() -> Result<Vec<Group>> {
    let files = EMBEDDED.iter();
    unique(files.map(|(feature, file, text)| read(feature, file, text)).collect::<Result<_>>()?)
}

/// The cases in a folder.
pub fn from_folder(folder: &Path) -> Result<Vec<Group>> {
    let mut groups = Vec::new();
    for feature in sorted(folder)?.into_iter().filter(|path| path.is_dir()) {
        for file in sorted(&feature)? {
            let text = std::fs::read_to_string(&file).with_context(|| format!("{}", file.display()))?;
            groups.push(read(&name(&feature), &name(&file), &text)?);
        }
    }
    ensure!(!groups.is_empty(), "{} has no <feature>/*.yaml", folder.display());
    unique(groups)
}

/// Reads one file of cases.
pub fn read(feature: &str, file: &str, text: &str) -> Result<Group> {
    let name = format!("{feature}/{file}");
    let options = serde_saphyr::options! { strict_booleans: true };
    let parsed: Value =
        serde_saphyr::from_str_with_options(text, options).with_context(|| format!("cases/{name}"))?;
    let parsed: File = serde_json::from_value(parsed).with_context(|| format!("cases/{name}"))?;
    if let Some(statuses) = &parsed.may_refuse {
        is_status(statuses, 400).with_context(|| format!("cases/{name}: may_refuse"))?;
    }
    let mut cases = Vec::new();
    for case in &parsed.cases {
        let id = case["id"].as_str().unwrap_or("a case without id");
        let unfolded = unfold(case).with_context(|| format!("cases/{name}: {id}"))?;
        for case in unfolded {
            let mut case: Case =
                serde_json::from_value(case).with_context(|| format!("cases/{name}: {id}"))?;
            case.check().with_context(|| format!("cases/{name}: {}", case.id))?;
            case.id = format!("{feature}/{}", case.id);
            cases.push(case);
        }
    }
    Ok(Group { name, given: parsed.given, may_refuse: parsed.may_refuse, cases })
}

fn unfold(case: &Value) -> Result<Vec<Value>> {
    let mut case = case.clone();
    let Some(rows) = case.as_object_mut().and_then(|members| members.shift_remove("rows")) else {
        return Ok(vec![case]);
    };
    let rows: Vec<Map<String, Value>> = serde_json::from_value(rows).context("rows")?;
    ensure!(!rows.is_empty(), "there are no rows");
    rows.iter().map(|row| unfold_row(&case, row)).collect()
}

fn unfold_row(case: &Value, row: &Map<String, Value>) -> Result<Value> {
    let name = row.get("row").and_then(Value::as_str).context("a row has no name in its column 'row'")?;
    let mut case = filled(case, row);
    let id = case["id"].as_str().unwrap_or_default().to_owned();
    case["id"] = Value::from(format!("{id}-{name}"));
    Ok(case)
}

/// The tree with the columns of a row filled in, and other variables left for later.
fn filled(tree: &Value, row: &Map<String, Value>) -> Value {
    match tree {
        Value::String(text) => {
            let whole = text.strip_prefix("$(").and_then(|rest| rest.strip_suffix(')'));
            match whole.and_then(|name| row.get(name)) {
                Some(value) => value.clone(),
                None => Value::String(filled_text(text, row)),
            }
        }
        Value::Array(items) => items.iter().map(|item| filled(item, row)).collect(),
        Value::Object(members) => Value::Object(
            members.iter().map(|(name, value)| (filled_text(name, row), filled(value, row))).collect(),
        ),
        other => other.clone(),
    }
}

fn filled_text(text: &str, row: &Map<String, Value>) -> String {
    row.iter().fold(text.to_owned(), |text, (name, value)| {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        text.replace(&format!("$({name})"), &value)
    })
}

fn unique(groups: Vec<Group>) -> Result<Vec<Group>> {
    let mut seen = BTreeSet::new();
    for case in groups.iter().flat_map(|group| &group.cases) {
        ensure!(seen.insert(&case.id), "two cases have the id {}", case.id);
    }
    Ok(groups)
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn sorted(folder: &Path) -> Result<Vec<std::path::PathBuf>> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("{}", folder.display()))?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "cases:\n- id: a\n  title: t\n  level: SHALL\n  requirement: 1\n";

    #[test]
    fn everything_embedded_can_be_read() {
        let cases: usize = embedded().unwrap().iter().map(|group| group.cases.len()).sum();
        assert!(cases > 0);
    }

    #[test]
    fn a_row_is_a_case() {
        let text = format!(
            "{HEAD}  rows:\n  - {{row: x, query: q1, found: [b, c]}}\n  - {{row: y, query: q2, found: []}}\n  \
             steps:\n  - request: GET Patient?a=$(query)&b=$(run)\n    expect: {{matches: $(found)}}\n"
        );
        let group = read("search", "x.yaml", &text).unwrap();
        let ids: Vec<_> = group.cases.iter().map(|case| case.id.as_str()).collect();
        assert_eq!(ids, ["search/a-x", "search/a-y"]);
        let step = &group.cases[0].steps[0];
        assert_eq!(step["request"], "GET Patient?a=q1&b=$(run)");
        assert_eq!(step["expect"]["matches"], serde_json::json!(["b", "c"]));
    }

    #[test]
    fn a_mistake_is_told_with_its_place() {
        for (text, part) in [
            (format!("{HEAD}  steps: []\n"), "no steps"),
            (format!("{HEAD}  steps: [{{request: get x}}]\n"), "method"),
            (format!("{HEAD}  steps: [{{request: GET x, expect: {{state: 200}}}}]\n"), "state"),
            (format!("{HEAD}  steps: [{{request: GET x, expect: {{status: 20}}}}]\n"), "no status"),
            (format!("{HEAD}  steps: [{{request: GET x, expect: {{body: {{'a b': 1}}}}}}]\n"), "path"),
            (format!("{HEAD}  steps: [{{race: [GET x], request: GET y}}]\n"), "one of"),
            (format!("{HEAD}  rows: [{{a: 1}}]\n  steps: [{{request: GET x}}]\n"), "row"),
            ("cases: [{id: a}]".to_owned(), "title"),
        ] {
            let error = format!("{:#}", read("search", "x.yaml", &text).unwrap_err());
            assert!(error.contains("cases/search/x.yaml") && error.contains(part), "{error}");
        }
    }
}
