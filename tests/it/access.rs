//! Who sees what.

mod leak;
