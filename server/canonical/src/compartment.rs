//! Compartments: which resources belong to a patient, an encounter, …, <https://hl7.org/fhir/R4/compartmentdefinition.html>.

use std::collections::HashMap;

/// One of the five compartments of R4.
#[derive(Debug)]
pub struct Compartment {
    /// The type of its owner: `Patient`.
    pub owner: String,
    /// By resource type, the reference search parameters that make a resource a member.
    pub members: HashMap<String, Vec<String>>,
}
