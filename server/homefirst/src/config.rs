//! The configuration: the built-in file, then a file of the operator's, then the environment. What is not in the built-in
//! file does not exist.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use figment::Figment;
use figment::providers::{Env, Format, Toml};
pub use interaction::Doubtful;
use serde::Deserialize;
use store::{Circle, Store};
use subscription::outbound::Destination;

/// The built-in file, which is also the manual.
pub const DEFAULT: &str = include_str!("config.default.toml");

/// What stands in a connection string instead of its password when it is shown.
const MASK: &str = "********";

/// Everything that can be configured. The keys are explained in `config.default.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub server: Server,
    pub http: rest::Settings,
    pub database: store::Settings,
    pub auth: Auth,
    pub search: Search,
    pub references: References,
    pub bundles: Bundles,
    pub workflow: Workflow,
    pub profiles: Profiles,
    pub clock: Clock,
    pub subscription: Subscription,
    pub exports: interaction::ExportSettings,
    pub log: Log,
    /// Where the built-in issuer keeps its key, when its tokens are good. Only for development and tests.
    #[serde(skip)]
    pub demo_keys: Option<PathBuf>,
    /// Whether an empty database gets the demo place. Only for development and tests.
    #[serde(skip)]
    pub demo_place: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    pub listen: SocketAddr,
    pub base: String,
    pub workers: usize,
    pub max_connections: usize,
    pub keep_alive_s: u64,
    pub drain_s: u64,
    pub metrics: String,
    pub migrate: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Auth {
    pub mode: AuthMode,
    pub read_policy: ReadPolicy,
    pub circle_days: u16,
    pub keys: PathBuf,
    #[serde(default)]
    pub issuers: Vec<Issuer>,
    #[serde(default)]
    pub clients: Vec<Client>,
    #[serde(default)]
    pub operators: Vec<String>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum AuthMode {
    Bearer,
    Off,
}

/// Who reads what is about a patient, besides the parties of each resource.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum ReadPolicy {
    CircleOfCare,
    PartyOnly,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Issuer {
    pub issuer: String,
    pub jwks: PathBuf,
    pub max_lifetime_s: u64,
}

/// A client of the server's own token endpoint.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Client {
    pub client_id: String,
    pub jwks: PathBuf,
    pub scope: String,
    pub organizations: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Search {
    pub handling: Handling,
    pub default_count: u32,
    pub max_count: u32,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Handling {
    Strict,
    Lenient,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct References {
    pub check: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bundles {
    pub max_entries: usize,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workflow {
    pub require_if_match: bool,
    pub hub: String,
    pub suspected_duplicates: Doubtful,
    pub lines_not_offered: Doubtful,
    pub urgent_outside_standard: Doubtful,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profiles {
    pub required: Vec<String>,
    pub packages: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clock {
    pub zone: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subscription {
    pub allow: Vec<Destination>,
    pub allow_loopback: bool,
    pub auto_recover: bool,
    pub horizon_hours: u32,
    pub per_host: u16,
    pub in_flight: u16,
    pub retention_days: u16,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    pub filter: String,
    pub format: LogFormat,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Text,
    Json,
}

impl Config {
    /// The built-in configuration, and nothing else: no file, no environment.
    #[must_use]
    pub fn built_in() -> Self {
        Figment::from(Toml::string(DEFAULT)).extract().unwrap_or_else(|error| {
            unreachable!("the built-in configuration is not one: {error}");
        })
    }

    /// The configuration of this process: with this file, or with `homefirst.toml` where that is there.
    ///
    /// # Errors
    /// When the file is missing, a key is unknown or a value is not of its kind, naming it.
    pub fn load(file: Option<&Path>) -> Result<Self> {
        Ok(merged(file)?.extract()?)
    }

    /// The merged configuration as TOML, passwords masked.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn shown(file: Option<&Path>) -> Result<String> {
        let merged = merged(file)?;
        merged.extract::<Self>()?;
        let mut values: toml::Table = merged.extract()?;
        if let Some(toml::Value::String(url)) =
            values.get_mut("database").and_then(|database| database.get_mut("url"))
        {
            *url = masked(url);
        }
        Ok(toml::to_string(&values)?)
    }

    /// Whether this may be a server in production.
    ///
    /// # Errors
    /// One sentence for the first thing that is in the way.
    pub fn check_production(&self) -> Result<()> {
        ensure!(
            !self.database.url.is_empty(),
            "Set DATABASE_URL: a server in production has a database of its own."
        );
        ensure!(
            self.auth.mode != AuthMode::Off,
            "auth.mode is \"off\": a server in production asks who is calling."
        );
        ensure!(
            self.demo_keys.is_none() && !self.demo_place,
            "The demo issuer and the demo place are for development, not for production."
        );
        ensure!(
            !(self.auth.issuers.is_empty() && self.auth.clients.is_empty()),
            "auth.issuers and auth.clients are empty, so nobody could log in. Name an issuer or a client, and its keys."
        );
        ensure!(
            self.auth.clients.is_empty() || !self.auth.keys.as_os_str().is_empty(),
            "auth.keys is empty: name the folder for the key that signs the tokens of auth.clients."
        );
        if let Some(issuer) = self.auth.issuers.iter().find(|issuer| issuer.issuer == crate::demo::ISSUER) {
            bail!("{} is the issuer of the demonstration; its tokens are not for production.", issuer.issuer);
        }
        if let Some(password) = password(&self.database.url) {
            let is_default =
                ["", "postgres", "password", "secret", "changeme", "homefirst", "admin"].contains(&password);
            ensure!(
                !is_default,
                "The password of the database is one that everybody tries first. Choose another."
            );
        }
        ensure!(
            !self.server.base.is_empty(),
            "server.base is empty: set the address under which clients reach this server."
        );
        Ok(())
    }

    /// The base address of a server that listens here.
    #[must_use]
    pub fn base(&self, address: SocketAddr) -> String {
        match self.server.base.trim_end_matches('/') {
            "" => format!("http://{address}/fhir"),
            base => base.to_owned(),
        }
    }

    /// The database, not yet connected with, as it is read here.
    ///
    /// # Errors
    /// When the connection string cannot be understood.
    pub fn store(&self) -> store::Result<Store> {
        let circle = match self.auth.read_policy {
            ReadPolicy::CircleOfCare => Circle::OfCare { days: self.auth.circle_days },
            ReadPolicy::PartyOnly => Circle::Empty,
        };
        Store::new(&self.database, circle)
    }

    /// How the interactions of a server with this base address behave.
    #[must_use]
    pub fn interaction(&self, base: &str) -> interaction::Settings {
        interaction::Settings {
            base: base.to_owned(),
            zone: self.clock.zone.clone(),
            check_references: self.references.check,
            require_if_match: self.workflow.require_if_match,
            required_profiles: self.profiles.required.clone(),
            lenient_search: self.search.handling == Handling::Lenient,
            default_count: self.search.default_count,
            max_count: self.search.max_count,
            max_entries: self.bundles.max_entries,
            asks_for_tokens: self.auth.mode != AuthMode::Off,
            token_endpoint: self.auth.has_token_endpoint().then(|| format!("{base}{}", auth::TOKEN_PATH)),
            operators: self.auth.operators.clone(),
            allows_origins: !self.http.cors_origins.is_empty(),
            hub: Some(self.workflow.hub.clone()).filter(|hub| !hub.is_empty()),
            suspected_duplicate: self.workflow.suspected_duplicates,
            line_not_offered: self.workflow.lines_not_offered,
            ucr_outside_standard: self.workflow.urgent_outside_standard,
            exports: self.exports,
        }
    }

    /// How the subscriptions of a server with this base address behave.
    #[must_use]
    pub fn subscription(&self, base: &str) -> subscription::Settings {
        subscription::Settings {
            zone: self.clock.zone.clone(),
            allow: self.subscription.allow.clone(),
            allow_loopback: self.subscription.allow_loopback,
            auto_recover: self.subscription.auto_recover,
            horizon_hours: self.subscription.horizon_hours,
            per_host: self.subscription.per_host,
            in_flight: self.subscription.in_flight,
            retention_days: self.subscription.retention_days,
            unrestricted: self.auth.mode == AuthMode::Off,
            ..subscription::Settings::new(base)
        }
    }
}

impl Auth {
    /// Whether registered clients get tokens from this server.
    #[must_use]
    pub fn has_token_endpoint(&self) -> bool {
        self.mode == AuthMode::Bearer && !self.clients.is_empty()
    }
}

impl Client {
    /// It, with its keys.
    pub(crate) fn read(&self) -> Result<auth::Client> {
        let scopes = auth::Scopes::parse(&self.scope);
        ensure!(
            !scopes.to_string().is_empty(),
            "The scope of {} grants nothing. It is as system/*.cruds, or several of these with spaces.",
            self.client_id
        );
        Ok(auth::Client {
            id: self.client_id.clone(),
            keys: keys(&self.client_id, &self.jwks)?,
            scopes,
            organizations: self.organizations.clone(),
        })
    }
}

/// The key set in this file.
fn keys(whose: &str, file: &Path) -> Result<auth::Keys> {
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("reading the keys of {whose} from {}", file.display()))?;
    let keys = auth::Keys::parse(&text).with_context(|| format!("reading {}", file.display()))?;
    for refused in keys.refused() {
        tracing::warn!(whose, refused, "a key is not used");
    }
    Ok(keys)
}

impl Issuer {
    /// What is agreed with it, and its keys.
    pub(crate) fn read(&self, audience: &str) -> Result<(auth::Settings, auth::Keys)> {
        let keys = keys(&self.issuer, &self.jwks)?;
        let lifetime = Duration::from_secs(self.max_lifetime_s);
        Ok((auth::Settings::new(&self.issuer, audience).lasting(lifetime), keys))
    }
}

fn merged(file: Option<&Path>) -> Result<Figment> {
    let mut merged = Figment::from(Toml::string(DEFAULT));
    let usual = Path::new("homefirst.toml");
    if let Some(file) = file.or_else(|| usual.exists().then_some(usual)) {
        ensure!(file.exists(), "There is no file {}.", file.display());
        merged = merged.merge(Toml::file_exact(file));
    }
    let database = Env::raw().only(&["DATABASE_URL"]).map(|_| "database.url".into());
    Ok(merged.merge(database).merge(Env::prefixed("HOMEFIRST_").split("__")))
}

/// The password in a connection string of either form.
fn password(url: &str) -> Option<&str> {
    if let Some((_, rest)) = url.split_once("://") {
        let (user, _) = rest.split('/').next()?.rsplit_once('@')?;
        return user.split_once(':').map(|(_, password)| password);
    }
    url.split_whitespace().find_map(|pair| pair.strip_prefix("password="))
}

fn masked(url: &str) -> String {
    let Some(password) = password(url).filter(|password| !password.is_empty()) else { return url.to_owned() };
    // The password is a part of this very text, so its place is known without searching for it.
    let start = password.as_ptr().addr() - url.as_ptr().addr();
    format!("{}{MASK}{}", &url[..start], &url[start + password.len()..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(text: &str) -> Result<Config, String> {
        let figment = Figment::from(Toml::string(DEFAULT)).merge(Toml::string(text));
        figment.extract().map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_built_in_is_complete() {
        let config = Config::built_in();
        let base = config.base(config.server.listen);
        assert_eq!(base, "http://127.0.0.1:8080/fhir");
        assert_eq!(config.interaction(&base).hub.as_deref(), Some("HealthcareService/hub"));
        assert_eq!(config.profiles.required.len(), 4);
        assert!(!config.subscription(&base).unrestricted);
    }

    #[test]
    fn unknown_keys_are_refused_by_name() {
        for (text, named) in [
            ("[server]\nlisten_adress = '1.2.3.4:5'", "listen_adress"),
            ("[srever]\nlisten = '1.2.3.4:5'", "srever"),
            ("[http]\nmax_url = 1", "max_url"),
            ("[search]\nhandling = 'loose'", "loose"),
            ("[server]\nlisten = 'here'", "listen"),
            ("[[auth.issuers]]\nissuer = 'x'\njwks = 'y'\nmax_lifetime_s = 1\nkeys = 1", "keys"),
        ] {
            let error = with(text).unwrap_err();
            assert!(error.contains(named), "{text}: {error}");
        }
    }

    #[test]
    fn production_refuses_what_is_for_demonstrations() {
        const ISSUER: &str = "[[auth.issuers]]\nissuer = 'https://i'\njwks = 'k'\nmax_lifetime_s = 1\n";
        let good =
            format!("database.url = 'postgres://u:long-and-odd@h/d'\nserver.base = 'https://b'\n{ISSUER}");
        assert!(with(&good).unwrap().check_production().is_ok());
        for (from, to) in [
            ("postgres://u:long-and-odd@h/d", ""),
            ("long-and-odd", "postgres"),
            ("https://b", ""),
            ("https://i", crate::demo::ISSUER),
            (
                ISSUER,
                "[[auth.clients]]\nclient_id = 'c'\njwks = 'k'\nscope = 'system/*.rs'\norganizations = ['A']\n",
            ),
            ("server.base", "auth.mode = 'off'\nserver.base"),
            (ISSUER, ""),
        ] {
            let config = with(&good.replace(from, to)).unwrap();
            assert!(config.check_production().is_err(), "{from} -> {to}");
        }
        let config = Config { demo_keys: Some(".data".into()), ..with(&good).unwrap() };
        assert!(config.check_production().is_err());
    }

    #[test]
    fn passwords_are_masked() {
        for (url, shown) in [
            ("postgres://u:p%40ss@h:1/d", "postgres://u:********@h:1/d"),
            ("host=h user=u password=pass dbname=d", "host=h user=u password=******** dbname=d"),
            ("postgres://h/d", "postgres://h/d"),
            ("host=/run user=u", "host=/run user=u"),
        ] {
            assert_eq!(masked(url), shown);
        }
    }
}
