//! The ways in which a notification can go out. There is one: rest-hook.

mod resolver;
mod rest_hook;

pub(crate) use rest_hook::{RestHook, Webhook};

/// Why a notification was not accepted.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Failure {
    /// <http://terminology.hl7.org/CodeSystem/subscription-error>
    pub(crate) code: &'static str,
    /// A sentence for the subscriber. It never holds anything of the endpoint's answer but its status.
    pub(crate) text: String,
    /// The HTTP status, when there was an answer.
    pub(crate) status: Option<u16>,
    pub(crate) timed_out: bool,
    /// After how many seconds the endpoint wants to be asked again.
    pub(crate) retry_after: Option<f64>,
}

impl Failure {
    pub(crate) fn no_response(text: impl Into<String>, timed_out: bool) -> Self {
        Self { code: "no-response", text: text.into(), status: None, timed_out, retry_after: None }
    }

    pub(crate) fn unresolved(text: impl Into<String>) -> Self {
        Self { code: "dns-resolution-error", ..Self::no_response(text, false) }
    }

    pub(crate) fn answered(status: u16, retry_after: Option<f64>) -> Self {
        let text = format!("The endpoint answered with HTTP status {status}.");
        Self { code: "error-response", text, status: Some(status), timed_out: false, retry_after }
    }

    /// The endpoint says that it will not come back.
    pub(crate) fn is_gone(&self) -> bool {
        self.status == Some(410)
    }
}
