//! SUSHI, the compiler of FSH, <https://fshschool.org/docs/sushi/>, through the ordinary npm client and without a FHIR registry.
//!
//! It looks for FHIR packages below the home folder. It is given one of its own in `target/`, with R4's definitions from npm,
//! so that the result does not depend on what a developer's home holds, nor on a network once it is there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::json;

use super::Files;
use crate::definitions::package;

const VERSION: &str = "3.21.0";
const WORK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/profiles");
/// The types of R4 that profiles are made of.
const NEEDED: [&str; 3] = ["StructureDefinition-", "ValueSet-", "CodeSystem-"];
/// Nobody listens here: SUSHI would otherwise fetch the newest versions of packages that it finds useful.
const NO_REGISTRY: &str = "http://127.0.0.1:9";

/// The resources that SUSHI makes of the sources in this folder, with snapshots.
pub fn build(sources: &Path) -> Result<Files> {
    if Command::new("npm").arg("--version").output().is_err() {
        bail!("npm is needed to build the profiles and was not found: install Node.js");
    }
    let sushi = install()?;
    let home = home()?;
    let out = Path::new(WORK).join("out");
    if out.exists() {
        fs::remove_dir_all(&out)?;
    }
    fs::create_dir_all(&out)?;
    let mut command = Command::new(sushi);
    command.args(["build", "--snapshot", "--log-level", "warn", "--out"]).arg(&out).arg(sources);
    run(command.env("HOME", home).env("FPL_REGISTRY", NO_REGISTRY))?;
    super::read(&out.join("fsh-generated/resources"))
}

/// The program, installed when it is not there.
fn install() -> Result<PathBuf> {
    let folder = Path::new(WORK).join(format!("sushi-{VERSION}"));
    let program = folder.join("node_modules/.bin/sushi");
    if !program.exists() {
        fs::create_dir_all(&folder)?;
        let mut command = Command::new("npm");
        command.args(["install", "--no-audit", "--no-fund", "--no-save", "--prefix"]).arg(&folder);
        run(command.arg(format!("fsh-sushi@{VERSION}")))?;
    }
    Ok(program)
}

/// A home folder with R4's definitions as a FHIR package, made when it is not there.
fn home() -> Result<PathBuf> {
    let home = Path::new(WORK).join("home");
    let packages = home.join(".fhir/packages");
    let package = packages.join("hl7.fhir.r4.core#4.0.1");
    if !package.exists() {
        let unfinished = packages.join("unfinished");
        if unfinished.exists() {
            fs::remove_dir_all(&unfinished)?;
        }
        fs::create_dir_all(unfinished.join("package"))?;
        package::with_downloaded(|definitions| fill(&unfinished.join("package"), definitions))?;
        fs::rename(unfinished, package)?;
    }
    Ok(home)
}

fn fill(package: &Path, definitions: &Path) -> Result<()> {
    for entry in fs::read_dir(definitions)? {
        let entry = entry?;
        let name = entry.file_name();
        if NEEDED.iter().any(|prefix| name.to_string_lossy().starts_with(prefix)) {
            fs::copy(entry.path(), package.join(name))?;
        }
    }
    let manifest = json!({
        "name": "hl7.fhir.r4.core",
        "version": "4.0.1",
        "canonical": "http://hl7.org/fhir",
        "fhirVersions": ["4.0.1"],
        "type": "fhir.core",
    });
    fs::write(package.join("package.json"), manifest.to_string())?;
    Ok(())
}

/// Runs a command; what it said is told only when it fails.
fn run(command: &mut Command) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| format!("cannot run {program}"))?;
    if !output.status.success() {
        let (said, complained) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        bail!("{program} failed:\n{said}{complained}");
    }
    Ok(())
}
