//! The validation as a whole: tables of resources and what is found in them.

mod base;
mod damage;
mod examples;
mod hl7;
mod invariants;
mod mutations;
mod nested;
mod profiles;
