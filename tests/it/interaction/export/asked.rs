//! What an export is asked for: the kick-off and its parameters.

use serde_json::{Value, json};
use tests::{TestServer, builders, place};

use super::{Export, address_of, kick_off};

#[tokio::test(flavor = "multi_thread")]
async fn it_is_declared_where_it_is() {
    let server = TestServer::start().await;
    let statement = server.caller("hub").get("metadata").await.expect(200).json;
    let bulk_data = "http://hl7.org/fhir/uv/bulkdata";
    let instantiates = statement["instantiates"].as_array().unwrap();
    assert!(instantiates.contains(&json!(format!("{bulk_data}/CapabilityStatement/bulk-data"))));
    let rest = &statement["rest"][0];
    let definition = |operations: &Value| {
        let export = operations.as_array().unwrap().iter().find(|operation| operation["name"] == "export");
        export.map(|export| export["definition"].as_str().unwrap().to_owned())
    };
    let of_type = |name: &str| {
        let resource = rest["resource"].as_array().unwrap().iter().find(|resource| resource["type"] == name);
        definition(&resource.unwrap()["operation"])
    };
    let named = |name: &str| Some(format!("{bulk_data}/OperationDefinition/{name}"));
    assert_eq!(definition(&rest["operation"]), named("export"));
    assert_eq!(of_type("Patient"), named("patient-export"));
    assert_eq!(of_type("Group"), named("group-export"));
    assert_eq!(of_type("Task"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_given_is_refused() {
    let server = TestServer::start().await;
    let hub = server.caller("hub");
    hub.get("$export").await.expect(400);
    hub.request("GET", "$export").header("prefer", "respond-sync").send().await.expect(400);
    hub.request("HEAD", "$export").header("prefer", "respond-async").send().await.expect(405);
    hub.request("PUT", "$export").header("prefer", "respond-async").send().await.expect(405);
    for (address, status) in [
        ("$export?_outputFormat=application/fhir%2Bndjson", 202),
        ("$export?_outputFormat=application/ndjson", 202),
        ("Patient/$export?_outputFormat=ndjson", 202),
        ("$export?_outputFormat=text/csv", 400),
        ("$export?_type=Nonsense", 400),
        ("$export?_type=Patient,", 202),
        ("Patient/$export?_type=Subscription", 400),
        ("Patient/$export?_type=Organization", 202),
        ("$export?_since=yesterday", 400),
        ("$export?_since=2026-01-01T00:00:00Z&_since=2026-01-01T00:00:00Z", 400),
        ("$export?_typeFilter=Task%3Fnonsense%3D1", 400),
        ("$export?_typeFilter=Task%3F_sort%3Dstatus", 400),
        ("$export?_typeFilter=Task", 400),
        ("$export?_type=Patient&_typeFilter=Task%3Fstatus%3Ddraft", 400),
        ("$export?_elements=Patient.name.family", 400),
        ("$export?patient=Patient/1", 400),
        ("$export?includeAssociatedData=LatestProvenanceResources", 400),
        ("$export?organizeOutputBy=Patient", 400),
        ("$export?nonsense=1", 400),
        ("Patient/x/$export", 404),
        ("Task/$export", 404),
        ("Group/none/$export", 404),
    ] {
        let answer = kick_off(&hub, address).await.expect(status);
        if status == 202 {
            hub.delete(answer.header("content-location")).await.expect(202);
        }
    }
    // Whatever it accepts, what an export answers has one form.
    let accepts = async |address: &str, accept: &str| {
        let call = hub.request("GET", address).header("prefer", "respond-async").header("accept", accept);
        call.send().await
    };
    let export = Export::of(&hub, accepts("$export?_type=Organization", "application/fhir+ndjson").await);
    let manifest = export.manifest().await;
    assert_eq!(manifest["request"], format!("{}/$export?_type=Organization", server.base));
    let file = manifest["output"][0]["url"].as_str().unwrap();
    for accept in ["application/fhir+ndjson", "application/fhir+json", "text/plain"] {
        accepts(file, accept).await.expect(200);
        accepts(&export.address, accept).await.expect(200);
    }
    accepts("$export?nonsense=1", "application/fhir+ndjson").await.expect(400);
    hub.request("HEAD", file).send().await.expect(200);
    let entry = json!({"request": {"method": "GET", "url": "$export"}});
    let batch = json!({"resourceType": "Bundle", "type": "batch", "entry": [entry]});
    let answer = hub.request("POST", "").header("prefer", "respond-async").json(&batch).send().await;
    assert_eq!(answer.expect(200).json["entry"][0]["response"]["status"], "400");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_ignored_under_leniency_is_told() {
    let server = TestServer::start().await;
    let hub = server.caller("hub");
    let lenient = async |address: &str| {
        let call = hub.request("GET", address).header("prefer", "respond-async, handling=lenient");
        call.send().await
    };
    let answer = lenient("$export?organizeOutputBy=Patient&_type=Organization,Nonsense").await.expect(202);
    let export = Export { caller: hub.clone(), address: answer.header("content-location").to_owned() };
    assert!(export.lines("output").await.iter().all(|line| line["resourceType"] == "Organization"));
    let notes = export.lines("error").await;
    assert_eq!(notes.len(), 2);
    assert!(notes[0].to_string().contains("organizeOutputBy") && notes[1].to_string().contains("Nonsense"));
    // Without its filter there would be more than was meant.
    lenient("$export?_typeFilter=Task%3Fnonsense%3D1").await.expect(400);
    lenient("$export?_type=Nonsense").await.expect(400);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_for_is_what_is_in_it() {
    let server = TestServer::start().await;
    let hub = server.caller("hub");
    let (referral, task) = builders::referred(&hub).await;
    let (_, other) = builders::referred(&hub).await;
    let other = builders::move_task(&server.caller("reablement"), &other, "received").await.expect(200).json;

    let all = Export::begin(&hub, "$export").await.addresses().await;
    for there in [address_of(&referral), address_of(&task), address_of(&other), place::HUB.to_owned()] {
        assert!(all.contains(&there), "{there} is not in {all:?}");
    }
    // Each line is what a read of it answers.
    let lines = Export::begin(&hub, "$export?_type=Task,Patient").await.lines("output").await;
    for line in &lines {
        assert_eq!(*line, hub.get(&address_of(line)).await.expect(200).json);
    }
    let of_types: Vec<String> = all
        .iter()
        .filter(|address| address.starts_with("Task/") || address.starts_with("Patient/"))
        .cloned()
        .collect();
    assert_eq!(
        lines.iter().map(address_of).collect::<std::collections::BTreeSet<_>>(),
        of_types.into_iter().collect()
    );

    let filtered = async |filters: &str| {
        Export::begin(&hub, &format!("$export?_type=Task&{filters}")).await.addresses().await
    };
    let both = [address_of(&task), address_of(&other)];
    assert_eq!(filtered("_typeFilter=Task%3Fstatus%3Drequested").await, [both[0].clone()].into());
    assert_eq!(filtered("_typeFilter=Task%3Fstatus%3Drequested,received").await, both.clone().into());
    assert_eq!(
        filtered("_typeFilter=Task%3Fstatus%3Drequested,Task%3Fstatus%3Dreceived").await,
        both.clone().into()
    );
    assert_eq!(
        filtered("_typeFilter=Task%3Fstatus%3Drequested&_typeFilter=Task%3Fstatus%3Dreceived").await,
        both.clone().into()
    );
    let owned = "_typeFilter=Task%3Fstatus%3Dreceived%26owner%3DHealthcareService/skils";
    assert_eq!(filtered(owned).await, [both[1].clone()].into());
    assert!(filtered("_typeFilter=Task%3Fpatient.family%3DNobody").await.is_empty());
    let chain = "_typeFilter=Task%3Fpatient._id%3D";
    let patient = task["for"]["reference"].as_str().unwrap().strip_prefix("Patient/").unwrap();
    assert_eq!(filtered(&format!("{chain}{patient}")).await, [both[0].clone()].into());

    let export = Export::begin(&hub, "$export?_type=Task,Patient&_elements=id,Task.owner").await;
    for line in export.lines("output").await {
        assert_eq!(line["meta"]["tag"][0]["code"], "SUBSETTED");
        assert_eq!(line["owner"].is_null(), line["resourceType"] != "Task");
        assert!(line["name"].is_null() && line["for"].is_null());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changed_since() {
    let server = TestServer::start().await;
    let hub = server.caller("hub");
    let observation = |text: &str| json!({"resourceType": "Observation", "status": "final", "code": {"text": text}, "performer": [{"reference": place::HUB}]});
    let mut created = Vec::new();
    for text in ["stays", "changes", "goes", "goes too", "comes back"] {
        created.push(hub.post("Observation", &observation(text)).await.expect(201).json);
    }
    let [stays, changes, goes, filtered, back] = created.as_slice() else { unreachable!() };
    let address = |since: &str, more: &str| {
        format!("$export?_type=Observation&_since={}{more}", since.replace(':', "%3A"))
    };
    let first = Export::begin(&hub, "$export?_type=Observation").await;
    assert_eq!(first.addresses().await.len(), 5);
    let time = first.manifest().await["transactionTime"].as_str().unwrap().to_owned();
    let nothing = Export::begin(&hub, &address(&time, "")).await;
    assert!(nothing.addresses().await.is_empty() && nothing.lines("deleted").await.is_empty());

    let mut changed = changes.clone();
    changed["status"] = json!("amended");
    hub.put_back(&changed).await.expect(200);
    for gone in [goes, filtered, back] {
        hub.delete(&address_of(gone)).await.expect(204);
    }
    hub.put(&address_of(back), back).await.expect(201);
    let new = hub.post("Observation", &observation("new")).await.expect(201).json;
    let short = hub.post("Observation", &observation("short")).await.expect(201).json;
    hub.delete(&address_of(&short)).await.expect(204);

    let second = Export::begin(&hub, &address(&time, "")).await;
    assert_eq!(second.addresses().await, [changes, back, &new].map(address_of).into());
    let urls = |bundles: Vec<Value>| {
        let url = |bundle: &Value| {
            assert_eq!(bundle["type"], "transaction");
            assert_eq!(bundle["entry"][0]["request"]["method"], "DELETE");
            bundle["entry"][0]["request"]["url"].as_str().unwrap().to_owned()
        };
        bundles.iter().map(url).collect::<Vec<_>>()
    };
    assert_eq!(urls(second.lines("deleted").await), [goes, filtered, &short].map(address_of));
    assert!(!second.addresses().await.contains(&address_of(stays)));
    // What was deleted is judged by what it was.
    let one = Export::begin(&hub, &address(&time, "&_typeFilter=Observation%3F_id%3Dnone")).await;
    assert!(one.lines("deleted").await.is_empty());
    let id = goes["id"].as_str().unwrap();
    let one = Export::begin(&hub, &address(&time, &format!("&_typeFilter=Observation%3F_id%3D{id}"))).await;
    assert_eq!(urls(one.lines("deleted").await), [address_of(goes)]);

    // Whoever goes on from a transactionTime has every change once.
    let later = second.manifest().await["transactionTime"].as_str().unwrap().to_owned();
    let third = Export::begin(&hub, &address(&later, "")).await;
    assert!(third.addresses().await.is_empty() && third.lines("deleted").await.is_empty());
    let until = Export::begin(&hub, &format!("$export?_type=Observation&_until={time}")).await;
    assert_eq!(until.addresses().await, [address_of(stays)].into());
}
