//! The callers of tokens that were verified lately, so that a client that sends the same token with every request
//! does not pay for its signature every time.
//!
//! The tokens themselves are not kept, only their hashes. A token that was refused is not remembered: who has no key
//! cannot fill this.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use aws_lc_rs::digest::{SHA256, SHA256_OUTPUT_LEN, digest};

use crate::caller::Caller;

/// The SHA-256 of a token.
pub(crate) type Hash = [u8; SHA256_OUTPUT_LEN];

/// The hash under which a token is remembered.
pub(crate) fn hash(token: &str) -> Hash {
    let mut hash = Hash::default();
    hash.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
    hash
}

/// A verified token's caller, and the seconds between which it may be used (the end excluded).
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) caller: Caller,
    pub(crate) from: i64,
    pub(crate) until: i64,
}

/// A bounded memory of verified tokens.
#[derive(Debug)]
pub(crate) struct Verified {
    entries: Mutex<HashMap<Hash, Entry>>,
    capacity: usize,
}

impl Verified {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { entries: Mutex::default(), capacity }
    }

    /// The caller of the token with this hash, if the token is remembered and good at this second.
    pub(crate) fn find(&self, hash: &Hash, now: i64) -> Option<Caller> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries
            .get(hash)
            .filter(|entry| (entry.from..entry.until).contains(&now))
            .map(|entry| entry.caller.clone())
    }

    /// Remembers a token. When the memory is full, the tokens that are over leave it; when none is, all do.
    pub(crate) fn add(&self, hash: Hash, entry: Entry, now: i64) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= self.capacity {
            entries.retain(|_, entry| entry.until > now);
        }
        if entries.len() >= self.capacity {
            entries.clear();
        }
        entries.insert(hash, entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_found_within_its_time_only() {
        let verified = Verified::new(2);
        let token = hash("token");
        verified.add(token, Entry { caller: Caller::everyone(), from: 10, until: 20 }, 15);
        let found: Vec<i64> = (5..25).filter(|now| verified.find(&token, *now).is_some()).collect();
        assert_eq!(found, (10..20).collect::<Vec<_>>());
        assert_eq!(verified.find(&hash("other"), 15), None);
    }

    #[test]
    fn it_never_grows_beyond_its_capacity_and_drops_what_is_over_first() {
        let verified = Verified::new(2);
        let add = |token: &str, until: i64, now: i64| {
            verified.add(hash(token), Entry { caller: Caller::everyone(), from: 0, until }, now);
        };
        let has = |token: &str| verified.find(&hash(token), 1).is_some();
        add("long", 100, 1);
        add("short", 2, 1);
        add("new", 100, 3);
        assert_eq!([has("long"), has("short"), has("new")], [true, false, true]);
        add("newer", 100, 3);
        assert_eq!([has("long"), has("new"), has("newer")], [false, false, true]);
    }
}
