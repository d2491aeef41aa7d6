//! search: of one type, of the whole system, of a compartment, <https://hl7.org/fhir/R4/http.html#search>.

use ::search::query::{Criterion, Query};
use auth::Right;
use bytes::Bytes;
use fhir::{Cause, Error, Instant, Issue, IssueType, ResourceType, outcome::operation_outcome};
use serde_json::json;
use store::Stored;

use crate::bundle::{BundleWriter, address};
use crate::poll::told;
use crate::reply::shown;
use crate::request::Area;
use crate::{Context, Reply, Server};

impl Server {
    pub(crate) async fn search(
        &self,
        context: &Context,
        area: &Area,
        parameters: &[(String, String)],
    ) -> Result<Reply, Error> {
        let mut query = self.query(context, area, parameters).await?;
        for touched in touched(&query.criteria).into_iter().chain(including(&query)) {
            context.caller.require(touched, Right::Search)?;
        }
        let asked = query.used.len();
        let moment = self.bound(&mut query).await?;
        let mut found = self.store.search(&context.access, &query).await?;
        // What is included may be of any type that a match refers to.
        let mut left_out = Vec::new();
        found.included.retain(|stored| {
            let resource_type = stored.resource_type;
            let may =
                [Right::Read, Right::Search].iter().any(|right| context.caller.has(resource_type, *right));
            if !may && !left_out.contains(&resource_type) {
                left_out.push(resource_type);
            }
            may
        });

        let base = &self.settings.base;
        let link = |parameters: &[_]| address(base, &query.path, &context.presentation.with(parameters));
        let mut links = vec![("self", link(&query.used[..asked]))];
        if let Some(next) = found.next {
            let mut used: Vec<_> = query.used.iter().filter(|(name, _)| name != "_cursor").cloned().collect();
            used.push(("_cursor".to_owned(), next));
            links.push(("next", link(&used)));
        }
        let mut bundle =
            BundleWriter::of("searchset", found.total, &links, moment.map_or_else(Instant::now, told));
        for (stored, mode) in
            found.matches.iter().map(|m| (m, "match")).chain(found.included.iter().map(|i| (i, "include")))
        {
            let text = text(context, &query, stored, mode == "match")?;
            bundle.entry(
                &json!({"fullUrl": full_url(base, stored), "search": {"mode": mode}}),
                text.as_deref(),
            );
        }
        let ignored = query.ignored.iter().map(|(name, why)| {
            Issue::warning(IssueType::NotSupported, format!("'{name}' was ignored: {why}"))
        });
        let left_out = left_out.iter().map(|resource_type| {
            let sentence = format!("The token does not allow to read {resource_type}, so none is included.");
            Issue::warning(IssueType::Forbidden, sentence)
        });
        let issues: Vec<_> = ignored.chain(left_out).collect();
        if !issues.is_empty() {
            bundle.entry(
                &json!({"search": {"mode": "outcome"}}),
                Some(operation_outcome(&issues).to_string().as_bytes()),
            );
        }
        Ok(Reply::resource(bundle.finish()))
    }

    /// The query of a search. Types that are named need the right to search them; of all types, those are searched for which
    /// there is the right.
    async fn query(
        &self,
        context: &Context,
        area: &Area,
        parameters: &[(String, String)],
    ) -> Result<Query, Error> {
        let mut options = self.search_options(context.preferences.handling);
        options.value_sets = self.value_sets(context, parameters).await?;
        let caller = &context.caller;
        let allowed = |types: Vec<ResourceType>| -> Result<Vec<ResourceType>, Error> {
            let named = ::search::parse::types(parameters)?;
            let types: Vec<_> = match &named {
                Some(named) => types.into_iter().filter(|of| named.contains(of)).collect(),
                None => types.into_iter().filter(|of| caller.has(*of, Right::Search)).collect(),
            };
            named.iter().flatten().try_for_each(|of| caller.require(*of, Right::Search))?;
            match types.is_empty() && named.is_none() {
                true => Err(Error::new(Cause::Forbidden, "The token does not allow to search any type.")),
                false => Ok(types),
            }
        };
        match area {
            Area::Type(of) => {
                caller.require(*of, Right::Search)?;
                ::search::parse(*of, parameters, &options)
            }
            Area::System => {
                ::search::parse_system(allowed(ResourceType::all().collect())?, parameters, &options)
            }
            Area::Compartment { owner, id, member } => {
                let types = match member {
                    Some(member) => {
                        caller.require(*member, Right::Search)?;
                        vec![*member]
                    }
                    None => allowed(::search::compartment::members(*owner))?,
                };
                ::search::parse_compartment((*owner, id), *member, types, parameters, &options)
            }
        }
    }
}

/// The text of an entry, under `_summary` or `_elements` when it is a match.
fn text(
    context: &Context,
    query: &::search::Query,
    stored: &Stored,
    is_match: bool,
) -> Result<Option<Bytes>, Error> {
    let whole = shown(context, stored)?;
    if !query.is_subset() || !is_match {
        return Ok(whole);
    }
    let resource = whole.map(|text| fhir::json::object(&text)).transpose()?;
    Ok(resource.map(|resource| ::search::subset(&resource, query).to_string().into()))
}

/// Every other type that a search looks at: the right to search it is needed too, or a chain would tell what a search may not.
pub(crate) fn touched(criteria: &[Criterion]) -> Vec<ResourceType> {
    fn of_criterion(criterion: &Criterion, types: &mut Vec<ResourceType>) {
        match criterion {
            Criterion::Chain { links, .. } => {
                for (resource_type, inner) in links {
                    types.push(*resource_type);
                    of_criterion(inner, types);
                }
            }
            Criterion::Has { parameter, criterion } => {
                types.push(parameter.resource_type);
                of_criterion(criterion, types);
            }
            Criterion::Hierarchy { by, .. } => {
                types.extend(by.iter().map(|parameter| parameter.resource_type))
            }
            Criterion::Any(several) | Criterion::All(several) => {
                several.iter().for_each(|inner| of_criterion(inner, types));
            }
            Criterion::Not(inner) | Criterion::OfType(_, inner) => of_criterion(inner, types),
            _ => {}
        }
    }
    let mut types = Vec::new();
    criteria.iter().for_each(|criterion| of_criterion(criterion, &mut types));
    types.sort_unstable();
    types.dedup();
    types
}

/// The types whose references a search follows to include others.
fn including(query: &Query) -> impl Iterator<Item = ResourceType> {
    let named =
        query.includes.iter().filter(|include| include.parameter.is_some() || include.sources.len() == 1);
    named.flat_map(|include| include.sources.iter().copied())
}

pub(crate) fn full_url(base: &str, stored: &Stored) -> String {
    format!("{base}/{}/{}", stored.resource_type, stored.id)
}
