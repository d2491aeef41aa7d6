//! Exports of many resources, <http://hl7.org/fhir/uv/bulkdata/export.html>.

mod access;
mod asked;
mod ends;
mod records;
mod snapshot;

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;
use tests::{Answer, Caller, TestServer};

/// An export that was begun.
struct Export {
    caller: Caller,
    /// Where it is asked after.
    address: String,
}

impl Export {
    /// The kick-off, which must be accepted.
    async fn begin(caller: &Caller, address: &str) -> Self {
        Self::of(caller, kick_off(caller, address).await)
    }

    #[track_caller]
    fn of(caller: &Caller, answer: Answer) -> Self {
        let answer = answer.expect(202);
        assert_eq!(answer.header("preference-applied"), "respond-async");
        Self { caller: caller.clone(), address: answer.header("content-location").to_owned() }
    }

    /// The manifest, once the export is whole.
    async fn manifest(&self) -> Value {
        loop {
            let answer = self.caller.get(&self.address).await;
            if answer.status != 202 {
                let answer = answer.expect(200);
                assert!(answer.header("content-type").starts_with("application/json"));
                assert!(!answer.header("expires").is_empty());
                return answer.json;
            }
            assert!(!answer.header("x-progress").is_empty() && answer.header("x-progress").len() < 100);
            assert!(answer.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0));
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// The lines of all its files of `output`, or of another list of the manifest.
    async fn lines(&self, list: &str) -> Vec<Value> {
        let manifest = self.manifest().await;
        let mut lines = Vec::new();
        for item in manifest[list].as_array().unwrap() {
            let of_file = self.file(item["url"].as_str().unwrap()).await;
            assert_eq!(item["count"], of_file.len());
            assert!(of_file.iter().all(|line| line["resourceType"] == item["type"]), "{item}");
            lines.extend(of_file);
        }
        lines
    }

    async fn file(&self, url: &str) -> Vec<Value> {
        let answer = self.caller.get(url).await.expect(200);
        assert_eq!(answer.header("content-type"), "application/fhir+ndjson");
        let text = answer.text();
        assert!(text.ends_with('\n'));
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// `Type/id` of everything in its output.
    async fn addresses(&self) -> BTreeSet<String> {
        let lines = self.lines("output").await;
        let addresses: BTreeSet<String> = lines.iter().map(address_of).collect();
        assert_eq!(addresses.len(), lines.len(), "something is in it twice");
        addresses
    }
}

async fn kick_off(caller: &Caller, address: &str) -> Answer {
    caller.request("GET", address).header("prefer", "respond-async").send().await
}

fn address_of(resource: &Value) -> String {
    format!("{}/{}", resource["resourceType"].as_str().unwrap(), resource["id"].as_str().unwrap())
}

/// A transaction that holds up every export until it is over: it has written something, and nobody knows when that will count.
struct Holding(tokio_postgres::Client);

impl Holding {
    async fn begin(server: &TestServer) -> Self {
        Self::of(server.database.connect().await).await
    }

    async fn of(client: tokio_postgres::Client) -> Self {
        client.batch_execute("BEGIN; LOCK TABLE version IN ROW EXCLUSIVE MODE").await.unwrap();
        Self(client)
    }

    async fn end(self) {
        self.0.batch_execute("ROLLBACK").await.unwrap();
    }
}
