//! The headers that a subscription asks for, <https://hl7.org/fhir/R4/subscription-definitions.html#Subscription.channel.header>.
//!
//! Their values are often secrets: they are shown to nobody but when the client sends them itself.

/// What stands in the place of a value that is not shown.
pub(crate) const MASK: &str = "***";

/// Names that are ours, or that would change how the request is understood on its way.
const FORBIDDEN: [&str; 15] = [
    "host",
    "connection",
    "keep-alive",
    "transfer-encoding",
    "te",
    "trailer",
    "upgrade",
    "expect",
    "via",
    "forwarded",
    "accept-encoding",
    "user-agent",
    "range",
    "proxy-authorization",
    "proxy-authenticate",
];

/// The name and the value of `Name: value`, or a sentence saying what is wrong.
pub(crate) fn parse(header: &str) -> Result<(String, String), String> {
    let Some((name, value)) = header.split_once(':') else {
        return Err("A channel.header is written 'Name: value'.".to_owned());
    };
    let is_token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    if name.is_empty() || !name.bytes().all(is_token) {
        return Err("The name in channel.header is not the name of an HTTP header.".to_owned());
    }
    let lower = name.to_ascii_lowercase();
    let is_ours =
        FORBIDDEN.contains(&lower.as_str()) || lower.starts_with("content-") || lower.starts_with("webhook-");
    if is_ours {
        return Err(format!("The header '{name}' is set by the server and cannot be in channel.header."));
    }
    let value = value.trim_matches([' ', '\t']);
    if value.bytes().any(|b| b < 0x20 && b != b'\t' || b == 0x7f) || value.len() > 4096 {
        return Err(format!(
            "The value of the header '{name}' has control characters, or more than 4,096 bytes."
        ));
    }
    Ok((name.to_owned(), value.to_owned()))
}

/// The header without its value.
pub(crate) fn masked(header: &str) -> String {
    let name = header.split_once(':').map_or("", |(name, _)| name);
    format!("{name}: {MASK}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_that_would_change_the_request_are_refused() {
        for header in [
            "Host: x",
            "Content-Length: 1",
            "content-type: a/b",
            "Transfer-Encoding: chunked",
            "Connection: close",
            "webhook-id: 1",
            "Webhook-Signature: v1,x",
            "A: b\r\nHost: x",
            "A: b\nc",
            "A: b\0",
            "A",
            ": b",
            "A b: c",
            "\u{e9}: b",
            "A\r: b",
            "Te: x",
        ] {
            assert!(parse(header).is_err(), "{header:?}");
        }
        assert!(parse(&format!("A: {}", "x".repeat(5000))).is_err());
    }

    #[test]
    fn a_header_is_a_name_and_a_value() {
        let check = |header: &str, name: &str, value: &str| {
            assert_eq!(parse(header).unwrap(), (name.to_owned(), value.to_owned()));
        };
        check("Authorization: Bearer a:b", "Authorization", "Bearer a:b");
        check("X-Team:4", "X-Team", "4");
        check("X-Empty:", "X-Empty", "");
        assert_eq!(masked("Authorization: Bearer a"), "Authorization: ***");
        assert_eq!(masked("nonsense"), ": ***");
    }
}
