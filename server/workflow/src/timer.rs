//! What happens because time passes and nobody writes: clocks that run out, episodes of more than six weeks, outcome checks that are due,
//! discharges that are delayed, plans that were left open. It is written like any other change, so that it has a version and is told.
//!
//! What was told is kept in the resource itself (a clock's status, a discharge's state, or the extension `ic-reminder`), so that it is
//! told once, whoever looks, however often, and however late. Who looks when is decided elsewhere: [`due`] says when, [`run`] what then.
//! <https://hl7.org/fhir/R4/task.html>, <https://hl7.org/fhir/R4/episodeofcare.html>.

use fhir::{Instant, Resource, ResourceType};
use jiff::ToSpan;
use jiff::civil::{Date, Time};
use serde_json::json;

use crate::clock::{self, Clock, DAY, Settings};
use crate::element::{concept, fill, items, put, reference, reference_to};
use crate::{
    Effect, Needs, Outcome, Related, care_plan, discharge_plan, episode_of_care, extension, fulfilment,
    outcome_check,
};

/// The kinds of `ic-reminder`.
pub(crate) const CLOCK_WARNING: &str = "clock-warning";
pub(crate) const EPISODE_LONG: &str = "episode-long";
pub(crate) const EPISODE_OVER_LIMIT: &str = "episode-over-limit";
pub(crate) const OUTCOME_DUE: &str = "outcome-due";
pub(crate) const PLAN_OPEN: &str = "plan-open";
pub(crate) const DELAY_UNEXPLAINED: &str = "delay-unexplained";

/// Days after an episode's first one: when its end comes near, and when it is longer than six weeks.
const LONG: i32 = 35;
const OVER_LIMIT: i32 = 42;

/// Something that is to be written at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    ClockWarning,
    ClockBreach,
    EpisodeLong,
    EpisodeOverLimit,
    PlanOpen,
    OutcomeDue,
    Delayed,
    DelayUnexplained,
}

/// When the timer has to look at a resource, if nothing else is written to it before.
#[must_use]
pub fn due(resource: &Resource, settings: &Settings) -> Option<Instant> {
    pending(resource, settings).into_iter().map(|(at, _)| at).min().map(Instant::from_microseconds)
}

/// What [`run`] must see beside the resource.
#[must_use]
pub fn needs(resource: &Resource) -> Needs {
    match resource.resource_type() {
        ResourceType::EPISODE_OF_CARE if resource.text("status") == Some("finished") => Needs {
            open_of: reference(resource.get("patient"))
                .map(|patient| (patient.to_owned(), &[ResourceType::CARE_PLAN][..])),
            focus: episode_of_care::task(resource),
            ..Needs::default()
        },
        _ => Needs::default(),
    }
}

/// What is to be written by `now`; `None` when nothing is. Of two times that have passed, only the later one counts: nobody is warned of
/// what has happened already.
#[must_use]
pub fn run(resource: &Resource, related: &Related, now: Instant) -> Option<Outcome> {
    let passed = pending(resource, &related.settings).into_iter().filter(|(at, _)| *at <= now.microseconds());
    let (_, event) = passed.max_by_key(|(at, _)| *at)?;
    let mut changed = resource.clone();
    let mut effects = Vec::new();
    match event {
        Event::ClockWarning => extension::remind(&mut changed, CLOCK_WARNING, now),
        Event::ClockBreach => changed = clock::run_out(resource, &related.settings, now)?,
        Event::EpisodeLong => extension::remind(&mut changed, EPISODE_LONG, now),
        Event::EpisodeOverLimit => extension::remind(&mut changed, EPISODE_OVER_LIMIT, now),
        Event::OutcomeDue => extension::remind(&mut changed, OUTCOME_DUE, now),
        Event::Delayed => discharge_plan::derive(&mut changed, related, now),
        Event::DelayUnexplained => {
            effects.push(Effect::Create(question(resource, now)?));
            extension::remind(&mut changed, DELAY_UNEXPLAINED, now);
        }
        Event::PlanOpen => {
            effects.push(Effect::Create(review(resource, related, now)?));
            extension::remind(&mut changed, PLAN_OPEN, now);
        }
    }
    if changed.resource_type() == ResourceType::TASK {
        put(&mut changed, "lastModified", Some(json!(now.to_string())));
    }
    Some(Outcome { resource: changed, effects, warnings: Vec::new() })
}

/// What is still to come, with its time in microseconds since 1970.
fn pending(resource: &Resource, settings: &Settings) -> Vec<(i64, Event)> {
    match resource.resource_type() {
        ResourceType::TASK => of_task(resource, settings),
        ResourceType::EPISODE_OF_CARE if episode_of_care::applies_to(resource) => {
            of_episode(resource, settings)
        }
        ResourceType::SERVICE_REQUEST => of_plan(resource, settings),
        _ => Vec::new(),
    }
}

fn of_task(task: &Resource, settings: &Settings) -> Vec<(i64, Event)> {
    let mut pending = Vec::new();
    if let Some(clock) = Clock::of(task, settings).filter(|clock| clock.status == "running") {
        // The due time itself is in time.
        pending.push((clock.due.microseconds() + 1, Event::ClockBreach));
        if !extension::is_reminded(task, CLOCK_WARNING) {
            pending.push((clock.warning().microseconds(), Event::ClockWarning));
        }
    }
    if let Some(day) = outcome_check::due_day(task)
        && !extension::is_reminded(task, OUTCOME_DUE)
    {
        pending.extend(settings.interval(day).map(|day| (day.low, Event::OutcomeDue)));
    }
    pending
}

fn of_episode(episode: &Resource, settings: &Settings) -> Vec<(i64, Event)> {
    let bound = |name: &str| settings.interval(episode.get("period")?.get(name)?.as_str()?);
    let reminded = |kind| extension::is_reminded(episode, kind);
    match episode.text("status") {
        Some("active" | "onhold") if !reminded(EPISODE_OVER_LIMIT) => {
            let Some(start) = bound("start") else { return Vec::new() };
            let first = settings.date(start.low);
            let long = (!reminded(EPISODE_LONG)).then_some((LONG, Event::EpisodeLong));
            let all = [(OVER_LIMIT, Event::EpisodeOverLimit)].into_iter().chain(long);
            all.filter_map(|(days, event)| Some((settings.at(later(first, days)?, Time::midnight())?, event)))
                .collect()
        }
        Some("finished") if !reminded(PLAN_OPEN) => {
            bound("end").map(|end| (end.low + DAY, Event::PlanOpen)).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

fn of_plan(plan: &Resource, settings: &Settings) -> Vec<(i64, Event)> {
    let Some((ready, state)) = discharge_plan::waiting_since(plan, settings) else { return Vec::new() };
    let written = plan
        .get("meta")
        .and_then(|meta| meta.get("lastUpdated"))
        .and_then(|text| settings.interval(text.as_str()?));
    let written = written.map_or(ready, |written| settings.date(written.low));
    let event = if state != "delayed" {
        // A plan that arrived late is told as ready, and is delayed from the next midnight on.
        later(ready.max(written), 1).map(|day| (day, Time::midnight(), Event::Delayed))
    } else if !discharge_plan::is_explained(plan) && !extension::is_reminded(plan, DELAY_UNEXPLAINED) {
        later(ready, 1).map(|day| (day.max(written), Time::constant(8, 0, 0, 0), Event::DelayUnexplained))
    } else {
        None
    };
    let Some((day, time, event)) = event else { return Vec::new() };
    settings.at(day, time).map(|at| (at, event)).into_iter().collect()
}

fn later(date: Date, days: i32) -> Option<Date> {
    date.checked_add(days.days()).ok()
}

/// The Task that asks the ward why the person is still there.
fn question(plan: &Resource, now: Instant) -> Option<Resource> {
    let address = plan.address()?;
    let sentence = "The person has been ready to leave since the discharge-ready date and is still in hospital. Add a delay with a reason \
                    of ic-delay-reason to the discharge plan.";
    let mut task = written_now(now);
    let code = json!({"coding": [{"system": "http://hl7.org/fhir/CodeSystem/task-code", "code": "change"}]});
    put(&mut task, "code", Some(code));
    put(&mut task, "description", Some(json!(sentence)));
    put(&mut task, "focus", Some(reference_to(&address)));
    fill(&mut task, plan.get("requisition"), "groupIdentifier");
    fill(&mut task, plan.get("subject"), "for");
    fill(&mut task, items(plan, "performer").first(), "requester");
    fill(&mut task, plan.get("requester"), "owner");
    Some(task)
}

/// The Task that asks the team of a finished episode to end the plan of its journey; `None` when no plan of it is open.
fn review(episode: &Resource, related: &Related, now: Instant) -> Option<Resource> {
    let journey = care_plan::journey(episode)?;
    let plan = related.care_plans.iter().find(|plan| {
        care_plan::applies_to(plan)
            && plan.text("status") != Some("draft")
            && care_plan::journey(plan) == Some(journey)
    })?;
    // The Task whose episode it was; without it nobody is known who answers for it.
    let fulfilment = related.referral.as_ref()?;
    let sentence =
        "The episode has ended and its recovery plan is still open. Complete the plan, or revoke it.";
    let mut task = written_now(now);
    put(&mut task, "code", Some(concept("ic-activity-type", "review")));
    put(&mut task, "description", Some(json!(sentence)));
    put(&mut task, "partOf", Some(json!([reference_to(&fulfilment.address()?)])));
    put(&mut task, "focus", Some(reference_to(&plan.address()?)));
    for element in ["groupIdentifier", "for", "requester", "owner"] {
        fill(&mut task, fulfilment.get(element), element);
    }
    task.get("owner").is_some().then_some(task)
}

fn written_now(now: Instant) -> Resource {
    let mut task = fulfilment::blank();
    put(&mut task, "status", Some(json!("requested")));
    put(&mut task, "intent", Some(json!("order")));
    put(&mut task, "authoredOn", Some(json!(now.to_string())));
    put(&mut task, "lastModified", Some(json!(now.to_string())));
    task
}
