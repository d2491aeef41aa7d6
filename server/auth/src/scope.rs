//! SMART scopes, <https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html#fhir-resource-scopes>.
//!
//! A scope that is not exactly in the grammar grants nothing; it is never repaired. A granular scope
//! (`system/Task.rs?status=requested`) is kept, and grants nothing as long as searches are not narrowed by it.

use std::fmt;

use fhir::ResourceType;

/// Scopes beyond this number in one token grant nothing.
const MAX_SCOPES: usize = 256;

/// What may be done with a type: `c` create, `r` read, vread and instance history, `u` update and patch, `d` delete,
/// `s` search and type history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Right {
    Create,
    Read,
    Update,
    Delete,
    Search,
}

impl Right {
    /// Every right, in the order of the grammar.
    pub const ALL: [Self; 5] = [Self::Create, Self::Read, Self::Update, Self::Delete, Self::Search];

    /// Its letter in a scope.
    #[must_use]
    pub fn letter(self) -> char {
        match self {
            Self::Create => 'c',
            Self::Read => 'r',
            Self::Update => 'u',
            Self::Delete => 'd',
            Self::Search => 's',
        }
    }

    fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// Whose rights a scope speaks of: the person's own record, a member of staff, a system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Context {
    Patient,
    User,
    System,
}

impl Context {
    /// Its word in a scope.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Patient => "patient",
            Self::User => "user",
            Self::System => "system",
        }
    }

    fn find(name: &str) -> Option<Self> {
        [Self::Patient, Self::User, Self::System].into_iter().find(|context| context.name() == name)
    }
}

/// One line of what is granted; `resource_type` is `None` for `*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Grant {
    context: Context,
    resource_type: Option<ResourceType>,
    rights: u8,
}

impl Grant {
    /// The grant of one scope without parameters, if it is in the grammar of SMART 2 or SMART 1.
    fn parse(scope: &str) -> Option<Self> {
        let (context, rest) = scope.split_once('/')?;
        let (type_name, rights) = rest.split_once('.')?;
        Some(Self {
            context: Context::find(context)?,
            resource_type: if type_name == "*" { None } else { Some(ResourceType::find(type_name)?) },
            rights: rights_of(rights)?,
        })
    }

    /// Whether it speaks of this type, by its name or by `*`.
    ///
    /// `AuditEvent` tells who looked at whom: for systems and staff `*` does not cover it, it must be named.
    fn covers(&self, resource_type: ResourceType) -> bool {
        match self.resource_type {
            Some(named) => named == resource_type,
            None => self.context == Context::Patient || resource_type != ResourceType::AUDIT_EVENT,
        }
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}.", self.context.name(), self.resource_type.map_or("*", ResourceType::name))?;
        Right::ALL
            .iter()
            .filter(|right| self.rights & right.bit() != 0)
            .try_for_each(|r| write!(f, "{}", r.letter()))
    }
}

/// The rights of a suffix: letters of `cruds` in that order, or a word of SMART 1.
fn rights_of(suffix: &str) -> Option<u8> {
    match suffix {
        "" => return None,
        "read" => return rights_of("rs"),
        "write" => return rights_of("cud"),
        "*" => return rights_of("cruds"),
        _ => {}
    }
    let mut order = Right::ALL.into_iter();
    suffix
        .chars()
        .try_fold(0, |rights, letter| Some(rights | order.find(|right| right.letter() == letter)?.bit()))
}

/// The scopes of a token, as far as they grant something here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scopes {
    granted: Vec<Grant>,
    granular: Vec<String>,
    ignored: usize,
}

impl Scopes {
    /// The scopes in this text, separated by spaces. What is malformed is counted and grants nothing.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut scopes = Self::default();
        for (position, scope) in text.split(' ').filter(|scope| !scope.is_empty()).enumerate() {
            let (plain, parameters) = match scope.split_once('?') {
                Some((plain, parameters)) => (plain, Some(parameters)),
                None => (scope, None),
            };
            let about_resources =
                plain.split_once('/').is_some_and(|(context, _)| Context::find(context).is_some());
            match Grant::parse(plain) {
                _ if position >= MAX_SCOPES => scopes.ignored += 1,
                Some(grant) if parameters.is_none() => scopes.add(grant),
                Some(_) if parameters.is_some_and(is_parameters) => scopes.granular.push(scope.to_owned()),
                // Scopes of other vocabularies (openid, launch/patient) are none of ours, and no mistake.
                _ => scopes.ignored += usize::from(about_resources),
            }
        }
        scopes
    }

    /// Whether a scope of this context grants this right on this type.
    #[must_use]
    pub fn grants(&self, context: Context, resource_type: ResourceType, right: Right) -> bool {
        self.granted
            .iter()
            .any(|g| g.context == context && g.rights & right.bit() != 0 && g.covers(resource_type))
    }

    /// What both grant: what a client gets that asks for `self` and is registered for `registered`.
    #[must_use]
    pub fn within(&self, registered: &Self) -> Self {
        let mut both = Self::default();
        for wanted in &self.granted {
            for allowed in registered.granted.iter().filter(|allowed| allowed.context == wanted.context) {
                let resource_type = match (wanted.resource_type, allowed.resource_type) {
                    (Some(named), _) if !allowed.covers(named) => continue,
                    (Some(named), _) => Some(named),
                    (None, allowed) => allowed,
                };
                both.add(Grant { resource_type, rights: wanted.rights & allowed.rights, ..*wanted });
            }
        }
        both
    }

    /// The granular scopes, as they stand in the token. They grant nothing.
    #[must_use]
    pub fn granular(&self) -> &[String] {
        &self.granular
    }

    /// How many scopes were malformed, unknown or beyond the limit, and so grant nothing.
    #[must_use]
    pub fn ignored(&self) -> usize {
        self.ignored
    }

    /// Whether any scope of this context is in the token, granular ones included.
    #[must_use]
    pub fn names(&self, context: Context) -> bool {
        let in_context =
            |scope: &String| scope.split_once('/').is_some_and(|(name, _)| name == context.name());
        self.granted.iter().any(|grant| grant.context == context) || self.granular.iter().any(in_context)
    }

    fn add(&mut self, grant: Grant) {
        let same = |g: &&mut Grant| g.context == grant.context && g.resource_type == grant.resource_type;
        match self.granted.iter_mut().find(same) {
            Some(known) => known.rights |= grant.rights,
            None if grant.rights != 0 => self.granted.push(grant),
            None => {}
        }
    }
}

/// Whether this is `param=value`, or several joined by `&`.
fn is_parameters(text: &str) -> bool {
    text.split('&')
        .all(|one| one.split_once('=').is_some_and(|(name, value)| !name.is_empty() && !value.is_empty()))
}

/// What is granted, in the words of SMART 2.
impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, grant) in self.granted.iter().enumerate() {
            write!(f, "{}{grant}", if position == 0 { "" } else { " " })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_grants_exactly_what_it_says() {
        for (scope, granted) in [
            ("system/Task.rs", "system/Task.rs"),
            ("system/Task.r system/Task.s", "system/Task.rs"),
            ("patient/*.cruds", "patient/*.cruds"),
            ("user/Task.read", "user/Task.rs"),
            ("user/Task.write", "user/Task.cud"),
            ("user/*.*", "user/*.cruds"),
            ("  system/Task.r   system/Patient.r ", "system/Task.r system/Patient.r"),
            ("openid fhirUser launch/patient offline_access system/Task.u", "system/Task.u"),
            ("", ""),
        ] {
            let scopes = Scopes::parse(scope);
            assert_eq!((scopes.to_string().as_str(), scopes.ignored()), (granted, 0), "{scope}");
        }
    }

    #[test]
    fn a34_a_malformed_scope_grants_nothing() {
        for scope in [
            "system/Task.dus",
            "system/Task.readd",
            "system/.r",
            "system/Task.",
            "system/Task",
            "system/task.r",
            "system/Task.rr",
            "system/Task.sr",
            "system/Task.R",
            "system/Task.r.s",
            "system/Tas*.r",
            "system/**.r",
            "system/Task.cruds,system/Patient.r",
            "system/Task.rs\tsystem/Patient.rs",
            "system/Nothing.r",
            "system/",
            "system/*.read.write",
            "system/*.r+s",
            "system/Task.rs?",
            "system/Task.rs?status",
            "system/Task.rs?=x",
            "system/Task.rs?status=",
            "system/Task.rs?a=b&",
            "system/../Task.rs",
            "system/Task.rs#x",
            "system/Task.\u{0440}",
        ] {
            let scopes = Scopes::parse(scope);
            assert_eq!((scopes.to_string().as_str(), scopes.ignored()), ("", 1), "{scope}");
        }
        for scope in ["System/Task.r", "/Task.r", "*/Task.r", "admin/*.cruds", "system", "*", "system.Task.r"]
        {
            assert_eq!(Scopes::parse(scope), Scopes::default(), "{scope}");
        }
    }

    #[test]
    fn a34_ten_thousand_scopes_grant_no_more_than_the_first_few() {
        let text = "system/Task.r ".repeat(10_000) + "system/*.cruds";
        let scopes = Scopes::parse(&text);
        assert_eq!(scopes.to_string(), "system/Task.r");
        assert_eq!(scopes.ignored(), 10_001 - MAX_SCOPES);
    }

    #[test]
    fn a_granular_scope_is_kept_and_grants_nothing() {
        let scopes = Scopes::parse("system/Task.rs?status=requested system/Patient.r");
        assert_eq!(scopes.granular(), ["system/Task.rs?status=requested"]);
        assert_eq!(scopes.to_string(), "system/Patient.r");
        assert!(!scopes.grants(Context::System, ResourceType::TASK, Right::Read));
    }

    #[test]
    fn a33_nobody_gets_more_than_is_registered() {
        for (wanted, registered, granted) in [
            ("system/*.cruds", "system/Task.rs", "system/Task.rs"),
            ("system/Task.rs", "system/*.cruds", "system/Task.rs"),
            ("system/Task.cr", "system/Task.rs", "system/Task.r"),
            ("system/Task.c", "system/Task.rs", ""),
            ("system/Task.rs", "system/Patient.rs", ""),
            ("user/Task.rs", "system/Task.rs", ""),
            (
                "system/*.rs system/Task.u",
                "system/Task.cruds system/Patient.r",
                "system/Task.rus system/Patient.r",
            ),
            ("system/*.cruds", "", ""),
            ("system/AuditEvent.rs", "system/*.cruds", ""),
            ("system/*.cruds", "system/AuditEvent.rs", "system/AuditEvent.rs"),
            ("patient/AuditEvent.rs", "patient/*.rs", "patient/AuditEvent.rs"),
            ("", "system/*.cruds", ""),
            ("system/Task.rs?status=requested", "system/*.cruds", ""),
        ] {
            assert_eq!(
                Scopes::parse(wanted).within(&Scopes::parse(registered)).to_string(),
                granted,
                "{wanted}"
            );
        }
    }
}
