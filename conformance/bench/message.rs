//! Frames HTTP/1.1 messages, for the load's own client and for the receiver of notifications,
//! <https://www.rfc-editor.org/rfc/rfc9112>.
//!
//! No trailers are kept, no message is read up to the end of its connection, and nothing is decompressed: it asks for none of that.

use std::io::{Error, ErrorKind, Result};

use tokio::io::{AsyncRead, AsyncReadExt as _};

const HEAD_LIMIT: usize = 64 * 1024;
const BODY_LIMIT: usize = 256 * 1024 * 1024;

/// The bytes received on one connection, message after message.
#[derive(Default)]
pub struct Inbox {
    bytes: Vec<u8>,
    taken: usize,
    joined: Vec<u8>,
}

/// One request or response.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// The request line or the status line.
    pub start: &'a str,
    headers: &'a str,
    /// Without its transfer coding.
    pub body: &'a [u8],
}

impl<'a> Message<'a> {
    /// The first header of that name, whose case does not matter.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        header(self.headers, name)
    }
}

impl Inbox {
    /// The next message; `None` when the peer has closed the connection between two of them.
    pub async fn next(&mut self, stream: &mut (impl AsyncRead + Unpin)) -> Result<Option<Message<'_>>> {
        self.bytes.drain(..self.taken);
        self.taken = 0;
        self.joined.clear();
        let mut searched = 0;
        let head = loop {
            if let Some(end) = find(&self.bytes, searched, b"\r\n\r\n") {
                break end;
            }
            searched = self.bytes.len().saturating_sub(3);
            if self.bytes.len() > HEAD_LIMIT {
                return Err(invalid("the head of the message is too long"));
            }
            if !self.fill(stream).await? {
                return if self.bytes.is_empty() { Ok(None) } else { Err(ErrorKind::UnexpectedEof.into()) };
            }
        };
        let body = head + 4;
        match framing(text(&self.bytes[..head])?)? {
            Framing::Length(length) => {
                self.need(stream, body + length).await?;
                self.taken = body + length;
                let (start, headers) = split_head(text(&self.bytes[..head])?);
                Ok(Some(Message { start, headers, body: &self.bytes[body..self.taken] }))
            }
            Framing::Chunked => {
                self.taken = self.join_chunks(stream, body).await?;
                let (start, headers) = split_head(text(&self.bytes[..head])?);
                Ok(Some(Message { start, headers, body: &self.joined }))
            }
        }
    }

    /// Joins the chunks that begin at `at`; the position after the last one.
    async fn join_chunks(&mut self, stream: &mut (impl AsyncRead + Unpin), mut at: usize) -> Result<usize> {
        loop {
            let line = self.line_end(stream, at).await?;
            let size = text(&self.bytes[at..line])?.split(';').next().unwrap_or_default().trim();
            let size = usize::from_str_radix(size, 16).map_err(|_| invalid("a chunk without a size"))?;
            at = line + 2;
            if size == 0 {
                break;
            }
            if self.joined.len().saturating_add(size) > BODY_LIMIT {
                return Err(invalid("the body of the message is too long"));
            }
            self.need(stream, at + size + 2).await?;
            self.joined.extend_from_slice(&self.bytes[at..at + size]);
            at += size + 2;
        }
        loop {
            let line = self.line_end(stream, at).await?;
            let empty = line == at;
            at = line + 2;
            if empty {
                return Ok(at);
            }
        }
    }

    async fn line_end(&mut self, stream: &mut (impl AsyncRead + Unpin), from: usize) -> Result<usize> {
        loop {
            if let Some(end) = find(&self.bytes, from, b"\r\n") {
                return Ok(end);
            }
            let have = self.bytes.len();
            if have.saturating_sub(from) > HEAD_LIMIT {
                return Err(invalid("a line of the message is too long"));
            }
            self.need(stream, have + 1).await?;
        }
    }

    async fn need(&mut self, stream: &mut (impl AsyncRead + Unpin), length: usize) -> Result<()> {
        while self.bytes.len() < length {
            if !self.fill(stream).await? {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(())
    }

    async fn fill(&mut self, stream: &mut (impl AsyncRead + Unpin)) -> Result<bool> {
        self.bytes.reserve(16 * 1024);
        Ok(stream.read_buf(&mut self.bytes).await? > 0)
    }
}

enum Framing {
    Length(usize),
    Chunked,
}

fn framing(head: &str) -> Result<Framing> {
    let (start, headers) = split_head(head);
    let bodiless = ["HTTP/1.1 204", "HTTP/1.1 304"].iter().any(|status| start.starts_with(status));
    if bodiless {
        return Ok(Framing::Length(0));
    }
    if header(headers, "transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
        return Ok(Framing::Chunked);
    }
    match header(headers, "content-length").map(str::parse::<usize>) {
        None => Ok(Framing::Length(0)),
        Some(Ok(length)) if length <= BODY_LIMIT => Ok(Framing::Length(length)),
        Some(_) => Err(invalid("the length of the message is no length, or too much")),
    }
}

fn split_head(head: &str) -> (&str, &str) {
    head.split_once("\r\n").unwrap_or((head, ""))
}

fn header<'a>(headers: &'a str, name: &str) -> Option<&'a str> {
    headers.split("\r\n").find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

fn find(bytes: &[u8], from: usize, what: &[u8]) -> Option<usize> {
    bytes.get(from..)?.windows(what.len()).position(|window| window == what).map(|at| from + at)
}

fn text(bytes: &[u8]) -> Result<&str> {
    std::str::from_utf8(bytes).map_err(|_| invalid("the head of the message is not UTF-8"))
}

fn invalid(why: &'static str) -> Error {
    Error::new(ErrorKind::InvalidData, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The start lines and bodies of all messages in the bytes, which arrive `step` bytes at a time.
    async fn read(bytes: &str, step: usize) -> Result<Vec<(String, String)>> {
        let (mut near, far) = tokio::io::duplex(step);
        let bytes = bytes.to_owned();
        tokio::spawn(async move {
            let mut far = far;
            tokio::io::AsyncWriteExt::write_all(&mut far, bytes.as_bytes()).await
        });
        let mut inbox = Inbox::default();
        let mut messages = Vec::new();
        while let Some(message) = inbox.next(&mut near).await? {
            messages.push((message.start.to_owned(), String::from_utf8(message.body.to_vec()).unwrap()));
        }
        Ok(messages)
    }

    #[tokio::test]
    async fn messages_are_framed() {
        let cases: &[(&str, &[(&str, &str)])] = &[
            ("", &[]),
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", &[("HTTP/1.1 200 OK", "ok")]),
            ("HTTP/1.1 204 No Content\r\n\r\n", &[("HTTP/1.1 204 No Content", "")]),
            ("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", &[("HTTP/1.1 304 Not Modified", "")]),
            (
                "POST /a HTTP/1.1\r\ncontent-length:3\r\n\r\n{ }POST /b HTTP/1.1\r\n\r\n",
                &[("POST /a HTTP/1.1", "{ }"), ("POST /b HTTP/1.1", "")],
            ),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\nT: v\r\n\r\n\
                 HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nz",
                &[("HTTP/1.1 200 OK", "abc0123456789"), ("HTTP/1.1 200 OK", "z")],
            ),
        ];
        for (bytes, expected) in cases {
            for step in [1, 7, 4096] {
                let found = read(bytes, step).await.unwrap();
                let found: Vec<_> =
                    found.iter().map(|(start, body)| (start.as_str(), body.as_str())).collect();
                assert_eq!(found, *expected, "{bytes:?} by {step}");
            }
        }
    }

    #[tokio::test]
    async fn broken_messages_are_errors() {
        for bytes in [
            "HTTP/1.1 200",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok",
            "HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
        ] {
            assert!(read(bytes, 64).await.is_err(), "{bytes:?}");
        }
    }

    #[tokio::test]
    async fn a_header_is_found_whatever_its_case() {
        let mut inbox = Inbox::default();
        let mut bytes =
            "HTTP/1.1 201 Created\r\nX: y\r\nLOCATION:  /fhir/Task/1 \r\nContent-Length: 0\r\n\r\n"
                .as_bytes();
        let message = inbox.next(&mut bytes).await.unwrap().unwrap();
        assert_eq!(message.header("location"), Some("/fhir/Task/1"));
        assert_eq!(message.header("etag"), None);
    }
}
