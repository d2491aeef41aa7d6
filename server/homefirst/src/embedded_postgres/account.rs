//! Under whose account Postgres runs: it refuses to run as root, so root lends it one that can do nothing else.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

/// A user of this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Account {
    uid: u32,
    gid: u32,
    /// Whether this process has to change to it.
    is_other: bool,
}

impl Account {
    /// The account for Postgres: this process's own, or `postgres` or `nobody` when that is root's.
    pub(super) fn for_postgres() -> Result<Self> {
        let own = fs::metadata("/proc/self").or_else(|_| fs::metadata("."))?;
        if own.uid() != 0 {
            return Ok(Self { uid: own.uid(), gid: own.gid(), is_other: false });
        }
        let accounts = fs::read_to_string("/etc/passwd").context("reading the accounts of this machine")?;
        ["postgres", "nobody"]
            .into_iter()
            .find_map(|name| find(&accounts, name))
            .context("Postgres does not run as root, and there is no account 'postgres' or 'nobody' that it could use.")
    }

    /// The command, run under this account in a process group of its own, so that a Ctrl-C meant for us is not for it too.
    pub(super) fn command(self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        use std::os::unix::process::CommandExt;
        let mut command = Command::new(program);
        command.process_group(0).current_dir("/").env("LC_ALL", "C");
        for name in ["PGDATA", "PGHOST", "PGPORT", "PGUSER"] {
            command.env_remove(name);
        }
        if self.is_other {
            command.uid(self.uid).gid(self.gid).env("HOME", "/tmp");
        }
        command
    }

    /// A folder that this account alone may enter.
    pub(super) fn make_folder(self, folder: &Path) -> Result<()> {
        use std::os::unix::fs::PermissionsExt;
        fs::create_dir_all(folder).with_context(|| format!("making the folder {}", folder.display()))?;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
        if self.is_other {
            std::os::unix::fs::chown(folder, Some(self.uid), Some(self.gid))?;
        }
        Ok(())
    }

    /// Whether this account can get to what is in this folder. Folders that do not exist yet do not count.
    pub(super) fn can_enter(self, folder: &Path) -> bool {
        folder.ancestors().filter_map(|folder| fs::metadata(folder).ok()).all(|folder| {
            let needed = match (folder.uid() == self.uid, folder.gid() == self.gid) {
                (true, _) => 0o100,
                (false, true) => 0o010,
                (false, false) => 0o001,
            };
            folder.mode() & needed != 0
        })
    }
}

/// The account of this name in the text of `/etc/passwd`.
fn find(accounts: &str, name: &str) -> Option<Account> {
    accounts.lines().find_map(|line| {
        let fields: Vec<&str> = line.split(':').collect();
        let [known, _, uid, gid, ..] = fields.as_slice() else { return None };
        let account = Account { uid: uid.parse().ok()?, gid: gid.parse().ok()?, is_other: true };
        (*known == name).then_some(account)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_found_by_name() {
        let accounts = "root:x:0:0:root:/root:/bin/sh\n#x\nnobody:x:65534:65534::/:/bin/false\n";
        assert_eq!(find(accounts, "nobody"), Some(Account { uid: 65534, gid: 65534, is_other: true }));
        assert_eq!(find(accounts, "postgres"), None);
    }
}
