//! An answer before it is handed to the HTTP library: status, headers and body as plain values.

use std::fmt;

use bytes::Bytes;
use interaction::Lines;

/// What goes back to the client, but for the headers that every answer has.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Names in lower case.
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Bytes,
    /// What is sent instead of the body, while it is made.
    pub(crate) stream: Option<Stream>,
}

/// A body of any length.
pub(crate) struct Stream(pub(crate) Lines);

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stream")
    }
}

impl Answer {
    pub(crate) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Bytes::new(), stream: None }
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
