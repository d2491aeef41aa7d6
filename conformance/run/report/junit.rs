//! What a run found, as JUnit XML, which every build server reads.

use std::fmt::Write as _;

use super::{Record, Report};
use crate::run::trial::Outcome;

/// The document.
pub fn document(report: &Report) -> String {
    let count =
        |wanted: fn(&Outcome) -> bool| report.records.iter().filter(|record| wanted(&record.outcome)).count();
    let failed = count(|outcome| matches!(outcome, Outcome::Failed(_)));
    let blocked = count(|outcome| matches!(outcome, Outcome::Blocked(_)));
    let skipped = count(|outcome| matches!(outcome, Outcome::Skipped(_)));
    let seconds: f64 = report.records.iter().map(|record| record.seconds).sum();
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"{}\" timestamp=\"{}\" tests=\"{}\" \
         failures=\"{failed}\" errors=\"{blocked}\" skipped=\"{skipped}\" time=\"{seconds:.3}\">\n",
        escaped(&report.target),
        report.began,
        report.records.len(),
    );
    for record in &report.records {
        case(&mut out, record, report.token);
    }
    out.push_str("</testsuite>\n");
    out
}

fn case(out: &mut String, record: &Record, token: bool) {
    let (feature, name) = record.case.id.split_once('/').unwrap_or(("", &record.case.id));
    let _ = write!(
        out,
        "  <testcase classname=\"{}\" name=\"{}\" time=\"{:.3}\"",
        escaped(feature),
        escaped(name),
        record.seconds
    );
    match &record.outcome {
        Outcome::Passed => out.push_str("/>\n"),
        Outcome::Skipped(reason) => {
            let _ = writeln!(out, "><skipped message=\"{}\"/></testcase>", escaped(reason));
        }
        Outcome::Blocked(reason) => {
            let _ = writeln!(out, "><error message=\"{}\"/></testcase>", escaped(reason));
        }
        Outcome::Failed(level) => {
            let (sentence, address) = record.rule();
            let mut text = format!("{}\n{sentence}\n{address}\n", record.case.title);
            for fault in &record.faults {
                let _ = writeln!(text, "[{}] {}", fault.finding.level, fault.finding.text);
            }
            let mut shown: Vec<usize> = record.faults.iter().map(|fault| fault.exchange).collect();
            shown.dedup();
            for exchange in shown.into_iter().filter_map(|number| record.exchanges.get(number)) {
                let _ = writeln!(text, "{}", exchange.request.curl(token));
                if let Ok(answer) = &exchange.answer {
                    let _ = writeln!(text, "{} {}", answer.status, answer.text());
                }
            }
            let first = record.faults.first().map_or("", |fault| fault.finding.text.as_str());
            let _ = writeln!(
                out,
                "><failure type=\"{level}\" message=\"{}\">{}</failure></testcase>",
                escaped(first),
                escaped(&text)
            );
        }
    }
}

/// The text as XML, HTML or an attribute may have it: without control characters, which XML 1.0 has no way to write.
pub fn escaped(text: &str) -> String {
    text.chars()
        .filter(|character| !character.is_control() || ['\n', '\t'].contains(character))
        .filter(|character| !['\u{fffe}', '\u{ffff}'].contains(character))
        .fold(String::with_capacity(text.len()), |mut out, character| {
            match character {
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                '&' => out.push_str("&amp;"),
                '"' => out.push_str("&quot;"),
                '\'' => out.push_str("&#39;"),
                other => out.push(other),
            }
            out
        })
}
