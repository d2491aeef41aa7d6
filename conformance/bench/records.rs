//! A place's records for searches: people, referrals, Tasks and Observations in the proportions of a community provider, each the same for
//! the same number, so that what a search must find is known without asking, <https://hl7.org/fhir/R4/http.html#transaction>.
//!
//! A tenth are people, two tenths referrals, half of them Tasks, two tenths Observations. Tasks are spread over the teams unevenly, and
//! most of them are completed, as in a place that has worked for years.

use serde_json::{Value, json};

use super::board::{Board, scramble};
use super::payload;
use super::place::{Place, TEAMS};
use super::text::Text;

/// The records of one person: the person, two referrals, five Tasks and two Observations.
pub const GROUP: usize = 10;
/// How many Tasks of a hundred have each status.
const STATUSES: [(&str, u64); 6] = [
    ("completed", 68),
    ("in-progress", 8),
    ("accepted", 8),
    ("requested", 6),
    ("received", 4),
    ("rejected", 6),
];
/// How many referrals and Tasks of a hundred have each priority.
const PRIORITIES: [(&str, u64); 3] = [("routine", 80), ("urgent", 18), ("stat", 2)];
/// The months in which referrals were written.
const MONTHS: u64 = 24;

/// Everything about one group of records that a search can ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    pub number: usize,
    /// The reference to the person, and the value of its identifier.
    pub patient: String,
    pub person: String,
    pub referrals: [Referral; 2],
    pub tasks: [Task; 5],
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Referral {
    /// The value of its identifier.
    pub identifier: String,
    pub performer: String,
    pub priority: &'static str,
    /// A date and time.
    pub authored: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    pub owner: String,
    pub status: &'static str,
    pub priority: &'static str,
    pub authored: String,
    /// Which of the group's referrals it is about.
    pub focus: usize,
}

/// The records of one run.
pub struct Records {
    place: Place,
    board: Board,
    /// A team of the server's that takes the place of one of ours.
    team: Option<String>,
    person: Text,
    referral: Text,
    task: Text,
    observation: Text,
}

/// Which team an existing one takes the place of: one with a twentieth of the work.
pub const OWN: usize = 4;

impl Records {
    pub fn new(place: &Place, team: Option<String>) -> Self {
        Self {
            place: place.clone(),
            board: Board::new(place),
            team,
            person: Text::new(&person()),
            referral: Text::new(&payload::referral_of("@0@", "@1@", "@2@", "@3@", "@4@", place)),
            task: Text::new(&payload::task_of("@0@", "@1@", "@2@", "@3@", "@4@", "@5@", "@6@", place)),
            observation: Text::new(&observation()),
        }
    }

    /// The reference to a team; the first has most of the work.
    pub fn team(&self, number: usize) -> String {
        match &self.team {
            Some(team) if number % TEAMS == OWN => team.clone(),
            _ => self.place.team(number % TEAMS),
        }
    }

    /// The first day of a month, and that of the next one.
    pub fn month(number: usize) -> (String, String) {
        let first = |month: usize| format!("{}-{:02}-01", 2024 + month / 12, month % 12 + 1);
        let month = number % MONTHS as usize;
        (first(month), first(month + 1))
    }

    /// The group with this number.
    pub fn group(&self, number: usize) -> Group {
        let random = |part: u64| scramble(number as u64 * 16 + part);
        let team = |part: u64| self.team(self.board.team_of(random(part)));
        let referral = |at: usize| {
            let part = at as u64;
            Referral {
                identifier: format!("{}-r{number}-{at}", self.place.run),
                performer: team(part),
                priority: one_of(&PRIORITIES, random(part) >> 8),
                authored: time(random(part) >> 16),
            }
        };
        let task = |at: usize| {
            let part = 2 + at as u64;
            Task {
                owner: team(part),
                status: one_of(&STATUSES, random(part) >> 4),
                priority: one_of(&PRIORITIES, random(part) >> 8),
                authored: time(random(part) >> 16),
                focus: at % 2,
            }
        };
        Group {
            number,
            patient: format!("Patient/bench-{}-q{number}", self.place.run),
            person: format!("{}-q{number}", self.place.run),
            referrals: [0, 1].map(referral),
            tasks: [0, 1, 2, 3, 4].map(task),
        }
    }

    /// Appends the entries of a transaction that writes a group, with a comma before each but the very first of the transaction.
    pub fn write(&self, group: &Group, out: &mut String) {
        let mut entry = |full_url: &str, method: &str, url: &str, resource: &dyn Fn(&mut String)| {
            let comma = if out.ends_with('[') { "" } else { "," };
            out.push_str(&format!(r#"{comma}{{"fullUrl":"{full_url}","resource":"#));
            resource(out);
            out.push_str(&format!(r#","request":{{"method":"{method}","url":"{url}"}}}}"#));
        };
        let id = group.patient.trim_start_matches("Patient/");
        let name = format!("Benchmark{}", group.number % 997);
        let base = format!("https://bench.example/{}", group.patient);
        entry(&base, "PUT", &group.patient, &|out| self.person.fill(&[id, &group.person, &name], out));
        let full_urls = [(); 2].map(|()| format!("urn:uuid:{}", uuid::Uuid::now_v7()));
        for (referral, full_url) in group.referrals.iter().zip(&full_urls) {
            let Referral { identifier, performer, priority, authored } = referral;
            entry(full_url, "POST", "ServiceRequest", &|out| {
                self.referral.fill(&[identifier, &group.patient, performer, priority, authored], out);
            });
        }
        for (at, task) in group.tasks.iter().enumerate() {
            let identifier = format!("{}-t{}-{at}", self.place.run, group.number);
            let Task { owner, status, priority, authored, focus } = task;
            let values =
                [&identifier, &group.patient, owner, *status, *priority, authored, &full_urls[*focus]];
            entry(&format!("urn:uuid:{}", uuid::Uuid::now_v7()), "POST", "Task", &|out| {
                self.task.fill(&values, out)
            });
        }
        for part in 0..2 {
            let score = (scramble(group.number as u64 * 16 + 8 + part) % 60).to_string();
            entry(&format!("urn:uuid:{}", uuid::Uuid::now_v7()), "POST", "Observation", &|out| {
                self.observation.fill(&[&group.patient, &time(scramble(part) >> 16), &score], out);
            });
        }
    }
}

/// The one that so many of a hundred are.
fn one_of(parts: &[(&'static str, u64)], random: u64) -> &'static str {
    let mut rest = random % 100;
    for (name, part) in parts {
        if rest < *part {
            return name;
        }
        rest -= part;
    }
    parts[0].0
}

/// A time in one of the months, on any day but the last ones.
fn time(random: u64) -> String {
    let month = random % MONTHS;
    let (day, hour, minute) = (random / 24 % 28 + 1, random / 1000 % 24, random / 30_000 % 60);
    format!("{}-{:02}-{day:02}T{hour:02}:{minute:02}:00Z", 2024 + month / 12, month % 12 + 1)
}

fn person() -> Value {
    json!({
        "resourceType": "Patient",
        "id": "@0@",
        "identifier": [{"system": "https://bench.example/person", "value": "@1@"}],
        "active": true,
        "name": [{"family": "@2@", "given": ["Invented"]}],
        "gender": "female",
        "birthDate": "1941-05-17",
        "address": [{"line": ["1 Example Street"], "city": "Leeds", "postalCode": "LS1 1AA"}]
    })
}

fn observation() -> Value {
    json!({
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "83254-3", "display": "Transfer ability"}]},
        "subject": {"reference": "@0@"},
        "effectiveDateTime": "@1@",
        "valueString": "Transfers with the help of one person; @2@ seconds"
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_the_same_every_time_and_is_written_as_a_transaction() {
        let place = Place::new();
        let records = Records::new(&place, Some("HealthcareService/own".to_owned()));
        let again = Records::new(&place, Some("HealthcareService/own".to_owned()));
        let mut bundle = String::from("[");
        for number in 0..20 {
            let group = records.group(number);
            assert_eq!(group, again.group(number));
            records.write(&group, &mut bundle);
        }
        bundle.push(']');
        let entries: Vec<Value> = serde_json::from_str(&bundle).unwrap();
        assert_eq!(entries.len(), 20 * GROUP);
        let count =
            |name: &str| entries.iter().filter(|entry| entry["resource"]["resourceType"] == name).count();
        assert_eq!(
            [count("Patient"), count("ServiceRequest"), count("Task"), count("Observation")],
            [20, 40, 100, 40]
        );
        assert!(!bundle.contains('@'), "{bundle}");
        let focus = entries[3]["resource"]["focus"]["reference"].as_str();
        assert_eq!(focus, entries[1]["fullUrl"].as_str());
    }

    #[test]
    fn most_tasks_are_completed_and_one_team_is_the_servers_own() {
        let records = Records::new(&Place::new(), Some("HealthcareService/own".to_owned()));
        let tasks: Vec<Task> = (0..4000).flat_map(|number| records.group(number).tasks).collect();
        let share = |holds: &dyn Fn(&Task) -> bool| {
            tasks.iter().filter(|task| holds(task)).count() * 100 / tasks.len()
        };
        assert!((66..71).contains(&share(&|task| task.status == "completed")));
        assert!((3..7).contains(&share(&|task| task.owner == "HealthcareService/own")));
        assert!((16..21).contains(&share(&|task| task.priority == "urgent")));
    }

    #[test]
    fn months_follow_each_other() {
        assert_eq!(Records::month(11), ("2024-12-01".to_owned(), "2025-01-01".to_owned()));
        assert_eq!(Records::month(24), Records::month(0));
        for random in 0..5000_u64 {
            assert!(
                time(random.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 16).parse::<jiff::Timestamp>().is_ok()
            );
        }
    }
}
