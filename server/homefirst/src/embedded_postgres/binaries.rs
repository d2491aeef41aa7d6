//! Finds the programs of Postgres on this machine: on the path, by `pg_config`, and where Debian and Homebrew put them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The oldest version that is used.
const OLDEST: u32 = 14;

/// A folder with `postgres` and `initdb`, and their major version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Binaries {
    pub(super) folder: PathBuf,
    pub(super) major: u32,
}

impl Binaries {
    /// The programs in this folder, when they are there and run.
    pub(super) fn at(folder: &Path) -> Option<Self> {
        // A link on the path would hide where the rest of the installation is.
        let folder = folder.join("postgres").canonicalize().ok()?.parent()?.to_owned();
        if !folder.join("initdb").exists() {
            return None;
        }
        let version = Command::new(folder.join("postgres")).arg("--version").output().ok()?;
        let major = major(std::str::from_utf8(&version.stdout).ok()?)?;
        (major >= OLDEST).then_some(Self { folder, major })
    }

    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// The programs on this machine: of this major version, when data of that version are there already, or else the newest.
pub(super) fn find(major: Option<u32>) -> Option<Binaries> {
    let mut found = candidates().into_iter().filter_map(|folder| Binaries::at(&folder));
    match major {
        Some(major) => found.find(|binaries| binaries.major == major),
        None => found.reduce(|best, other| if other.major > best.major { other } else { best }),
    }
}

fn candidates() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> =
        std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default();
    if let Ok(output) = Command::new("pg_config").arg("--bindir").output() {
        folders.push(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    }
    for parent in ["/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt"] {
        for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
            folders.push(entry.path().join("bin"));
        }
    }
    folders.retain(|folder| folder.join("postgres").exists());
    folders
}

/// The major version in `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`.
fn major(text: &str) -> Option<u32> {
    let number = text.split_once("(PostgreSQL) ")?.1;
    number.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        assert_eq!(major("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"), Some(15));
        assert_eq!(major("postgres (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(major("nonsense"), None);
    }
}
