//! Which search parameters have a column of their own in the row of a resource: the whole table, in one place.
//!
//! The value of a hot parameter (for references: a local target) is in the column and nowhere else, so that rows stay small and the
//! worklists of intermediate care are one index range. Where a resource may refer to several, the column has the first, and the
//! others are where those of other parameters are.

use fhir::ResourceType;

use crate::{element::Selected, parameter::Kind};

/// A column of a resource's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hot {
    /// A code, as text.
    Status,
    /// The key of the organisation (or other party) that is responsible.
    Owner,
    /// The key of the patient.
    Patient,
    /// The key of what a task is about.
    Focus,
    /// An interval of time; of several, the outer limits.
    Date,
}

const TABLE: [(&str, &str, Hot); 21] = [
    ("ServiceRequest", "status", Hot::Status),
    ("Task", "status", Hot::Status),
    ("EpisodeOfCare", "status", Hot::Status),
    ("CarePlan", "status", Hot::Status),
    ("Encounter", "status", Hot::Status),
    ("Subscription", "status", Hot::Status),
    ("Task", "owner", Hot::Owner),
    ("ServiceRequest", "performer", Hot::Owner),
    ("EpisodeOfCare", "organization", Hot::Owner),
    ("HealthcareService", "organization", Hot::Owner),
    ("PractitionerRole", "organization", Hot::Owner),
    ("Encounter", "service-provider", Hot::Owner),
    ("Task", "focus", Hot::Focus),
    ("ServiceRequest", "authored", Hot::Date),
    ("Task", "authored-on", Hot::Date),
    ("EpisodeOfCare", "date", Hot::Date),
    ("CarePlan", "date", Hot::Date),
    ("Encounter", "date", Hot::Date),
    ("Observation", "date", Hot::Date),
    ("Patient", "birthdate", Hot::Date),
    ("Condition", "recorded-date", Hot::Date),
];

/// The column of this parameter. The parameter `patient` has the column `patient` in every type where at most one value is
/// selected.
pub(crate) fn column(
    resource_type: ResourceType,
    code: &str,
    kind: Kind,
    selected: &Selected,
) -> Option<Hot> {
    if code == "patient" && kind == Kind::Reference && selected.is_single() {
        return Some(Hot::Patient);
    }
    TABLE.iter().find(|(name, hot, _)| *name == resource_type.name() && *hot == code).map(|(_, _, hot)| *hot)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameter::registry;

    #[test]
    fn every_line_of_the_table_is_a_parameter_of_the_right_kind() {
        for (type_name, code, hot) in TABLE {
            let parameter = registry().parameter(ResourceType::find(type_name).unwrap(), code).unwrap();
            let kind = match hot {
                Hot::Status => Kind::Token,
                Hot::Owner | Hot::Patient | Hot::Focus => Kind::Reference,
                Hot::Date => Kind::Date,
            };
            assert_eq!((parameter.kind, parameter.hot), (kind, Some(hot)), "{type_name}.{code}");
        }
    }

    #[test]
    fn a_column_has_all_that_there_can_be_but_of_performers() {
        let parameters = ResourceType::all().flat_map(|of| registry().parameters(of));
        let with_more: Vec<_> = parameters
            .filter(|p| p.may_have_more())
            .map(|p| (p.resource_type.name(), p.code.as_str()))
            .collect();
        assert_eq!(with_more, [("ServiceRequest", "performer")]);
    }

    #[test]
    fn patient_has_a_column_where_there_is_one_at_most() {
        let hot = |type_name: &str| {
            registry().parameter(ResourceType::find(type_name).unwrap(), "patient").unwrap().hot
        };
        for single in
            ["ServiceRequest", "Task", "EpisodeOfCare", "CarePlan", "Encounter", "Observation", "Consent"]
        {
            assert_eq!(hot(single), Some(Hot::Patient), "{single}");
        }
        for several in ["Account", "Appointment", "AuditEvent", "Person", "Provenance"] {
            assert_eq!(hot(several), None, "{several}");
        }
    }
}
