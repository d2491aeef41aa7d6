//! What is written to the server: a draft referral, an Observation, Tasks, and transactions of them,
//! <https://hl7.org/fhir/R4/servicerequest.html>.
//!
//! A draft referral and a Task that fulfils no request make the server write nothing beside them: one resource sent is one resource
//! stored, as in the floor.

use std::cell::Cell;
use std::rc::Rc;

use serde_json::{Value, json};

use super::place::Place;
use super::text::Text;

/// Numbers that no two payloads of a run share.
#[derive(Clone, Debug, Default)]
pub struct Numbers(Rc<Cell<u64>>);

impl Numbers {
    /// The next one.
    pub fn next(&self) -> u64 {
        self.0.set(self.0.get() + 1);
        self.0.get()
    }
}

/// One kind of resource, of which each text is different.
#[derive(Clone)]
pub struct Payload {
    /// The path to create it at.
    pub resource_type: &'static str,
    text: Text,
    place: Place,
    numbers: Numbers,
}

impl Payload {
    /// A draft HFReferral of about 2.4 KB.
    pub fn referral(place: &Place, numbers: &Numbers) -> Self {
        Self::new("ServiceRequest", &referral(place), place, numbers)
    }

    /// A plain Observation, which no profile of intermediate care applies to.
    pub fn observation(place: &Place, numbers: &Numbers) -> Self {
        Self::new("Observation", &observation(place), place, numbers)
    }

    fn new(resource_type: &'static str, resource: &Value, place: &Place, numbers: &Numbers) -> Self {
        Self { resource_type, text: Text::new(resource), place: place.clone(), numbers: numbers.clone() }
    }

    /// Appends the next text.
    pub fn write(&self, out: &mut String) {
        let number = self.numbers.next();
        let patient = self.place.patient(usize::try_from(number).unwrap_or_default());
        self.text.fill(&[&number.to_string(), &patient], out);
    }
}

/// The Tasks of a run.
#[derive(Clone)]
pub struct Tasks {
    text: Text,
    place: Place,
    numbers: Numbers,
}

impl Tasks {
    /// Tasks of this place.
    pub fn new(place: &Place, numbers: &Numbers) -> Self {
        Self { text: Text::new(&task(place)), place: place.clone(), numbers: numbers.clone() }
    }

    /// Appends the next Task, for the team with that reference, with that status.
    pub fn write(&self, owner: &str, status: &str, out: &mut String) {
        let number = self.numbers.next();
        let patient = self.place.patient(usize::try_from(number).unwrap_or_default());
        self.text.fill(&[&number.to_string(), &patient, owner, status], out);
    }
}

/// Writes a transaction that creates resources, each appended by `entry`.
pub fn transaction(
    out: &mut String,
    resource_type: &str,
    entries: usize,
    mut entry: impl FnMut(&mut String),
) {
    out.push_str(r#"{"resourceType":"Bundle","type":"transaction","entry":["#);
    for number in 0..entries {
        let full_url = uuid::Uuid::now_v7();
        let comma = if number == 0 { "" } else { "," };
        out.push_str(&format!(r#"{comma}{{"fullUrl":"urn:uuid:{full_url}","resource":"#));
        entry(out);
        out.push_str(&format!(r#","request":{{"method":"POST","url":"{resource_type}"}}}}"#));
    }
    out.push_str("]}");
}

fn coding(system: &str, code: &str) -> Value {
    let system = if system.contains("://") {
        system.to_owned()
    } else {
        format!("https://homefirst.example/fhir/CodeSystem/{system}")
    };
    json!({"system": system, "code": code})
}

fn concept(system: &str, code: &str) -> Value {
    json!({"coding": [coding(system, code)]})
}

/// A draft referral with this identifier, for this person, to this team.
pub fn referral_of(
    identifier: &str,
    patient: &str,
    performer: &str,
    priority: &str,
    authored: &str,
    place: &Place,
) -> Value {
    let mut referral = referral(place);
    referral["identifier"][0]["value"] = identifier.into();
    referral["subject"]["reference"] = patient.into();
    referral["performer"][0]["reference"] = performer.into();
    referral["priority"] = priority.into();
    referral["authoredOn"] = authored.into();
    referral
}

/// A Task with this identifier, for this person, of this team, about this referral.
#[expect(clippy::too_many_arguments, reason = "each is an element of the Task")]
pub fn task_of(
    identifier: &str,
    patient: &str,
    owner: &str,
    status: &str,
    priority: &str,
    authored: &str,
    focus: &str,
    place: &Place,
) -> Value {
    let mut task = task(place);
    task["identifier"][0]["value"] = identifier.into();
    task["for"]["reference"] = patient.into();
    task["owner"]["reference"] = owner.into();
    task["status"] = status.into();
    task["priority"] = priority.into();
    task["authoredOn"] = authored.into();
    task["focus"] = json!({"reference": focus});
    task
}

fn referral(place: &Place) -> Value {
    json!({
        "resourceType": "ServiceRequest",
        "meta": {"profile": ["https://homefirst.example/fhir/StructureDefinition/HFReferral"]},
        "text": {
            "status": "additional",
            "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\"><p><b>Referral to reablement</b>, in preparation. Invented for a \
                    benchmark; it is about nobody.</p><p>Walks with a frame since a fall at home, climbs no stairs, needs one \
                    person's help to wash and dress.</p></div>"
        },
        "extension": [
            {
                "url": "https://homefirst.example/fhir/StructureDefinition/ic-place-of-care",
                "valueCode": "home"
            },
            {
                "url": "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-SourceOfServiceRequest",
                "valueCodeableConcept": concept("http://snomed.info/sct", "108161000000109")
            }
        ],
        "identifier": [{"system": "https://bench.example/referral", "value": format!("{}-@0@", place.run)}],
        "status": "draft",
        "intent": "order",
        "category": [concept("ic-referral-category", "step-up"), concept("http://snomed.info/sct", "3457005")],
        "priority": "urgent",
        "code": {"coding": [coding("ic-service-line", "reablement"), coding("http://snomed.info/sct", "892601000000108")]},
        "subject": {"reference": "@1@"},
        "occurrencePeriod": {"start": place.began},
        "authoredOn": place.began,
        "requester": {"reference": place.referrer()},
        "performer": [{"reference": place.team(0)}],
        "reasonCode": [concept("ic-referral-reason", "reablement-at-home"), concept("ic-referral-reason", "falls-prevention")],
        "note": [
            {
                "time": place.began,
                "text": "Lives alone on the second floor; key safe by the door. A neighbour brings the shopping on Tuesdays and \
                         Fridays. Prefers visits in the morning and would like to cook again."
            },
            {
                "time": place.began,
                "text": "Before the fall: independent with a stick, drove to the day centre once a week. Goal: to the shop and back \
                         without help within six weeks."
            }
        ],
        "patientInstruction": "The team telephones before its first visit. Have your medicines, your glasses and your walking aid at \
                               hand, and tell the team whom else to ask; a carer or a relative may be there and is welcome to \
                               say what helps."
    })
}

fn observation(place: &Place) -> Value {
    json!({
        "resourceType": "Observation",
        "identifier": [{"system": "https://bench.example/observation", "value": format!("{}-@0@", place.run)}],
        "status": "final",
        "category": [concept("http://terminology.hl7.org/CodeSystem/observation-category", "survey")],
        "code": {
            "coding": [{"system": "http://loinc.org", "code": "83254-3", "display": "Transfer ability"}],
            "text": "Transfer ability"
        },
        "subject": {"reference": "@1@"},
        "effectiveDateTime": place.began,
        "issued": place.began,
        "performer": [{"reference": place.hospital()}],
        "valueQuantity": {"value": 12.50, "unit": "score", "system": "http://unitsofmeasure.org", "code": "{score}"},
        "note": [{"text": "Transfers from bed to chair with the help of one person; confident with the frame."}]
    })
}

fn task(place: &Place) -> Value {
    json!({
        "resourceType": "Task",
        "identifier": [{"system": "https://bench.example/task", "value": format!("{}-@0@", place.run)}],
        "status": "@3@",
        "intent": "order",
        "priority": "routine",
        "code": {"coding": [{"system": "https://bench.example/task-code", "code": "telephone-call"}], "text": "Telephone call"},
        "description": "Telephone before the first visit and agree the time of day",
        "for": {"reference": "@1@"},
        "authoredOn": place.began,
        "lastModified": place.began,
        "requester": {"reference": place.hospital()},
        "owner": {"reference": "@2@"},
        "reasonCode": concept("ic-referral-reason", "reablement-at-home"),
        "note": [{"text": "Hard of hearing: let it ring for a while. The daughter may be told, and her number is on the door."}]
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn written(write: impl FnOnce(&mut String)) -> (usize, Value) {
        let mut text = String::new();
        write(&mut text);
        (text.len(), serde_json::from_str(&text).unwrap())
    }

    #[test]
    fn payloads_are_json_of_the_intended_size_without_gaps() {
        let (place, numbers) = (Place::new(), Numbers::default());
        for (resource_type, low, high, (length, resource)) in [
            ("ServiceRequest", 2_300, 2_500, written(|out| Payload::referral(&place, &numbers).write(out))),
            ("Observation", 700, 1_100, written(|out| Payload::observation(&place, &numbers).write(out))),
            (
                "Task",
                800,
                1_200,
                written(|out| Tasks::new(&place, &numbers).write(&place.team(3), "requested", out)),
            ),
        ] {
            assert_eq!(resource["resourceType"], resource_type);
            assert!((low..=high).contains(&length), "{resource_type} has {length} bytes");
            assert!(!resource.to_string().contains('@'), "{resource}");
        }
    }

    #[test]
    fn each_payload_has_its_own_identifier() {
        let (place, numbers) = (Place::new(), Numbers::default());
        let (referral, tasks) = (Payload::referral(&place, &numbers), Tasks::new(&place, &numbers));
        let mut seen = HashSet::new();
        for _ in 0..300 {
            for resource in
                [written(|out| referral.write(out)).1, written(|out| tasks.write("a/b", "draft", out)).1]
            {
                assert!(seen.insert(resource["identifier"].to_string()), "{resource}");
            }
        }
    }

    #[test]
    fn a_transaction_creates_every_entry() {
        let (place, numbers) = (Place::new(), Numbers::default());
        let payload = Payload::referral(&place, &numbers);
        let (_, bundle) = written(|out| transaction(out, "ServiceRequest", 10, |out| payload.write(out)));
        let entries = bundle["entry"].as_array().unwrap();
        let full_urls: HashSet<_> = entries.iter().map(|entry| entry["fullUrl"].to_string()).collect();
        assert_eq!((entries.len(), full_urls.len()), (10, 10));
        for entry in entries {
            assert_eq!(entry["request"], serde_json::json!({"method": "POST", "url": "ServiceRequest"}));
            assert_eq!(entry["resource"]["status"], "draft");
        }
    }
}
