//! Host names become addresses here, and nowhere else, so that the address that is judged is the one that is connected to.
//! A literal address never comes by: the url is judged before.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::outbound::Guard;

/// A resolver that refuses a name when any of its addresses is one that must not be sent to.
pub(crate) struct Resolver(pub(crate) Arc<Guard>);

/// Why a name has no address to connect to.
#[derive(Debug)]
pub(crate) enum Unresolved {
    Unknown,
    Refused(String),
}

impl fmt::Display for Unresolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("The endpoint's host name cannot be resolved."),
            Self::Refused(sentence) => f.write_str(sentence),
        }
    }
}

impl std::error::Error for Unresolved {}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = Arc::clone(&self.0);
        Box::pin(async move {
            let host = name.as_str().trim_end_matches('.').to_ascii_lowercase();
            let found = tokio::net::lookup_host((host.as_str(), 0)).await.map_err(|_| Unresolved::Unknown)?;
            let found: Vec<SocketAddr> = found.collect();
            if found.is_empty() {
                return Err(Unresolved::Unknown.into());
            }
            for address in &found {
                guard.address(&host, address.ip()).map_err(Unresolved::Refused)?;
            }
            let addresses: Addrs = Box::new(found.into_iter());
            Ok(addresses)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Settings;

    #[tokio::test]
    async fn a_name_is_refused_for_the_address_it_has() {
        let resolve = async |settings: Settings, name: &str| {
            let resolver = Resolver(Arc::new(Guard::new(&settings)));
            resolver
                .resolve(name.parse().unwrap())
                .await
                .map(|addresses| addresses.count())
                .map_err(|e| e.to_string())
        };
        let settings = Settings::new("http://here/fhir");
        let refused = resolve(settings.clone(), "localhost").await.unwrap_err();
        assert!(refused.contains("not sent to"), "{refused}");
        let allowed = Settings { allow_loopback: true, ..settings.clone() };
        assert!(resolve(allowed, "LOCALHOST.").await.unwrap() > 0);
        let listed = Settings { allow: vec!["localhost".to_owned().try_into().unwrap()], ..settings };
        assert!(resolve(listed, "localhost").await.unwrap() > 0);
    }
}
