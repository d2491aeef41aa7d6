//! The invented place that the load happens in: organisations, teams and persons, made before anything is measured,
//! <https://hl7.org/fhir/R4/http.html#update>.
//!
//! Each run has a place of its own, so that what an earlier run left behind is found by none of its searches.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::connection::Connection;
use super::target::Target;

/// The teams that Tasks are spread over.
pub const TEAMS: usize = 50;
/// The persons that referrals and Tasks are about.
pub const PATIENTS: usize = 200;

/// The names of one run's place.
#[derive(Clone, Debug)]
pub struct Place {
    /// Eight hexadecimal digits, different in each run.
    pub run: String,
    /// When the run began, as an instant.
    pub began: String,
    first_number: u32,
}

impl Place {
    /// A place for a run that begins now.
    pub fn new() -> Self {
        let random = uuid::Uuid::new_v4().as_u128();
        let run = format!("{:08x}", random >> 96);
        let began = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        Self { run, began, first_number: u32::try_from(random % 900_000).unwrap_or_default() }
    }

    /// The place of an earlier run, by its name.
    pub fn again(run: &str) -> Self {
        Self { run: run.to_owned(), ..Self::new() }
    }

    /// The reference to the hospital that refers.
    pub fn hospital(&self) -> String {
        format!("Organization/bench-{}-hospital", self.run)
    }

    /// The reference to the organisation that provides every team.
    pub fn provider(&self) -> String {
        format!("Organization/bench-{}-provider", self.run)
    }

    /// The reference to the referrer.
    pub fn referrer(&self) -> String {
        format!("PractitionerRole/bench-{}-referrer", self.run)
    }

    /// The reference to one of the teams.
    pub fn team(&self, number: usize) -> String {
        format!("HealthcareService/bench-{}-team-{number:02}", self.run)
    }

    /// The reference to the team whose Tasks are subscribed to, and which has no others.
    pub fn listening_team(&self) -> String {
        format!("HealthcareService/bench-{}-listener", self.run)
    }

    /// The reference to one of the persons.
    pub fn patient(&self, number: usize) -> String {
        format!("Patient/bench-{}-{:03}", self.run, number % PATIENTS)
    }

    /// Writes the place to the server, under ids of our own.
    pub async fn write(&self, target: &Target) -> Result<()> {
        let mut connection = target.connect().await?;
        for (reference, resource) in self.resources() {
            put(&mut connection, target, &reference, resource)
                .await
                .with_context(|| format!("{reference}, which the load needs, was not accepted"))?;
        }
        Ok(())
    }

    /// Each reference with its resource, in an order in which every reference already exists.
    fn resources(&self) -> Vec<(String, Value)> {
        let organization = |name: &str| json!({"resourceType": "Organization", "active": true, "name": name});
        let team = |name: String| {
            json!({
                "resourceType": "HealthcareService",
                "active": true,
                "providedBy": {"reference": self.provider()},
                "type": [{"coding": [{
                    "system": "https://homefirst.example/fhir/CodeSystem/ic-service-line",
                    "code": "reablement"
                }]}],
                "name": name
            })
        };
        let referrer = json!({
            "resourceType": "PractitionerRole",
            "active": true,
            "organization": {"reference": self.hospital()},
            "code": [{"text": "Discharge coordinator"}]
        });
        let mut resources = vec![
            (self.hospital(), organization("Hospital of the benchmark")),
            (self.provider(), organization("Community provider of the benchmark")),
            (self.referrer(), referrer),
            (self.listening_team(), team("Team that listens".to_owned())),
        ];
        resources
            .extend((0..TEAMS).map(|number| (self.team(number), team(format!("Reablement team {number}")))));
        let numbers = nhs_numbers(self.first_number).take(PATIENTS).enumerate();
        resources.extend(
            numbers.map(|(number, nhs_number)| (self.patient(number), self.person(number, &nhs_number))),
        );
        resources
    }

    fn person(&self, number: usize, nhs_number: &str) -> Value {
        json!({
            "resourceType": "Patient",
            "identifier": [{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": nhs_number}],
            "active": true,
            "name": [{"family": format!("Benchmark{number}"), "given": ["Invented"]}],
            "gender": if number.is_multiple_of(2) { "female" } else { "male" },
            "birthDate": format!("{}-{:02}-{:02}", 1930 + number % 40, 1 + number % 12, 1 + number % 28),
            "address": [{"line": [format!("{number} Example Street")], "city": "Leeds", "postalCode": "LS1 1AA"}]
        })
    }
}

async fn put(
    connection: &mut Connection,
    target: &Target,
    reference: &str,
    mut resource: Value,
) -> Result<()> {
    let id = reference.rsplit_once('/').map_or(reference, |(_, id)| id);
    resource["id"] = Value::from(id);
    connection.succeed("PUT", &target.path(reference), Some(&resource.to_string())).await?;
    Ok(())
}

/// NHS numbers with right check digits from the 999 range, which is never given to a person.
fn nhs_numbers(first: u32) -> impl Iterator<Item = String> {
    (first..).filter_map(|number| {
        let nine = format!("999{:06}", number % 1_000_000);
        let sum: u32 =
            nine.chars().filter_map(|c| c.to_digit(10)).zip((2..=10).rev()).map(|(d, w)| d * w).sum();
        match 11 - sum % 11 {
            10 => None,
            11 => Some(format!("{nine}0")),
            digit => Some(format!("{nine}{digit}")),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn nhs_numbers_are_of_the_test_range_and_have_their_check_digit() {
        // The first two by hand: 9990000018 and 9990000026 are well-known numbers for tests.
        assert_eq!(nhs_numbers(1).take(2).collect::<Vec<_>>(), ["9990000018", "9990000026"]);
        for number in nhs_numbers(899_900).take(500) {
            let digits: Vec<u32> = number.chars().map(|c| c.to_digit(10).unwrap()).collect();
            let weighted: u32 = digits.iter().zip((1..=10).rev()).map(|(digit, weight)| digit * weight).sum();
            assert!(
                digits.len() == 10 && number.starts_with("999") && weighted.is_multiple_of(11),
                "{number}"
            );
        }
    }

    #[test]
    fn every_reference_of_the_place_is_written_before_it_is_used() {
        let place = Place::new();
        let mut known = HashSet::new();
        for (reference, resource) in place.resources() {
            for used in ["/providedBy/reference", "/organization/reference"] {
                if let Some(used) = resource.pointer(used).and_then(Value::as_str) {
                    assert!(known.contains(used), "{reference} needs {used}");
                }
            }
            let (resource_type, id) = reference.split_once('/').unwrap();
            assert_eq!(resource["resourceType"], resource_type);
            assert!(
                id.len() <= 64 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'),
                "{id}"
            );
            assert!(known.insert(reference.clone()), "{reference} twice");
        }
        for reference in
            [place.referrer(), place.hospital(), place.team(49), place.patient(199), place.listening_team()]
        {
            assert!(known.contains(&reference), "{reference}");
        }
    }
}
