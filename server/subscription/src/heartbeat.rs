//! The heartbeat: what an endpoint that asked for it hears when there has been nothing else to tell for a while,
//! <https://hl7.org/fhir/uv/subscriptions-backport/STU1.1/notifications.html#heartbeat>.

use fhir::{Instant, Value};
use store::subscription::Lane;

use crate::notification::{Kind, Standing, bundle};
use crate::{Content, Definition};

/// The id and the body of a heartbeat of now.
pub(crate) fn message(lane: &Lane, definition: &Definition, base: &str) -> (String, Value) {
    let standing = Standing {
        base,
        id: &lane.id,
        topic: (definition.content != Content::Empty).then_some(definition.topic.url.as_str()),
        status: &lane.status,
        events: lane.last_no,
        error: None,
    };
    let id = format!("{}-heartbeat-{}", lane.id, Instant::now().microseconds());
    (id, bundle(Kind::Heartbeat, &standing, definition.content, None, &[]))
}
