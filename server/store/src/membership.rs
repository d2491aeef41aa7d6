//! Who is in the record of a person: the members of the compartment, and what these refer to,
//! <https://hl7.org/fhir/R4/compartmentdefinition-patient.html>. One person's record and an export of many are read with it.

use fhir::{Key, ResourceType};

use crate::Access;
use crate::access::Parameters;

/// The record of a person, or of several, as far as its reader sees it.
#[derive(Clone, Debug)]
pub struct Membership {
    pub persons: Persons,
    /// The numbers of the reference parameters by which a resource is a member of the compartment.
    pub parameters: Vec<i32>,
    /// The types that come along because a member refers to them.
    pub referred: Vec<ResourceType>,
}

/// Whose records.
#[derive(Clone, Debug)]
pub enum Persons {
    /// Of all Patients.
    All,
    /// Of the Patients with these keys.
    These(Vec<Key>),
}

impl Membership {
    /// The tables `person`, `member` and `referred`, for a statement that begins with `WITH`. `member_filter` is a further condition
    /// on a member, under the alias `r`, that begins with `AND` or is empty.
    pub(crate) fn tables(&self, access: &Access, member_filter: &str, parameters: &mut Parameters) -> String {
        let visible_person = access.condition("p", parameters);
        let visible = access.condition("r", parameters);
        let memberships = parameters.push(self.parameters.clone());
        let patient = ResourceType::PATIENT.number();
        let among = match &self.persons {
            Persons::All => String::new(),
            Persons::These(keys) => {
                let keys: Vec<_> = keys.iter().map(|key| key.uuid()).collect();
                format!(" AND p.key = ANY(${})", parameters.push(keys))
            }
        };
        format!(
            "person AS MATERIALIZED (\
               SELECT p.key FROM resource p WHERE p.resource_type = {patient} AND NOT p.deleted AND {visible_person}{among}\
             ), place AS (\
               SELECT key FROM person \
               UNION SELECT r.key FROM person JOIN resource r ON r.patient = person.key \
               UNION SELECT i.source FROM person JOIN reference_index i ON i.target = person.key AND i.parameter = ANY(${memberships})\
             ), member AS MATERIALIZED (\
               SELECT r.key, r.owner, r.focus FROM place JOIN resource r ON r.key = place.key \
               WHERE NOT r.deleted AND {visible}{member_filter}\
             ), referred AS (\
               SELECT i.target AS key FROM reference_index i JOIN member m ON m.key = i.source \
               UNION SELECT m.owner FROM member m UNION SELECT m.focus FROM member m\
             )"
        )
    }

    /// The condition that the row of `resource` under the alias `r` is in these records, where [`Self::tables`] are.
    pub(crate) fn condition(&self, parameters: &mut Parameters) -> String {
        let referred: Vec<i16> = self.referred.iter().map(|known| known.number()).collect();
        let referred = parameters.push(referred);
        format!(
            "r.key IN (SELECT key FROM member UNION ALL SELECT key FROM referred) \
             AND (r.resource_type = ANY(${referred}) OR r.key IN (SELECT key FROM member))"
        )
    }
}
