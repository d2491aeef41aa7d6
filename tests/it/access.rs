//! Who sees what.

mod directory;
mod leak;
