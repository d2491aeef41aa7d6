//! What follows from the facts of a discharge: the discharge-ready date from the history of criteria-to-reside decisions, and the state.
//!
//! The date is the start of the last run of decisions "does not need the hospital": of the present one, or, once the person has left,
//! of the one in which that was. So it moves when somebody becomes unwell again. NHS England, discharge ready date guidance; the
//! extension is `ic-discharge`, <https://hl7.org/fhir/R4/extensibility.html>. Nothing is refused here.

use fhir::primitive::date::Interval;
use fhir::{Instant, Resource, Value};
use jiff::civil::Date;

use crate::clock::{DAY, Settings};
use crate::extension;

/// From each state of a discharge: those that may follow. One write may carry several facts, so that steps can be passed over.
pub const STATES: &[(&str, &[&str])] = &[
    ("planning", &["ready", "delayed", "scheduled", "departed", "cancelled"]),
    ("ready", &["planning", "delayed", "scheduled", "departed", "cancelled"]),
    ("delayed", &["planning", "ready", "scheduled", "departed", "cancelled"]),
    ("scheduled", &["planning", "ready", "delayed", "departed", "cancelled"]),
    ("departed", &["failed"]),
    ("cancelled", &[]),
    ("failed", &[]),
];

/// One decision: does the person need to be in hospital?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// `true`: there is a reason to reside.
    pub meets: bool,
    /// When it was decided.
    pub asserted: Interval,
}

/// The facts of one discharge, as a plan's `ic-discharge` has them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Discharge {
    /// In the order in which they were decided, whatever the order in which they were recorded.
    pub decisions: Vec<Decision>,
    /// How many decisions lack their answer or a readable time.
    pub unreadable: usize,
    /// When the person is to leave, as sent.
    pub planned: Option<String>,
    pub confirmed: bool,
    /// When the person left.
    pub left: Option<Interval>,
}

impl Discharge {
    /// The facts in this plan; without the extension there are none.
    #[must_use]
    pub fn of(plan: &Resource, settings: &Settings) -> Self {
        let Some(discharge) = extension::find(plan, "ic-discharge") else {
            return Self::default();
        };
        let time = |name| settings.interval(extension::part_text(discharge, name)?);
        let mut decisions = Vec::new();
        let mut unreadable = 0;
        for decision in extension::parts(discharge, "criteriaToReside") {
            let meets = extension::part(decision, "meets").and_then(Value::as_bool);
            let asserted =
                extension::part_text(decision, "asserted").and_then(|text| settings.interval(text));
            match (meets, asserted) {
                (Some(meets), Some(asserted)) => decisions.push(Decision { meets, asserted }),
                _ => unreadable += 1,
            }
        }
        decisions.sort_by_key(|decision| decision.asserted.low);
        Self {
            decisions,
            unreadable,
            planned: extension::part_text(discharge, "plannedDischarge").map(str::to_owned),
            confirmed: extension::part(discharge, "plannedDischargeConfirmed").and_then(Value::as_bool)
                == Some(true),
            left: time("actualDischarge"),
        }
    }

    /// The last decision; `None` before the first.
    #[must_use]
    pub fn meets_criteria(&self) -> Option<bool> {
        self.decisions.last().map(|decision| decision.meets)
    }

    /// The zone's date since which the person no longer needs the hospital; after leaving, since which it was so then. A decision of
    /// the day of leaving counts as made before, because it is often recorded afterwards.
    #[must_use]
    pub fn ready_date(&self, settings: &Settings) -> Option<Date> {
        let date = |decision: &Decision| settings.date(decision.asserted.low);
        let mut since = None;
        for decision in &self.decisions {
            let counts = self.left.is_none_or(|left| {
                if decision.meets {
                    decision.asserted.low < left.low
                } else {
                    date(decision) <= settings.date(left.low)
                }
            });
            if counts {
                since = if decision.meets { None } else { since.or(Some(date(decision))) };
            }
        }
        since
    }

    /// The state of the discharge of a plan with this status, whatever the date.
    #[must_use]
    pub fn state(&self, status: &str) -> &'static str {
        if status == "revoked" {
            "cancelled"
        } else if self.left.is_some() {
            "departed"
        } else if self.meets_criteria() != Some(false) {
            "planning"
        } else if self.is_planned() {
            "scheduled"
        } else {
            "ready"
        }
    }

    /// The state as it is written: who is ready, without a confirmed time, is `delayed` on the days after the ready date, once that was
    /// said before. A plan that arrives late is `ready` first, so that whoever waits for that is told; the next midnight makes it
    /// `delayed`. A discharge that has failed stays one.
    #[must_use]
    pub fn state_at(
        &self,
        status: &str,
        before: Option<&str>,
        settings: &Settings,
        now: Instant,
    ) -> &'static str {
        let state = self.state(status);
        let today = settings.date(now.microseconds());
        let is_late = state == "ready" && self.ready_date(settings).is_some_and(|ready| ready < today);
        match (state, before) {
            ("ready", Some("delayed")) if is_late => "delayed",
            ("departed", Some("failed")) => "failed",
            _ => state,
        }
    }

    /// Whether the person was back in hospital within a day of leaving it. A day without a time counts from its beginning, so that nobody
    /// is said to be back who may have been home for longer.
    #[must_use]
    pub fn is_undone_by(&self, admitted: &Interval) -> bool {
        self.left.is_some_and(|left| admitted.low >= left.low && admitted.low.saturating_sub(left.low) < DAY)
    }

    /// Whether a time for leaving is confirmed.
    #[must_use]
    pub fn is_planned(&self) -> bool {
        self.planned.is_some() && self.confirmed
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::element::extension_url;

    fn discharge(decisions: &[(&str, bool)], left: Option<&str>) -> Discharge {
        let mut extension = json!({"url": extension_url("ic-discharge"), "extension": []});
        for (asserted, meets) in decisions {
            extension["extension"]
                .as_array_mut()
                .unwrap()
                .push(json!({"url": "criteriaToReside", "extension": [
                {"url": "meets", "valueBoolean": meets}, {"url": "asserted", "valueDateTime": asserted}]}));
        }
        extension::put_part(&mut extension, "actualDischarge", "valueDateTime", left.map(|left| json!(left)));
        let plan = json!({"resourceType": "ServiceRequest", "extension": [extension]});
        Discharge::of(&Resource::new(plan).unwrap(), &Settings::default())
    }

    #[test]
    fn the_ready_date_is_the_start_of_the_last_run() {
        let no = |text| (text, false);
        let yes = |text| (text, true);
        type Case<'a> = (&'a [(&'a str, bool)], Option<&'a str>, Option<&'a str>);
        let cases: &[Case] = &[
            (&[], None, None),
            (&[], Some("2026-11-21T15:00:00Z"), None),
            (&[no("2026-11-20T08:40:00Z")], None, Some("2026-11-20")),
            // Repeated at every ward round: the first counts.
            (&[no("2026-11-20T08:40:00Z"), no("2026-11-21T08:40:00Z")], None, Some("2026-11-20")),
            // Recorded late: the time of deciding counts.
            (&[no("2026-11-21T08:40:00Z"), no("2026-11-20T08:40:00Z")], None, Some("2026-11-20")),
            (&[no("2026-11-20T08:40:00Z"), yes("2026-11-21T08:40:00Z")], None, None),
            (
                &[no("2026-11-20T08:40:00Z"), yes("2026-11-21T08:40:00Z"), no("2026-11-24T09:00:00Z")],
                None,
                Some("2026-11-24"),
            ),
            (
                &[no("2026-11-20T08:40:00Z"), yes("2026-11-21T08:40:00Z"), no("2026-11-24T09:00:00Z")],
                Some("2026-11-25T15:00:00Z"),
                Some("2026-11-24"),
            ),
            // Left although needing the hospital again: no run contains the leaving.
            (&[no("2026-11-20T08:40:00Z"), yes("2026-11-21T08:40:00Z")], Some("2026-11-21T15:00:00Z"), None),
            // A decision after leaving does not undo it.
            (
                &[no("2026-11-20T08:40:00Z"), yes("2026-11-22T08:40:00Z")],
                Some("2026-11-21T15:00:00Z"),
                Some("2026-11-20"),
            ),
            (&[no("2026-11-21T16:00:00Z")], Some("2026-11-21T15:00:00Z"), Some("2026-11-21")),
            (&[no("2026-11-22T16:00:00Z")], Some("2026-11-21T15:00:00Z"), None),
            // The date is London's.
            (&[no("2026-07-01T23:30:00Z")], None, Some("2026-07-02")),
            (&[no("2026-11-20")], None, Some("2026-11-20")),
        ];
        for (decisions, left, ready) in cases {
            let date = discharge(decisions, *left).ready_date(&Settings::default());
            assert_eq!(date.map(|date| date.to_string()).as_deref(), *ready, "{decisions:?} {left:?}");
        }
    }

    #[test]
    fn the_state_follows_from_the_facts() {
        let ready = discharge(&[("2026-11-20T08:40:00Z", false)], None);
        let planned = Discharge { planned: Some("2026-11-21".into()), ..ready.clone() };
        let scheduled = Discharge { confirmed: true, ..planned.clone() };
        let left = Discharge { left: Settings::default().interval("2026-11-21"), ..scheduled.clone() };
        let stopped =
            Discharge { decisions: discharge(&[("2026-11-21", true)], None).decisions, ..scheduled.clone() };
        for (discharge, status, state) in [
            (&Discharge::default(), "active", "planning"),
            (&ready, "active", "ready"),
            (&planned, "active", "ready"),
            (&scheduled, "active", "scheduled"),
            (&stopped, "active", "planning"),
            (&left, "active", "departed"),
            (&left, "completed", "departed"),
            (&left, "revoked", "cancelled"),
            (&ready, "revoked", "cancelled"),
        ] {
            assert_eq!(discharge.state(status), state, "{discharge:?} {status}");
        }
    }

    #[test]
    fn a_discharge_is_undone_within_a_day() {
        let of = |left: &str| Discharge { left: Settings::default().interval(left), ..Discharge::default() };
        for (left, admitted, undone) in [
            ("2026-11-21T15:00:00Z", "2026-11-22T14:59:59Z", true),
            ("2026-11-21T15:00:00Z", "2026-11-22T15:00:00Z", false),
            ("2026-11-21T15:00:00Z", "2026-11-21T15:00:00Z", true),
            // The stay that ended so.
            ("2026-11-21T15:00:00Z", "2026-11-18T09:00:00Z", false),
            ("2026-11-21", "2026-11-21T20:00:00Z", true),
            ("2026-11-21", "2026-11-22T08:00:00Z", false),
            // Winter time begins in that night: an hour more on the clock, none in the count.
            ("2026-10-24T15:00:00+01:00", "2026-10-25T14:30:00Z", false),
        ] {
            let admitted = Settings::default().interval(admitted).unwrap();
            assert_eq!(of(left).is_undone_by(&admitted), undone, "{left} {admitted:?}");
        }
        let here = Settings::default().interval("2026-11-21").unwrap();
        assert!(!Discharge::default().is_undone_by(&here));
    }

    #[test]
    fn decisions_without_an_answer_or_a_time_are_counted() {
        let plan = json!({"resourceType": "ServiceRequest", "extension": [{"url": extension_url("ic-discharge"), "extension": [
            {"url": "criteriaToReside", "extension": [{"url": "meets", "valueBoolean": true}]},
            {"url": "criteriaToReside", "valueBoolean": true}, {"url": "criteriaToReside", "extension": 1}]}]});
        let discharge = Discharge::of(&Resource::new(plan).unwrap(), &Settings::default());
        assert_eq!((discharge.decisions.len(), discharge.unreadable), (0, 3));
    }
}
