//! Codes by what is known of them: `:in`, `:not-in`, `:below` and `:above` of tokens, <https://hl7.org/fhir/R4/search.html#token>.
//!
//! They are answered from the code systems and value sets that are part of the server, and from the value sets that were looked up
//! for the search. What is not held is refused, because an empty answer would say that nobody has such a code.

use canonical::terminology;
use fhir::{Cause, Error, Issue, IssueType};

use crate::{
    parse::ValueSets,
    refusal::{Refusal, shown},
};

/// How many codes a search may come to.
const MOST_CODES: usize = 5000;

/// The codes of these value sets, with their systems: of those that were looked up, else of those that are part of the server.
pub(crate) fn in_value_sets(urls: &[String], known: &ValueSets) -> Result<Vec<(String, String)>, Refusal> {
    let mut all = Vec::new();
    for url in urls {
        let codes = match known.get(url) {
            Some(Ok(codes)) => codes.clone(),
            Some(Err(sentence)) => return Err(refused(sentence)),
            None => terminology().codes(url).map_err(|unknown| not_held(&unknown.to_string()))?,
        };
        for (system, codes) in codes {
            all.extend(codes.into_iter().map(|code| (system.clone(), code)));
        }
        few_enough(all.len())?;
    }
    Ok(all)
}

/// The code and every code below it (or, with `above`, above it) in its code system.
pub(crate) fn subsumed(system: &str, code: &str, above: bool) -> Result<Vec<(String, String)>, Refusal> {
    let code_system = terminology()
        .code_system(system)
        .ok_or_else(|| not_held(&format!("The code system {} is not held here", shown(system))))?;
    let others =
        code_system.concepts.iter().map(|concept| concept.code.as_str()).filter(|other| match above {
            true => code_system.is_below(code, other),
            false => code_system.is_below(other, code),
        });
    let all: Vec<_> = others.chain([code]).map(|code| (system.to_owned(), code.to_owned())).collect();
    few_enough(all.len())?;
    Ok(all)
}

fn few_enough(count: usize) -> Result<(), Refusal> {
    if count > MOST_CODES {
        return Err(Refusal::too_costly(format!(
            "This stands for more than {MOST_CODES} codes, which is more than a search looks for."
        )));
    }
    Ok(())
}

fn not_held(reason: &str) -> Refusal {
    refused(&format!("{}, so it cannot be searched by.", cut(reason)))
}

fn refused(sentence: &str) -> Refusal {
    Refusal::Error(Error::with_issue(Cause::BadRequest, Issue::error(IssueType::NotFound, cut(sentence))))
}

/// Whatever was sent is told back in part only.
fn cut(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(500).collect()
}
