//! `$everything` of a person: the whole record that the caller may see,
//! <https://hl7.org/fhir/R4/patient-operation-everything.html>.
//!
//! Of what members refer to, organisations, people and places come along; other persons' records do not.

use ::search::{Kind, registry};
use auth::Right;
use canonical::definitions;
use fhir::{Error, Id, Instant, Key, ResourceType};
use serde_json::json;
use store::{Membership, Persons, Record};

use super::Call;
use crate::bundle::{BundleWriter, address};
use crate::label::is_directory;
use crate::poll::told;
use crate::reply::shown;
use crate::search::full_url;
use crate::{Context, Reply, Server};

/// The parameter that carries the place after which a page begins.
const CURSOR: &str = "_cursor";

impl Server {
    pub(super) async fn everything(&self, context: &Context, call: &Call) -> Result<Reply, Error> {
        let Some(id) = &call.id else { return Err(call.unknown()) };
        context.caller.require(ResourceType::PATIENT, Right::Read)?;
        let patient = Key::of_resource(ResourceType::PATIENT, Id::parse(id)?.as_str());
        let stored = self.store.read(&context.access, patient).await?;
        crate::read::present(stored, ResourceType::PATIENT, id)?;

        let given = &call.parameters;
        let time = |name: &str| given.text(name).map(|text| self.period(name, text)).transpose();
        let record = Record {
            patient,
            membership: membership(Persons::These(vec![patient])),
            types: types(context, given.texts("_type"))?,
            since: time("_since")?.map(|(low, _)| low),
            care: (time("start")?.map(|(low, _)| low), time("end")?.map(|(_, high)| high)),
        };
        let count = match given.text("_count") {
            None => self.settings.default_count,
            Some(text) => {
                let number = text.parse::<u32>();
                number
                    .map_err(|_| Error::bad_request("_count is a whole number."))?
                    .clamp(1, self.settings.max_count)
            }
        };
        let path = format!("Patient/{id}/$everything");
        let used: Vec<_> = given.query().into_iter().filter(|(name, _)| name != CURSOR).collect();
        let words = used.iter().filter(|(name, _)| name != "_count");
        let words: Vec<&str> = [path.as_str()]
            .into_iter()
            .chain(words.flat_map(|(name, value)| [name.as_str(), value.as_str()]))
            .collect();
        let cursor = given.text(CURSOR);
        // What is written from here on comes at the end of the walk, or next time.
        let moment = match (record.since, cursor) {
            (Some(_), None) => Some(self.settled().await?),
            _ => None,
        };
        let page = self.store.everything(&context.access, &record, cursor, &words, count).await?;

        let base = &self.settings.base;
        let link = |cursor: Option<&str>| {
            let mut used = used.clone();
            used.extend(cursor.map(|cursor| (CURSOR.to_owned(), cursor.to_owned())));
            address(base, &path, &context.presentation.with(&used))
        };
        let mut links = vec![("self", link(cursor))];
        links.extend(page.next.as_deref().map(|next| ("next", link(Some(next)))));
        let mut bundle = BundleWriter::of("searchset", None, &links, moment.map_or_else(Instant::now, told));
        for stored in &page.entries {
            let mode = if is_directory(stored.resource_type) { "include" } else { "match" };
            let members = json!({"fullUrl": full_url(base, stored), "search": {"mode": mode}});
            bundle.entry(&members, shown(context, stored)?.as_deref());
        }
        Ok(Reply::resource(bundle.finish()))
    }
}

/// What belongs to the records of these persons.
pub(super) fn membership(persons: Persons) -> Membership {
    let compartment = definitions().compartment(ResourceType::PATIENT.name());
    let members = compartment.into_iter().flat_map(|compartment| &compartment.members);
    let codes = members.filter_map(|(name, codes)| Some((ResourceType::find(name)?, codes)));
    let parameters = codes
        .flat_map(|(member, codes)| codes.iter().filter_map(move |code| registry().parameter(member, code)))
        .filter(|parameter| parameter.indexed && parameter.kind == Kind::Reference)
        .map(|parameter| parameter.number)
        .collect();
    let referred = ResourceType::all().filter(|known| is_directory(*known)).collect();
    Membership { persons, parameters, referred }
}

/// The types that are wanted, all when none is named, as far as the token allows to read them.
fn types<'a>(context: &Context, named: impl Iterator<Item = &'a str>) -> Result<Vec<ResourceType>, Error> {
    let named = named.flat_map(|names| names.split(',')).map(str::trim).filter(|name| !name.is_empty());
    let named = named
        .map(|name| {
            let short: String = name.chars().take(100).collect();
            ResourceType::find(name).ok_or_else(|| {
                Error::bad_request(format!("'{short}' in _type is not a resource type of FHIR R4."))
            })
        })
        .collect::<Result<Vec<_>, _>>()?;
    for resource_type in &named {
        context.caller.require(*resource_type, Right::Read)?;
    }
    if !named.is_empty() {
        return Ok(named);
    }
    Ok(ResourceType::all().filter(|known| context.caller.has(*known, Right::Read)).collect())
}
