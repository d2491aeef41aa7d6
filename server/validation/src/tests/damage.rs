//! Damage to JSON made from a seed. The integration tests send what this crate's tests validate.

use serde_json::{Map, Value, json};

/// A sequence of numbers that look random (SplitMix64), <https://prng.di.unimi.it/splitmix64.c>.
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    /// One of them, below this limit.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % limit.max(1) as u64) as usize
    }
}

/// What stands in the place of a value.
fn odd(numbers: &mut Numbers) -> Value {
    let texts = [
        "",
        " ",
        "x",
        "#",
        "#a",
        "/",
        "urn:uuid:",
        "http://",
        "Patient/",
        "Patient/1/_history/",
        "\u{feff}",
        "\u{202e}abc",
        "👩‍👩‍👧",
        "a\u{0}b",
        "\n",
        "0000-00-00",
        "2024-02-30",
        "9999-12-31T24:00:00Z",
        "2024-01-01T00:00:00+99:99",
        "99999999999-01-01",
        "1e999999999",
        "%context",
        "<div",
        "<div xmlns=\"http://www.w3.org/1999/xhtml\"><b></div>",
        "138875006",
        "mm[Hg",
        "text|text",
        "_x",
        "null",
    ];
    let numbers_as_text = [
        "0",
        "-1",
        "1.0",
        "1e400",
        "-1E-400",
        "123456789012345678901234567890.5",
        "2147483648",
        "1e2147483647",
    ];
    match numbers.below(8) {
        0 => Value::Null,
        1 => Value::Bool(true),
        2 => serde_json::from_str(numbers_as_text[numbers.below(numbers_as_text.len())]).unwrap(),
        3 => json!([]),
        4 => json!({}),
        5 => json!([null, null]),
        6 => Value::String("ab ".repeat(numbers.below(2000))),
        _ => json!(texts[numbers.below(texts.len())]),
    }
}

/// Some place in the value, at most so deep.
fn place<'v>(value: &'v mut Value, depth: usize, numbers: &mut Numbers) -> &'v mut Value {
    let len = match value {
        Value::Object(members) => members.len(),
        Value::Array(items) => items.len(),
        _ => 0,
    };
    if depth == 0 || len == 0 {
        return value;
    }
    let at = numbers.below(len);
    match value {
        Value::Object(members) => place(members.values_mut().nth(at).unwrap(), depth - 1, numbers),
        Value::Array(items) => place(&mut items[at], depth - 1, numbers),
        _ => unreachable!("it has a length"),
    }
}

/// Damages some place in the value, maybe with a piece of one of the others.
pub(crate) fn damage(value: &mut Value, others: &[Value], numbers: &mut Numbers) {
    let depth = numbers.below(8);
    let mut other = others[numbers.below(others.len())].clone();
    let other = place(&mut other, numbers.below(5), numbers).take();
    let place = place(value, depth, numbers);
    let kind = numbers.below(9);
    match (kind, &mut *place) {
        (0, Value::Object(members)) => {
            let at = numbers.below(members.len());
            if let Some(name) = members.keys().nth(at).cloned() {
                members.shift_remove(&name);
            }
        }
        (1, Value::Object(members)) => rename(members, numbers),
        (2, Value::Array(items)) => {
            let count = numbers.below(60);
            if let Some(item) = items.first().cloned() {
                items.extend(std::iter::repeat_n(item, count));
            }
        }
        (3, Value::Object(members)) => {
            let names =
                ["contained", "entry", "extension", "modifierExtension", "item", "id", "reference", "value"];
            members.insert(names[numbers.below(names.len())].into(), other);
        }
        (4, place) => *place = json!([place.take()]),
        (5, place) => *place = json!({"extension": [{"url": "a:b", "valueString": place.take()}]}),
        (6, place) => {
            for _ in 0..numbers.below(50) {
                *place = json!({"contained": [place.take()]});
            }
        }
        (7, place) => *place = other,
        (_, place) => *place = odd(numbers),
    }
}

/// Gives a member another name, or a sibling.
fn rename(members: &mut Map<String, Value>, numbers: &mut Numbers) {
    let at = numbers.below(members.len());
    let Some(name) = members.keys().nth(at).cloned() else { return };
    let Some(value) = members.get(&name).cloned() else { return };
    let new = match numbers.below(4) {
        0 => format!("_{name}"),
        1 => name.to_uppercase(),
        2 => format!("{name}Quantity"),
        _ => format!("{name}[x]"),
    };
    if numbers.below(2) == 0 {
        members.shift_remove(&name);
    }
    members.insert(new, value);
}
