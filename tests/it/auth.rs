//! Who calls: tokens and scopes.

mod scope;
mod token;
mod token_endpoint;
