//! What a run found, for people at a terminal: each failure with its request, its answer, the rule, and a line to repeat it.

use std::fmt::Write as _;

use super::{Record, Report};
use crate::run::case::Level;
use crate::run::client::Exchange;
use crate::run::trial::Outcome;

/// Longer contents are cut here; the HTML page has them whole.
const MOST: usize = 600;

/// A line to repeat that nobody could copy from a terminal.
const LONGEST: usize = 20_000;

/// One line about a case.
pub fn line(record: &Record) -> String {
    let (word, reason) = match &record.outcome {
        Outcome::Passed => ("ok  ", String::new()),
        Outcome::Failed(level) => ("FAIL", format!(" ({level})")),
        Outcome::Skipped(reason) => ("skip", format!(" ({reason})")),
        Outcome::Blocked(reason) => ("STOP", format!(" ({reason})")),
    };
    format!("{word} {:6} {} {}{reason}", record.case.level.to_string(), record.case.id, record.case.title)
}

/// Everything that failed.
pub fn failures(report: &Report) -> String {
    let mut out = String::new();
    for record in &report.records {
        if matches!(record.outcome, Outcome::Failed(_) | Outcome::Blocked(_)) {
            failure(&mut out, record, report.token);
        }
    }
    out
}

fn failure(out: &mut String, record: &Record, token: bool) {
    let (sentence, address) = record.rule();
    let case = &record.case;
    let _ = writeln!(out, "\n{}", line(record));
    let _ = writeln!(out, "  rule    {sentence}\n          {address}");
    if let Some(why) = &case.why {
        let _ = writeln!(out, "  why     {why}");
    }
    for fault in &record.faults {
        let _ = writeln!(out, "  wrong   [{}] {}", fault.finding.level, cut(&fault.finding.text));
    }
    let mut shown: Vec<usize> = record.faults.iter().map(|fault| fault.exchange).collect();
    shown.dedup();
    if shown.is_empty() {
        shown.extend(record.exchanges.len().checked_sub(1));
    }
    for exchange in shown.iter().take(3).filter_map(|number| record.exchanges.get(*number)) {
        evidence(out, exchange, token);
    }
}

fn evidence(out: &mut String, exchange: &Exchange, token: bool) {
    let request = &exchange.request;
    let _ = writeln!(out, "  sent    {} {}", request.method, cut(&request.url));
    if request.body.is_some() {
        let _ = writeln!(out, "          {}", cut(&request.text()));
    }
    match &exchange.answer {
        Ok(answer) => {
            let _ = writeln!(out, "  came    {}", answer.status);
            for name in ["content-type", "etag", "last-modified", "location"] {
                for value in answer.header(name) {
                    let _ = writeln!(out, "          {name}: {value}");
                }
            }
            let _ = writeln!(out, "          {}", cut(&answer.text()));
        }
        Err(error) => {
            let _ = writeln!(out, "  came    nothing: {error}");
        }
    }
    let curl = request.curl(token);
    let line = if curl.len() > LONGEST { "too long for here; it is in the HTML page" } else { &curl };
    let _ = writeln!(out, "  repeat  {line}");
}

fn cut(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MOST) {
        Some((at, _)) => format!("{} …", &line[..at]),
        None => line,
    }
}

/// The last lines: how many there are of what, and what that means.
pub fn summary(report: &Report, levels: &[Level]) -> String {
    let mut out = format!("\n{} at {}, run {}\n", report.software, report.target, report.run);
    let _ = writeln!(out, "{:8}{:>8}{:>8}{:>8}{:>8}", "", "passed", "failed", "stopped", "skipped");
    for level in [Level::Shall, Level::Should, Level::May, Level::Own] {
        let [passed, failed, blocked, skipped] = report.counts(level);
        let _ = writeln!(out, "{:8}{passed:>8}{failed:>8}{blocked:>8}{skipped:>8}", level.to_string());
    }
    let judged = levels.iter().map(Level::to_string).collect::<Vec<_>>().join(", ");
    let verdict = if report.fails(levels) { "FAILED" } else { "passed" };
    let _ = write!(out, "{verdict}, judged by {judged}");
    out
}
