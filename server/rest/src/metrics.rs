//! What is counted of HTTP, in the text format of Prometheus, <https://prometheus.io/docs/instrumenting/exposition_formats/>.
//!
//! A series is an address without type, id and name of operation, a verb and a status: their number is small whatever clients send,
//! and they say nothing about anybody.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use fhir::ResourceType;
use interaction::Verb;

/// The upper bounds of the buckets, in seconds.
const BOUNDS: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// The answers of this process.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    answered: Mutex<BTreeMap<Series, Histogram>>,
}

/// Route, method and status.
type Series = (String, &'static str, u16);

#[derive(Clone, Debug, Default)]
struct Histogram {
    /// How many were within each bound, and in no bound before it.
    within: [u64; BOUNDS.len()],
    count: u64,
    seconds: f64,
}

impl Metrics {
    /// Counts an answer. `route` is a pattern as it stands in the log.
    pub(crate) fn answered(&self, route: &str, method: &str, status: u16, took: Duration) {
        let method =
            Verb::find(method).map_or(if method == "OPTIONS" { "OPTIONS" } else { "other" }, Verb::name);
        let seconds = took.as_secs_f64();
        let mut answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        let histogram = answered.entry((kind(route), method, status)).or_default();
        if let Some(bound) = BOUNDS.iter().position(|bound| seconds <= *bound) {
            histogram.within[bound] += 1;
        }
        histogram.count += 1;
        histogram.seconds += seconds;
    }

    /// Everything that was counted.
    pub(crate) fn text(&self) -> String {
        const NAME: &str = "http_server_request_duration_seconds";
        let mut text = format!(
            "# HELP {NAME} How long requests took, from the first header to the answer.\n# TYPE {NAME} histogram\n"
        );
        let answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for ((route, method, status), histogram) in answered {
            let labels = format!("route=\"{route}\",method=\"{method}\",status=\"{status}\"");
            let mut below = 0;
            for (bound, within) in BOUNDS.iter().zip(histogram.within) {
                below += within;
                let _ = writeln!(text, "{NAME}_bucket{{{labels},le=\"{bound}\"}} {below}");
            }
            let _ = writeln!(text, "{NAME}_bucket{{{labels},le=\"+Inf\"}} {}", histogram.count);
            let _ = writeln!(text, "{NAME}_sum{{{labels}}} {}", histogram.seconds);
            let _ = writeln!(text, "{NAME}_count{{{labels}}} {}", histogram.count);
        }
        text
    }
}

/// The pattern with its type and its operation left out as well: `[type]/[id]/[operation]`.
fn kind(route: &str) -> String {
    let segments = route.split('/').map(|segment| match segment {
        name if name.starts_with('$') => "[operation]",
        name if ResourceType::find(name).is_some() => "[type]",
        name => name,
    });
    segments.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_counted_by_what_they_were() {
        let metrics = Metrics::default();
        for (route, method, ms) in [
            ("Task/[id]", "GET", 3),
            ("Patient/[id]", "GET", 30),
            ("Task/[id]", "GET", 20_000),
            ("Task/[id]/$made-up", "BREW", 1),
            ("Task/[id]/$other", "BRAW", 1),
        ] {
            metrics.answered(route, method, 200, Duration::from_millis(ms));
        }
        let text = metrics.text();
        let read = "http_server_request_duration_seconds_bucket{route=\"[type]/[id]\",method=\"GET\",status=\"200\",le=";
        for (bound, count) in
            [("0.0025", None), ("0.005", Some(1)), ("0.025", Some(1)), ("0.05", Some(2)), ("+Inf", Some(3))]
        {
            let found = text.lines().find_map(|line| line.strip_prefix(&format!("{read}\"{bound}\"}} ")));
            assert_eq!(found, count.map(|count: u32| count.to_string()).as_deref(), "{bound}");
        }
        let other = "_count{route=\"[type]/[id]/[operation]\",method=\"other\",status=\"200\"} 2";
        assert!(text.contains(other), "{text}");
    }
}
