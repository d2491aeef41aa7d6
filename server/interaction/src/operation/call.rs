//! The call of an operation: which, on what, with which parameters, <https://hl7.org/fhir/R4/operations.html#executing>.

use fhir::{Cause, Error, ResourceType, Value};

use super::{Code, Operation, Parameters};
use crate::request::Verb;

/// A call that is ready to be carried out.
#[derive(Clone, Debug)]
pub struct Call {
    pub(super) operation: &'static Operation,
    /// `None` for a call at the system.
    pub(super) resource_type: Option<ResourceType>,
    pub(super) id: Option<String>,
    pub(super) parameters: Parameters,
    /// Where it was made, below the base.
    pub(super) address: String,
}

impl Call {
    /// Whether carrying it out changes anything.
    pub(crate) fn affects_state(&self) -> bool {
        self.operation.affects_state
    }

    /// Reads a call of the operation with this name (without its `$`).
    ///
    /// # Errors
    /// 404 when there is no such operation here, 405 for GET where it changes something, 400 for parameters that are not its.
    pub(crate) fn read(
        verb: Verb,
        name: &str,
        resource_type: Option<ResourceType>,
        id: Option<String>,
        query: &[(String, String)],
        body: Option<Value>,
    ) -> Result<Self, Error> {
        let operation = Operation::find(name, resource_type, id.is_some()).ok_or_else(|| unknown(name))?;
        if !operation.verbs().contains(&verb.name()) {
            let sentence = format!(
                "${name} is not called with {}, but with {}.",
                verb.name(),
                operation.verbs().join(", ")
            );
            return Err(Error::new(Cause::MethodNotAllowed, sentence));
        }
        let parameters = Parameters::read(operation, query, body)?;
        Ok(Self { operation, resource_type, id, parameters, address: String::new() })
    }

    /// The same call, made at this address below the base.
    pub(crate) fn at(self, address: &str) -> Self {
        Self { address: address.to_owned(), ..self }
    }

    /// Whether it is answered before it is carried out, so that it stands alone.
    pub(crate) fn is_answered_first(&self) -> bool {
        matches!(self.operation.code, Code::Export | Code::Reindex)
    }

    /// The refusal of a call at an address that the operation has not.
    pub(super) fn unknown(&self) -> Error {
        unknown(self.operation.name)
    }
}

fn unknown(name: &str) -> Error {
    Error::not_found(&format!("The operation ${name} at this address"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_found_at_their_levels() {
        let subscription = Some(ResourceType::SUBSCRIPTION);
        for (verb, name, resource_type, id, expect) in [
            (Verb::Get, "status", subscription, None, 200),
            (Verb::Post, "status", subscription, Some("1"), 200),
            (Verb::Get, "events", subscription, Some("1"), 200),
            (Verb::Get, "events", subscription, None, 404),
            (Verb::Get, "status", None, None, 404),
            (Verb::Get, "status", Some(ResourceType::TASK), None, 404),
            (Verb::Get, "nonsense", subscription, None, 404),
            (Verb::Put, "status", subscription, None, 405),
        ] {
            let call = Call::read(verb, name, resource_type, id.map(str::to_owned), &[], None);
            let status = call.map_or_else(|error| error.cause().status(), |_| 200);
            assert_eq!(status, expect, "{verb:?} {resource_type:?} {id:?} ${name}");
        }
    }
}
