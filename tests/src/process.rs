//! The server as a process of its own, which can be killed like one, and a Postgres that can crash.
//!
//! The process is this very test binary, started again to run the one ignored test that calls [`run`]: cargo does not tell a
//! test where the binary of another package is. What can be tested inside the test's own process needs none of this.

use std::fs::File;
use std::io::Read;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use homefirst::Config;
use homefirst::embedded_postgres::{self, EmbeddedPostgres, Keep};

/// Marks the process that is to be a server.
const MARK: &str = "SERVER_PROCESS";
/// How long a server may take until it answers; it may have to wait for its Postgres to recover.
const START: Duration = Duration::from_secs(60);

/// A server in a process of its own. It is killed when this is dropped, and ends by itself when this process does.
pub struct ServerProcess {
    test: &'static str,
    database: String,
    port: u16,
    base: String,
    log: PathBuf,
    child: Child,
}

impl ServerProcess {
    /// Starts a server on this database, with the demo place in it, that asks nobody to log in. Returns when it is ready.
    ///
    /// `test` is the path of the ignored test that calls [`run`]. `base` is the base address that it tells, when that is not
    /// its own: several processes of one server tell the same.
    pub async fn start(test: &'static str, database: &str, base: Option<&str>) -> Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let base = base.map_or_else(|| format!("http://127.0.0.1:{port}/fhir"), str::to_owned);
        let log =
            std::env::temp_dir().join(format!("homefirst-server-{}.log", uuid::Uuid::new_v4().simple()));
        let child = spawn(test, database, port, &base, &log)?;
        let server = Self { test, database: database.to_owned(), port, base, log, child };
        server.ready().await?;
        Ok(server)
    }

    /// The address that it is reached at, whatever base address it tells.
    #[must_use]
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}/fhir", self.port)
    }

    /// The base address that it tells.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Kills it with SIGKILL: nothing of it runs any more when this returns.
    pub fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Starts it again, at the same address and on the same database. Returns when it is ready.
    pub async fn start_again(&mut self) -> Result<()> {
        self.child = spawn(self.test, &self.database, self.port, &self.base, &self.log)?;
        self.ready().await
    }

    /// Whether it has not ended.
    pub fn is_running(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_none())
    }

    /// What it and those before it at this address have logged.
    pub fn log(&self) -> Result<String> {
        Ok(std::fs::read_to_string(&self.log)?)
    }

    async fn ready(&self) -> Result<()> {
        let client = reqwest::Client::builder().no_proxy().build()?;
        let address = format!("http://127.0.0.1:{}/readyz", self.port);
        let started = Instant::now();
        loop {
            if let Ok(answer) = client.get(&address).send().await
                && answer.status().is_success()
            {
                return Ok(());
            }
            if started.elapsed() > START {
                bail!("The server does not become ready. Its log: {}", self.log()?);
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        // It may have ended already, which is as good.
        let _ = self.kill();
        if std::thread::panicking()
            && let Ok(text) = self.log()
        {
            let lines: Vec<&str> = text.lines().collect();
            let last = lines.len().saturating_sub(40);
            eprintln!("The last lines of the server at {}:\n{}", self.address(), lines[last..].join("\n"));
        }
        let _ = std::fs::remove_file(&self.log);
    }
}

fn spawn(test: &str, database: &str, port: u16, base: &str, log: &PathBuf) -> Result<Child> {
    let log = File::options().create(true).append(true).open(log)?;
    let mut command = Command::new(program()?);
    // What the developer has set is for other servers.
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("HOMEFIRST_")) {
            command.env_remove(name);
        }
    }
    command
        .args(["--ignored", "--exact", test, "--nocapture"])
        .env(MARK, "1")
        .env("DATABASE_URL", database)
        .env("HOMEFIRST_SERVER__LISTEN", format!("127.0.0.1:{port}"))
        .env("HOMEFIRST_SERVER__BASE", base)
        .env("HOMEFIRST_AUTH__MODE", "off")
        .env("HOMEFIRST_SUBSCRIPTION__ALLOW_LOOPBACK", "true")
        .stdin(Stdio::piped())
        .stdout(log.try_clone()?)
        .stderr(log);
    command.spawn().context("starting the server")
}

/// This very program. Where the system can tell, even when it was built anew since it was started.
fn program() -> Result<PathBuf> {
    let running = PathBuf::from("/proc/self/exe");
    Ok(if running.exists() { running } else { std::env::current_exe()? })
}

/// Is the server, in a process that [`ServerProcess`] started, and never returns; does nothing in any other.
pub fn run() -> Result<()> {
    if std::env::var_os(MARK).is_none() {
        return Ok(());
    }
    // Standard input ends when the process that started this one does, however it does.
    std::thread::spawn(|| {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    let mut config = Config::load(None)?;
    config.demo_place = true;
    homefirst::telemetry::start(&config.log)?;
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let _running = homefirst::start(&config).await?;
        std::future::pending().await
    })
}

/// A Postgres for one test, removed when it is dropped and when this process ends.
pub struct Postgres(Option<EmbeddedPostgres>);

impl Postgres {
    /// Starts one that is empty, and that waits for its disk as one in production does.
    pub async fn start() -> Result<Self> {
        let start = || embedded_postgres::start(&std::env::temp_dir(), Keep::UntilTheEnd);
        Ok(Self(Some(tokio::task::spawn_blocking(start).await??)))
    }

    /// Its connection string.
    pub fn url(&self) -> Result<&str> {
        Ok(self.0.as_ref().context("It did not come back from a crash.")?.url())
    }

    /// Lets it crash, and recover. Returns when it takes connections again.
    pub async fn crash(&mut self) -> Result<()> {
        let mut postgres = self.0.take().context("It did not come back from a crash.")?;
        let crash = move || postgres.crash().map(|()| postgres);
        self.0 = Some(tokio::task::spawn_blocking(crash).await??);
        Ok(())
    }
}
