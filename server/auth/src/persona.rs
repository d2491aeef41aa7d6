//! The people and systems of the demonstration place, each with an organisation and rights of its own.
//!
//! They exist where the built-in issuer does; a server in production has none.

use fhir::Error;

/// One of the demo callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Persona {
    Epr,
    Hub,
    Ucr,
    Reablement,
    Council,
    Patient1,
    Auditor,
    Nobody,
}

impl Persona {
    /// Every persona, in the order of the story: referred, allocated, cared for, looked at.
    #[must_use]
    pub fn all() -> [Self; 8] {
        [
            Self::Epr,
            Self::Hub,
            Self::Ucr,
            Self::Reablement,
            Self::Council,
            Self::Patient1,
            Self::Auditor,
            Self::Nobody,
        ]
    }

    /// The persona of this name; 400 naming all of them.
    pub fn parse(name: &str) -> Result<Self, Error> {
        Self::all().into_iter().find(|persona| persona.name() == name).ok_or_else(|| {
            let names: Vec<&str> = Self::all().iter().map(Self::name).collect();
            Error::bad_request(format!("There is no such persona. There are: {}.", names.join(", ")))
        })
    }

    /// Its name on the command line.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Epr => "epr",
            Self::Hub => "hub",
            Self::Ucr => "ucr",
            Self::Reablement => "reablement",
            Self::Council => "council",
            Self::Patient1 => "patient-1",
            Self::Auditor => "auditor",
            Self::Nobody => "nobody",
        }
    }

    /// Who it is, in a sentence.
    #[must_use]
    pub fn sentence(&self) -> &'static str {
        match self {
            Self::Epr => "The record system of the hospital (RR8): refers people who are ready to leave.",
            Self::Hub => {
                "The transfer-of-care hub (LEEDS-HUB): sees every referral and allocates it to a team."
            }
            Self::Ucr => "The urgent community response team (RY6-UCR): answers within two hours.",
            Self::Reablement => "The reablement team (LEEDS-SKILS): accepts, visits and completes.",
            Self::Council => "Adult social care at the council (00DA): arranges care at home.",
            Self::Patient1 => "The person whose record is Patient/patient-1: reads it, and it alone.",
            Self::Auditor => "The auditor of the hub: reads who looked at what, and nothing clinical.",
            Self::Nobody => "A client with a good token and no scopes: shows what a refusal looks like.",
        }
    }

    /// The client that calls.
    #[must_use]
    pub fn client(&self) -> String {
        format!("demo-{}", self.name())
    }

    /// The organisations it acts for: ODS codes, or local codes where there is none.
    #[must_use]
    pub fn organizations(&self) -> &'static [&'static str] {
        match self {
            Self::Epr => &["RR8"],
            Self::Hub | Self::Auditor => &["LEEDS-HUB"],
            Self::Ucr => &["RY6-UCR"],
            Self::Reablement => &["LEEDS-SKILS"],
            Self::Council => &["00DA"],
            Self::Patient1 | Self::Nobody => &[],
        }
    }

    /// The id of the Patient to whose record it is confined.
    #[must_use]
    pub fn patient(&self) -> Option<&'static str> {
        match self {
            Self::Patient1 => Some("patient-1"),
            _ => None,
        }
    }

    /// The scopes it is registered for.
    #[must_use]
    pub fn scope(&self) -> &'static str {
        match self {
            Self::Epr | Self::Hub | Self::Ucr | Self::Reablement | Self::Council => "system/*.cruds",
            Self::Patient1 => "patient/*.rs",
            Self::Auditor => "system/AuditEvent.rs system/Organization.rs",
            Self::Nobody => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::Scopes;

    #[test]
    fn every_persona_is_found_by_its_name_and_has_a_sentence() {
        for persona in Persona::all() {
            assert_eq!(Persona::parse(persona.name()).unwrap(), persona);
            assert!(persona.sentence().ends_with('.'));
            assert_eq!(Scopes::parse(persona.scope()).to_string(), persona.scope());
        }
        assert_eq!(
            Persona::all().iter().map(Persona::name).collect::<HashSet<_>>().len(),
            Persona::all().len()
        );
        assert!(Persona::parse("EPR").unwrap_err().to_string().contains("patient-1"));
    }
}
