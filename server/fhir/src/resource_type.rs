//! `ResourceType`: the 146 concrete resource types of FHIR R4, <https://hl7.org/fhir/R4/resourcelist.html>.
//!
//! The number of a type is stored in the database, so the order of this list never changes: a new type is added at its end.

use std::fmt;

use crate::Error;

/// One of the concrete resource types of R4. Two are equal when they are the same type.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResourceType(u8);

impl ResourceType {
    /// The type with this name; an unknown or differently capitalised name is a `not-supported` error (HTTP 404).
    pub fn parse(name: &str) -> Result<Self, Error> {
        Self::find(name).ok_or_else(|| Error::unknown_type(name))
    }

    /// The type with this exact name, if there is one.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        NAMES.binary_search(&name).ok().map(|i| Self(i as u8))
    }

    /// The type with this number, as it stands in the database.
    #[must_use]
    pub fn from_number(number: i16) -> Option<Self> {
        u8::try_from(number).ok().filter(|n| usize::from(*n) < NAMES.len()).map(Self)
    }

    /// The number under which the database knows the type.
    #[must_use]
    pub fn number(self) -> i16 {
        i16::from(self.0)
    }

    /// FHIR's name of the type.
    #[must_use]
    pub fn name(self) -> &'static str {
        NAMES[usize::from(self.0)]
    }

    /// Every type, in the order of their numbers.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..NAMES.len()).map(|i| Self(i as u8))
    }
}

impl fmt::Display for ResourceType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for ResourceType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

macro_rules! named {
    ($($constant:ident = $name:literal),* $(,)?) => {
        /// The types that the rules of this server name.
        impl ResourceType {
            $(pub const $constant: Self = Self(position($name));)*
        }
    };
}

named! {
    AUDIT_EVENT = "AuditEvent", BINARY = "Binary", BUNDLE = "Bundle", CARE_PLAN = "CarePlan", CARE_TEAM = "CareTeam",
    CODE_SYSTEM = "CodeSystem", CONCEPT_MAP = "ConceptMap", CONDITION = "Condition", CONSENT = "Consent",
    ENCOUNTER = "Encounter", EPISODE_OF_CARE = "EpisodeOfCare", FLAG = "Flag", GROUP = "Group", HEALTHCARE_SERVICE = "HealthcareService",
    LOCATION = "Location", OBSERVATION = "Observation", ORGANIZATION = "Organization", PARAMETERS = "Parameters", PATIENT = "Patient",
    PRACTITIONER = "Practitioner", PRACTITIONER_ROLE = "PractitionerRole", PROVENANCE = "Provenance", SERVICE_REQUEST = "ServiceRequest",
    SUBSCRIPTION = "Subscription", TASK = "Task", VALUE_SET = "ValueSet",
}

const fn position(name: &str) -> u8 {
    let mut i = 0;
    while i < NAMES.len() {
        if same(NAMES[i].as_bytes(), name.as_bytes()) {
            return i as u8;
        }
        i += 1;
    }
    panic!("not a resource type of R4")
}

const fn same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}

#[rustfmt::skip]
const NAMES: [&str; 146] = [
    "Account", "ActivityDefinition", "AdverseEvent", "AllergyIntolerance", "Appointment",
    "AppointmentResponse", "AuditEvent", "Basic", "Binary", "BiologicallyDerivedProduct", "BodyStructure",
    "Bundle", "CapabilityStatement", "CarePlan", "CareTeam", "CatalogEntry", "ChargeItem",
    "ChargeItemDefinition", "Claim", "ClaimResponse", "ClinicalImpression", "CodeSystem", "Communication",
    "CommunicationRequest", "CompartmentDefinition", "Composition", "ConceptMap", "Condition", "Consent",
    "Contract", "Coverage", "CoverageEligibilityRequest", "CoverageEligibilityResponse", "DetectedIssue",
    "Device", "DeviceDefinition", "DeviceMetric", "DeviceRequest", "DeviceUseStatement", "DiagnosticReport",
    "DocumentManifest", "DocumentReference", "EffectEvidenceSynthesis", "Encounter", "Endpoint",
    "EnrollmentRequest", "EnrollmentResponse", "EpisodeOfCare", "EventDefinition", "Evidence",
    "EvidenceVariable", "ExampleScenario", "ExplanationOfBenefit", "FamilyMemberHistory", "Flag", "Goal",
    "GraphDefinition", "Group", "GuidanceResponse", "HealthcareService", "ImagingStudy", "Immunization",
    "ImmunizationEvaluation", "ImmunizationRecommendation", "ImplementationGuide", "InsurancePlan",
    "Invoice", "Library", "Linkage", "List", "Location", "Measure", "MeasureReport", "Media", "Medication",
    "MedicationAdministration", "MedicationDispense", "MedicationKnowledge", "MedicationRequest",
    "MedicationStatement", "MedicinalProduct", "MedicinalProductAuthorization",
    "MedicinalProductContraindication", "MedicinalProductIndication", "MedicinalProductIngredient",
    "MedicinalProductInteraction", "MedicinalProductManufactured", "MedicinalProductPackaged",
    "MedicinalProductPharmaceutical", "MedicinalProductUndesirableEffect", "MessageDefinition",
    "MessageHeader", "MolecularSequence", "NamingSystem", "NutritionOrder", "Observation",
    "ObservationDefinition", "OperationDefinition", "OperationOutcome", "Organization",
    "OrganizationAffiliation", "Parameters", "Patient", "PaymentNotice", "PaymentReconciliation", "Person",
    "PlanDefinition", "Practitioner", "PractitionerRole", "Procedure", "Provenance", "Questionnaire",
    "QuestionnaireResponse", "RelatedPerson", "RequestGroup", "ResearchDefinition",
    "ResearchElementDefinition", "ResearchStudy", "ResearchSubject", "RiskAssessment",
    "RiskEvidenceSynthesis", "Schedule", "SearchParameter", "ServiceRequest", "Slot", "Specimen",
    "SpecimenDefinition", "StructureDefinition", "StructureMap", "Subscription", "Substance",
    "SubstanceNucleicAcid", "SubstancePolymer", "SubstanceProtein", "SubstanceReferenceInformation",
    "SubstanceSourceMaterial", "SubstanceSpecification", "SupplyDelivery", "SupplyRequest", "Task",
    "TerminologyCapabilities", "TestReport", "TestScript", "ValueSet", "VerificationResult",
    "VisionPrescription",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_so_that_they_can_be_found() {
        assert!(NAMES.is_sorted());
        assert_eq!(ResourceType::all().count(), 146);
    }

    #[test]
    fn a_name_is_case_sensitive() {
        assert_eq!(ResourceType::find("Task"), Some(ResourceType::TASK));
        assert_eq!(ResourceType::find("task"), None);
        assert_eq!(ResourceType::from_number(ResourceType::TASK.number()), Some(ResourceType::TASK));
        assert_eq!(ResourceType::from_number(-1), None);
    }
}
