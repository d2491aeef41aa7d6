//! Findings and the OperationOutcome that carries them, <https://hl7.org/fhir/R4/operationoutcome.html>.

use serde_json::{Value, json};

use crate::CANONICAL_BASE;

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    Information,
    Warning,
    Error,
    Fatal,
}

impl Severity {
    /// FHIR's code for it.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Information => "information",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Fatal => "fatal",
        }
    }
}

macro_rules! issue_types {
    ($($variant:ident = $code:literal),* $(,)?) => {
        /// What kind of finding it is, <https://hl7.org/fhir/R4/valueset-issue-type.html>.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum IssueType { $($variant),* }

        impl IssueType {
            /// FHIR's code for it.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),* }
            }
        }
    };
}

issue_types! {
    Invalid = "invalid", Structure = "structure", Required = "required", Value = "value", Invariant = "invariant",
    Login = "login", Forbidden = "forbidden", Processing = "processing", NotSupported = "not-supported",
    Duplicate = "duplicate", MultipleMatches = "multiple-matches", NotFound = "not-found", Deleted = "deleted",
    TooLong = "too-long", CodeInvalid = "code-invalid", Extension = "extension", TooCostly = "too-costly",
    BusinessRule = "business-rule", Conflict = "conflict", Transient = "transient", Timeout = "timeout",
    Throttled = "throttled", Exception = "exception", Informational = "informational",
}

/// One finding: what is wrong, where, by which rule, and how to put it right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    pub severity: Severity,
    pub code: IssueType,
    /// The id of our own rule, such as `IC-STATE-01`, which goes to `details.coding`; or the key of an invariant, such as
    /// `bdl-7`, which is no code of a system and goes to `details.text`.
    pub rule: Option<&'static str>,
    /// A plain sentence: what was received, what is allowed, how to fix it.
    pub diagnostics: String,
    /// Where: FHIRPath expressions such as `ServiceRequest.category[0].coding[1].code`.
    pub expression: Vec<String>,
}

impl Issue {
    #[must_use]
    pub fn new(severity: Severity, code: IssueType, diagnostics: impl Into<String>) -> Self {
        Self { severity, code, rule: None, diagnostics: diagnostics.into(), expression: Vec::new() }
    }

    #[must_use]
    pub fn error(code: IssueType, diagnostics: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, diagnostics)
    }

    #[must_use]
    pub fn warning(code: IssueType, diagnostics: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, diagnostics)
    }

    /// The same finding, at this FHIRPath expression.
    #[must_use]
    pub fn at(mut self, expression: impl Into<String>) -> Self {
        self.expression.push(expression.into());
        self
    }

    /// The same finding, by this rule of ours or this invariant.
    #[must_use]
    pub fn by_rule(mut self, rule: &'static str) -> Self {
        self.rule = Some(rule);
        self
    }

    /// Whether the finding stands in the way of storing the resource.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity >= Severity::Error
    }

    pub(crate) fn place_in_entry(&mut self, index: usize) {
        let entry = format!("Bundle.entry[{index}]");
        if self.expression.is_empty() {
            self.expression.push(entry);
            return;
        }
        for expression in &mut self.expression {
            if !expression.starts_with("Bundle.entry[") {
                let rest = expression.split_once('.').map_or(String::new(), |(_, rest)| format!(".{rest}"));
                *expression = format!("{entry}.resource{rest}");
            }
        }
    }

    fn to_json(&self) -> Value {
        let mut issue = json!({"severity": self.severity.code(), "code": self.code.code()});
        if let Some(rule) = self.rule {
            issue["details"] = if rule.starts_with("IC") {
                json!({"coding": [{"system": format!("{CANONICAL_BASE}/CodeSystem/ic-rule"), "code": rule}]})
            } else {
                json!({"text": rule})
            };
        }
        if !self.diagnostics.is_empty() {
            issue["diagnostics"] = Value::from(self.diagnostics.as_str());
        }
        if !self.expression.is_empty() {
            issue["expression"] = Value::from(self.expression.clone());
        }
        issue
    }
}

/// The OperationOutcome that carries these findings.
#[must_use]
pub fn operation_outcome(issues: &[Issue]) -> Value {
    json!({"resourceType": "OperationOutcome", "issue": issues.iter().map(Issue::to_json).collect::<Vec<_>>()})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_is_placed_in_its_entry_once() {
        let mut issue = Issue::error(IssueType::Value, "bad").at("Task.status");
        issue.place_in_entry(3);
        issue.place_in_entry(4);
        assert_eq!(issue.expression, ["Bundle.entry[3].resource.status"]);
        let mut bare = Issue::error(IssueType::Value, "bad");
        bare.place_in_entry(0);
        assert_eq!(bare.expression, ["Bundle.entry[0]"]);
    }
}
