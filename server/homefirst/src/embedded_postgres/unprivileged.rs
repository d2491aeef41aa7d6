//! The user that Postgres runs as: ourselves, or, when we are root, another one.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

/// Who runs the commands.
#[derive(Clone, Copy, Debug)]
pub(super) enum Unprivileged {
    Ourselves,
    Other { uid: u32, gid: u32 },
}

impl Unprivileged {
    /// Ourselves, unless we are root: then the first of the users `postgres` and `nobody` that exists.
    pub(super) fn find() -> Result<Self> {
        if fs::metadata("/proc/self")?.uid() != 0 {
            return Ok(Self::Ourselves);
        }
        let users = fs::read_to_string("/etc/passwd")?;
        let of = |name: &str| {
            let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
            let mut numbers = line.split(':').skip(2).map_while(|field| field.parse().ok());
            Some(Self::Other { uid: numbers.next()?, gid: numbers.next()? })
        };
        of("postgres").or_else(|| of("nobody")).context(
            "Postgres refuses to run as root, and there is no user 'postgres' or 'nobody' to run it as: add one of them",
        )
    }

    /// A command that this user runs, from a folder that it may enter.
    pub(super) fn command(self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir("/").env_remove("PGDATA").env_remove("PGHOST").env_remove("PGPORT").env("LC_ALL", "C");
        if let Self::Other { uid, gid } = self {
            command.uid(uid).gid(gid);
        }
        command
    }

    /// Gives a file or folder to this user.
    pub(super) fn own(self, path: &Path) -> Result<()> {
        if let Self::Other { uid, gid } = self
            && fs::metadata(path)?.uid() != uid
        {
            chown(path, Some(uid), Some(gid))?;
        }
        Ok(())
    }

    /// Where this user can keep its files: a subfolder of `folder`, or, below a folder that it may not enter (such as the home of
    /// root), one in `/var/tmp` that belongs to this `folder` alone.
    pub(super) fn reachable(self, folder: &Path) -> Result<PathBuf> {
        let inside = folder.join("database");
        if matches!(self, Self::Ourselves) {
            return Ok(inside);
        }
        fs::create_dir_all(&inside)?;
        fs::set_permissions(&inside, fs::Permissions::from_mode(0o700))?;
        self.own(&inside)?;
        let mut test = self.command(Path::new("/bin/sh"));
        test.args(["-c", "cd \"$1\"", "test"]).arg(&inside).stdout(Stdio::null()).stderr(Stdio::null());
        if test.status()?.success() {
            return Ok(inside);
        }
        fs::remove_dir(&inside).ok();
        Ok(Path::new("/var/tmp").join(format!("homefirst-{}", fingerprint(folder))))
    }
}

/// A short name for a path, the same every time.
pub(super) fn fingerprint(path: &Path) -> String {
    uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_URL, path.as_os_str().as_encoded_bytes()).simple().to_string()[..12].to_owned()
}
