//! The value sets that a search names with `:in`, `:not-in` or in a filter, <https://hl7.org/fhir/R4/search.html#token>: those that
//! are part of the server, and those that are stored here, as `$expand` knows them.

use auth::Right;
use canonical::Terminology;
use canonical::terminology::terminology;
use fhir::{Cause, Error, Key, Reference, Resource, ResourceType, Value};
use search::ValueSets;

use super::{Refusal, Subject};
use crate::{Context, Server};

/// How many value sets a search may name.
const MAX_NAMED: usize = 10;

impl Server {
    /// The value sets that these parameters name, by their canonical url or as `ValueSet/id`. A caller who may not read value sets
    /// has those that are part of the server.
    ///
    /// # Errors
    /// 400 when they are too many. That one is not held is said in its place.
    pub(crate) async fn value_sets(
        &self,
        context: &Context,
        parameters: &[(String, String)],
    ) -> Result<ValueSets, Error> {
        let names = ::search::value_sets(parameters);
        if names.len() > MAX_NAMED {
            return Err(Error::new(
                Cause::TooCostly,
                format!("A search names at most {MAX_NAMED} value sets; here are {}.", names.len()),
            ));
        }
        let mut known = ValueSets::new();
        if !context.caller.has(ResourceType::VALUE_SET, Right::Read) {
            return Ok(known);
        }
        for name in names {
            let held = Terminology::over(terminology());
            let mut subject = Subject { url: None, terminology: held };
            if let Reference::Local { resource_type: ResourceType::VALUE_SET, id, .. } =
                Reference::parse(&name, &self.settings.base)
                && let Some(mut value_set) = self.stored_value_set(context, &id).await?
            {
                // The one that was named counts, whatever else has its url. What cannot be read is not held.
                value_set["url"] = name.clone().into();
                let _ = subject.terminology.add(&value_set);
            }
            let question = |terminology: &Terminology| terminology.codes(&name).map_err(Refusal::from);
            let codes = match self.ask(context, &mut subject, question).await {
                Ok(codes) => Ok(codes),
                Err(error) if matches!(error.cause(), Cause::NotFound | Cause::Unprocessable) => {
                    Err(error.issues().iter().map(|issue| issue.diagnostics.as_str()).collect())
                }
                Err(error) => return Err(error),
            };
            known.insert(name, codes);
        }
        Ok(known)
    }

    async fn stored_value_set(&self, context: &Context, id: &str) -> Result<Option<Value>, Error> {
        let key = Key::of_resource(ResourceType::VALUE_SET, id);
        let stored = self.store.read(&context.access, key).await?;
        Ok(stored.map(|stored| stored.resource()).transpose()?.flatten().map(Resource::into_value))
    }
}
