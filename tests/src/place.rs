//! The demo place by name: who is there, and the addresses under which the tests refer to it.

pub const HOSPITAL: &str = "Organization/leeds-teaching";
pub const HUB: &str = "Organization/leeds-hub";
pub const COUNCIL: &str = "Organization/leeds-council";
pub const UCR: &str = "Organization/leeds-ucr";
pub const SKILS: &str = "Organization/leeds-skils";

pub const HUB_SERVICE: &str = "HealthcareService/hub";
pub const SKILS_SERVICE: &str = "HealthcareService/skils";
pub const UCR_SERVICE: &str = "HealthcareService/ucr";
pub const COUNCIL_SERVICE: &str = "HealthcareService/council";

/// The person of the persona `patient-1`.
pub const PATIENT_1: &str = "Patient/patient-1";
