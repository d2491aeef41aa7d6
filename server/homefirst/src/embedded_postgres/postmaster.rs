//! What a running Postgres says of itself in `postmaster.pid`,
//! <https://www.postgresql.org/docs/current/storage-file-layout.html>.

use std::fs;
use std::path::{Path, PathBuf};

/// A Postgres that runs on a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Postmaster {
    pub(super) pid: u32,
    pub(super) port: u16,
    /// The folder of its socket.
    pub(super) socket: PathBuf,
    /// Whether it takes connections by now.
    pub(super) is_ready: bool,
}

impl Postmaster {
    /// The Postgres that runs on this cluster, if one does. A file that a dead one left behind does not count.
    pub(super) fn of(cluster: &Path) -> Option<Self> {
        let postmaster = Self::parse(&fs::read_to_string(cluster.join("postmaster.pid")).ok()?)?;
        is_postgres(postmaster.pid).then_some(postmaster)
    }

    fn parse(text: &str) -> Option<Self> {
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        let [pid, _, _, port, socket, rest @ ..] = lines.as_slice() else { return None };
        Some(Self {
            pid: pid.parse().ok()?,
            port: port.parse().ok()?,
            socket: PathBuf::from(socket),
            is_ready: rest.get(2) == Some(&"ready"),
        })
    }
}

/// Removes the locks that a killed Postgres left behind, once its last process is gone from the cluster. They would stand in
/// the way of the next one for as long as the number of the killed process is taken. Returns whether they are gone.
pub(super) fn bury(cluster: &Path, socket: &Path) -> std::io::Result<bool> {
    let mut processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let is_there =
        |process: fs::DirEntry| fs::read_link(process.path().join("cwd")).is_ok_and(|cwd| cwd == cluster);
    if Postmaster::of(cluster).is_some() || processes.any(is_there) {
        return Ok(false);
    }
    for lock in [cluster.join("postmaster.pid"), socket.join(".s.PGSQL.5432.lock")] {
        match fs::remove_file(lock) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(true)
}

/// Whether this process is a Postgres, and not another that has got the number since.
fn is_postgres(pid: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/stat"));
    // `pid (name) state ...`; a zombie has ended.
    status.is_ok_and(|text| text.contains("(postgres) ") && !text.contains("(postgres) Z"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_read() {
        let text = "71\n/data/postgres\n1763720103\n5432\n/data/run\n\n  1000   2\nready   \n";
        let expect = Postmaster { pid: 71, port: 5432, socket: "/data/run".into(), is_ready: true };
        assert_eq!(Postmaster::parse(text), Some(expect));
        assert!(!Postmaster::parse("71\n/d\n17\n5432\n/run\n").unwrap().is_ready);
        assert_eq!(Postmaster::parse("71\n"), None);
        assert!(!is_postgres(1));
    }
}
