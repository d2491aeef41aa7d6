//! What an export is asked for, <http://hl7.org/fhir/uv/bulkdata/export.html#query-parameters>.
//!
//! What cannot be given is refused. With `Prefer: handling=lenient` it is ignored, and a note in the export says so; a filter that
//! cannot be understood is refused always, because without it there would be more than was meant.

use std::collections::BTreeSet;

use ::search::query::Criterion;
use auth::Right;
use fhir::{Cause, Error, Instant, Key, Reference, ResourceType, Value};
use serde::{Deserialize, Serialize};

use super::Call;
use crate::operation::everything::membership;
use crate::search::touched;
use crate::{Context, Handling, Server};

/// Everything that whoever carries it out has to know.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Asked {
    /// The address that it was asked for at.
    pub(super) request: String,
    pub(super) scope: Scope,
    pub(super) types: Vec<String>,
    /// Searches of a type, any of which a resource of the type meets.
    pub(super) filters: Vec<(String, String)>,
    /// As they were named: `id`, `Patient.name`.
    pub(super) elements: Vec<String>,
    /// In microseconds since 1970: at or after this time, and before this one.
    pub(super) since: Option<i64>,
    pub(super) until: Option<i64>,
    /// The ids of the only Patients whose records are meant.
    pub(super) patients: Option<BTreeSet<String>>,
    /// What was ignored.
    pub(super) notes: Vec<String>,
}

/// Whose resources.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Scope {
    System,
    Patients,
    Group(String),
}

/// What was ignored, or why nothing is.
struct Leniency {
    is_lenient: bool,
    notes: Vec<String>,
}

impl Leniency {
    /// Ignores what this error is about, or refuses with it.
    fn ignore(&mut self, error: Error) -> Result<(), Error> {
        if !self.is_lenient {
            return Err(error);
        }
        self.notes.extend(error.into_issues().into_iter().map(|issue| issue.diagnostics));
        Ok(())
    }
}

impl Server {
    /// What this call asks for, as far as its caller may.
    pub(super) async fn what_is_asked(&self, context: &Context, call: &Call) -> Result<Asked, Error> {
        let given = &call.parameters;
        let is_lenient = context.preferences.handling == Handling::Lenient;
        let mut leniency = Leniency { is_lenient, notes: Vec::new() };
        for issue in given.unknown() {
            leniency.ignore(Error::with_issue(Cause::BadRequest, issue.clone()))?;
        }
        match given.text("_outputFormat") {
            None | Some("application/fhir+ndjson" | "application/fhir ndjson" | "application/ndjson" | "ndjson") => {}
            Some(other) => leniency.ignore(Error::bad_request(format!(
                "'{}' is no format of an export. It is application/fhir+ndjson, application/ndjson or ndjson.",
                shown(other)
            )))?,
        }
        let scope = match (call.resource_type, &call.id) {
            (None, _) => Scope::System,
            (Some(ResourceType::GROUP), Some(id)) => Scope::Group(id.clone()),
            _ => Scope::Patients,
        };
        let types = self.types_of_export(context, call, &scope, &mut leniency)?;
        let filters = self.filters_of_export(context, call, &types).await?;
        let elements = elements(given.texts("_elements"))?;
        let patients = self.persons_of_export(context, call, &scope).await?;
        let time = |name: &str| given.text(name).map(|text| self.moment(name, text)).transpose();
        Ok(Asked {
            request: format!("{}/{}", self.settings.base, call.address),
            scope,
            types: types.iter().map(|of| of.name().to_owned()).collect(),
            filters,
            elements,
            since: time("_since")?
                .map(|(low, next)| if low == next { low } else { next })
                .map(Instant::microseconds),
            until: time("_until")?.map(|(low, _)| low.microseconds()),
            patients,
            notes: leniency.notes,
        })
    }

    /// The time that a parameter names, and what comes after it as times are shown: in milliseconds. For a date the latter is the
    /// same, so that the whole day comes after it.
    fn moment(&self, name: &str, text: &str) -> Result<(Instant, Instant), Error> {
        if let Some(instant) = Instant::parse(text) {
            let millisecond = instant.microseconds().div_euclid(1000);
            return Ok((instant, Instant::from_microseconds((millisecond + 1) * 1000)));
        }
        let (low, _) = self.period(name, text)?;
        Ok((low, low))
    }

    /// The types that are named, or all that there can be, as far as the token allows to read them.
    fn types_of_export(
        &self,
        context: &Context,
        call: &Call,
        scope: &Scope,
        leniency: &mut Leniency,
    ) -> Result<Vec<ResourceType>, Error> {
        let of_persons: Vec<ResourceType> = match scope {
            Scope::System => ResourceType::all().collect(),
            Scope::Patients | Scope::Group(_) => {
                let mut types = ::search::compartment::members(ResourceType::PATIENT);
                types.extend(membership(store::Persons::All).referred);
                types
            }
        };
        let named = call.parameters.texts("_type").flat_map(|names| names.split(',')).map(str::trim);
        let mut types = BTreeSet::new();
        let mut is_named = false;
        for name in named.filter(|name| !name.is_empty()) {
            is_named = true;
            let refusal = match ResourceType::find(name) {
                None => Error::bad_request(format!(
                    "'{}' in _type is not a resource type of FHIR R4.",
                    shown(name)
                )),
                Some(of) if !of_persons.contains(&of) => Error::bad_request(format!(
                    "{of} in _type is no part of a patient's record. Ask for it at [base]/$export."
                )),
                Some(of) => match context.caller.require(of, Right::Read) {
                    Err(refusal) => refusal,
                    Ok(()) => {
                        types.insert(of);
                        continue;
                    }
                },
            };
            leniency.ignore(refusal)?;
        }
        if !is_named {
            types.extend(of_persons.into_iter().filter(|of| context.caller.has(*of, Right::Read)));
        }
        match (types.is_empty(), is_named) {
            (false, _) => Ok(types.into_iter().collect()),
            (true, true) => Err(Error::bad_request("None of the types in _type can be exported.")),
            (true, false) => Err(Error::new(Cause::Forbidden, "The token does not allow to read any type.")),
        }
    }

    /// The searches of `_typeFilter`, which are checked here and made again when they are carried out.
    async fn filters_of_export(
        &self,
        context: &Context,
        call: &Call,
        types: &[ResourceType],
    ) -> Result<Vec<(String, String)>, Error> {
        let mut filters = Vec::new();
        for filter in call.parameters.texts("_typeFilter").flat_map(filters_in) {
            let (name, query) = filter.split_once('?').ok_or_else(|| {
                Error::bad_request(format!(
                    "'{}' in _typeFilter is no search. Write a type, ? and search parameters, as in Task?status=requested.",
                    shown(filter)
                ))
            })?;
            let of = ResourceType::find(name).filter(|of| types.contains(of)).ok_or_else(|| {
                Error::bad_request(format!(
                    "_typeFilter is about {}, which is not among the types of this export.",
                    shown(name)
                ))
            })?;
            let criteria = self.criteria_of_export(context, of, query).await?;
            context.caller.require(of, Right::Search)?;
            for touched in touched(&criteria) {
                context.caller.require(touched, Right::Search)?;
            }
            filters.push((of.name().to_owned(), query.to_owned()));
        }
        Ok(filters)
    }

    /// The criteria of one search.
    pub(super) async fn criteria_of_export(
        &self,
        context: &Context,
        of: ResourceType,
        query: &str,
    ) -> Result<Vec<Criterion>, Error> {
        let mut options = self.search_options(Handling::Strict);
        options.value_sets = self.value_sets(context, &::search::decode_pairs(query)?).await?;
        ::search::parse_criteria(of, query, &options)
    }

    /// The ids of the Patients in `patient`. The group that is asked for, and each of these, is there and visible.
    async fn persons_of_export(
        &self,
        context: &Context,
        call: &Call,
        scope: &Scope,
    ) -> Result<Option<BTreeSet<String>>, Error> {
        let mut of_group = None;
        if let Scope::Group(id) = scope {
            context.caller.require(ResourceType::GROUP, Right::Read)?;
            let key = Key::of_resource(ResourceType::GROUP, id);
            let stored = self.store.read(&context.access, key).await?;
            let stored = crate::read::present(stored, ResourceType::GROUP, id)?;
            of_group = stored.resource()?.map(|group| self.members(group.value(), Instant::now()));
        }
        let mut ids = BTreeSet::new();
        for reference in call.parameters.values("patient") {
            let text = reference.get("reference").and_then(Value::as_str).unwrap_or_default();
            match Reference::parse(text, &self.settings.base) {
                Reference::Local { resource_type: ResourceType::PATIENT, id, .. } => {
                    ids.insert(id);
                }
                _ => {
                    return Err(Error::bad_request(format!(
                        "The parameter 'patient' refers to a Patient of this server, as Patient/1; received was '{}'.",
                        shown(text)
                    )));
                }
            }
        }
        if ids.is_empty() {
            return Ok(None);
        }
        let keys: Vec<Key> = ids.iter().map(|id| Key::of_resource(ResourceType::PATIENT, id)).collect();
        let there: BTreeSet<String> =
            self.store.read_all(&context.access, &keys).await?.into_iter().map(|stored| stored.id).collect();
        let is_meant = |id: &&String| {
            there.contains(*id) && of_group.as_ref().is_none_or(|members| members.contains(*id))
        };
        let others: Vec<&str> = ids.iter().filter(|id| !is_meant(id)).map(String::as_str).take(5).collect();
        if !others.is_empty() {
            let place = if of_group.is_some() { "in the group" } else { "on this server" };
            let named: Vec<_> = others.iter().map(|id| format!("Patient/{id}")).collect();
            return Err(Error::bad_request(format!("Not {place}: {}.", named.join(", "))));
        }
        Ok(Some(ids))
    }

    /// The ids of the Patients that are members of a Group at this time.
    pub(super) fn members(&self, group: &Value, at: Instant) -> BTreeSet<String> {
        let members = group.get("member").and_then(Value::as_array);
        let is_active = |member: &&Value| {
            let end = member.pointer("/period/end").and_then(Value::as_str);
            let has_ended = |end: &str| self.period("period.end", end).is_ok_and(|(_, high)| high <= at);
            member.get("inactive").and_then(Value::as_bool) != Some(true) && !end.is_some_and(has_ended)
        };
        let id = |member: &Value| {
            let text = member.pointer("/entity/reference").and_then(Value::as_str)?;
            match Reference::parse(text, &self.settings.base) {
                Reference::Local { resource_type: ResourceType::PATIENT, id, .. } => Some(id),
                _ => None,
            }
        };
        members.into_iter().flatten().filter(is_active).filter_map(id).collect()
    }
}

/// The searches in one value of `_typeFilter`: a comma begins another one when a type and `?` follow it.
fn filters_in(value: &str) -> Vec<&str> {
    let mut filters = Vec::new();
    let mut begin = 0;
    for (at, _) in value.match_indices(',') {
        let next = &value[at + 1..];
        let begins = next.split_once('?').is_some_and(|(name, _)| ResourceType::find(name.trim()).is_some());
        if begins {
            filters.push(&value[begin..at]);
            begin = at + 1;
        }
    }
    filters.push(&value[begin..]);
    filters.into_iter().map(str::trim).filter(|filter| !filter.is_empty()).collect()
}

fn elements<'a>(given: impl Iterator<Item = &'a str>) -> Result<Vec<String>, Error> {
    let names = given.flat_map(|names| names.split(',')).map(str::trim).filter(|name| !name.is_empty());
    names
        .map(|name| {
            let (of, element) = match name.split_once('.') {
                Some((of, element)) => (Some(of), element),
                None => (None, name),
            };
            let is_element = !element.is_empty() && element.bytes().all(|b| b.is_ascii_alphanumeric());
            match is_element && of.is_none_or(|of| ResourceType::find(of).is_some()) {
                true => Ok(name.to_owned()),
                false => Err(Error::bad_request(format!(
                    "'{}' in _elements is no element at the top of a resource. Write it as id or as Patient.name.",
                    shown(name)
                ))),
            }
        })
        .collect()
}

fn shown(text: &str) -> String {
    text.chars().take(100).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_between_searches_and_within_them() {
        for (value, expect) in [
            ("Task?status=a,b", &["Task?status=a,b"][..]),
            ("Task?status=a,b,Patient?name=x", &["Task?status=a,b", "Patient?name=x"]),
            ("Task?status=a, Task?status=b&code=c", &["Task?status=a", "Task?status=b&code=c"]),
            ("Task?code=Patient,x", &["Task?code=Patient,x"]),
            ("", &[]),
            ("status=a", &["status=a"]),
        ] {
            assert_eq!(filters_in(value), expect, "{value}");
        }
    }

    #[test]
    fn elements_are_at_the_top() {
        let names = |text: &str| elements([text].into_iter()).map_err(|error| error.cause().status());
        assert_eq!(names("id, Patient.name").unwrap(), ["id", "Patient.name"]);
        for wrong in ["Patient.name.family", "Nonsense.id", "a-b", "Patient."] {
            assert_eq!(names(wrong), Err(400), "{wrong}");
        }
    }
}
