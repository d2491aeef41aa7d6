//! The path of an address, <https://hl7.org/fhir/R4/http.html#general>.
//!
//! Segments are decoded one by one, and one that would mean something else after decoding (`..`, an encoded slash) is an
//! address that nothing has. Nothing is ever normalised.

use fhir::{Error, ResourceType};

/// The path below the base, its segments decoded: `Task/1`. The text begins with a slash or is empty.
///
/// # Errors
/// 404 for an address that nothing can have, 400 for one that is not UTF-8.
pub(crate) fn below_base(path: &str) -> Result<String, Error> {
    let path = path.strip_prefix('/').unwrap_or(path);
    if path.is_empty() {
        return Ok(String::new());
    }
    // FHIR writes conditional deletes as `[type]/?`.
    let path = path.strip_suffix('/').filter(|name| ResourceType::find(name).is_some()).unwrap_or(path);
    let segments: Vec<String> = path.split('/').map(segment).collect::<Result<_, _>>()?;
    Ok(segments.join("/"))
}

fn segment(text: &str) -> Result<String, Error> {
    let decoded = percent_decode(text)?;
    let has_other_meaning =
        |c: char| matches!(c, '/' | '\\' | '?' | '#' | '%' | ';') || c.is_control() || c.is_whitespace();
    if decoded.is_empty() || decoded == "." || decoded == ".." || decoded.contains(has_other_meaning) {
        return Err(Error::not_found("This address"));
    }
    Ok(decoded)
}

fn percent_decode(text: &str) -> Result<String, Error> {
    let broken = || Error::bad_request("In an address, '%' must be followed by two hexadecimal digits.");
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let [high, low, tail @ ..] = rest else { return Err(broken()) };
        let digits = [*high, *low].map(|digit| char::from(digit).to_digit(16));
        let [Some(high), Some(low)] = digits else { return Err(broken()) };
        bytes.push((high << 4 | low) as u8);
        rest = tail;
    }
    String::from_utf8(bytes)
        .map_err(|_| Error::bad_request("The address is not UTF-8 after its percent-escapes are decoded."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_decoded_and_mean_nothing_else() {
        for (path, expect) in [
            ("", Ok("")),
            ("/", Ok("")),
            ("/Task/1", Ok("Task/1")),
            ("/Patient/%24everything", Ok("Patient/$everything")),
            ("/Patient/%C3%AB", Ok("Patient/ë")),
            ("//Task", Err(404)),
            ("/Task/", Ok("Task")),
            ("/Task//", Err(404)),
            ("/Task/1/", Err(404)),
            ("/../ops", Err(404)),
            ("/%2e%2E/ops", Err(404)),
            ("/Task%2f..%2fPatient", Err(404)),
            ("/Task/a%00b", Err(404)),
            ("/Task/a;b", Err(404)),
            ("/Task/a%3Fb", Err(404)),
            ("/Task/a%5cb", Err(404)),
            ("/Task/%252e", Err(404)),
            ("/Task/%ff", Err(400)),
            ("/Task/%f", Err(400)),
            ("/Task/%zz", Err(400)),
        ] {
            let found = below_base(path).map_err(|error| error.cause().status());
            assert_eq!(found.as_deref().map_err(|status| *status), expect, "{path}");
        }
    }
}
