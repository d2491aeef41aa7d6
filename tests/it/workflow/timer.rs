//! What the server tells because time passes: each once, whoever looks, and whatever is killed.

use serde_json::{Value, json};
use tests::{TestReceiver, TestServer, builders, place};

const HOUR: i64 = 3600;

/// A referral for urgent community response whose clock started so many minutes ago.
fn urgent(patient: &str, minutes: i64) -> Value {
    let mut referral = builders::referral(patient);
    let code = |name: &str, code: &str| json!({"coding": [{"system": format!("{}/CodeSystem/{name}", builders::CANONICAL), "code": code}]});
    referral["code"] = code("ic-service-line", "urgent-community-response");
    referral["reasonCode"] = json!([code("ic-ucr-need", "fall")]);
    referral["priority"] = "stat".into();
    referral["performer"] = json!([{"reference": place::UCR_SERVICE}]);
    let start = fhir::Instant::from_microseconds(fhir::Instant::now().microseconds() - minutes * 60_000_000);
    let extensions = referral["extension"].as_array_mut().unwrap();
    extensions.push(json!({"url": format!("{}/StructureDefinition/ic-clock-start", builders::CANONICAL), "valueDateTime": start.to_string()}));
    extensions.push(json!({"url": format!("{}/StructureDefinition/ic-place-of-care", builders::CANONICAL), "valueCode": "home"}));
    referral
}

/// Lets the timer of this server write all that is due now.
async fn tick(server: &TestServer) {
    // What another look has claimed is written by it.
    for _ in 0..3000 {
        server.running().server.tick().await.expect("a look at the times");
        let now = server.running().server.clock.now().microseconds();
        if server.count(&format!("SELECT count(*) FROM timer WHERE due <= {now}")).await == 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    server.settle().await;
}

fn part<'a>(task: &'a Value, name: &str) -> &'a str {
    let clock = task["extension"]
        .as_array()
        .unwrap()
        .iter()
        .find(|e| e["url"].as_str().unwrap().ends_with("/ic-clock"))
        .unwrap();
    let part = clock["extension"].as_array().unwrap().iter().find(|part| part["url"] == name).unwrap();
    part.as_object().unwrap().iter().find(|(name, _)| name.starts_with("value")).unwrap().1.as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_is_warned_of_breached_and_corrected() {
    let server = TestServer::start().await;
    let (hub, team) = (server.caller("hub"), server.caller("ucr"));
    let mut told = Vec::new();
    for topic in ["clock-warning", "clock-breach", "clock-corrected"] {
        let receiver = TestReceiver::start().await;
        team.post("Subscription", &builders::subscription(topic, &receiver.endpoint, &[])).await.expect(201);
        told.push(receiver);
    }
    server.settle().await;
    let patient = builders::new_patient(&hub).await;
    let referral = hub.post("ServiceRequest", &urgent(&patient, 5)).await.expect(201).reference();
    let task = builders::task_of(&hub, &referral).await;
    let address = format!("Task/{}", task["id"].as_str().unwrap());
    tick(&server).await;
    let counts = |told: &[TestReceiver]| told.iter().map(|t| t.events().len()).collect::<Vec<_>>();
    assert_eq!(counts(&told), [0, 0, 0]);
    server.running().server.clock.advance(90 * 60);
    tick(&server).await;
    assert_eq!(counts(&told), [1, 0, 0]);
    let warned = team.get(&address).await.expect(200);
    assert_eq!((warned.header("etag"), part(&warned.json, "status")), ("W/\"2\"", "running"));
    server.running().server.clock.advance(30 * 60);
    tick(&server).await;
    tick(&server).await;
    assert_eq!(counts(&told), [1, 1, 0]);
    let breached = team.get(&address).await.expect(200).json;
    assert_eq!(part(&breached, "status"), "breached");
    let found =
        team.search("Task", &[("clock-status", "breached"), ("owner", place::UCR_SERVICE)]).await.expect(200);
    assert_eq!(found.matches().len(), 1);
    let audited =
        server.count("SELECT count(*) FROM audit WHERE client = 'timer' AND operation = 'update'").await;
    assert_eq!(audited, 2);
    // The nurse was there after a quarter of an hour, and writes it down now.
    let accepted = builders::move_task(&team, &breached, "accepted").await.expect(200).json;
    let seen = fhir::Instant::from_microseconds(fhir::Instant::now().microseconds() + 10 * 60_000_000);
    let mut seen = builders::with_output(accepted, "first-contact", &seen.to_string());
    let code = |name: &str, code: &str| json!({"coding": [{"system": format!("{}/CodeSystem/{name}", builders::CANONICAL), "code": code}]});
    let how = json!({"type": code("ic-task-output", "first-contact-mode"), "valueCodeableConcept": code("ic-contact-mechanism", "01")});
    seen["output"].as_array_mut().unwrap().push(how);
    seen["status"] = "in-progress".into();
    let met = team.put_back(&seen).await.expect(200).json;
    assert_eq!(part(&met, "status"), "met");
    tick(&server).await;
    assert_eq!(counts(&told), [1, 1, 1]);
}

async fn look(process: &homefirst::Running) {
    for _ in 0..20 {
        process.server.tick().await.expect("a look at the times");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_tell_once() {
    let server = TestServer::start().await;
    let url = server.database.url();
    let mut config = tests::database::config(&url);
    config.server.base.clone_from(&server.base);
    let other = homefirst::start(&config).await.expect("a second process");
    let hub = server.caller("hub");
    let mut tasks = Vec::new();
    for _ in 0..30 {
        let patient = builders::new_patient(&hub).await;
        let referral = hub.post("ServiceRequest", &urgent(&patient, 180)).await.expect(201).reference();
        tasks.push(referral);
    }
    tokio::join!(look(server.running()), look(&other), look(server.running()));
    tick(&server).await;
    for referral in tasks {
        let task = builders::task_of(&hub, &referral).await;
        assert_eq!((part(&task, "status"), &task["meta"]["versionId"]), ("breached", &json!("2")), "{task}");
    }
    assert_eq!(server.count("SELECT count(*) FROM audit WHERE client = 'timer'").await, 30);
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_process_had_claimed_is_written_by_another() {
    let server = TestServer::start().await;
    let hub = server.caller("hub");
    let patient = builders::new_patient(&hub).await;
    let referral = hub.post("ServiceRequest", &urgent(&patient, 10)).await.expect(201).reference();
    // It has claimed, and is never heard of again.
    let claim = async |until: &str| {
        let sql = format!("UPDATE timer SET claimed_until = now() + interval '{until}'");
        server.database.connect().await.batch_execute(&sql).await.unwrap();
    };
    claim("1 hour").await;
    server.running().server.clock.advance(2 * HOUR);
    look(server.running()).await;
    assert_eq!(part(&builders::task_of(&hub, &referral).await, "status"), "running");
    claim("-1 second").await;
    tick(&server).await;
    assert_eq!(part(&builders::task_of(&hub, &referral).await, "status"), "breached");
}

/// An episode of the reablement team that began so many days ago.
async fn episode(server: &TestServer, days: i64) -> String {
    let hub = server.caller("hub");
    let (referral, _) = builders::referred(&hub).await;
    let episode = json!({
        "resourceType": "EpisodeOfCare", "status": "active", "patient": referral["subject"],
        "identifier": [referral["requisition"]],
        "type": [referral["code"]], "managingOrganization": {"reference": place::SKILS},
        "referralRequest": [{"reference": format!("ServiceRequest/{}", referral["id"].as_str().unwrap())}],
        "period": {"start": builders::hours_ago(24 * days)}
    });
    server.caller("reablement").post("EpisodeOfCare", &episode).await.expect(201).reference()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_episode_is_flagged_and_goes_on() {
    let server = TestServer::start().await;
    let team = server.caller("reablement");
    let receiver = TestReceiver::start().await;
    team.post("Subscription", &builders::subscription("episode-over-limit", &receiver.endpoint, &[]))
        .await
        .expect(201);
    server.settle().await;
    let episode = episode(&server, 30).await;
    tick(&server).await;
    let over = |answer: &str| [("over-limit", answer.to_owned())];
    let find = async |answer: &str| {
        let [(name, value)] = over(answer);
        team.search("EpisodeOfCare", &[(name, &value)]).await.expect(200).matches().len()
    };
    assert_eq!((receiver.events().len(), find("true").await, find("false").await), (0, 0, 1));
    server.running().server.clock.advance(6 * 24 * HOUR);
    tick(&server).await;
    assert_eq!((receiver.events().len(), find("true").await), (1, 0));
    server.running().server.clock.advance(7 * 24 * HOUR);
    tick(&server).await;
    assert_eq!((receiver.events().len(), find("true").await, find("false").await), (2, 1, 0));
    let mut goes_on = team.get(&episode).await.expect(200).json;
    assert_eq!(goes_on["status"], "active");
    goes_on["extension"].as_array_mut().unwrap().clear();
    goes_on.as_object_mut().unwrap().shift_remove("extension");
    let kept = team.put_back(&goes_on).await.expect(200).json;
    assert!(kept.to_string().contains("episode-over-limit"), "what was told is kept");
    tick(&server).await;
    assert_eq!(receiver.events().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delayed_discharge_is_told_and_asked_about() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let receiver = TestReceiver::start().await;
    epr.post("Subscription", &builders::subscription("discharge-changed", &receiver.endpoint, &[]))
        .await
        .expect(201);
    server.settle().await;
    let patient = builders::new_patient(&epr).await;
    let plan = builders::discharge_plan(&patient, &builders::hours_ago(1));
    let plan = epr.post("ServiceRequest", &plan).await.expect(201).reference();
    server.running().server.clock.advance(48 * HOUR);
    tick(&server).await;
    assert_eq!(receiver.events().len(), 2, "ready, then delayed");
    let found = epr
        .search("ServiceRequest", &[("discharge-state", "delayed"), ("patient", &patient)])
        .await
        .expect(200);
    assert_eq!(found.matches().len(), 1);
    // At eight on the next day the ward is asked.
    server.running().server.clock.advance(33 * HOUR);
    tick(&server).await;
    let asked = epr.search("Task", &[("focus", &plan), ("owner", place::HOSPITAL)]).await.expect(200);
    assert_eq!(asked.matches().len(), 1, "{}", asked.text());
}
