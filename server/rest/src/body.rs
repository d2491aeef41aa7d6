//! Reads the body of a request, within a size and a time.

use std::time::Duration;

use actix_web::web::Payload;
use bytes::{Bytes, BytesMut};
use fhir::{Cause, Error};
use futures_util::StreamExt;

/// The bytes of a body as they were sent. `announced` is its `Content-Length`, so that a body that is too large is refused
/// before it is read.
///
/// # Errors
/// 413 past the limit (in bytes), 408 past the time, 400 when it breaks off.
pub(crate) async fn read(
    mut payload: Payload,
    announced: Option<u64>,
    limit: usize,
    time: Duration,
) -> Result<Bytes, Error> {
    if announced.is_some_and(|length| length > limit as u64) {
        return Err(too_large(limit));
    }
    let whole = async {
        let mut body = BytesMut::with_capacity(announced.map_or(0, |length| length as usize));
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|_| Error::bad_request("The body of the request broke off."))?;
            if body.len() + chunk.len() > limit {
                return Err(too_large(limit));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    };
    tokio::time::timeout(time, whole).await.unwrap_or_else(|_| {
        let sentence = format!("The body of the request did not arrive within {} seconds.", time.as_secs());
        Err(Error::new(Cause::RequestTimeout, sentence))
    })
}

pub(crate) fn too_large(limit: usize) -> Error {
    let sentence =
        format!("The body may have {limit} bytes here, decompressed. Send less, or in several requests.");
    Error::new(Cause::TooLarge, sentence)
}
