//! What a run found, as one page that needs nothing else: for whoever has to be convinced.

use std::fmt::Write as _;

use super::junit::escaped;
use super::{Record, Report};
use crate::run::case::Level;
use crate::run::client::Exchange;
use crate::run::requirement;
use crate::run::trial::Outcome;

const STYLE: &str = "
:root { color-scheme: light dark; font: 15px/1.45 system-ui, sans-serif }
body { max-width: 72rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; margin: 1rem 0 } td, th { padding: .2rem .8rem .2rem 0; text-align: left }
td.n, th.n { text-align: right } h2 { margin: 2rem 0 .5rem }
details { border-left: .3rem solid; padding: .1rem .8rem; margin: .3rem 0 }
.passed { border-color: #2a8a4a } .failed { border-color: #c0392b } .blocked { border-color: #c77c02 } .skipped { border-color: #999 }
summary { cursor: pointer } summary b { font-weight: 600 } .level { font-size: .8em; opacity: .75; margin-right: .6em }
pre { white-space: pre-wrap; overflow-wrap: anywhere; background: #8881; padding: .6rem; margin: .4rem 0; font-size: .85em }
.wrong { color: #c0392b }
";

/// The page.
pub fn page(report: &Report) -> String {
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>FHIR R4 conformance of {target}</title><style>{STYLE}</style>\n<h1>FHIR R4 conformance</h1>\n\
         <p>{software} at {target}<br>{began}, run {run}, suite {version}</p>\n",
        target = escaped(&report.target),
        software = escaped(&report.software),
        began = report.began,
        run = report.run,
        version = env!("CARGO_PKG_VERSION"),
    );
    matrix(&mut out, report);
    sentences(&mut out, report);
    let mut feature = "";
    for record in &report.records {
        let own = record.case.id.split('/').next().unwrap_or_default();
        if own != feature {
            feature = own;
            let _ = writeln!(out, "<h2>{}</h2>", escaped(feature));
        }
        case(&mut out, record, report.token);
    }
    out.push_str("</html>\n");
    out
}

fn matrix(out: &mut String, report: &Report) {
    out.push_str(
        "<table><tr><th><th class=n>passed<th class=n>failed<th class=n>could not be run<th class=n>not declared</tr>",
    );
    for level in [Level::Shall, Level::Should, Level::May, Level::Own] {
        let [passed, failed, blocked, skipped] = report.counts(level);
        let _ = writeln!(
            out,
            "<tr><th>{level}<td class=n>{passed}<td class=n>{failed}<td class=n>{blocked}<td class=n>{skipped}</tr>"
        );
    }
    out.push_str("</table>\n");
}

/// Every numbered sentence, with what became of its cases or why it has none.
fn sentences(out: &mut String, report: &Report) {
    out.push_str("<details><summary><b>The sentences</b>, and the cases that test them</summary><table>");
    for requirement in requirement::all().unwrap_or_default() {
        let _ = write!(
            out,
            "<tr><td class=n>{}<td class=level>{}<td>{}<td>",
            requirement.number,
            requirement.level,
            escaped(&requirement.sentence)
        );
        for id in requirement.cases.split_whitespace() {
            let record = report.records.iter().find(|record| record.case.id == id);
            let word = record.map_or("not run", |record| word(&record.outcome));
            let _ = write!(out, "<a href=\"#{0}\">{0}</a> {word}<br>", escaped(id));
        }
        let _ = writeln!(out, "{}</tr>", escaped(&requirement.argument));
    }
    out.push_str("</table></details>\n");
}

fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "passed",
        Outcome::Failed(_) => "failed",
        Outcome::Skipped(_) => "skipped",
        Outcome::Blocked(_) => "blocked",
    }
}

fn case(out: &mut String, record: &Record, token: bool) {
    let class = word(&record.outcome);
    let reason = match &record.outcome {
        Outcome::Passed => String::new(),
        Outcome::Failed(level) => format!("failed at {level}"),
        Outcome::Skipped(reason) => format!("skipped: {reason}"),
        Outcome::Blocked(reason) => reason.clone(),
    };
    let open = if class == "failed" || class == "blocked" { " open" } else { "" };
    let (sentence, address) = record.rule();
    let _ = write!(
        out,
        "<details class={class}{open} id=\"{id}\"><summary><span class=level>{level}</span><b>{id}</b> {title} <i>{reason}</i>\
         </summary><p>{sentence} <a href=\"{address}\">{address}</a></p>",
        id = escaped(&record.case.id),
        level = record.case.level,
        title = escaped(&record.case.title),
        reason = escaped(&reason),
        sentence = escaped(&sentence),
        address = escaped(&address),
    );
    if let Some(why) = &record.case.why {
        let _ = write!(out, "<p>{}</p>", escaped(why));
    }
    for (number, exchange) in record.exchanges.iter().enumerate() {
        for fault in record.faults.iter().filter(|fault| fault.exchange == number) {
            let _ =
                write!(out, "<p class=wrong>[{}] {}</p>", fault.finding.level, escaped(&fault.finding.text));
        }
        // What went well is told by its request alone: the page stays small enough to send.
        let whole = record.faults.iter().any(|fault| fault.exchange == number);
        evidence(out, exchange, token, whole);
    }
    out.push_str("</details>\n");
}

fn evidence(out: &mut String, exchange: &Exchange, token: bool, whole: bool) {
    let request = &exchange.request;
    let status = exchange.answer.as_ref().map_or("no answer".to_owned(), |answer| answer.status.to_string());
    if !whole {
        let _ = write!(out, "<pre>{} {} → {status}</pre>", request.method, escaped(&request.url));
        return;
    }
    let _ = write!(out, "<pre>{}</pre>", escaped(&request.curl(token)));
    match &exchange.answer {
        Ok(answer) => {
            let headers: String =
                answer.headers.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
            let _ = write!(out, "<pre>{status}\n{}\n{}</pre>", escaped(&headers), escaped(&answer.text()));
        }
        Err(error) => {
            let _ = write!(out, "<pre>no answer: {}</pre>", escaped(error));
        }
    }
}
