//! A Postgres of our own, for development and tests: found on this machine or fetched, run privately on a socket, under an
//! account that is not root.
//!
//! One that an earlier process left running, because it was killed, is used again. Nothing here is for production.

mod account;
mod binaries;
mod fetch;
mod memory;
mod postmaster;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use account::Account;
use binaries::Binaries;
use postmaster::Postmaster;
use uuid::Uuid;

/// The longest path of a folder that can hold a socket: the system allows 107 bytes for the socket's own path.
const MAX_SOCKET_FOLDER: usize = 107 - "/.s.PGSQL.5432".len();
/// How long Postgres may take to start, recovery after a crash included.
const START: Duration = Duration::from_secs(120);

/// How its data are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// On disk, safely.
    Data,
    /// On disk, safely, but in a temporary folder that is removed when this process ends, however it ends.
    UntilTheEnd,
    /// In such a temporary folder too, and nothing waits for the disk.
    Nothing,
}

/// A running Postgres.
#[derive(Debug)]
pub struct EmbeddedPostgres {
    url: String,
    cluster: PathBuf,
    account: Account,
    /// What it was started with; `None` when another process started it.
    started: Option<Started>,
    /// Removes what is not kept as soon as its standard input ends, which it does when this process is gone.
    undertaker: Option<Child>,
    /// Held while this process uses the cluster. `None` when another process does, which will also stop it.
    lock: Option<File>,
}

/// A Postgres that this process started.
#[derive(Debug)]
struct Started {
    binaries: Binaries,
    socket: PathBuf,
    log: PathBuf,
    keep: Keep,
    child: Child,
}

/// Starts a Postgres whose data are in this folder, or finds the one that runs there. Blocks for as long as that takes.
///
/// # Errors
/// In one sentence, what to install, when there is none and none can be fetched.
pub fn start(folder: &Path, keep: Keep) -> Result<EmbeddedPostgres> {
    let account = Account::for_postgres()?;
    let place = place(folder, keep, account)?;
    account.make_folder(&place)?;
    let cluster = place.join("postgres");
    let lock = lock(&place)?;
    if let Some(postmaster) = settled(&cluster)? {
        let url = url(&postmaster.socket, postmaster.port);
        return Ok(EmbeddedPostgres { url, cluster, account, started: None, undertaker: None, lock });
    }
    let version =
        fs::read_to_string(cluster.join("PG_VERSION")).ok().and_then(|text| text.trim().parse().ok());
    let binaries = match binaries::find(version) {
        Some(binaries) => binaries,
        None => fetch::fetch(&place)?,
    };
    if let Some(version) = version.filter(|version| *version != binaries.major) {
        let found = binaries.major;
        bail!(
            "The data in {} are of Postgres {version}, and here is {found}. Start anew with --reset.",
            cluster.display()
        );
    }
    let socket = socket_folder(&place);
    clear(&cluster, &socket)?;
    if version.is_none() {
        initialise(&binaries, account, &cluster, keep)?;
    }
    account.make_folder(&socket)?;
    let log = place.join("postgres.log");
    let mut child = spawn(&binaries, account, &cluster, &socket, &log, keep)?;
    let undertaker = match keep {
        Keep::Data => None,
        Keep::UntilTheEnd | Keep::Nothing => Some(undertaker(account, &place, &socket)?),
    };
    wait(&mut child, &cluster, &log)?;
    let url = url(&socket, 5432);
    let started = Some(Started { binaries, socket, log, keep, child });
    Ok(EmbeddedPostgres { url, cluster, account, started, undertaker, lock })
}

/// Removes the data in this folder, after stopping the Postgres that runs on them.
pub fn reset(folder: &Path) -> Result<()> {
    let account = Account::for_postgres()?;
    let place = place(folder, Keep::Data, account)?;
    let cluster = place.join("postgres");
    let _lock = lock(&place)?.context("Another server is running on these data. Stop it first.")?;
    if let Some(postmaster) = Postmaster::of(&cluster) {
        stop_process(account, &cluster, postmaster.pid)?;
    }
    if cluster.exists() {
        fs::remove_dir_all(&cluster)?;
    }
    Ok(())
}

impl EmbeddedPostgres {
    /// Its connection string.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The folder with its programs (`postgres`, `initdb`), when this process started it.
    #[must_use]
    pub fn programs(&self) -> Option<&Path> {
        self.started.as_ref().map(|started| started.binaries.folder.as_path())
    }

    /// Stops it as a crash would, without a word to its clients and without writing down what is in memory, and starts it
    /// again: what was committed comes back from the log. Blocks until it takes connections. For tests of such crashes.
    ///
    /// # Errors
    /// When another process started it, or it does not come back.
    pub fn crash(&mut self) -> Result<()> {
        let started = self.started.as_mut().context("Another process started this Postgres.")?;
        // Its immediate shutdown, `pg_ctl stop -m immediate`.
        self.account.command("kill").args(["-QUIT", &started.child.id().to_string()]).output()?;
        started.child.wait()?;
        let Started { binaries, socket, log, keep, .. } = &*started;
        started.child = spawn(binaries, self.account, &self.cluster, socket, log, *keep)?;
        wait(&mut started.child, &self.cluster, &started.log)
    }

    /// Starts it again when it has ended without being asked to. Returns whether it had.
    ///
    /// # Errors
    /// When it does not come back.
    pub fn revive(&mut self) -> Result<bool> {
        let Some(started) = self.started.as_mut() else { return Ok(false) };
        if started.child.try_wait()?.is_none() {
            return Ok(false);
        }
        clear(&self.cluster, &started.socket)?;
        let Started { binaries, socket, log, keep, .. } = &*started;
        started.child = spawn(binaries, self.account, &self.cluster, socket, log, *keep)?;
        wait(&mut started.child, &self.cluster, &started.log)?;
        Ok(true)
    }

    /// Stops it at once, losing nothing; one that another process uses too goes on.
    pub fn stop(mut self) -> Result<()> {
        if self.lock.is_none() {
            return Ok(());
        }
        if let Some(postmaster) = Postmaster::of(&self.cluster) {
            stop_process(self.account, &self.cluster, postmaster.pid)?;
        }
        if let Some(mut started) = self.started.take() {
            started.child.wait()?;
        }
        if let Some(mut undertaker) = self.undertaker.take() {
            drop(undertaker.stdin.take());
            undertaker.wait()?;
        }
        Ok(())
    }
}

/// Where the data are: in the folder, unless the account of Postgres cannot get there (root's own folders, for instance).
fn place(folder: &Path, keep: Keep, account: Account) -> Result<PathBuf> {
    if keep != Keep::Data {
        return Ok(std::env::temp_dir().join(format!("homefirst-{:016x}", rand::random::<u64>())));
    }
    fs::create_dir_all(folder).with_context(|| format!("making the folder {}", folder.display()))?;
    let folder = folder.canonicalize()?;
    if account.can_enter(&folder) {
        return Ok(folder.join("database"));
    }
    Ok(PathBuf::from("/var/tmp").join(format!("homefirst-{}", name(&folder))))
}

/// The lock on a place; `None` when another process has it.
fn lock(place: &Path) -> Result<Option<File>> {
    fs::create_dir_all(place)?;
    let file = File::options().create(true).append(true).open(place.join("lock"))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(fs::TryLockError::WouldBlock) => Ok(None),
        Err(fs::TryLockError::Error(error)) => Err(error.into()),
    }
}

/// The Postgres that runs on the cluster, once it takes connections. One that is stopping is waited for and does not count.
fn settled(cluster: &Path) -> Result<Option<Postmaster>> {
    let started = Instant::now();
    loop {
        match Postmaster::of(cluster) {
            None => return Ok(None),
            Some(postmaster) if postmaster.is_ready => return Ok(Some(postmaster)),
            Some(_) if started.elapsed() > START => {
                bail!("The Postgres on {} does not answer.", cluster.display())
            }
            Some(_) => std::thread::sleep(Duration::from_millis(20)),
        }
    }
}

/// Clears away what a killed Postgres left behind, once its last process is gone.
fn clear(cluster: &Path, socket: &Path) -> Result<()> {
    let since = Instant::now();
    while !postmaster::bury(cluster, socket)? {
        let still = "A Postgres that was killed still has processes on";
        ensure!(since.elapsed() < START, "{still} {}.", cluster.display());
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

fn initialise(binaries: &Binaries, account: Account, cluster: &Path, keep: Keep) -> Result<()> {
    // What an interrupted start left half done is no cluster.
    let draft = cluster.with_extension("new");
    for folder in [&draft, cluster] {
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
    }
    let mut command = account.command(binaries.program("initdb"));
    command.arg("-D").arg(&draft).args([
        "-U",
        "homefirst",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--locale=C",
        "--no-sync",
        "--no-instructions",
    ]);
    let output = command.output().context("running initdb")?;
    ensure!(output.status.success(), "initdb failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    if keep == Keep::Data {
        // One flush of the file system; initdb's own, file by file, takes seconds.
        account.command("sync").arg("-f").arg(&draft).output().context("running sync")?;
    }
    fs::rename(&draft, cluster)?;
    Ok(())
}

fn spawn(
    binaries: &Binaries,
    account: Account,
    cluster: &Path,
    socket: &Path,
    log: &Path,
    keep: Keep,
) -> Result<Child> {
    let mut settings = vec![
        "listen_addresses=".to_owned(),
        format!("unix_socket_directories={}", socket.display()),
        "unix_socket_permissions=0700".to_owned(),
        "port=5432".to_owned(),
        "max_connections=200".to_owned(),
        "max_wal_size=8GB".to_owned(),
        "checkpoint_timeout=15min".to_owned(),
        // Who loads much and searches at once is not planned for as if there were nothing: that is seen within seconds, not a minute.
        "autovacuum_naptime=5s".to_owned(),
        "log_min_messages=warning".to_owned(),
    ];
    if cfg!(target_os = "linux") {
        // After a crash, one flush of the file system instead of one of every file.
        settings.push("recovery_init_sync_method=syncfs".to_owned());
    }
    let method = if has_lz4(binaries, account, cluster) { "lz4" } else { "on" };
    settings.push(format!("wal_compression={method}"));
    if keep == Keep::Nothing {
        settings.extend(
            ["shared_buffers=256MB", "fsync=off", "synchronous_commit=off", "full_page_writes=off"]
                .map(str::to_owned),
        );
    } else {
        settings.push(format!("shared_buffers={}MB", memory::shared_buffers()));
    }
    let log = File::options().create(true).append(true).open(log)?;
    let mut command = account.command(binaries.program("postgres"));
    command.arg("-D").arg(cluster).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    for setting in settings {
        command.arg("-c").arg(setting);
    }
    command.spawn().context("starting Postgres")
}

/// Whether this Postgres was built with lz4: one that was not refuses the setting when it is asked for it.
fn has_lz4(binaries: &Binaries, account: Account, cluster: &Path) -> bool {
    let mut command = account.command(binaries.program("postgres"));
    command.arg("-D").arg(cluster).args(["-c", "wal_compression=lz4", "-C", "wal_compression"]);
    command.output().is_ok_and(|output| output.status.success())
}

fn wait(child: &mut Child, cluster: &Path, log: &Path) -> Result<()> {
    let started = Instant::now();
    while !Postmaster::of(cluster)
        .is_some_and(|postmaster| postmaster.is_ready && postmaster.pid == child.id())
    {
        if child.try_wait()?.is_some() {
            let text = fs::read_to_string(log).unwrap_or_default();
            let last: Vec<&str> = text.lines().rev().take(3).collect();
            bail!("Postgres did not start. Its last words ({}): {}", log.display(), last.join(" / "));
        }
        ensure!(started.elapsed() < START, "Postgres takes too long to start; see {}.", log.display());
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}

/// Stops a Postgres and waits until it is gone.
fn stop_process(account: Account, cluster: &Path, pid: u32) -> Result<()> {
    // An interrupt is its fast shutdown: transactions are rolled back, everything is on disk afterwards.
    account.command("kill").args(["-INT", &pid.to_string()]).output()?;
    let started = Instant::now();
    while Postmaster::of(cluster).is_some_and(|postmaster| postmaster.pid == pid) {
        ensure!(started.elapsed() < START, "Postgres (process {pid}) does not stop.");
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

fn undertaker(account: Account, place: &Path, socket: &Path) -> Result<Child> {
    // Which process it is must be read at the end: it may have been started again since.
    const SCRIPT: &str = "cat > /dev/null; pid=$(head -n 1 \"$1/postgres/postmaster.pid\"); \
                          [ -n \"$pid\" ] && kill -QUIT $pid; n=0; \
                          while [ -n \"$pid\" ] && kill -0 $pid && [ $n -lt 100 ]; do sleep 0.05; n=$((n + 1)); done; \
                          rm -rf \"$1\" \"$2\"";
    let mut command = account.command("sh");
    command.args(["-c", SCRIPT, "undertaker"]).arg(place).arg(socket);
    let child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    child.context("starting a shell")
}

/// A folder for the socket: beside the data where its path is short and plain enough, or else in the temporary folder.
fn socket_folder(place: &Path) -> PathBuf {
    let folder = place.join("run");
    let is_plain = |path: &str| path.bytes().all(|b| b.is_ascii_alphanumeric() || b"/._-".contains(&b));
    if folder.as_os_str().len() <= MAX_SOCKET_FOLDER && folder.to_str().is_some_and(is_plain) {
        return folder;
    }
    PathBuf::from("/tmp").join(format!("homefirst-run-{}", name(place)))
}

fn url(socket: &Path, port: u16) -> String {
    format!("host={} port={port} user=homefirst dbname=postgres", socket.display())
}

/// A short name for a path, the same every time.
fn name(path: &Path) -> String {
    let uuid = Uuid::new_v5(&Uuid::NAMESPACE_URL, path.as_os_str().as_encoded_bytes());
    uuid.simple().to_string()[..16].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_get_a_path_that_fits() {
        assert_eq!(socket_folder(Path::new("/data")), Path::new("/data/run"));
        for place in ["/a".repeat(60), "/with space".to_owned(), "/comma,".to_owned()] {
            let folder = socket_folder(Path::new(&place));
            assert!(folder.starts_with("/tmp") && folder.as_os_str().len() <= MAX_SOCKET_FOLDER, "{place}");
            assert_eq!(folder, socket_folder(Path::new(&place)));
        }
    }

    #[test]
    fn one_process_at_a_time_owns_a_place() {
        let place = std::env::temp_dir().join(format!("homefirst-lock-{:x}", rand::random::<u64>()));
        let first = lock(&place).unwrap();
        assert!(first.is_some());
        assert!(lock(&place).unwrap().is_none());
        drop(first);
        assert!(lock(&place).unwrap().is_some());
        fs::remove_dir_all(place).unwrap();
    }
}
