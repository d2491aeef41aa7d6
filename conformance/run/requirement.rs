//! The numbered sentences of the standard and of our own promises, from requirements.csv.
//!
//! The column `cases` is checked by a test against what the cases say of themselves; `argument` says why a sentence has none.

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use super::case::Level;

const EMBEDDED: &str = include_str!("../requirements.csv");

/// One sentence.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Requirement {
    /// Its number.
    pub number: u16,
    /// How binding it is.
    pub level: Level,
    /// Where it stands.
    pub address: String,
    /// The sentence, in our own words.
    pub sentence: String,
    /// The ids of the cases that test it, separated by spaces.
    pub cases: String,
    /// Why nothing tests it, where nothing does.
    pub argument: String,
}

/// All sentences, by number.
pub fn all() -> Result<Vec<Requirement>> {
    let mut reader = csv::Reader::from_reader(EMBEDDED.as_bytes());
    reader.deserialize().collect::<Result<_, _>>().context("requirements.csv")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::suite;

    /// The table as it has to be: each sentence with the cases that name its number. `BLESS=1` writes it.
    #[test]
    fn the_table_names_the_cases_of_each_sentence() {
        let cases: Vec<_> = suite::embedded().unwrap().into_iter().flat_map(|group| group.cases).collect();
        let mut sentences = all().unwrap();
        for case in &cases {
            let named = sentences.iter().any(|sentence| sentence.number == case.requirement);
            assert!(named, "{} tests sentence {}, which there is not", case.id, case.requirement);
        }
        for sentence in &mut sentences {
            let own = cases.iter().filter(|case| case.requirement == sentence.number);
            sentence.cases = own.map(|case| case.id.as_str()).collect::<Vec<_>>().join(" ");
        }
        let mut writer = csv::Writer::from_writer(Vec::new());
        for sentence in &sentences {
            writer.serialize(sentence).unwrap();
        }
        let table = String::from_utf8(writer.into_inner().unwrap()).unwrap();
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/requirements.csv"), &table).unwrap();
        } else {
            assert!(table == EMBEDDED, "requirements.csv is not up to date: run with BLESS=1");
        }
    }

    #[test]
    fn every_sentence_is_tested_or_argued() {
        for sentence in all().unwrap() {
            let tested = !sentence.cases.is_empty();
            let argued = !sentence.argument.is_empty();
            assert!(tested != argued, "{}. {}: {argued}", sentence.number, sentence.sentence);
        }
    }
}
