//! Sends several requests at once, the same one or different ones, and judges each answer and how many there are of each status.

use anyhow::Result;
use futures_util::future::join_all;
use serde_json::Value;

use super::case::Step;
use super::client::Exchange;
use super::expect::{Finding, is_status};
use super::request::Request;
use super::trial::{End, Trial};

/// Sends them, and judges what came.
pub async fn at_once(trial: &mut Trial<'_>, raw: &Value, step: &Step) -> Result<Option<End>> {
    let requests = requests(trial, raw, step)?;
    let exchanges = join_all(requests.into_iter().map(|request| trial.client.send(request))).await;
    let before = trial.faults.len();
    for exchange in &exchanges {
        trial.remember(exchange.clone());
        let findings = trial.findings(step, exchange)?;
        trial.note(findings);
    }
    for (status, expected) in &step.answers {
        let text = Value::from(status.as_str());
        let mut found = 0;
        for exchange in &exchanges {
            found += usize::from(
                exchange.answer.as_ref().is_ok_and(|answer| is_status(&text, answer.status).unwrap_or(false)),
            );
        }
        if expected.as_u64() != u64::try_from(found).ok() {
            let all = statuses(&exchanges);
            let text = format!("answers: expected {expected} of {status}, found {found} (all: {all})");
            trial.note(vec![Finding { level: trial.level(), text }]);
        }
    }
    let failed = trial.faults[before..].iter().any(|fault| fault.finding.level == trial.level());
    Ok(failed.then_some(End::Fault))
}

fn requests(trial: &mut Trial<'_>, raw: &Value, step: &Step) -> Result<Vec<Request>> {
    if !step.race.is_empty() {
        return step.race.iter().map(|text| Request::parse(text, trial.client.base())).collect();
    }
    let mut requests = Vec::with_capacity(step.parallel);
    for n in 1..=step.parallel {
        trial.variables.set("n", n);
        let step = trial.filled(raw)?;
        requests.push(trial.request(&step)?);
    }
    Ok(requests)
}

fn statuses(exchanges: &[Exchange]) -> String {
    let mut all: Vec<_> =
        exchanges.iter().map(|exchange| exchange.answer.as_ref().map_or(0, |answer| answer.status)).collect();
    all.sort_unstable();
    all.iter().map(u16::to_string).collect::<Vec<_>>().join(" ")
}
