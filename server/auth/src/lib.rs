//! Who is calling and what they may do, after SMART App Launch 2.2 and RFC 9068,
//! <https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html>.
//!
//! A request's `Authorization` header becomes a token ([`bearer`]), the token becomes a [`Caller`] ([`Verifier`]), and
//! the caller is asked before anything is done ([`Caller::require`]). The built-in [`Issuer`] makes the tokens of the
//! demo [`Persona`]s, and those that registered clients ask the [`TokenEndpoint`] for.
//!
//! It knows no HTTP and no SQL. Which rows a caller sees follows from [`Caller::organizations`] and [`Caller::patient`],
//! and is not decided here. Keys of foreign issuers are handed in as text; nothing is ever fetched.

mod bearer;
mod caller;
#[cfg(test)]
mod forge;
mod issuer;
mod keys;
mod persona;
mod scope;
mod signing_key;
mod smart_configuration;
mod token;
mod token_endpoint;
mod verified;
mod verifier;

pub use bearer::bearer;
pub use caller::{Caller, CallerKind};
pub use issuer::Issuer;
pub use keys::Keys;
pub use persona::Persona;
pub use scope::{Context, Right, Scopes};
pub use smart_configuration::{JWKS_PATH, smart_configuration};
pub use token_endpoint::{Assertion, Client, Grant, Refusal, TOKEN_PATH, TokenEndpoint};
pub use verifier::{DEMO_LIFETIME, SHORT_LIFETIME, Settings, Verifier};
