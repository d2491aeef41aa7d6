//! A place to write to: a Postgres, server processes on it, and whoever wants to be told.

use std::time::{Duration, Instant};

use tests::builders;
use tests::process::{Postgres, ServerProcess};

use super::SERVER;
use super::client::Client;
use super::receiver::Receiver;
use super::resources::subscription;

/// Servers go before their Postgres when this is dropped.
pub(super) struct Place {
    pub(super) servers: Vec<ServerProcess>,
    pub(super) postgres: Postgres,
}

impl Place {
    pub(super) async fn start() -> Self {
        let postgres = Postgres::start().await.unwrap();
        let server = ServerProcess::start(SERVER, postgres.url().unwrap(), None).await.unwrap();
        Self { servers: vec![server], postgres }
    }

    /// Starts another process of the same server.
    pub(super) async fn start_another(&mut self) {
        let base = self.servers[0].base().to_owned();
        let server = ServerProcess::start(SERVER, self.postgres.url().unwrap(), Some(&base)).await.unwrap();
        self.servers.push(server);
    }

    /// A client of the first server.
    pub(super) fn client(&self) -> Client {
        Client::new(&self.servers[0].address())
    }

    /// Subscribes to a topic of ours, and waits for the handshake; the subscription's id.
    pub(super) async fn subscribe(
        &self,
        topic: &str,
        receiver: &Receiver,
        host: &str,
        limits: (u32, u32),
    ) -> String {
        let body = subscription(topic, &receiver.endpoint(host), limits);
        let answer = self.client().post("Subscription", &[], &body).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        let id = answer.id();
        let is_handshake =
            |came: &super::receiver::Notification| came.subscription == id && came.kind == "handshake";
        receiver.until("a handshake", |notifications, _| notifications.iter().any(is_handshake)).await;
        id
    }

    /// Creates a person; its address.
    pub(super) async fn patient(&self) -> String {
        let answer = self.client().post("Patient", &[], &builders::patient()).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        format!("Patient/{}", answer.id())
    }

    /// Waits until a write succeeds again.
    pub(super) async fn until_it_writes(&self) {
        let deadline = Instant::now() + Duration::from_secs(60);
        while self.client().post("Patient", &[], &builders::patient()).await.status != 201 {
            assert!(Instant::now() < deadline, "no write succeeds");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}
