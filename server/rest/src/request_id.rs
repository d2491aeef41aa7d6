//! The ids by which a request is found again in logs, <https://hl7.org/fhir/R4/http.html#custom>.

use uuid::Uuid;

/// The longest id that is taken over from a client.
const MAX: usize = 64;

/// The id of a request: the client's own, where it is one, or a new one.
pub(crate) fn of(client: Option<&str>) -> String {
    sane(client).map_or_else(|| Uuid::now_v7().to_string(), str::to_owned)
}

/// An id of a client that may be repeated in headers and logs.
pub(crate) fn sane(id: Option<&str>) -> Option<&str> {
    let is_id_byte = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
    id.filter(|id| (1..=MAX).contains(&id.len()) && id.bytes().all(is_id_byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sane_ids_are_taken_over() {
        assert_eq!(of(Some("a-B_1.2")), "a-B_1.2");
        let long = "a".repeat(65);
        for id in [None, Some(""), Some("a b"), Some("a\u{1b}[0m"), Some("a\nb"), Some(long.as_str())] {
            assert_eq!(of(id).len(), 36, "{id:?}");
        }
    }
}
