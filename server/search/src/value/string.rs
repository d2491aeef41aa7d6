//! String parameters, <https://hl7.org/fhir/R4/search.html#string>.
//!
//! Texts are folded: case, accents, apostrophes, and how words are separated (white space, hyphens) make no difference. The names
//! of people are found by every word in them. Only the first [`LENGTH`] characters of a
//! text are searched.

use serde_json::Value;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use crate::{
    criterion::Condition,
    index::{IndexRows, StringRow},
    parameter::Parameter,
    query::{Criterion, TextMode},
    refusal::{Refusal, shown},
};

/// How many characters of a text are kept for search.
pub const LENGTH: usize = 512;
/// How many words of a name can be searched by, beside the first.
const MOST_WORDS: usize = 8;
/// Parameters whose texts are parts of a person's name.
const OF_NAMES: [&str; 2] = ["family", "given"];

/// The text as it is compared: lower case, without accents and apostrophes, white space and hyphens as single spaces, cut to [`LENGTH`] letters (some,
/// as `ß`, are two then).
#[must_use]
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    let mut count = 0;
    let letters = text.trim().chars().flat_map(char::to_lowercase).nfd().filter(|c| !is_combining_mark(*c));
    for letter in letters {
        match letter {
            '\'' | '’' | '‘' | 'ʼ' | '`' | '\u{ad}' => continue,
            c if is_separator(c) && (folded.is_empty() || folded.ends_with(' ')) => continue,
            c if is_separator(c) => folded.push(' '),
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'ø' => folded.push('o'),
            'ł' => folded.push('l'),
            'đ' | 'ð' => folded.push('d'),
            'ı' => folded.push('i'),
            'ς' => folded.push('σ'),
            c => folded.push(c),
        }
        count += 1;
        if count == LENGTH {
            break;
        }
    }
    folded.truncate(folded.trim_end().len());
    folded
}

fn is_separator(c: char) -> bool {
    c.is_whitespace() || matches!(c, '-' | '\u{2010}'..='\u{2015}')
}

/// The text as it is kept: cut to [`LENGTH`].
pub(crate) fn cut(text: &str) -> String {
    text.chars().take(LENGTH).collect()
}

/// Adds the rows of one element.
pub(crate) fn add(parameter: &Parameter, type_name: &str, value: &Value, rows: &mut IndexRows) {
    match (type_name, value) {
        (_, Value::String(text)) if OF_NAMES.contains(&parameter.code.as_str()) => {
            name(parameter, text, rows)
        }
        (_, Value::String(text)) => row(parameter, text, rows),
        ("HumanName", parts) => {
            texts(parts, &["family", "given", "prefix", "suffix", "text"], |text| {
                name(parameter, text, rows)
            });
        }
        ("Address", address) => {
            let parts = ["line", "city", "district", "state", "postalCode", "country", "text"];
            texts(address, &parts, |text| row(parameter, text, rows));
        }
        _ => {}
    }
}

fn texts<'v>(value: &'v Value, members: &[&str], mut each: impl FnMut(&'v str)) {
    for member in members {
        match value.get(member) {
            Some(Value::String(text)) => each(text),
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).for_each(&mut each),
            _ => {}
        }
    }
}

fn row(parameter: &Parameter, text: &str, rows: &mut IndexRows) {
    let exact = cut(text);
    rows.strings.push(StringRow { parameter: parameter.number, folded: fold(&exact), exact });
}

/// A name can be searched by each of its words; in full it is still the whole.
fn name(parameter: &Parameter, text: &str, rows: &mut IndexRows) {
    let exact = cut(text);
    let folded = fold(&exact);
    let words = folded.match_indices(' ').take(MOST_WORDS).map(|(at, _)| folded[at + 1..].to_owned());
    for folded in words {
        rows.strings.push(StringRow { parameter: parameter.number, folded, exact: String::new() });
    }
    rows.strings.push(StringRow { parameter: parameter.number, folded, exact });
}

/// The criterion of a query: from the beginning, `:contains`, or `:exact`.
pub(crate) fn criterion(condition: &Condition<'_>) -> Result<Criterion, Refusal> {
    let mode = match condition.modifier {
        None => TextMode::StartsWith,
        Some("contains") => TextMode::Contains,
        Some("exact") => TextMode::Exact,
        Some(other) => return Err(condition.no_modifier(other, &["missing", "exact", "contains"])),
    };
    let texts = condition.values()?;
    let texts = texts.iter().map(|text| {
        // As what is stored: cut first, then folded.
        let text = cut(text);
        if mode == TextMode::Exact { text } else { fold(&text) }
    });
    let texts: Vec<String> = texts.collect();
    if texts.iter().any(String::is_empty) {
        return Err(Refusal::invalid(format!("'{}' has no letter to search for.", shown(condition.value))));
    }
    Ok(Criterion::Text { parameter: condition.parameter, mode, texts })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_accents_and_white_space_make_no_difference() {
        let check = |text: &str, expect: &str| assert_eq!(fold(text), expect, "{text}");
        check("  José  \t María ", "jose maria");
        check("STRASSE", &fold("Straße"));
        check("Łukasz Wałęsa", "lukasz walesa");
        check("İstanbul", "istanbul");
        check("Siân O’Brien", "sian obrien");
        check("O'Neill - Smith", "oneill smith");
        check("-a-", "a");
        check("ΟΔΟΣ", &fold("οδος"));
        check("e\u{301}", "e");
        check("%_*", "%_*");
        assert_eq!(fold(&"é".repeat(2000)).chars().count(), LENGTH);
    }
}
