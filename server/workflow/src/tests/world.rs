//! Resources in memory, with the loading and writing that the interactions do.

use std::collections::BTreeMap;

use fhir::{Error, Id, Instant, Issue, Resource, ResourceType, Value};
use serde_json::json;

use crate::element::{items, reference, same_reference};
use crate::{Effect, Needs, Outcome, Related, code_system, create, extension_url, needs, timer, update};

pub const HUB: &str = "Organization/hub";
pub const UCR_TEAM: &str = "HealthcareService/ucr-south";
pub const REABLEMENT: &str = "Organization/skils";

/// `2026-11-21T` and this time, as an instant.
pub fn at(time: &str) -> Instant {
    let text = if time.contains('T') { time.to_owned() } else { format!("2026-11-21T{time}:00Z") };
    Instant::from_microseconds(text.parse::<jiff::Timestamp>().unwrap().as_microsecond())
}

pub struct World {
    pub resources: BTreeMap<String, Resource>,
    pub now: Instant,
    pub hub: Option<String>,
    pub warnings: Vec<Issue>,
    pub settings: crate::Settings,
}

impl World {
    pub fn new() -> Self {
        Self {
            resources: BTreeMap::new(),
            now: at("09:06"),
            hub: Some(HUB.to_owned()),
            warnings: Vec::new(),
            settings: crate::Settings::default(),
        }
    }

    /// Puts a resource there as it is, past all rules.
    pub fn put(&mut self, resource: Value) -> String {
        let resource = Resource::new(resource).unwrap();
        let id = Id::parse(resource.id().unwrap()).unwrap();
        self.write(resource, &id)
    }

    /// Lets the timer write everything that is due now; the addresses of what it wrote.
    pub fn tick(&mut self) -> Vec<String> {
        let mut written = Vec::new();
        loop {
            let due = |r: &&Resource| timer::due(r, &self.settings).is_some_and(|due| due <= self.now);
            let waiting: Vec<Resource> = self.resources.values().filter(due).cloned().collect();
            let ran: Vec<(Resource, Outcome)> = waiting
                .into_iter()
                .filter_map(|r| timer::run(&r, &self.load(&timer::needs(&r)), self.now).map(|o| (r, o)))
                .collect();
            if ran.is_empty() {
                return written;
            }
            for (before, outcome) in ran {
                assert!(!before.same_content(&outcome.resource));
                assert_valid(&outcome.resource);
                let id = Id::parse(before.id().unwrap()).unwrap();
                written.push(self.write(outcome.resource, &id));
                for effect in outcome.effects {
                    self.apply(effect);
                }
            }
        }
    }

    /// Creates a resource, and answers its address.
    pub fn create(&mut self, resource: Value) -> Result<String, Error> {
        let mut resource = Resource::new(resource).unwrap();
        let id = Id::new();
        resource.identify(&id, fhir::VersionId::FIRST, self.now);
        let was_valid = errors(&resource).is_empty();
        let related = self.load(&needs(&resource, None));
        let outcome = create(resource, &id, &related, self.now)?;
        self.warnings = outcome.warnings;
        if was_valid {
            assert_valid(&outcome.resource);
        }
        let address = self.write(outcome.resource, &id);
        for effect in outcome.effects {
            self.apply(effect);
        }
        Ok(address)
    }

    /// Updates a resource with what this makes of it.
    pub fn change(&mut self, address: &str, change: impl FnOnce(&mut Value)) -> Result<(), Error> {
        let previous = self.resources[address].clone();
        let mut value = previous.value().clone();
        change(&mut value);
        let resource = Resource::new(value).unwrap();
        let was_valid = errors(&resource).is_empty();
        let related = self.load(&needs(&resource, Some(&previous)));
        let outcome = update(&previous, resource, &related, self.now)?;
        self.warnings = outcome.warnings;
        if was_valid {
            assert_valid(&outcome.resource);
        }
        assert_eq!(outcome.resource.id(), previous.id());
        if !outcome.resource.same_content(&previous) {
            let id = Id::parse(previous.id().unwrap()).unwrap();
            self.write(outcome.resource, &id);
        }
        for effect in outcome.effects {
            self.apply(effect);
        }
        Ok(())
    }

    /// A client reads each resource and sends it back as it is: that is accepted, changes nothing, and nothing follows from it.
    pub fn put_back_everything(&self) {
        for (address, resource) in &self.resources {
            assert_valid(resource);
            let related = self.load(&needs(resource, Some(resource)));
            let outcome = update(resource, resource.clone(), &related, self.now);
            let outcome = outcome.unwrap_or_else(|error| panic!("{address}: {error}"));
            assert!(outcome.resource.same_content(resource), "{address}: {:#}", outcome.resource.value());
            assert_eq!((outcome.effects, outcome.warnings), (vec![], vec![]), "{address}");
        }
    }

    pub fn status_to(&mut self, address: &str, status: &str) -> Result<(), Error> {
        self.change(address, |value| value["status"] = json!(status))
    }

    pub fn status(&self, address: &str) -> &str {
        self.resources[address].text("status").unwrap()
    }

    pub fn all(&self, resource_type: ResourceType) -> Vec<&Resource> {
        self.resources.values().filter(|r| r.resource_type() == resource_type).collect()
    }

    /// The address of the only resource of a type.
    pub fn only(&self, resource_type: ResourceType) -> String {
        let all = self.all(resource_type);
        assert_eq!(all.len(), 1, "{all:#?}");
        all[0].address().unwrap()
    }

    pub fn apply(&mut self, effect: Effect) {
        let (Effect::Create(written) | Effect::Update(written)) = &effect;
        // Where no hub is known, a Task may be nobody's; its profile then asks whoever takes it to say so.
        if self.hub.is_some() {
            assert_valid(written);
        }
        match effect {
            Effect::Create(resource) => {
                let id = resource.id().map_or_else(Id::new, |id| Id::parse(id).unwrap());
                self.write(resource, &id);
            }
            Effect::Update(resource) => {
                assert!(self.resources.contains_key(&resource.address().unwrap()));
                let id = Id::parse(resource.id().unwrap()).unwrap();
                self.write(resource, &id);
            }
        }
    }

    fn write(&mut self, mut resource: Resource, id: &Id) -> String {
        resource.identify(id, fhir::VersionId::FIRST, self.now);
        let address = resource.address().unwrap();
        self.resources.insert(address.clone(), resource);
        address
    }

    pub fn load(&self, needs: &Needs) -> Related {
        let one = |text: &Option<String>| self.resources.get(text.as_deref()?).cloned();
        let focus = |task: &&Resource, text: &str| {
            reference(task.get("focus")).is_some_and(|focus| same_reference(focus, text))
        };
        let listed = |resource: &&Resource, element: &str, text: &str| {
            items(resource, element)
                .iter()
                .any(|i| reference(Some(i)).is_some_and(|r| same_reference(r, text)))
        };
        let tasks = self.all(ResourceType::TASK);
        let of = tasks.iter().filter(|t| needs.tasks_of.as_deref().is_some_and(|text| focus(t, text)));
        let based_on = tasks
            .iter()
            .filter(|t| needs.tasks_based_on.as_deref().is_some_and(|text| listed(t, "basedOn", text)));
        let episodes = self.all(ResourceType::EPISODE_OF_CARE);
        let episodes = episodes
            .iter()
            .filter(|e| needs.episodes_of.as_deref().is_some_and(|t| listed(e, "referralRequest", t)));
        let open = |resource_type| -> Vec<Resource> {
            let Some((person, types)) =
                needs.open_of.as_ref().filter(|(_, types)| types.contains(&resource_type))
            else {
                return Vec::new();
            };
            assert!(!types.is_empty());
            let statuses = crate::open_statuses(resource_type);
            let is_open = |r: &&&Resource| statuses.split(',').any(|status| r.text("status") == Some(status));
            let about = |r: &&&Resource| {
                ["subject", "for", "patient"].iter().any(|e| reference(r.get(e)) == Some(person.as_str()))
            };
            self.all(resource_type).iter().filter(is_open).filter(about).map(|r| (*r).clone()).collect()
        };
        Related {
            referral: one(&needs.focus),
            plan: one(&needs.based_on),
            patient: one(&needs.patient),
            requester: one(&needs.requester),
            performer: one(&needs.performer),
            encounter: one(&needs.encounter),
            whole: one(&needs.whole),
            requests: open(ResourceType::SERVICE_REQUEST),
            departures: self
                .all(ResourceType::SERVICE_REQUEST)
                .into_iter()
                .filter(|r| needs.departures_of.is_some() && r.text("status") == Some("completed"))
                .filter(|r| reference(r.get("subject")) == needs.departures_of.as_deref())
                .cloned()
                .collect(),
            care_plans: open(ResourceType::CARE_PLAN),
            settings: self.settings.clone(),
            tasks: of.chain(based_on).map(|t| (*t).clone()).chain(open(ResourceType::TASK)).collect(),
            episodes: episodes.map(|e| (*e).clone()).chain(open(ResourceType::EPISODE_OF_CARE)).collect(),
            hub: self.hub.clone(),
            owner_organization: needs.owner.as_ref().map(|_| "Organization/community".to_owned()),
            ..Related::default()
        }
    }
}

/// What its profile refuses.
fn errors(resource: &Resource) -> Vec<Issue> {
    let findings = validation::validate(resource, &validation::Settings::default());
    findings.into_iter().map(|finding| finding.issue).filter(Issue::is_error).collect()
}

fn assert_valid(resource: &Resource) {
    let errors = errors(resource);
    assert!(errors.is_empty(), "{errors:#?}\n{:#}", resource.value());
}

/// Who referred, and the referrer's own number: every referral has them.
fn source() -> Value {
    json!({"url": "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-SourceOfServiceRequest",
        "valueCodeableConcept": {"coding": [{"system": "http://snomed.info/sct", "code": "185360007"}]}})
}

fn number() -> Value {
    json!([{"system": "https://ward.example/number", "value": "7"}])
}

pub fn ours(name: &str, code: &str) -> Value {
    json!({"coding": [{"system": code_system(name), "code": code}]})
}

pub fn reason(code: &str) -> Value {
    ours("ic-status-reason", code)
}

/// A referral for a two-hour response, clock start 09:05.
pub fn ucr_referral(status: &str) -> Value {
    json!({
        "resourceType": "ServiceRequest", "status": status, "intent": "order", "priority": "stat",
        "extension": [{"url": extension_url("ic-clock-start"), "valueDateTime": "2026-11-21T09:05:00+00:00"},
                      {"url": extension_url("ic-place-of-care"), "valueCode": "home"}, source()],
        "identifier": number(),
        "category": [ours("ic-referral-category", "step-up")],
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": "892601000000108"},
                            {"system": code_system("ic-service-line"), "code": "urgent-community-response"}]},
        "reasonCode": [ours("ic-ucr-need", "fall")],
        "subject": {"reference": "Patient/p1"}, "authoredOn": "2026-11-21T09:04:30+00:00",
        "requester": {"reference": "PractitionerRole/gp"}, "performer": [{"reference": UCR_TEAM}]
    })
}

/// A referral for reablement after this discharge plan.
pub fn reablement_referral(plan: &str) -> Value {
    json!({
        "resourceType": "ServiceRequest", "status": "active", "intent": "order", "priority": "urgent",
        "basedOn": [{"reference": plan}], "identifier": number(), "extension": [source()],
        "reasonCode": [ours("ic-referral-reason", "reablement-after-hospital")],
        "category": [ours("ic-referral-category", "step-down")], "code": ours("ic-service-line", "reablement"),
        "subject": {"reference": "Patient/p1"}, "authoredOn": "2026-11-21T09:00:00Z",
        "requester": {"reference": "PractitionerRole/hub-nurse"}, "performer": [{"reference": REABLEMENT}]
    })
}

/// A discharge plan with these parts of ic-discharge.
pub fn discharge_plan(parts: &[Value]) -> Value {
    json!({
        "resourceType": "ServiceRequest", "status": "active", "intent": "order",
        "category": [ours("ic-referral-category", "discharge")], "code": ours("ic-service-line", "care-transfer-hub"),
        "subject": {"reference": "Patient/p1"}, "authoredOn": "2026-11-20T08:00:00Z",
        "requester": {"reference": "PractitionerRole/ward"}, "identifier": number(),
        "extension": [{"url": extension_url("ic-discharge"), "extension": parts}]
    })
}

pub fn decision(asserted: &str, meets: bool) -> Value {
    json!({"url": "criteriaToReside", "extension": [{"url": "meets", "valueBoolean": meets},
        {"url": "asserted", "valueDateTime": asserted}]})
}

pub fn contact(time: &str) -> Value {
    json!({"type": ours("ic-task-output", "first-contact"), "valueDateTime": time})
}

/// How a two-hour response is given.
pub fn face_to_face() -> Value {
    json!({"type": ours("ic-task-output", "first-contact-mode"), "valueCodeableConcept": ours("ic-contact-mechanism", "01")})
}

pub fn outcome(code: &str) -> Value {
    json!({"type": ours("ic-task-output", "outcome"), "valueCodeableConcept": ours("ic-episode-outcome", code)})
}

/// The status, the first rule and the first expression of a refusal.
pub fn refusal<T: std::fmt::Debug>(result: Result<T, Error>) -> (u16, &'static str, String) {
    let error = result.unwrap_err();
    let issue = &error.issues()[0];
    assert!(issue.diagnostics.ends_with('.'), "{}", issue.diagnostics);
    (error.cause().status(), issue.rule.unwrap(), issue.expression.join(","))
}
