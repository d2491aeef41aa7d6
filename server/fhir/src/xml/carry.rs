//! What travels around fhirbolt because it would not come out as it went in: narratives, line breaks, exact decimals, and the ids
//! of elements (of a boolean's it expects a boolean).
//!
//! Each such piece is replaced by a mark that cannot be part of the content, because it is made of the content's hash.

/// A mark for the pieces of one text.
pub(super) struct Mark {
    word: String,
    number: String,
}

impl Mark {
    pub(super) fn of(text: &str) -> Self {
        let hash = blake3::hash(text.as_bytes());
        let mut number = "0.".to_owned();
        number.extend(hash.as_bytes().iter().map(|byte| char::from(b'0' + byte % 10)));
        Self { word: format!("carried-{}-", hash.to_hex()), number }
    }

    /// The word that stands for the piece with this name.
    pub(super) fn word(&self, name: &str) -> String {
        format!("{}{name};", self.word)
    }

    /// The url of an extension that stands for the id at this place of a list; it is the first one of its element.
    pub(super) fn id(&self, index: usize) -> String {
        self.word(&format!("id{index}"))
    }

    /// The name of the piece that this text stands for, if it stands for one.
    pub(super) fn named<'a>(&self, text: &'a str) -> Option<&'a str> {
        text.strip_prefix(&self.word)?.strip_suffix(';')
    }

    /// The text up to the first word, and the pieces behind: each with the name of a word and what follows it.
    pub(super) fn split<'a>(&self, text: &'a str) -> (&'a str, Vec<(&'a str, &'a str)>) {
        let mut parts = text.split(&self.word);
        let front = parts.next().unwrap_or_default();
        (front, parts.filter_map(|part| part.split_once(';')).collect())
    }

    /// The place of the id that the piece with this name stands for, if it stands for one.
    pub(super) fn id_index(name: &str) -> Option<usize> {
        name.strip_prefix("id")?.parse().ok()
    }

    /// A decimal that stands for the one at this place of a list.
    pub(super) fn decimal(&self, index: usize) -> String {
        format!("{}{index}", self.number)
    }

    /// The place in the list that this decimal stands for.
    pub(super) fn index(&self, decimal: &str) -> Option<usize> {
        decimal.strip_prefix(&self.number)?.parse().ok()
    }
}
