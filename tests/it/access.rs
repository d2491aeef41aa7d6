//! Who sees what.

mod circle;
mod directory;
mod leak;
