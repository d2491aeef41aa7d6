//! Where a finding is: a FHIRPath expression, spelled out only when there is a finding,
//! <https://hl7.org/fhir/R4/operationoutcome-definitions.html#OperationOutcome.issue.expression>.

use std::fmt;

/// A place in a resource, as a chain of borrowed steps from its root: walking costs nothing but stack.
#[derive(Clone, Copy)]
pub(crate) struct At<'a> {
    parent: Option<&'a At<'a>>,
    name: &'a str,
    index: Option<usize>,
}

impl<'a> At<'a> {
    /// The resource itself, by the name of its type.
    pub(crate) fn root(resource_type: &'a str) -> Self {
        Self { parent: None, name: resource_type, index: None }
    }

    /// The element of this name below; a choice may be named `value[x]` and is written `value`.
    pub(crate) fn member(&'a self, name: &'a str) -> Self {
        Self { parent: Some(self), name, index: None }
    }

    /// One repetition of the element of this name below; no index for an element that does not repeat.
    pub(crate) fn item(&'a self, name: &'a str, index: Option<usize>) -> Self {
        Self { parent: Some(self), name, index }
    }
}

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            write!(f, "{parent}.")?;
        }
        f.write_str(self.name.strip_suffix("[x]").unwrap_or(self.name))?;
        match self.index {
            Some(index) => write!(f, "[{index}]"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_names_every_step() {
        let root = At::root("Task");
        let input = root.item("input", Some(2));
        let value = input.member("value[x]");
        assert_eq!(value.member("code").to_string(), "Task.input[2].value.code");
    }
}
