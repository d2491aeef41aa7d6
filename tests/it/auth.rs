//! Who calls: tokens and scopes.

mod scope;
mod token;
