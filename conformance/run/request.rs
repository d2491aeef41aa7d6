//! A request as a case writes it: a line with method and path, headers, an empty line, content,
//! <https://www.rfc-editor.org/rfc/rfc9112#section-2.1>.
//!
//! `Accept`, and `Content-Type` where there is content, default to `application/fhir+json`; a header without a value is not sent. What a
//! URL may not contain as it is, is percent-encoded.

use anyhow::{Context as _, Result, ensure};

const JSON: &str = "application/fhir+json";

/// One request, complete but for the token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: String,
    /// The absolute address.
    pub url: String,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// The content, if there is any.
    pub body: Option<Vec<u8>>,
    /// Whether the token is left out: the case says itself what the request has for authorization.
    pub anonymous: bool,
}

impl Request {
    /// Reads the text of a request whose path is relative to the base address; `/x` is relative to its host.
    pub fn parse(text: &str, base: &str) -> Result<Self> {
        let (head, body) = match text.split_once("\n\n") {
            Some((head, body)) => (head, Some(body.strip_suffix('\n').unwrap_or(body))),
            None => (text, None),
        };
        let mut lines = head.lines();
        let line = lines.next().unwrap_or_default();
        let (method, path) = line.split_once(' ').unwrap_or((line, ""));
        ensure!(
            !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_uppercase()),
            "'{line}' does not begin with a method"
        );
        let mut request = Self {
            method: method.to_owned(),
            url: address(path.trim(), base)?,
            headers: vec![("Accept".to_owned(), JSON.to_owned())],
            body: body.filter(|body| !body.is_empty()).map(|body| body.as_bytes().to_vec()),
            anonymous: false,
        };
        if request.body.is_some() {
            request.headers.push(("Content-Type".to_owned(), JSON.to_owned()));
        }
        let mut written = Vec::new();
        for line in lines.filter(|line| !line.is_empty()) {
            let (name, value) = line.split_once(':').with_context(|| format!("'{line}' is no header"))?;
            let (name, value) = (name.trim(), value.trim());
            request.headers.retain(|(default, _)| !default.eq_ignore_ascii_case(name));
            request.anonymous |= name.eq_ignore_ascii_case("authorization");
            if !value.is_empty() {
                written.push((name.to_owned(), value.to_owned()));
            }
        }
        request.headers.extend(written);
        Ok(request)
    }

    /// A GET of an address.
    pub fn get(url: &str) -> Self {
        Self {
            method: "GET".to_owned(),
            url: url.to_owned(),
            headers: vec![("Accept".to_owned(), JSON.to_owned())],
            ..Self::default()
        }
    }

    /// The content as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(self.body.as_deref().unwrap_or_default()).into_owned()
    }

    /// A line for a shell that sends it again; the token, where one was sent, is in `$TOKEN`.
    pub fn curl(&self, token: bool) -> String {
        let mut line = match self.method.as_str() {
            "HEAD" => "curl -sSI".to_owned(),
            method => format!("curl -sSi -X {method}"),
        };
        line.push_str(&format!(" {}", quoted(&self.url)));
        for (name, value) in &self.headers {
            line.push_str(&format!(" -H {}", quoted(&format!("{name}: {value}"))));
        }
        if token && !self.anonymous {
            line.push_str(" -H \"Authorization: Bearer $TOKEN\"");
        }
        if self.body.is_some() {
            line.push_str(&format!(" --data-binary {}", quoted(&self.text())));
        }
        line
    }
}

fn address(path: &str, base: &str) -> Result<String> {
    let path = encoded(path);
    if path.contains("://") && !path.contains('?') || path.starts_with("http") {
        return Ok(path);
    }
    if path.is_empty() || path.starts_with('?') {
        return Ok(format!("{base}{path}"));
    }
    if path.starts_with('/') {
        let (scheme, rest) = base.split_once("://").context("the base address has no scheme")?;
        let host = rest.split('/').next().unwrap_or_default();
        return Ok(format!("{scheme}://{host}{path}"));
    }
    Ok(format!("{base}/{path}"))
}

fn encoded(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for character in path.chars() {
        match character {
            ' ' | '"' | '<' | '>' | '\\' | '^' | '`' | '{' | '|' | '}' => {
                out.push_str(&format!("%{:02X}", u32::from(character)));
            }
            character if character.is_ascii_graphic() => out.push(character),
            character => {
                let mut bytes = [0; 4];
                for byte in character.encode_utf8(&mut bytes).bytes() {
                    out.push_str(&format!("%{byte:02X}"));
                }
            }
        }
    }
    out
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "http://server:81/fhir";

    fn headers(request: &Request) -> Vec<String> {
        request.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect()
    }

    #[test]
    fn the_address_is_made_of_base_and_path() {
        for (path, url) in [
            ("Patient/1", "http://server:81/fhir/Patient/1"),
            ("", "http://server:81/fhir"),
            ("?_type=Patient", "http://server:81/fhir?_type=Patient"),
            ("/other", "http://server:81/other"),
            ("https://elsewhere/a", "https://elsewhere/a"),
            (
                "Patient?name=Zoë x&i=http://a|b",
                "http://server:81/fhir/Patient?name=Zo%C3%AB%20x&i=http://a%7Cb",
            ),
            ("Patient?name=%FF", "http://server:81/fhir/Patient?name=%FF"),
        ] {
            assert_eq!(Request::parse(&format!("GET {path}"), BASE).unwrap().url, url);
        }
    }

    #[test]
    fn headers_have_defaults_that_can_be_replaced_and_removed() {
        let plain = Request::parse("GET a", BASE).unwrap();
        assert_eq!((headers(&plain), plain.body), (vec!["Accept: application/fhir+json".to_owned()], None));
        let request = Request::parse(
            "POST a\naccept:\nContent-Type: text/csv\nX-A: b: c\nAuthorization:\n\na\n\nb\n",
            BASE,
        )
        .unwrap();
        assert_eq!(headers(&request), ["Content-Type: text/csv", "X-A: b: c"]);
        assert_eq!((request.body, request.anonymous), (Some(b"a\n\nb".to_vec()), true));
    }

    #[test]
    fn what_is_no_request_is_refused() {
        for text in ["", "get a", "GET a\nheader", "{}"] {
            assert!(Request::parse(text, BASE).is_err(), "{text}");
        }
    }

    #[test]
    fn the_curl_line_says_the_same() {
        let request = Request::parse("PUT a?b=c|d\nIf-Match: W/\"1\"\n\n{\"a\": \"it's\"}\n", BASE).unwrap();
        assert_eq!(
            request.curl(true),
            "curl -sSi -X PUT 'http://server:81/fhir/a?b=c%7Cd' -H 'Accept: application/fhir+json' \
             -H 'Content-Type: application/fhir+json' -H 'If-Match: W/\"1\"' -H \"Authorization: Bearer $TOKEN\" \
             --data-binary '{\"a\": \"it'\\''s\"}'"
        );
        assert!(Request::parse("HEAD a", BASE).unwrap().curl(false).starts_with("curl -sSI 'http"));
    }
}
