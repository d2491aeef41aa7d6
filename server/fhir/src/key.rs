//! `Key`: the 128-bit identity of a resource, and of anything else that is found by equality.
//!
//! Keys of ids that we make (UUID version 7) keep their first 64 bits, so that index entries stay in order of time; the rest of
//! such a key, and the whole of every other, is BLAKE3. 128 bits are enough to compare keys instead of the values behind them.

use uuid::Uuid;

use crate::ResourceType;

/// The identity of one resource (its type and id), or the hash of one searchable value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(Uuid);

impl Key {
    /// The key of the resource with this type and id. Any text is taken for an id: one that no resource has finds nothing.
    #[must_use]
    pub fn of_resource(resource_type: ResourceType, id: &str) -> Self {
        let hashed = Self::of_parts("resource", &[resource_type.name(), id]);
        match Uuid::try_parse(id) {
            Ok(uuid) if uuid.get_version_num() == 7 && id.len() == 36 => {
                let time = uuid.as_u128() & !u128::from(u64::MAX);
                Self(Uuid::from_u128(time | (hashed.0.as_u128() & u128::from(u64::MAX))))
            }
            _ => hashed,
        }
    }

    /// The key of these texts in this domain; different lists of texts have different keys.
    #[must_use]
    pub fn of_parts(domain: &str, parts: &[&str]) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(domain.as_bytes());
        for part in parts {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        Self(Uuid::from_bytes(bytes))
    }

    #[must_use]
    pub fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid)
    }

    #[must_use]
    pub fn uuid(self) -> Uuid {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_our_ids_keep_the_order_of_time_and_tell_types_apart() {
        let id = "01890a5d-ac96-774b-bcce-b302099a8057";
        let task = Key::of_resource(ResourceType::TASK, id);
        let patient = Key::of_resource(ResourceType::PATIENT, id);
        assert_ne!(task, patient);
        assert_eq!(&task.uuid().as_bytes()[..8], &patient.uuid().as_bytes()[..8]);
        assert_eq!(&task.uuid().to_string()[..18], &id[..18]);
    }

    #[test]
    fn parts_are_not_run_together() {
        assert_ne!(Key::of_parts("t", &["ab", "c"]), Key::of_parts("t", &["a", "bc"]));
        assert_ne!(Key::of_parts("t", &["a"]), Key::of_parts("t", &["a", ""]));
    }

    #[test]
    fn an_upper_case_uuid_is_another_id() {
        let id = "01890a5d-ac96-774b-bcce-b302099a8057";
        assert_ne!(
            Key::of_resource(ResourceType::TASK, id),
            Key::of_resource(ResourceType::TASK, &id.to_uppercase())
        );
    }
}
