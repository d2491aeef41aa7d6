//! Which addresses the server sends to: public ones over TLS, and what the operator lists, so that no client can make the
//! server call what only the server can reach.
//!
//! An address is judged twice: as the text of the endpoint when a subscription is accepted, and as the resolved addresses
//! each time a connection is made. What is listed by name may be private; link-local addresses must be listed as networks.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use reqwest::Url;
use serde::Deserialize;

use crate::Settings;

/// A host or network that an operator lists.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Destination {
    /// This host name.
    Host(String),
    /// Every host below this name: `*.example.nhs.uk` is `.example.nhs.uk`.
    Below(String),
    /// These addresses: those that share the first bits.
    Network(IpAddr, u8),
}

impl TryFrom<String> for Destination {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let malformed =
            || format!("'{text}' is neither a host, nor '*.' before a domain, nor a network as 10.1.0.0/16.");
        let (address, bits) = text.split_once('/').map_or((text.as_str(), None), |(a, bits)| (a, Some(bits)));
        if let Ok(address) = address.parse::<IpAddr>() {
            let most = if address.is_ipv4() { 32 } else { 128 };
            let bits = bits.map_or(Some(most), |bits| bits.parse().ok()).filter(|bits| *bits <= most);
            return Ok(Self::Network(address, bits.ok_or_else(malformed)?));
        }
        let name = address.strip_prefix("*.").unwrap_or(address).to_ascii_lowercase();
        let is_name = !name.is_empty()
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.' || b == b'_');
        match bits {
            None if is_name && address.starts_with("*.") => Ok(Self::Below(format!(".{name}"))),
            None if is_name => Ok(Self::Host(name)),
            _ => Err(malformed()),
        }
    }
}

impl Destination {
    fn names(&self, host: &str) -> bool {
        match self {
            Self::Host(name) => name == host,
            Self::Below(suffix) => host.len() > suffix.len() && host.ends_with(suffix.as_str()),
            Self::Network(..) => false,
        }
    }

    fn contains(&self, address: IpAddr) -> bool {
        match (self, address) {
            (Self::Network(IpAddr::V4(network), bits), IpAddr::V4(address)) => {
                same_bits(u128::from(network.to_bits()) << 96, u128::from(address.to_bits()) << 96, *bits)
            }
            (Self::Network(IpAddr::V6(network), bits), IpAddr::V6(address)) => {
                same_bits(network.to_bits(), address.to_bits(), *bits)
            }
            _ => false,
        }
    }
}

fn same_bits(one: u128, other: u128, bits: u8) -> bool {
    bits == 0 || (one ^ other) >> (128 - u32::from(bits)) == 0
}

/// What kind of place an address is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Public,
    Private,
    Loopback,
    LinkLocal,
    /// Not an address of one host in the public net: multicast, documentation, tunnels.
    Special,
}

/// Ports of services that speak another protocol, which a request could still harm.
const FORBIDDEN_PORTS: [u16; 13] =
    [1433, 1521, 2375, 2379, 3306, 5432, 5984, 6379, 6432, 9200, 9300, 11211, 27017];

/// The judgement over outbound addresses.
#[derive(Clone, Debug)]
pub struct Guard {
    allow: Vec<Destination>,
    allow_loopback: bool,
}

impl Guard {
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        Self { allow: settings.allow.clone(), allow_loopback: settings.allow_loopback }
    }

    /// The endpoint that this text is, or a sentence saying why it cannot be one. `confidential`: whether whole resources
    /// are to be sent there.
    pub fn endpoint(&self, text: &str, confidential: bool) -> Result<Url, String> {
        if text.chars().any(|c| c.is_whitespace() || c.is_control() || c == '\\') {
            return Err("The endpoint contains white space, a control character or a backslash.".to_owned());
        }
        let url = Url::parse(text).map_err(|_| "The endpoint is not a url.".to_owned())?;
        if !matches!(url.scheme(), "https" | "http") {
            return Err(format!("The endpoint must be an https url, not {}.", url.scheme()));
        }
        if !url.username().is_empty()
            || url.password().is_some()
            || url.fragment().is_some()
            || text.contains('@')
        {
            return Err("The endpoint must have no user name, password, '@' or '#'. Put credentials into channel.header.".to_owned());
        }
        let host = host(&url).ok_or("The endpoint names no host.")?;
        let listed = self.allow.iter().any(|listed| listed.names(&host));
        let address = host.parse::<IpAddr>().ok();
        match address {
            Some(address) => self.address(&host, address)?,
            None if host == "localhost" || host.ends_with(".localhost") => {
                self.address(&host, IpAddr::V4(Ipv4Addr::LOCALHOST))?;
            }
            None if !listed && host.split('.').any(|label| label.starts_with("xn--")) => {
                return Err("The endpoint's host is an internationalised name, which this server only accepts when it is listed.".to_owned());
            }
            None => {}
        }
        self.port(&url)?;
        if url.scheme() == "http" {
            let here = self.allow_loopback
                && (host == "localhost" || address.is_some_and(|address| place(address) == Place::Loopback));
            let listed =
                listed || address.is_some_and(|address| self.allow.iter().any(|l| l.contains(address)));
            if !here && !listed {
                return Err(
                    "The endpoint must be an https url: notifications are not sent in the clear.".to_owned()
                );
            }
            if confidential && !here {
                return Err(
                    "Whole resources are only sent to https endpoints. Use https, or the content id-only."
                        .to_owned(),
                );
            }
        }
        Ok(url)
    }

    fn port(&self, url: &Url) -> Result<(), String> {
        match url.port() {
            Some(port) if port < 1024 && port != 80 && port != 443 || FORBIDDEN_PORTS.contains(&port) => {
                Err(format!("The endpoint's port {port} is one that notifications are not sent to."))
            }
            _ => Ok(()),
        }
    }

    /// Whether this address, which this host has (or is), may be connected to; the sentence says why not.
    pub fn address(&self, host: &str, address: IpAddr) -> Result<(), String> {
        let address = canonical(address);
        if self.allow.iter().any(|listed| listed.contains(address)) {
            return Ok(());
        }
        let named = self.allow.iter().any(|listed| listed.names(host));
        match place(address) {
            Place::Public => Ok(()),
            Place::Loopback if named || self.allow_loopback => Ok(()),
            Place::Private if named => Ok(()),
            _ => Err("The endpoint is at an address that notifications are not sent to. The operator can list it in subscription.allow.".to_owned()),
        }
    }
}

/// The host of a url in the one form in which hosts are compared.
pub(crate) fn host(url: &Url) -> Option<String> {
    let host = url.host_str()?.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.');
    (!host.is_empty()).then(|| host.to_ascii_lowercase())
}

/// An IPv4 address in the clothes of IPv6 is judged as what it is.
fn canonical(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

fn place(address: IpAddr) -> Place {
    match canonical(address) {
        IpAddr::V4(address) => place_v4(address),
        IpAddr::V6(address) => place_v6(address),
    }
}

fn place_v4(address: Ipv4Addr) -> Place {
    match address.octets() {
        [127, ..] => Place::Loopback,
        [169, 254, ..] => Place::LinkLocal,
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] | [100, 64..=127, ..] => Place::Private,
        [0, ..]
        | [192, 0, 0, _]
        | [192, 0, 2, _]
        | [192, 88, 99, _]
        | [198, 18..=19, ..]
        | [198, 51, 100, _]
        | [203, 0, 113, _]
        | [224..=255, ..] => Place::Special,
        _ => Place::Public,
    }
}

fn place_v6(address: Ipv6Addr) -> Place {
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 1] => Place::Loopback,
        [0xfe80..=0xfebf, ..] => Place::LinkLocal,
        [0xfc00..=0xfdff, ..] => Place::Private,
        // Everything outside the global range, and tunnels and documentation within it.
        [0x2001, 0..=0x01ff, ..] | [0x2001, 0x0db8, ..] | [0x2002, ..] | [0x3fff, ..] => Place::Special,
        [0x2000..=0x3fff, ..] => Place::Public,
        _ => Place::Special,
    }
}

#[cfg(test)]
mod tests;
