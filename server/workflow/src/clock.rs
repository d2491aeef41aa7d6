//! Due times, and the clock of a fulfilment Task as the extension `ic-clock` keeps it: start, due, stop, and how it went.
//!
//! A clock is read-only for clients. That one has run out is noticed by the timer; [`run_out`] says what is then written.
//! Elements: <https://hl7.org/fhir/R4/extensibility.html>; the times follow the Community Services Data Set's calendar days.

use fhir::primitive::date::{Interval, interval, london};
use fhir::{Instant, Resource, Value};
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, ToSpan};
use serde::Deserialize;
use serde_json::json;

use crate::element::{extension_url, put};
use crate::extension;

/// A day of 24 hours, in microseconds.
pub(crate) const DAY: i64 = 24 * 3_600_000_000;

/// What is a parameter and not a rule: due times by priority, and tolerances.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where calendar days begin and end.
    pub zone: TimeZone,
    /// Minutes from the clock's start to the due time of a `stat` referral.
    pub stat_minutes: i64,
    /// Calendar days after the day of the clock's start, for `urgent`.
    pub urgent_days: i64,
    /// The same for `routine`, and where there is no priority.
    pub routine_days: i64,
    /// Whether a contact that is not face to face stops the clock of the two-hour standard.
    pub ucr_accept_remote: bool,
    /// How far a sender's clock may be ahead of ours, in minutes.
    pub tolerance_minutes: i64,
    /// What becomes of a second referral of one person to one team within a day, under another number.
    pub suspected_duplicate: Doubtful,
    /// What becomes of a referral to a team that says it offers other service lines.
    pub line_not_offered: Doubtful,
    /// What becomes of a two-hour referral of somebody under 18, or to no place where that standard applies.
    pub ucr_outside_standard: Doubtful,
}

/// What becomes of what is probably a mistake.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Doubtful {
    #[default]
    Warn,
    Refuse,
    Ignore,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            zone: london().clone(),
            stat_minutes: 120,
            urgent_days: 2,
            routine_days: 7,
            ucr_accept_remote: false,
            tolerance_minutes: 5,
            suspected_duplicate: Doubtful::default(),
            line_not_offered: Doubtful::default(),
            ucr_outside_standard: Doubtful::default(),
        }
    }
}

impl Settings {
    /// When the first contact is due: `stat` counts minutes, `asap` ends at 23:59 of the same day, `urgent` and `routine` at
    /// 23:59 of a later day. Days are the zone's, so that a change of summer time neither gives nor takes an hour.
    #[must_use]
    pub fn due(&self, start: Instant, priority: Option<&str>) -> Instant {
        let days = match priority {
            Some("stat") => return self.after_minutes(start, self.stat_minutes),
            Some("asap") => 0,
            Some("urgent") => self.urgent_days,
            _ => self.routine_days,
        };
        match self.end_of_day(start, days) {
            Some(due) if due >= start => due,
            _ => self.end_of_day(start, days + 1).unwrap_or(start),
        }
    }

    /// The zone's date at this point in time.
    #[must_use]
    pub fn date(&self, microseconds: i64) -> Date {
        Instant::from_microseconds(microseconds).timestamp().to_zoned(self.zone.clone()).date()
    }

    /// The interval that a FHIR date, dateTime or instant stands for.
    #[must_use]
    pub fn interval(&self, text: &str) -> Option<Interval> {
        interval(text, &self.zone)
    }

    /// `now` with the tolerance for senders whose clock is ahead.
    #[must_use]
    pub fn latest(&self, now: Instant) -> i64 {
        self.after_minutes(now, self.tolerance_minutes).microseconds()
    }

    fn after_minutes(&self, start: Instant, minutes: i64) -> Instant {
        let duration = SignedDuration::from_mins(minutes);
        start
            .timestamp()
            .checked_add(duration)
            .map_or(start, |t| Instant::from_microseconds(t.as_microsecond()))
    }

    /// This time of the zone's day, in microseconds since 1970.
    pub(crate) fn at(&self, date: Date, time: Time) -> Option<i64> {
        let at = date.to_datetime(time).to_zoned(self.zone.clone()).ok()?;
        Some(at.timestamp().as_microsecond())
    }

    fn end_of_day(&self, start: Instant, days: i64) -> Option<Instant> {
        let day = self.date(start.microseconds()).checked_add(days.days()).ok()?;
        let end = day.at(23, 59, 0, 0).to_zoned(self.zone.clone()).ok()?;
        Some(Instant::from_microseconds(end.timestamp().as_microsecond()))
    }
}

/// The kind of clock of a two-hour urgent community response.
pub const UCR: &str = "ucr-2h";
/// The kind of every other clock of a fulfilment Task.
pub const RESPONSE: &str = "response";

/// One `ic-clock`: it runs from the referral's receipt to the first contact.
#[derive(Clone, Debug, PartialEq)]
pub struct Clock {
    pub kind: String,
    pub start: Instant,
    pub due: Instant,
    /// The first contact, as it was sent.
    pub stop: Option<String>,
    /// `running`, `met`, `breached`, `excluded` or `cancelled`.
    pub status: String,
    /// Why it is excluded: a CodeableConcept.
    pub reason: Option<Value>,
}

impl Clock {
    /// A clock that begins to run.
    #[must_use]
    pub fn started(kind: &str, start: Instant, due: Instant) -> Self {
        Self { kind: kind.to_owned(), start, due, stop: None, status: "running".to_owned(), reason: None }
    }

    /// The clock of a Task, if it has a readable one.
    #[must_use]
    pub fn of(task: &Resource, settings: &Settings) -> Option<Self> {
        let clock = extension::find(task, "ic-clock")?;
        let instant = |name| {
            let interval = settings.interval(extension::part_text(clock, name)?)?;
            Some(Instant::from_microseconds(interval.low))
        };
        Some(Self {
            kind: extension::part_text(clock, "kind")?.to_owned(),
            start: instant("start")?,
            due: instant("due")?,
            stop: extension::part_text(clock, "stop").map(str::to_owned),
            status: extension::part_text(clock, "status")?.to_owned(),
            reason: extension::part(clock, "reason").cloned(),
        })
    }

    /// Writes the clock to its Task.
    pub fn write(&self, task: &mut Resource) {
        let mut clock = json!({"url": extension_url("ic-clock")});
        extension::put_part(&mut clock, "kind", "valueCode", Some(json!(self.kind)));
        extension::put_part(&mut clock, "start", "valueDateTime", Some(json!(self.start.to_string())));
        extension::put_part(&mut clock, "due", "valueDateTime", Some(json!(self.due.to_string())));
        extension::put_part(&mut clock, "stop", "valueDateTime", self.stop.as_ref().map(|stop| json!(stop)));
        extension::put_part(&mut clock, "status", "valueCode", Some(json!(self.status)));
        extension::put_part(&mut clock, "reason", "valueCodeableConcept", self.reason.clone());
        extension::put(task, "ic-clock", Some(clock));
    }

    /// When its owner is warned: a quarter of the time before it is due.
    #[must_use]
    pub fn warning(&self) -> Instant {
        let (start, due) = (self.start.microseconds(), self.due.microseconds());
        Instant::from_microseconds(due.saturating_sub(due.saturating_sub(start).max(0) / 4))
    }

    /// Stops it at a first contact. A contact less than a minute before the start counts as one at the start; one at the due
    /// time exactly is in time. A late entry thus also corrects a breach that was written before it.
    pub fn stop(&mut self, contact: &str, at: i64) {
        let in_time = at.max(self.start.microseconds()) <= self.due.microseconds();
        self.stop = Some(contact.to_owned());
        self.status = if in_time { "met" } else { "breached" }.to_owned();
        self.reason = None;
    }

    /// Lets it run again, because the contact was taken back.
    pub fn resume(&mut self, now: Instant) {
        if self.stop.take().is_some() {
            self.status = if now > self.due { "breached" } else { "running" }.to_owned();
        }
    }

    /// Takes it out of the count, if there was no contact.
    pub fn exclude(&mut self, status: &str, reason: Option<&Value>) {
        if self.stop.is_none() {
            self.status = status.to_owned();
            self.reason = reason.cloned();
        }
    }
}

/// The Task as it is to be written when its clock has run out by `now`; nothing when it has not, or when that is written already.
#[must_use]
pub fn run_out(task: &Resource, settings: &Settings, now: Instant) -> Option<Resource> {
    let mut clock = Clock::of(task, settings)?;
    if clock.status != "running" || now <= clock.due {
        return None;
    }
    clock.status = "breached".to_owned();
    let mut task = task.clone();
    clock.write(&mut task);
    put(&mut task, "lastModified", Some(json!(now.to_string())));
    Some(task)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        Instant::from_microseconds(text.parse::<jiff::Timestamp>().unwrap().as_microsecond())
    }

    #[test]
    fn due_times_by_priority_and_over_the_change_of_summer_time() {
        for (start, priority, due) in [
            ("2026-11-21T09:05:00Z", Some("stat"), "2026-11-21T11:05:00Z"),
            ("2026-03-29T00:30:00Z", Some("stat"), "2026-03-29T02:30:00Z"),
            ("2026-11-21T09:05:00Z", Some("asap"), "2026-11-21T23:59:00Z"),
            ("2026-07-01T09:05:00Z", Some("asap"), "2026-07-01T22:59:00Z"),
            ("2026-07-01T22:59:30Z", Some("asap"), "2026-07-02T22:59:00Z"),
            ("2026-03-28T12:00:00Z", Some("urgent"), "2026-03-30T22:59:00Z"),
            ("2026-10-24T12:00:00Z", Some("urgent"), "2026-10-26T23:59:00Z"),
            ("2026-11-21T09:05:00Z", Some("routine"), "2026-11-28T23:59:00Z"),
            ("2026-11-21T09:05:00Z", None, "2026-11-28T23:59:00Z"),
        ] {
            assert_eq!(Settings::default().due(at(start), priority), at(due), "{start} {priority:?}");
        }
    }

    #[test]
    fn a_hundred_and_twenty_minutes_are_in_time_and_a_second_more_is_not() {
        let start = at("2026-11-21T09:05:00Z");
        let due = Settings::default().due(start, Some("stat"));
        for (contact, status) in [
            ("2026-11-21T11:05:00Z", "met"),
            ("2026-11-21T11:05:01Z", "breached"),
            ("2026-11-21T09:04:30Z", "met"),
        ] {
            let mut clock = Clock::started(UCR, start, due);
            clock.stop(contact, at(contact).microseconds());
            assert_eq!(clock.status, status, "{contact}");
        }
    }

    #[test]
    fn a_clock_is_read_as_it_was_written_and_runs_out_once() {
        let settings = Settings::default();
        let mut task = Resource::new(json!({"resourceType": "Task", "status": "requested"})).unwrap();
        assert_eq!(Clock::of(&task, &settings), None);
        let clock = Clock::started(UCR, at("2026-11-21T09:05:00Z"), at("2026-11-21T11:05:00Z"));
        clock.write(&mut task);
        assert_eq!(Clock::of(&task, &settings), Some(clock.clone()));
        assert_eq!(run_out(&task, &settings, clock.due), None);
        let breached = run_out(&task, &settings, at("2026-11-21T11:05:01Z")).unwrap();
        assert_eq!(Clock::of(&breached, &settings).unwrap().status, "breached");
        assert_eq!(run_out(&breached, &settings, at("2026-11-21T12:00:00Z")), None);
        let mut late = Clock::of(&breached, &settings).unwrap();
        late.stop("2026-11-21T10:15:00Z", at("2026-11-21T10:15:00Z").microseconds());
        assert_eq!(late.status, "met");
    }
}
