//! `Access`: what a caller may read, compiled into the condition that every statement carries for every table it reads.
//!
//! A row can be loaded only through an `Access`. What a resource's parties read, and the circle of care of its patient beside them, is
//! said by [`Circle`]; writes are for the parties alone.

use fhir::{Key, ResourceType};
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::Store;

/// A compiled right to read. It is made from a caller, or is the system's own.
#[derive(Clone, Debug)]
pub struct Access {
    policy: Policy,
    look: Look,
}

/// Who reads what is about a patient, besides the parties of each resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Circle {
    /// Nobody.
    Empty,
    /// Every party to a referral, task or episode of the patient that is open, or was closed at most so many days ago. What is restricted
    /// stays with its parties.
    OfCare { days: u16 },
}

/// How it is found out that a row's patient is one of the caller's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    /// For each row, among what there is about its patient.
    ByRow,
    /// For all rows at once, or as Postgres thinks best.
    AtOnce,
}

#[derive(Clone, Debug)]
enum Policy {
    Everything,
    Parties(Vec<Uuid>, Circle),
    Patient(Uuid),
    Nothing,
}

/// The types whose rows make an organisation part of the patient's circle of care.
const CIRCLE: [ResourceType; 3] =
    [ResourceType::SERVICE_REQUEST, ResourceType::TASK, ResourceType::EPISODE_OF_CARE];

impl Access {
    /// The right of the server itself: rules, the sequencer, reindexing. Never made for a caller, but in `dev --no-auth`.
    #[must_use]
    pub fn system() -> Self {
        Self::by(Policy::Everything)
    }

    /// The right of a caller who acts for these organisations, where this is a patient's circle.
    pub(crate) fn of_parties(parties: Vec<Uuid>, circle: Circle) -> Self {
        if parties.is_empty() {
            Self::by(Policy::Nothing)
        } else {
            Self::by(Policy::Parties(parties, circle))
        }
    }

    /// The right of the person whom the record is about.
    #[must_use]
    pub fn of_patient(patient: Key) -> Self {
        Self::by(Policy::Patient(patient.uuid()))
    }

    fn by(policy: Policy) -> Self {
        Self { policy, look: Look::ByRow }
    }

    /// The same right, in a form for statements that look at many rows for a caller who may read few of them.
    pub(crate) fn at_once(&self) -> Self {
        Self { policy: self.policy.clone(), look: Look::AtOnce }
    }

    /// The organisations that it is the right of, if it is one of organisations.
    pub(crate) fn parties(&self) -> Option<&[Uuid]> {
        match &self.policy {
            Policy::Parties(own, _) => Some(own),
            Policy::Everything | Policy::Patient(_) | Policy::Nothing => None,
        }
    }

    /// What is kept of it until work that others carry out is done: whether it is everything, or else whose. `None` for the right
    /// of a person, which is not handed on.
    pub(crate) fn kept(&self) -> Option<(bool, Vec<Uuid>)> {
        match &self.policy {
            Policy::Everything => Some((true, Vec::new())),
            Policy::Parties(own, _) => Some((false, own.clone())),
            Policy::Nothing => Some((false, Vec::new())),
            Policy::Patient(_) => None,
        }
    }

    /// From what was kept of it.
    pub(crate) fn of_kept(everything: bool, parties: Vec<Uuid>, circle: Circle) -> Self {
        if everything { Self::system() } else { Self::of_parties(parties, circle) }
    }

    /// Whether a row with these parties may be written by the caller.
    #[must_use]
    pub fn may_write(&self, parties: Option<&[Key]>) -> bool {
        match &self.policy {
            Policy::Everything => true,
            Policy::Parties(own, _) => {
                parties.is_none_or(|parties| parties.iter().any(|p| own.contains(&p.uuid())))
            }
            Policy::Patient(_) | Policy::Nothing => false,
        }
    }

    /// The condition on a row of `resource` under this alias, or of a `version` that is current; its parameter, if any, is added to `parameters`.
    pub(crate) fn condition(&self, alias: &str, parameters: &mut Parameters) -> String {
        self.condition_of(alias, &[], parameters)
    }

    /// The condition on a row of `version` under this alias: it may be read, and what was restricted since may be by its parties alone.
    pub(crate) fn condition_of_version(&self, alias: &str, parameters: &mut Parameters) -> String {
        let of_row = self.condition(alias, parameters);
        let Policy::Parties(own, _) = &self.policy else { return of_row };
        let own = format!("${}", parameters.push(own.clone()));
        format!(
            "({of_row} AND ({alias}.parties IS NULL OR {alias}.parties && {own} OR NOT EXISTS (\
             SELECT FROM resource now WHERE now.key = {alias}.key AND now.confidentiality > 0)))"
        )
    }

    /// The same for rows that are of these types, or of any when there is none.
    pub(crate) fn condition_of(
        &self,
        alias: &str,
        types: &[ResourceType],
        parameters: &mut Parameters,
    ) -> String {
        let may_be_binary = types.is_empty() || types.contains(&ResourceType::BINARY);
        let own = match &self.policy {
            Policy::Everything => return "true".to_owned(),
            Policy::Nothing => String::new(),
            Policy::Patient(patient) => format!("${}", parameters.push(*patient)),
            Policy::Parties(own, _) => format!("${}", parameters.push(own.clone())),
        };
        let of_row = |alias: &str| match &self.policy {
            Policy::Patient(_) => format!("({alias}.parties IS NULL OR {alias}.patient = {own})"),
            Policy::Parties(_, circle) => of_parties(alias, &own, *circle, self.look),
            Policy::Everything | Policy::Nothing => format!("{alias}.parties IS NULL"),
        };
        match (may_be_binary, &self.policy) {
            (false, _) => of_row(alias),
            (true, Policy::Parties(..)) => with_context(alias, of_row, &unrestricted(alias, &own)),
            (true, _) => with_context(alias, of_row, "true"),
        }
    }
}

impl Store {
    /// The right of a caller who acts for these organisations.
    #[must_use]
    pub fn access(&self, parties: &[Key]) -> Access {
        Access::of_parties(parties.iter().map(|key| key.uuid()).collect(), self.circle)
    }
}

/// The condition of [`Access::of_parties`] on a row under this alias, where `own` is an SQL expression for the organisations.
pub(crate) fn parties_condition(alias: &str, own: &str, circle: Circle) -> String {
    with_context(alias, |alias| of_parties(alias, own, circle, Look::ByRow), &unrestricted(alias, own))
}

/// The most parties of a row that the index `resource_circle_patient` holds; rows with more are in `resource_circle_crowd`.
const CROWD: usize = 64;

/// A row's own parties decide, or what there is about its patient, which is little, and which an index answers alone. OFFSET and IS
/// keep Postgres from gathering everything instead that the organisations are a party to, which may be all there is.
fn of_parties(alias: &str, own: &str, circle: Circle, look: Look) -> String {
    let Circle::OfCare { days } = circle else {
        return format!("({alias}.parties IS NULL OR {alias}.parties && {own})");
    };
    let (makes, party) = (makes_circle(), format!("circle.parties && {own}"));
    let is_current =
        format!("(circle.closed_at IS NULL OR circle.closed_at > now() - interval '{days} days')");
    let by_row = format!("({party}) IS TRUE OFFSET 0");
    let is_among = |size: &str, party: &str| {
        format!(
            "EXISTS (SELECT FROM resource circle WHERE circle.patient = {alias}.patient AND {makes} \
             AND cardinality(circle.parties) {size} AND {is_current} AND {party})"
        )
    };
    let few = match look {
        Look::ByRow => is_among(&format!("<= {CROWD}"), &by_row),
        Look::AtOnce => is_among(&format!("<= {CROWD}"), &party),
    };
    let many = is_among(&format!("> {CROWD}"), &by_row);
    format!(
        "({alias}.parties IS NULL OR {alias}.parties && {own} OR ({alias}.confidentiality = 0 AND ({few} OR {many})))"
    )
}

/// The condition that a row is one that makes its parties part of the patient's circle of care, as long as it is current.
pub(crate) fn makes_circle() -> String {
    let types = CIRCLE.map(|t| t.number().to_string()).join(", ");
    format!("circle.resource_type IN ({types}) AND NOT circle.deleted")
}

fn unrestricted(alias: &str, own: &str) -> String {
    format!("({alias}.confidentiality = 0 OR {alias}.parties && {own})")
}

/// The condition on a row, where a Binary with a securityContext is read by those who may read that resource as it is now,
/// <https://hl7.org/fhir/R4/binary-definitions.html#Binary.securityContext>. Its key is in the column `patient`.
fn with_context(alias: &str, of_row: impl Fn(&str) -> String, and: &str) -> String {
    let binary = ResourceType::BINARY.number();
    let (of_itself, of_context) = (of_row(alias), of_row("context"));
    format!(
        "(CASE WHEN {alias}.resource_type = {binary} AND {alias}.patient IS NOT NULL \
         THEN {and} AND EXISTS (SELECT FROM resource context WHERE context.key = {alias}.patient AND {of_context}) \
         ELSE {of_itself} END)"
    )
}

/// The parameters of a statement that is put together from parts, in the order of their numbers.
#[derive(Default)]
pub(crate) struct Parameters(Vec<Box<dyn ToSql + Sync + Send>>);

impl Parameters {
    /// Adds a value and returns its number, as in `$1`.
    pub(crate) fn push(&mut self, value: impl ToSql + Sync + Send + 'static) -> usize {
        self.0.push(Box::new(value));
        self.0.len()
    }

    pub(crate) fn as_slice(&self) -> Vec<&(dyn ToSql + Sync)> {
        self.0.iter().map(|value| value.as_ref() as &(dyn ToSql + Sync)).collect()
    }
}
