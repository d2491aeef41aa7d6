//! What is recorded as having happened does not lie in the future (IC-TIME-01): who counts, and who waits, acts on these times,
//! <https://hl7.org/fhir/R4/datatypes.html#dateTime>.
//!
//! First contacts, decisions and departures have rules of their own (IC-CLK-03, IC-DIS-02). What belongs to no rule of intermediate care
//! is warned of, not refused.

use fhir::{Instant, Issue, IssueType, Resource, ResourceType, Value};

use crate::clock::Settings;
use crate::element::code_in;
use crate::task_output::output;
use crate::{episode_of_care, extension, rule};

/// One time at which something is said to have happened.
struct Fact<'a> {
    /// Where it stands, as an expression.
    at: &'static str,
    text: Option<&'a Value>,
    /// What to send instead.
    instead: &'static str,
    is_refused: bool,
}

/// What of this resource lies in the future: errors, and warnings.
pub(crate) fn check(resource: &Resource, settings: &Settings, now: Instant) -> Vec<Issue> {
    let latest = settings.latest(now);
    let mut issues = Vec::new();
    for fact in facts(resource) {
        let Some(text) = fact.text.and_then(Value::as_str) else { continue };
        if settings.interval(text).is_none_or(|time| time.low <= latest) {
            continue;
        }
        let name = fact.at.split_once('.').map_or(fact.at, |(_, name)| name);
        let sentence = format!("{name}, '{text}', lies in the future: here it is {now}. {}", fact.instead);
        let issue = if fact.is_refused { Issue::error } else { Issue::warning };
        issues.push(issue(IssueType::BusinessRule, sentence).by_rule(rule::PAST).at(fact.at));
    }
    issues
}

fn facts(resource: &Resource) -> Vec<Fact<'_>> {
    let period = |bound: &str| resource.get("period").and_then(|period| period.get(bound));
    let status = resource.text("status").unwrap_or_default();
    match resource.resource_type() {
        ResourceType::OBSERVATION if is_score(resource) => vec![refused(
            "Observation.effectiveDateTime",
            resource.get("effectiveDateTime"),
            "Send the time at which the score was taken.",
        )],
        ResourceType::EPISODE_OF_CARE if episode_of_care::applies_to(resource) => {
            let mut facts = Vec::new();
            if matches!(status, "active" | "onhold" | "finished") {
                facts.push(refused(
                    "EpisodeOfCare.period.start",
                    period("start"),
                    "Send the time of the first contact, or the status 'planned' until then.",
                ));
            }
            if status == "finished" {
                facts.push(refused(
                    "EpisodeOfCare.period.end",
                    period("end"),
                    "Send the time at which it ended; when it is to end is ic-expected-end.",
                ));
            }
            facts
        }
        ResourceType::TASK => of_task(resource, status),
        // A death ends what is open about the person, at once.
        ResourceType::PATIENT => vec![
            refused(
                "Patient.deceasedDateTime",
                resource.get("deceasedDateTime"),
                "Send the time of the death, or leave it out.",
            ),
            warned("Patient.birthDate", resource.get("birthDate"), "Correct it."),
        ],
        ResourceType::CONDITION => {
            vec![warned(
                "Condition.onsetDateTime",
                resource.get("onsetDateTime"),
                "Correct it, or leave it out until it has begun.",
            )]
        }
        _ => Vec::new(),
    }
}

fn refused<'a>(at: &'static str, text: Option<&'a Value>, instead: &'static str) -> Fact<'a> {
    Fact { at, text, instead, is_refused: true }
}

fn warned<'a>(at: &'static str, text: Option<&'a Value>, instead: &'static str) -> Fact<'a> {
    Fact { at, text, instead, is_refused: false }
}

/// A visit that has begun or ended, and the first therapy of a team.
fn of_task<'a>(task: &'a Resource, status: &str) -> Vec<Fact<'a>> {
    let bound = |bound: &str| task.get("executionPeriod").and_then(|period| period.get(bound));
    if task.get("code").is_some_and(|code| code_in(code, "ic-activity-type").is_some()) {
        let begun = matches!(status, "in-progress" | "completed").then(|| bound("start")).flatten();
        let ended = (status == "completed").then(|| bound("end")).flatten();
        return vec![
            refused(
                "Task.executionPeriod.start",
                begun,
                "Send when it was, or the status 'accepted' while it is planned.",
            ),
            refused("Task.executionPeriod.end", ended, "Send when it was."),
        ];
    }
    let therapy = output(task, "first-therapy-contact").and_then(|output| output.get("valueDateTime"));
    vec![refused(
        "Task.output",
        therapy,
        "Send as first-therapy-contact the time at which the person was seen.",
    )]
}

/// Whether it is a score of ours.
fn is_score(observation: &Resource) -> bool {
    let is_ours = observation.get("code").is_some_and(|code| code_in(code, "ic-score-instrument").is_some());
    is_ours || extension::find(observation, "ic-score-point").is_some()
}
