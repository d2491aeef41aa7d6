//! Walks a Bundle's pages by their `next` links and makes one Bundle of them, <https://hl7.org/fhir/R4/http.html#paging>.
//!
//! `$.pages` of the result has the pages as they came, `$.entry` the entries of all.

use anyhow::Result;
use serde_json::{Value, json};

use super::case::Step;
use super::client::{Answer, Exchange};
use super::expect::Finding;
use super::request::Request;
use super::trial::Trial;

/// A walk that has no end is a fault of the server.
const MOST_PAGES: usize = 200;

/// All pages as one exchange; nothing if the walk went wrong, which has been noted.
pub async fn pages(trial: &mut Trial<'_>, step: &Step) -> Result<Option<Exchange>> {
    let first = trial.request(step)?;
    let mut next = Some(first.clone());
    let mut pages: Vec<Value> = Vec::new();
    let mut status = 0;
    while let Some(request) = next.take() {
        let exchange = trial.send(request).await;
        let answer = match &exchange.answer {
            Ok(answer) if answer.status == 200 => answer,
            _ if pages.is_empty() => return Ok(Some(exchange)),
            Ok(answer) => {
                return fault(trial, format!("page {} is answered {}", pages.len() + 1, answer.status));
            }
            Err(error) => return fault(trial, format!("page {} is not answered: {error}", pages.len() + 1)),
        };
        status = answer.status;
        let Some(page) = answer.json() else { return fault(trial, "a page is not JSON".to_owned()) };
        let link =
            page["link"].as_array().and_then(|links| links.iter().find(|link| link["relation"] == "next"));
        next = link.and_then(|link| link["url"].as_str()).map(|url| follow(&first, url, trial.client.base()));
        pages.push(page);
        if pages.len() == MOST_PAGES {
            return fault(trial, format!("there is no end after {MOST_PAGES} pages"));
        }
        if next.is_some() && !step.between.is_empty() {
            let shown = trial.exchanges.len();
            if Box::pin(trial.take(&step.between)).await?.is_some() {
                return Ok(None);
            }
            trial.exchanges.truncate(shown);
        }
    }
    let entries: Vec<Value> =
        pages.iter().filter_map(|page| page["entry"].as_array()).flatten().cloned().collect();
    let mut joined = json!({"resourceType": "Bundle", "entry": entries});
    if let Some(page) = pages.first() {
        joined["type"] = page["type"].clone();
    }
    joined["pages"] = Value::Array(pages);
    let answer = Answer { status, headers: Vec::new(), body: joined.to_string().into_bytes() };
    Ok(Some(Exchange { request: first, answer: Ok(answer) }))
}

fn follow(first: &Request, url: &str, base: &str) -> Request {
    let url = if url.contains("://") { url.to_owned() } else { format!("{base}/{url}") };
    let headers = first.headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
    Request { headers: headers.cloned().collect(), anonymous: first.anonymous, ..Request::get(&url) }
}

fn fault(trial: &mut Trial<'_>, text: String) -> Result<Option<Exchange>> {
    trial.note(vec![Finding { level: trial.level(), text }]);
    Ok(None)
}
