//! What a run found, and the forms in which it is told: console, JUnit XML, one HTML page.

pub mod console;
pub mod html;
pub mod junit;

use super::case::{Case, Level};
use super::client::Exchange;
use super::trial::{Fault, Outcome};

/// What became of one case, with the evidence.
pub struct Record {
    /// The case.
    pub case: Case,
    /// What became of it.
    pub outcome: Outcome,
    /// What was wrong.
    pub faults: Vec<Fault>,
    /// What was sent and answered.
    pub exchanges: Vec<Exchange>,
    /// How long it took.
    pub seconds: f64,
}

/// What became of all.
pub struct Report {
    /// The base address.
    pub target: String,
    /// What the server says it is.
    pub software: String,
    /// The id in the tags of everything this run created.
    pub run: String,
    /// When it began.
    pub began: String,
    /// Whether a token was sent.
    pub token: bool,
    /// In the order of running.
    pub records: Vec<Record>,
}

impl Report {
    /// A report without results.
    pub fn new(target: &str, software: String, run: String, token: bool) -> Self {
        let began = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        Self { target: target.to_owned(), software, run, began, token, records: Vec::new() }
    }

    /// Whether anything of these levels failed; what could not be tested counts as failed.
    pub fn fails(&self, levels: &[Level]) -> bool {
        self.records.iter().any(|record| match &record.outcome {
            Outcome::Failed(_) => record.faults.iter().any(|fault| levels.contains(&fault.finding.level)),
            Outcome::Blocked(_) => levels.contains(&record.case.level),
            Outcome::Passed | Outcome::Skipped(_) => false,
        })
    }

    /// How many there are of each outcome at each level: passed, failed, blocked, skipped.
    pub fn counts(&self, level: Level) -> [usize; 4] {
        let mut counts = [0; 4];
        for record in self.records.iter().filter(|record| record.case.level == level) {
            counts[match record.outcome {
                Outcome::Passed => 0,
                Outcome::Failed(_) => 1,
                Outcome::Blocked(_) => 2,
                Outcome::Skipped(_) => 3,
            }] += 1;
        }
        counts
    }
}

impl Record {
    /// The sentence that the case tests, and where it stands.
    pub fn rule(&self) -> (String, String) {
        let number = self.case.requirement;
        let found =
            super::requirement::all().ok().and_then(|all| all.into_iter().find(|one| one.number == number));
        match found {
            Some(requirement) => (format!("{number}. {}", requirement.sentence), requirement.address),
            None => (number.to_string(), String::new()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::client::Answer;
    use crate::run::expect::Finding;
    use crate::run::request::Request;
    use crate::run::suite;

    fn record(level: &str, outcome: Outcome, found: &[Level]) -> Record {
        let text = format!(
            "cases:\n- id: a\n  title: <t> & co\n  level: {level}\n  requirement: 35\n  steps: [{{request: GET x}}]\n"
        );
        let case = suite::read("test", "a.yaml", &text).unwrap().cases.remove(0);
        let fault = |level: &Level| Fault {
            finding: Finding { level: *level, text: "status: expected 410, found 404".to_owned() },
            exchange: 0,
        };
        let answer = Ok(Answer { status: 404, headers: Vec::new(), body: b"<no>\x01".to_vec() });
        let exchanges = vec![Exchange { request: Request::parse("GET x", "http://server").unwrap(), answer }];
        Record { case, outcome, faults: found.iter().map(fault).collect(), exchanges, seconds: 0.5 }
    }

    fn report(records: Vec<Record>) -> Report {
        Report { records, ..Report::new("http://server", "S 1".to_owned(), "run".to_owned(), true) }
    }

    #[test]
    fn the_levels_decide_what_fails() {
        let blocked = || report(vec![record("SHALL", Outcome::Blocked("b".to_owned()), &[])]);
        let weak = || report(vec![record("SHALL", Outcome::Failed(Level::Should), &[Level::Should])]);
        let skipped = || report(vec![record("SHALL", Outcome::Skipped("s".to_owned()), &[])]);
        for (report, level, fails) in [
            (blocked(), Level::Shall, true),
            (blocked(), Level::Own, false),
            (weak(), Level::Shall, false),
            (weak(), Level::Should, true),
            (skipped(), Level::Shall, false),
        ] {
            assert_eq!(report.fails(&[level]), fails, "{level}");
        }
        assert_eq!(blocked().counts(Level::Shall), [0, 0, 1, 0]);
    }

    #[test]
    fn every_report_tells_the_failure_the_rule_and_how_to_repeat_it() {
        let report = report(vec![record("SHALL", Outcome::Failed(Level::Shall), &[Level::Shall])]);
        for text in [console::failures(&report), junit::document(&report), html::page(&report)] {
            for part in [
                "status: expected 410, found 404",
                "Reading a deleted resource is 410.",
                "http://hl7.org/fhir/R4/http.html#read",
                "curl -sSi -X GET",
                "$TOKEN",
            ] {
                assert!(text.contains(part), "{part} is not in {text}");
            }
        }
        for text in [junit::document(&report), html::page(&report)] {
            assert!(text.contains("&lt;t&gt; &amp; co") || text.contains("&lt;no&gt;"), "{text}");
            assert!(!text.contains("<no>") && !text.contains('\u{1}'), "{text}");
        }
    }
}
