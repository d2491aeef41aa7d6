//! The handshake: the first request to an endpoint, which must accept it before it gets anything else,
//! <https://hl7.org/fhir/uv/subscriptions-backport/STU1.1/notifications.html#handshake>.

use fhir::Value;
use store::subscription::Lane;

use crate::notification::{Kind, Standing, bundle};
use crate::{Content, Definition};

/// The id and the body of the handshake of this definition.
pub(crate) fn message(lane: &Lane, definition: &Definition, base: &str) -> (String, Value) {
    let standing = Standing {
        base,
        id: &lane.id,
        topic: (definition.content != Content::Empty).then_some(definition.topic.url.as_str()),
        status: "requested",
        events: lane.last_no,
        error: None,
    };
    let id = format!("{}-handshake-{}", lane.id, lane.definition_version);
    (id, bundle(Kind::Handshake, &standing, definition.content, None, &[]))
}
