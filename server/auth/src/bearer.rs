//! The bearer token of a request's `Authorization` header, <https://www.rfc-editor.org/rfc/rfc6750#section-2.1>.
//!
//! Tokens in the query string or in a form body are not looked for: they end in logs and browser histories.

use fhir::{Cause, Error};

/// The token in these values of the header `Authorization` (one value per header line), or `None` without the header.
///
/// 400 when there is more than one credential or when it is malformed; 401 when it is not a bearer token.
pub fn bearer<'a>(header_values: &[&'a str]) -> Result<Option<&'a str>, Error> {
    let value = match header_values {
        [] => return Ok(None),
        [value] => value.trim_matches([' ', '\t']),
        _ => return Err(Error::bad_request("There is more than one Authorization header.")),
    };
    if value.contains(',') {
        return Err(Error::bad_request("The Authorization header holds more than one credential."));
    }
    let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
    if !scheme.eq_ignore_ascii_case("Bearer") {
        return Err(Error::new(
            Cause::Login,
            "This server knows one way to log in: 'Authorization: Bearer <token>'.",
        ));
    }
    let token = token.trim_start_matches(' ');
    if token.is_empty() {
        return Err(Error::new(
            Cause::Login,
            "The Authorization header names the scheme Bearer, but no token follows.",
        ));
    }
    if !is_b64token(token) {
        return Err(Error::bad_request("The bearer token has a character that no token has."));
    }
    Ok(Some(token))
}

/// Whether this is RFC 6750's `b64token`.
fn is_b64token(token: &str) -> bool {
    let body = token.trim_end_matches('=');
    !body.is_empty() && body.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~+/".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_header_with_one_token_is_a_token() {
        let nothing: &[&str] = &[];
        for (values, expected) in [
            (nothing, Ok(None)),
            (&["Bearer a.b.c"], Ok(Some("a.b.c"))),
            (&["bearer   a.b-_~+/c="], Ok(Some("a.b-_~+/c="))),
            (&[" BEARER a "], Ok(Some("a"))),
            (&["Bearer a", "Bearer a"], Err(Cause::BadRequest)), // A26
            (&["Bearer a", ""], Err(Cause::BadRequest)),
            (&["Bearer a, Bearer b"], Err(Cause::BadRequest)), // A26
            (&["Bearer a,Basic b"], Err(Cause::BadRequest)),
            (&["Bearer a b"], Err(Cause::BadRequest)),
            (&["Bearer a\tb"], Err(Cause::BadRequest)),
            (&["Bearer \u{e9}"], Err(Cause::BadRequest)),
            (&["Bearer =="], Err(Cause::BadRequest)),
            (&["Bearer"], Err(Cause::Login)),
            (&["Bearer  "], Err(Cause::Login)),
            (&[""], Err(Cause::Login)),
            (&["Basic YTpi"], Err(Cause::Login)),
            (&["Bearera"], Err(Cause::Login)),
            (&["access_token=a"], Err(Cause::Login)), // A25
        ] {
            assert_eq!(bearer(values).map_err(|e| e.cause()), expected, "{values:?}");
        }
    }
}
