//! The caller of a request: who they are, for whom they act, and what their scopes let them do,
//! <https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html>.
//!
//! A right here is necessary, not sufficient: which rows it reaches follows from the organisations and the patient.

use fhir::{Cause, Error, ResourceType};

use crate::scope::{Context, Right, Scopes};

/// What kind of caller it is; only the scopes of that context count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CallerKind {
    /// A system of an organisation, `system/` scopes.
    System,
    /// A member of staff, `user/` scopes.
    User,
    /// The person whose record it is, `patient/` scopes.
    Patient,
    /// Anybody, where authentication is switched off.
    Anonymous,
}

/// Who is calling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The client: the software that calls.
    pub client: String,
    /// The subject of the token: the person, or the client again.
    pub subject: String,
    /// The organisations that the caller acts for: ODS codes, or local codes where there is none.
    pub organizations: Vec<String>,
    /// The id of the Patient to whose record the token is confined.
    pub patient: Option<String>,
    pub scopes: Scopes,
    pub kind: CallerKind,
    /// Why the caller asks, as a code of PurposeOfUse.
    pub purpose: Option<String>,
}

impl Caller {
    /// The caller of a server without authentication: has every right and sees everything.
    #[must_use]
    pub fn everyone() -> Self {
        Self {
            client: "anonymous".to_owned(),
            subject: "anonymous".to_owned(),
            organizations: Vec::new(),
            patient: None,
            scopes: Scopes::default(),
            kind: CallerKind::Anonymous,
            purpose: None,
        }
    }

    /// The kind that a token with these scopes makes: the narrowest context that it names, so that a token that names
    /// a patient is confined to that patient whatever else stands in it.
    #[must_use]
    pub fn kind_of(scopes: &Scopes, patient: Option<&str>) -> CallerKind {
        if patient.is_some() || scopes.names(Context::Patient) {
            CallerKind::Patient
        } else if scopes.names(Context::User) {
            CallerKind::User
        } else {
            CallerKind::System
        }
    }

    /// Whether the caller has this right on this type.
    #[must_use]
    pub fn has(&self, resource_type: ResourceType, right: Right) -> bool {
        match self.context() {
            None => true,
            Some(Context::Patient) if self.patient.is_none() => false,
            Some(context) => self.scopes.grants(context, resource_type, right),
        }
    }

    /// Nothing when the caller has this right; otherwise 403, naming the missing scope.
    pub fn require(&self, resource_type: ResourceType, right: Right) -> Result<(), Error> {
        if self.has(resource_type, right) {
            return Ok(());
        }
        Err(Error::new(Cause::Forbidden, self.lack(resource_type, right)))
    }

    /// The types on which the caller has this right, as for a search over the whole system.
    pub fn types(&self, right: Right) -> impl Iterator<Item = ResourceType> + '_ {
        ResourceType::all().filter(move |resource_type| self.has(*resource_type, right))
    }

    /// The context whose scopes count; `None` when scopes are not asked for.
    fn context(&self) -> Option<Context> {
        match self.kind {
            CallerKind::Anonymous => None,
            CallerKind::Patient => Some(Context::Patient),
            CallerKind::User => Some(Context::User),
            CallerKind::System => Some(Context::System),
        }
    }

    fn lack(&self, resource_type: ResourceType, right: Right) -> String {
        if self.kind == CallerKind::Patient && self.patient.is_none() {
            return "The token has patient scopes, but no claim 'patient' that says whose record it is for."
                .to_owned();
        }
        let context = self.context().map_or("system", Context::name);
        let missing = format!("This needs the scope '{context}/{resource_type}.{}'", right.letter());
        let granted = self.scopes.to_string();
        let has = match granted.len() {
            0 => "the token grants nothing here".to_owned(),
            1..=200 => format!("the token grants '{granted}'"),
            _ => "the token does not grant it".to_owned(),
        };
        let hint = match (self.scopes.granular().len(), self.scopes.ignored()) {
            (0, 0) => "",
            (0, _) => " Some of its scopes are malformed and were ignored.",
            _ => " Scopes with search parameters are not supported and grant nothing.",
        };
        format!("{missing}; {has}.{hint}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(scopes: &str, patient: Option<&str>) -> Caller {
        let scopes = Scopes::parse(scopes);
        let kind = Caller::kind_of(&scopes, patient);
        Caller { patient: patient.map(str::to_owned), kind, scopes, ..Caller::everyone() }
    }

    #[test]
    fn only_the_scopes_of_the_callers_own_context_count() {
        let table: &[(&str, Option<&str>, ResourceType, Right, bool)] = &[
            ("system/Task.r", None, ResourceType::TASK, Right::Read, true),
            ("system/Task.r", None, ResourceType::TASK, Right::Update, false), // A40
            ("system/Task.write", None, ResourceType::TASK, Right::Search, false), // A38
            ("system/*.rs", None, ResourceType::PATIENT, Right::Search, true),
            ("system/*.cruds", None, ResourceType::AUDIT_EVENT, Right::Search, false), // A72
            ("system/AuditEvent.rs", None, ResourceType::AUDIT_EVENT, Right::Search, true),
            ("user/*.cruds", None, ResourceType::AUDIT_EVENT, Right::Read, false),
            ("patient/*.rs", Some("p"), ResourceType::AUDIT_EVENT, Right::Read, true),
            ("patient/*.rs", Some("p"), ResourceType::TASK, Right::Read, true),
            ("patient/*.rs", Some("p"), ResourceType::TASK, Right::Create, false),
            ("patient/*.rs", None, ResourceType::TASK, Right::Read, false), // A35
            ("system/*.cruds", Some("p"), ResourceType::TASK, Right::Read, false),
            ("patient/*.rs system/*.cruds", None, ResourceType::TASK, Right::Read, false),
            ("user/Task.r system/*.cruds", None, ResourceType::TASK, Right::Update, false),
            ("user/Task.r system/*.cruds", None, ResourceType::TASK, Right::Read, true),
            ("user/Task.r?status=x system/*.cruds", None, ResourceType::TASK, Right::Read, false),
            ("", None, ResourceType::TASK, Right::Read, false),
        ];
        for (scopes, patient, resource_type, right, expected) in table {
            let caller = caller(scopes, *patient);
            assert_eq!(caller.has(*resource_type, *right), *expected, "{scopes} {resource_type} {right:?}");
            assert_eq!(caller.require(*resource_type, *right).is_ok(), *expected);
        }
    }

    #[test]
    fn everyone_may_do_everything() {
        assert!(
            Right::ALL
                .iter()
                .all(|right| Caller::everyone().types(*right).count() == ResourceType::all().count())
        );
    }

    #[test]
    fn the_types_of_a_search_over_everything_are_those_held() {
        let held: Vec<_> = caller("system/Task.rs system/Patient.r", None).types(Right::Search).collect();
        assert_eq!(held, [ResourceType::TASK]);
    }

    #[test]
    fn a_refusal_names_the_missing_scope() {
        for (scopes, patient, text) in [
            (
                "system/Task.r",
                None,
                "This needs the scope 'system/Task.u'; the token grants 'system/Task.r'.",
            ),
            ("", None, "This needs the scope 'system/Task.u'; the token grants nothing here."),
            (
                "system/Task.dus",
                None,
                "This needs the scope 'system/Task.u'; the token grants nothing here. \
                 Some of its scopes are malformed and were ignored.",
            ),
            (
                "patient/Task.u",
                None,
                "The token has patient scopes, but no claim 'patient' that says whose record it is for.",
            ),
            (
                "patient/Task.r",
                Some("p"),
                "This needs the scope 'patient/Task.u'; the token grants 'patient/Task.r'.",
            ),
        ] {
            let error = caller(scopes, patient).require(ResourceType::TASK, Right::Update).unwrap_err();
            assert_eq!((error.cause(), error.issues()[0].diagnostics.as_str()), (Cause::Forbidden, text));
        }
    }
}
