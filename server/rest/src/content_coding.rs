//! gzip in both directions, <https://www.rfc-editor.org/rfc/rfc9110#section-8.4>.
//!
//! A stream is compressed as it is sent.
//!
//! A request is decompressed no further than its limit. No other coding is known, and no coding twice.

use std::io::{Read, Write};

use bytes::Bytes;
use fhir::{Cause, Error};
use flate2::{Compression, read::MultiGzDecoder, write::GzEncoder};
use futures_util::StreamExt;
use futures_util::stream::try_unfold;

use crate::answer::{Answer, Stream};
use crate::body::too_large;

/// A shorter answer is not compressed.
const MIN_COMPRESSED: usize = 1024;

/// How a body is coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    Identity,
    Gzip,
}

impl Coding {
    /// The coding that these values of `Content-Encoding` name; 415 for any other than gzip.
    pub(crate) fn of_request(values: &[&str]) -> Result<Self, Error> {
        match values {
            [] => Ok(Self::Identity),
            [value] if value.trim().eq_ignore_ascii_case("identity") => Ok(Self::Identity),
            [value] if ["gzip", "x-gzip"].iter().any(|known| value.trim().eq_ignore_ascii_case(known)) => {
                Ok(Self::Gzip)
            }
            _ => Err(Error::new(
                Cause::UnsupportedMediaType,
                "A body can be sent as it is, or with Content-Encoding: gzip.",
            )),
        }
    }

    /// The content behind a body; 413 when it is longer than the limit, 400 when it is not what it says.
    pub(crate) fn decode(self, body: Bytes, limit: usize) -> Result<Bytes, Error> {
        if self == Self::Identity {
            return Ok(body);
        }
        let mut content = Vec::new();
        let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
        MultiGzDecoder::new(body.as_ref()).take(most).read_to_end(&mut content).map_err(|error| {
            Error::bad_request(format!("The body is not the gzip that it says it is: {error}."))
        })?;
        if content.len() > limit {
            return Err(too_large(limit));
        }
        Ok(content.into())
    }
}

/// Whether these values of `Accept-Encoding` take gzip.
pub(crate) fn accepts_gzip(values: &[&str]) -> bool {
    let codings = values.iter().flat_map(|value| value.split(','));
    let mut verdict = None;
    for coding in codings {
        let (name, parameters) = coding.split_once(';').unwrap_or((coding, ""));
        let q = parameters.trim().strip_prefix("q=").and_then(|q| q.trim().parse::<f32>().ok());
        let is_taken = q.is_none_or(|q| q > 0.0);
        match name.trim() {
            "gzip" => return is_taken,
            "*" => verdict = Some(is_taken),
            _ => {}
        }
    }
    verdict.unwrap_or(false)
}

/// The same answer, compressed where that pays.
pub(crate) fn compress(mut answer: Answer) -> Answer {
    if let Some(stream) = answer.stream.take() {
        answer.stream = Some(compress_stream(stream));
        answer.headers.push(("content-encoding", "gzip".to_owned()));
        return answer;
    }
    if answer.body.len() < MIN_COMPRESSED {
        return answer;
    }
    let mut encoder = GzEncoder::new(Vec::with_capacity(answer.body.len() / 4), Compression::fast());
    // Writing to memory does not fail; if it did, the answer would go out as it is.
    if encoder.write_all(&answer.body).is_ok()
        && let Ok(compressed) = encoder.finish()
    {
        answer.body = compressed.into();
        answer.headers.push(("content-encoding", "gzip".to_owned()));
    }
    answer
}

/// The same lines, compressed. An error in them is passed on, and ends them.
fn compress_stream(Stream(lines): Stream) -> Stream {
    let encoder = Some(GzEncoder::new(Vec::new(), Compression::fast()));
    Stream(Box::pin(try_unfold((lines, encoder), async |(mut lines, mut encoder)| {
        loop {
            let Some(open) = encoder.as_mut() else { return Ok(None) };
            let portion = match lines.next().await {
                Some(portion) => {
                    open.write_all(&portion?).map_err(Error::exception)?;
                    std::mem::take(open.get_mut())
                }
                None => match encoder.take() {
                    Some(open) => open.finish().map_err(Error::exception)?,
                    None => return Ok(None),
                },
            };
            if !portion.is_empty() {
                return Ok(Some((portion.into(), (lines, encoder))));
            }
        }
    })))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gzip(content: &[u8]) -> Bytes {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap().into()
    }

    #[test]
    fn what_is_compressed_comes_back() {
        let answer = compress(Answer::content(200, "text/plain", vec![b'a'; 5000]));
        assert!(answer.body.len() < 200);
        assert_eq!(answer.header("content-encoding"), Some("gzip"));
        assert_eq!(Coding::Gzip.decode(answer.body, 5000).unwrap(), vec![b'a'; 5000]);
        assert_eq!(compress(Answer::content(200, "text/plain", "short")).header("content-encoding"), None);
    }

    #[test]
    fn a_stream_is_compressed_as_it_goes_and_ends_with_its_error() {
        let read = |portions: Vec<Result<Bytes, Error>>| {
            let lines = Box::pin(futures_util::stream::iter(portions));
            let answer = Answer { stream: Some(Stream(lines)), ..Answer::empty(200) };
            let answer = compress(answer);
            assert_eq!(answer.header("content-encoding"), Some("gzip"));
            let portions = answer.stream.unwrap().0.collect::<Vec<_>>();
            futures_util::FutureExt::now_or_never(portions).unwrap()
        };
        let line = |number: usize| Ok(Bytes::from(format!("{{\"id\":\"{number}\"}}\n")));
        let compressed = read((0..10_000).map(line).collect());
        let compressed: Vec<u8> = compressed.into_iter().flat_map(|portion| portion.unwrap()).collect();
        let whole: Vec<u8> = (0..10_000).flat_map(|number| line(number).unwrap()).collect();
        assert_eq!(Coding::Gzip.decode(compressed.into(), whole.len()).unwrap(), whole);
        assert!(!read(Vec::new()).is_empty(), "nothing is a gzip of its own");
        let broken = read(vec![line(1), Err(Error::bad_request("broken off"))]);
        assert!(broken.last().unwrap().is_err());
    }

    #[test]
    fn the_limit_counts_what_is_decompressed() {
        let bomb = gzip(&vec![0; 10_000_000]);
        assert!(bomb.len() < 100_000);
        assert_eq!(Coding::Gzip.decode(bomb, 1_000_000).unwrap_err().cause(), Cause::TooLarge);
        assert_eq!(Coding::Gzip.decode(gzip(&[0; 10]), 10).unwrap().len(), 10);
        assert_eq!(
            Coding::Gzip.decode(Bytes::from_static(b"{}"), 10).unwrap_err().cause(),
            Cause::BadRequest
        );
    }

    #[test]
    fn codings_are_named() {
        assert_eq!(Coding::of_request(&["GZIP"]).unwrap(), Coding::Gzip);
        for values in [&["br"][..], &["gzip, gzip"], &["gzip", "gzip"], &["zstd"]] {
            assert_eq!(Coding::of_request(values).unwrap_err().cause(), Cause::UnsupportedMediaType);
        }
        for (values, expect) in [
            (&[][..], false),
            (&["gzip"], true),
            (&["deflate, gzip;q=1.0, *;q=0.5"], true),
            (&["gzip;q=0", "*"], false),
            (&["*"], true),
            (&["br"], false),
            (&["identity"], false),
        ] {
            assert_eq!(accepts_gzip(values), expect, "{values:?}");
        }
    }
}
