//! How subscriptions behave: what an operator may decide.

use fhir::Error;
use jiff::tz::TimeZone;
use search::Options;
use serde::Deserialize;

use crate::outbound::Destination;

/// How subscriptions behave.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The address under which clients reach the server, without a slash at its end.
    pub base: String,
    /// The time zone of dates that name none.
    #[serde(default = "defaults::zone")]
    pub zone: String,
    /// Hosts (`hooks.example.nhs.uk`, `*.example.nhs.uk`) and networks (`10.20.0.0/16`) that may be sent to although they
    /// are private, or although they do not speak TLS.
    #[serde(default)]
    pub allow: Vec<Destination>,
    /// Whether this machine itself may be sent to, without TLS too: for development.
    #[serde(default)]
    pub allow_loopback: bool,
    /// Whether a subscription in error is tried again, and becomes active when that succeeds.
    #[serde(default = "defaults::yes")]
    pub auto_recover: bool,
    /// For how long a notification that is not accepted is tried again, in hours; then the subscription is off.
    #[serde(default = "defaults::horizon_hours")]
    pub horizon_hours: u32,
    /// How many requests one host gets at a time from this process.
    #[serde(default = "defaults::per_host")]
    pub per_host: u16,
    /// How many requests this process has in flight at a time.
    #[serde(default = "defaults::in_flight")]
    pub in_flight: u16,
    /// For how many days events can be asked for again.
    #[serde(default = "defaults::retention_days")]
    pub retention_days: u16,
    /// Whether subscriptions are told of everything, whoever owns them: only where nobody has to log in.
    #[serde(default)]
    pub unrestricted: bool,
}

mod defaults {
    pub fn zone() -> String {
        "Europe/London".to_owned()
    }
    pub fn yes() -> bool {
        true
    }
    pub fn horizon_hours() -> u32 {
        72
    }
    pub fn per_host() -> u16 {
        8
    }
    pub fn in_flight() -> u16 {
        512
    }
    pub fn retention_days() -> u16 {
        30
    }
}

impl Settings {
    /// The settings of a server at this base address, with every default.
    #[must_use]
    pub fn new(base: impl Into<String>) -> Self {
        Self {
            base: base.into(),
            zone: defaults::zone(),
            allow: Vec::new(),
            allow_loopback: false,
            auto_recover: true,
            horizon_hours: defaults::horizon_hours(),
            per_host: defaults::per_host(),
            in_flight: defaults::in_flight(),
            retention_days: defaults::retention_days(),
            unrestricted: false,
        }
    }

    pub(crate) fn time_zone(&self) -> Result<TimeZone, Error> {
        TimeZone::get(&self.zone).map_err(Error::exception)
    }

    pub(crate) fn search_options(&self) -> Result<Options, Error> {
        Ok(Options::new(self.base.clone(), self.time_zone()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_settings_and_malformed_destinations_are_refused() {
        let read = |text: &str| serde_json::from_str::<Settings>(text);
        let settings = read(r#"{"base": "https://x/fhir", "allow": ["*.nhs.uk", "10.0.0.0/8"]}"#).unwrap();
        assert_eq!((settings.horizon_hours, settings.auto_recover, settings.allow.len()), (72, true, 2));
        assert!(read(r#"{"base": "https://x/fhir", "alow": []}"#).is_err());
        assert!(read(r#"{"base": "https://x/fhir", "allow": ["10.0.0.0/99"]}"#).is_err());
    }
}
