//! What is known of the caller while an interaction is carried out.

use auth::{Caller, CallerKind};
use fhir::{CANONICAL_BASE, Error, Key, ResourceType};
use store::{Access, Actor};

use crate::{Presentation, Server};

/// One caller's view of the server, for one request.
#[derive(Clone, Debug)]
pub struct Context {
    pub caller: Caller,
    /// What the caller may read.
    pub access: Access,
    /// The organisations that the caller acts for.
    pub parties: Vec<Key>,
    pub request_id: Option<String>,
    pub preferences: Preferences,
    /// What the links of an answer repeat.
    pub presentation: Presentation,
    /// Whether it is the server that acts, on its own account: it may write what only it may write, and sees secrets.
    pub(crate) is_server: bool,
}

/// What the client prefers, <https://hl7.org/fhir/R4/http.html#ops> (the `Prefer` header).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Preferences {
    pub handling: Handling,
    pub returns: Return,
    /// Whether the answer may come before what was asked for is done.
    pub respond_async: bool,
}

/// What becomes of search parameters that are not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Handling {
    #[default]
    Strict,
    Lenient,
}

/// What the answer to a write holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Return {
    #[default]
    Representation,
    Minimal,
    OperationOutcome,
}

impl Context {
    /// The context of a request by this caller. Its organisations' codes are looked up among the Organizations held here.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn new(
        server: &Server,
        caller: Caller,
        request_id: Option<String>,
        preferences: Preferences,
        presentation: Presentation,
    ) -> Result<Self, Error> {
        let mut parties = Vec::new();
        for code in &caller.organizations {
            parties.extend(server.parties(code).await?);
        }
        let access = match (&caller.kind, &caller.patient) {
            (CallerKind::Anonymous, _) => Access::system(),
            (CallerKind::Patient, Some(patient)) => {
                Access::of_patient(Key::of_resource(ResourceType::PATIENT, patient))
            }
            _ => server.store.access(&parties),
        };
        Ok(Self { caller, access, parties, request_id, preferences, presentation, is_server: false })
    }

    /// The view of what a caller asked for and is carried out later: the caller's rights were looked at before.
    pub(crate) fn of_work(access: Access) -> Self {
        Self { access, is_server: false, ..Self::of_server() }
    }

    /// The server itself, for what it writes on its own account.
    #[must_use]
    pub fn of_server() -> Self {
        Self {
            caller: Caller::everyone(),
            access: Access::system(),
            parties: Vec::new(),
            request_id: None,
            preferences: Preferences::default(),
            presentation: Presentation::default(),
            is_server: true,
        }
    }

    /// The same for what it writes because time passes: the audit says so.
    pub(crate) fn of_timer() -> Self {
        let mut context = Self::of_server();
        context.caller.client = "timer".to_owned();
        context.caller.subject = "timer".to_owned();
        context
    }

    /// The organisations that the caller acts for, by their codes: whatever is held about them here.
    pub(crate) fn codes(&self) -> Vec<Key> {
        self.caller.organizations.iter().map(|code| organization_key(code)).collect()
    }

    pub(crate) fn actor(&self) -> Actor {
        Actor {
            client: self.caller.client.clone(),
            subject: self.caller.subject.clone(),
            organization: self.caller.organizations.first().cloned(),
            request_id: self.request_id.clone(),
        }
    }
}

/// The key that stands for whoever acts for the organisation with this code.
pub(crate) fn organization_key(code: &str) -> Key {
    Key::of_parts("organization", &[code])
}

/// The code systems whose codes name an organisation in a token: ODS, and our own for those that ODS does not know.
pub(crate) fn organization_systems() -> [String; 2] {
    [
        "https://fhir.nhs.uk/Id/ods-organization-code".to_owned(),
        format!("{CANONICAL_BASE}/Id/organization-code"),
    ]
}
