//! The interactions of FHIR, over HTTP.

mod create;
