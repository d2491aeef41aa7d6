//! An answer before it is handed to the HTTP library: status, headers and body as plain values.

use bytes::Bytes;

/// What goes back to the client, but for the headers that every answer has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Names in lower case.
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Bytes::new() }
    }

    /// An answer with content of this media type.
    pub(crate) fn content(status: u16, media_type: &str, body: impl Into<Bytes>) -> Self {
        Self::empty(status).with_content(media_type, body)
    }

    pub(crate) fn with_content(mut self, media_type: &str, body: impl Into<Bytes>) -> Self {
        self.headers.push(("content-type", format!("{media_type}; charset=utf-8")));
        self.body = body.into();
        self
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    #[cfg(test)]
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }
}
