//! Query strings and form bodies as pairs of name and value, <https://url.spec.whatwg.org/#application/x-www-form-urlencoded>.

use fhir::Error;

/// The pairs of `a=b&c=d`, percent-decoded, in order; `+` is a space. A name without `=` has an empty value.
/// A broken escape, or bytes that are not UTF-8, are a 400.
pub fn decode_pairs(query: &str) -> Result<Vec<(String, String)>, Error> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decode(name)?, decode(value)?))
        })
        .collect()
}

fn decode(text: &str) -> Result<String, Error> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        match first {
            b'+' => bytes.push(b' '),
            b'%' => {
                let [high, low, tail @ ..] = rest else { return Err(broken()) };
                let (Some(high), Some(low)) = (digit(*high), digit(*low)) else { return Err(broken()) };
                bytes.push(high << 4 | low);
                rest = tail;
            }
            byte => bytes.push(*byte),
        }
    }
    let text = String::from_utf8(bytes)
        .map_err(|_| Error::bad_request("The query is not UTF-8 after its percent-escapes are decoded."))?;
    if text.contains('\0') {
        return Err(Error::bad_request("The query contains the character U+0000."));
    }
    Ok(text)
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

fn broken() -> Error {
    Error::bad_request("In the query, '%' must be followed by two hexadecimal digits.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_decoded_in_order() {
        let check = |query: &str, expect: &[(&str, &str)]| {
            let expect: Vec<_> = expect.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
            assert_eq!(decode_pairs(query).unwrap(), expect, "{query}");
        };
        check("", &[]);
        check("a=1&a=2&&b", &[("a", "1"), ("a", "2"), ("b", "")]);
        check("name=J%C3%B6rg+M%2Bx&c=x=y", &[("name", "Jörg M+x"), ("c", "x=y")]);
        check("subject%3APatient.name=a%2Cb%5C,c", &[("subject:Patient.name", "a,b\\,c")]);
    }

    #[test]
    fn broken_escapes_are_refused() {
        for query in ["a=%", "a=%4", "a=%zz", "a=%ff", "%00=1", "a=%00", "a=%+1"] {
            assert!(decode_pairs(query).is_err(), "{query}");
        }
    }
}
