//! The server as a process of this machine: how soon it answers after its start, and how much memory it holds,
//! <https://docs.kernel.org/filesystems/proc.html>.
//!
//! Only a process that was started here is ever stopped.

use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use super::connection::Connection;
use super::sample::{Sample, microseconds};
use super::target::Target;

const START: Duration = Duration::from_secs(120);
const STOP: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(2);

/// A server that was started here.
pub struct Process {
    child: Child,
    /// Its process number.
    pub id: u32,
    /// From the start to the first 200 on `/livez`.
    pub alive: Duration,
    /// From the start to the first 200 on `/metadata`, which needs the database.
    pub ready: Duration,
}

/// How much memory a process holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Memory {
    /// Resident now, in KiB.
    pub resident: u64,
    /// The most that was resident at any time, in KiB.
    pub peak: u64,
}

impl Process {
    /// Starts the command and waits until the target answers. Nothing may answer there before.
    pub async fn start(command: &str, target: &Target) -> Result<Self> {
        ensure!(
            target.connect().await.is_err(),
            "a server answers at {} before one was started",
            target.base()
        );
        // exec: the process is the server and not a shell around it.
        let mut shell = Command::new("sh");
        shell
            .args(["-c", &format!("exec {command}")])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true);
        let began = Instant::now();
        let child = shell.spawn().context("the server command did not start")?;
        let id = child.id().context("the server command ended at once")?;
        let mut process = Self { child, id, alive: Duration::ZERO, ready: Duration::ZERO };
        match process.wait_for_answers(target, began).await {
            Ok(()) => Ok(process),
            Err(error) => {
                // What did not start well is not left behind either; the first error is the one that says why.
                process.stop().await.ok();
                Err(error)
            }
        }
    }

    /// Asks it to end, as an operator would, and waits.
    pub async fn stop(mut self) -> Result<()> {
        if self.child.try_wait()?.is_some() {
            return Ok(());
        }
        // Through a shell, which can do it on every machine that could start the server.
        Command::new("sh").args(["-c", &format!("kill -TERM {}", self.id)]).status().await?;
        if let Ok(ended) = timeout(STOP, self.child.wait()).await {
            ended?;
            return Ok(());
        }
        self.child.kill().await?;
        bail!("the server did not end within {} s of SIGTERM, and was killed", STOP.as_secs())
    }

    async fn wait_for_answers(&mut self, target: &Target, began: Instant) -> Result<()> {
        let mut connection = None;
        self.alive = self.answers(target, &mut connection, "/livez", began).await?;
        self.ready = self.answers(target, &mut connection, &target.path("metadata"), began).await?;
        Ok(())
    }

    /// How long it took until the path was answered with 200.
    async fn answers(
        &mut self,
        target: &Target,
        connection: &mut Option<Connection>,
        path: &str,
        began: Instant,
    ) -> Result<Duration> {
        while began.elapsed() < START {
            if let Some(status) = self.child.try_wait()? {
                bail!("the server command ended with {status} before the server answered");
            }
            if connection.is_none() {
                *connection = target.connect_without_token().await.ok();
            }
            if let Some(connection) = connection
                && let Ok(answer) = connection.send("GET", path, None).await
                && answer.status == 200
            {
                return Ok(began.elapsed());
            }
            sleep(LOOK).await;
        }
        bail!("{path} was not answered with 200 within {} s of the start", START.as_secs())
    }
}

/// Starts and stops the server that many times on the database it has by now: until it is alive, and until it is ready.
pub async fn restarts(command: &str, target: &Target, times: usize) -> Result<(Sample, Sample)> {
    let (mut alive, mut ready) = (Sample::default(), Sample::default());
    for _ in 0..times {
        let process = Process::start(command, target).await?;
        alive.microseconds.push(microseconds(process.alive));
        ready.microseconds.push(microseconds(process.ready));
        process.stop().await?;
    }
    Ok((alive, ready))
}

/// What the process holds now.
pub fn memory(id: u32) -> Result<Memory> {
    let path = format!("/proc/{id}/status");
    let status = std::fs::read_to_string(&path).with_context(|| format!("{path} cannot be read"))?;
    parse_memory(&status).with_context(|| format!("{path} does not say what the process holds"))
}

fn parse_memory(status: &str) -> Option<Memory> {
    let value = |name: &str| {
        let rest = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        rest.trim().strip_suffix("kB")?.trim().parse().ok()
    };
    Some(Memory { resident: value("VmRSS")?, peak: value("VmHWM")? })
}

/// The processors, the kernel and how busy the machine already is.
pub fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let count = std::thread::available_parallelism().map_or(0, usize::from);
    let processors = read("/proc/cpuinfo");
    let model = processors.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("unknown", |(_, model)| model.trim());
    let load = read("/proc/loadavg");
    let load = load.split(' ').next().unwrap_or("unknown");
    let kernel = read("/proc/sys/kernel/osrelease");
    format!("{count} processors ({model}), Linux {}, load before the run {load}", kernel.trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::Token;

    #[test]
    fn memory_is_read_from_the_status_of_a_process() {
        for (status, expected) in [
            ("Name:\tx\nVmHWM:\t  2048 kB\nVmRSS:\t  1024 kB\n", Some(Memory { resident: 1024, peak: 2048 })),
            ("Name:\tkthread\n", None),
            ("VmHWM: 1 kB\nVmRSS: much\n", None),
        ] {
            assert_eq!(parse_memory(status), expected, "{status}");
        }
    }

    #[tokio::test]
    async fn a_command_that_ends_is_no_server() {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let target = Target::new(&format!("http://127.0.0.1:{port}/fhir"), Token::default()).unwrap();
        let error = Process::start("false", &target).await.err().unwrap().to_string();
        assert!(error.contains("ended with"), "{error}");
    }

    #[tokio::test]
    async fn what_answers_already_is_not_started() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let target = Target::new(&format!("http://127.0.0.1:{port}/fhir"), Token::default()).unwrap();
        let error = Process::start("sleep 60", &target).await.err().unwrap().to_string();
        assert!(error.contains("before one was started"), "{error}");
    }
}
