//! `cargo xtask definitions`: HL7's R4 definitions as compact tables, and its code systems, value sets and concept maps,
//! <https://hl7.org/fhir/R4/downloads.html>.
//!
//! The output is a function of the package alone: sorted, and compared by content, not by its compressed bytes.
//! Narratives, descriptions, mappings and examples are left behind; HL7's own profiles are a file of their own.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{fs, io};

use anyhow::{Context, Result, bail};
use canonical::element_definition::{ElementDefinition, StructureDefinition, type_name};
use canonical::tables::{ElementRow, StructureRow, Tables};
use canonical::terminology::Terminology;
use canonical::{Compartment, Constraint, Kind, SearchParameter, Strength};

mod constraints;
pub mod package;
mod terms;

const OUTPUT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../canonical/data/r4.json.zst");
const TERMINOLOGY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../canonical/data/terminology.json.zst");
const PROFILES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../canonical/data/hl7-profiles.json.zst");
const COMPRESSION_LEVEL: i32 = 19;

#[derive(clap::Args)]
pub struct Arguments {
    /// The unpacked npm package; without it, the npm client is asked for it.
    #[arg(long, value_name = "DIR")]
    package: Option<PathBuf>,
    /// Write nothing; fail if the tables are not what the package makes of them.
    #[arg(long)]
    check: bool,
}

/// Makes the tables and writes or checks them; says on standard output how many there are and what could not be expanded.
pub fn run(arguments: &Arguments) -> Result<()> {
    let all = |folder: &Path| Ok((tables(folder)?, terms::array(folder)?, constraints::array(folder)?));
    let (tables, terminology, profiles) = match &arguments.package {
        Some(folder) => all(folder)?,
        None => package::with_downloaded(all)?,
    };
    let json = serde_json::to_vec(&tables)?;
    let files =
        [(OUTPUT, json.as_slice()), (TERMINOLOGY, terminology.as_bytes()), (PROFILES, profiles.as_bytes())];
    for (output, json) in files {
        if !arguments.check {
            fs::write(output, zstd::encode_all(json, COMPRESSION_LEVEL)?)?;
        } else if zstd::decode_all(fs::File::open(output)?)? != json {
            bail!("{output} is not what the package makes of it: run `cargo xtask definitions`");
        }
    }
    println!(
        "{} structures, {} search parameters, {} compartments, {} value sets; {}, {} and {} bytes of JSON",
        tables.structures.len(),
        tables.search_parameters.len(),
        tables.compartments.len(),
        tables.value_sets.len(),
        json.len(),
        terminology.len(),
        profiles.len(),
    );
    Ok(())
}

fn tables(folder: &Path) -> Result<Tables> {
    let mut profiles = Profiles::new();
    each(folder, "StructureDefinition", |text| {
        profiles.extend(constraints_of_profile(serde_json::from_str(text)?));
        Ok(())
    })?;
    let mut structures = Vec::new();
    each(folder, "StructureDefinition", |text| {
        structures.extend(structure(serde_json::from_str(text)?, &profiles)?);
        Ok(())
    })?;
    structures.sort_by(|a, b| a.name.cmp(&b.name));

    let mut search_parameters = Vec::new();
    each(folder, "SearchParameter", |text| {
        search_parameters.extend(Some(SearchParameter::read(text)?).filter(is_official));
        Ok(())
    })?;
    search_parameters.sort_by(|a, b| a.url.cmp(&b.url));

    let mut compartments = BTreeMap::new();
    each(folder, "CompartmentDefinition", |text| {
        let example = serde_json::from_str::<Head>(text)?.id == "example";
        compartments.extend(Some(Compartment::read(text)?).filter(|_| !example));
        Ok(())
    })?;

    let value_sets = value_sets(folder, &structures)?;
    Ok(Tables { structures, search_parameters, compartments, value_sets })
}

#[derive(serde::Deserialize)]
struct Head {
    id: String,
}

/// Calls `read` with the text of each resource of this type, in the order of their file names.
fn each(folder: &Path, resource_type: &str, mut read: impl FnMut(&str) -> Result<()>) -> Result<()> {
    let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    paths.retain(|path| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.ends_with(".json") && name.strip_prefix(resource_type).is_some_and(|rest| rest.starts_with('-'))
    });
    paths.sort_unstable();
    if paths.is_empty() {
        bail!("{} holds no {resource_type}", folder.display());
    }
    for path in paths {
        let text = fs::read_to_string(&path)?;
        read(&text).with_context(|| path.display().to_string())?;
    }
    Ok(())
}

/// By canonical url, what HL7's profiles of data types state on the whole.
type Profiles = BTreeMap<String, Vec<Constraint>>;

/// The invariants of a profile that elements of R4 name as their type, such as SimpleQuantity.
fn constraints_of_profile(
    definition: StructureDefinition<ElementDefinition>,
) -> Option<(String, Vec<Constraint>)> {
    let is_profile = definition.derivation.as_deref() == Some("constraint");
    let root = definition.snapshot?.element.into_iter().next()?;
    let constraints = own_constraints(&root, &definition.url);
    (is_profile && definition.kind == "complex-type").then_some((definition.url, constraints))
}

/// A resource type or data type; `None` for profiles and for logical models, which no resource is an instance of.
fn structure(
    definition: StructureDefinition<ElementDefinition>,
    profiles: &Profiles,
) -> Result<Option<StructureRow>> {
    let kind = match definition.kind.as_str() {
        _ if definition.derivation.as_deref() == Some("constraint") => return Ok(None),
        "resource" => Kind::Resource,
        "complex-type" => Kind::ComplexType,
        "primitive-type" => Kind::PrimitiveType,
        _ => return Ok(None),
    };
    let name = definition.type_name;
    let elements = definition.snapshot.with_context(|| format!("{name} has no snapshot"))?.element;
    let (root, below) = elements.split_first().with_context(|| format!("{name} has no elements"))?;
    let mut row = StructureRow {
        kind,
        is_abstract: definition.is_abstract,
        base: definition.base_definition.as_deref().map(|url| type_name(url).to_owned()),
        regex: None,
        constraints: own_constraints(root, &definition.url),
        elements: Vec::new(),
        url: definition.url,
        name,
    };
    if kind == Kind::PrimitiveType {
        row.regex = below.iter().find_map(ElementDefinition::regex).map(str::to_owned);
    } else {
        let is_resource = kind == Kind::Resource;
        row.elements = below.iter().map(|e| element(e, is_resource, &row.url, profiles)).collect();
    }
    Ok(Some(row))
}

fn element(definition: &ElementDefinition, is_resource: bool, url: &str, profiles: &Profiles) -> ElementRow {
    let mut constraints = own_constraints(definition, url);
    constraints.extend(definition.type_profiles().filter_map(|url| profiles.get(url)).flatten().cloned());
    ElementRow {
        path: definition.path.clone(),
        min: definition.min,
        max: definition.max(),
        types: definition.element_types(is_resource),
        content_reference: definition
            .content_reference
            .as_ref()
            .map(|r| r.trim_start_matches('#').to_owned()),
        binding: definition.binding(),
        is_modifier: definition.is_modifier,
        is_summary: definition.is_summary,
        constraints,
    }
}

/// Those that the definition with this url states itself: a snapshot repeats those of its types, with their source.
fn own_constraints(definition: &ElementDefinition, url: &str) -> Vec<Constraint> {
    let own = definition.constraint.iter().filter(|c| c.source.as_deref().is_none_or(|source| source == url));
    own.map(|c| c.constraint.clone()).collect()
}

/// The package also holds examples, and parameters for extensions that nothing can be searched by: without a base, or
/// without an expression where it is not the specification's text that says what they do.
fn is_official(parameter: &SearchParameter) -> bool {
    let example = type_name(&parameter.url).starts_with("example");
    let for_all = parameter.bases.iter().any(|base| base == "Resource" || base == "DomainResource");
    !example && !parameter.bases.is_empty() && (for_all || parameter.expression.is_some())
}

/// The codes of every value set that an element is bound to with `required` strength.
fn value_sets(
    folder: &Path,
    structures: &[StructureRow],
) -> Result<BTreeMap<String, canonical::tables::Codes>> {
    let mut terminology = Terminology::default();
    each(folder, "CodeSystem", |text| {
        terminology.add_code_system(serde_json::from_str(text)?);
        Ok(())
    })?;
    each(folder, "ValueSet", |text| {
        terminology.add_value_set(serde_json::from_str(text)?);
        Ok(())
    })?;
    let bindings = structures.iter().flat_map(|s| &s.elements).filter_map(|element| element.binding.as_ref());
    let required = bindings.filter(|binding| binding.strength == Strength::Required);
    let urls: BTreeSet<&str> = required.map(|b| canonical::without_version(&b.value_set)).collect();
    let mut expanded = BTreeMap::new();
    for url in urls {
        match terminology.codes(url) {
            Ok(codes) => {
                expanded.insert(url.to_owned(), codes);
            }
            Err(why) => println!("not expanded: {url}: {why}"),
        }
    }
    Ok(expanded)
}

#[cfg(test)]
mod tests;
