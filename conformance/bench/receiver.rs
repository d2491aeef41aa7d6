//! A listening receiver of notifications: answers 200 at once and notes when each arrived,
//! <https://hl7.org/fhir/uv/subscriptions-backport/STU1.1/channels.html#rest-hook>.
//!
//! What it receives is judged later, so that judging delays no arrival.

use std::net::SocketAddr;
use std::time::Instant;

use anyhow::{Context as _, Result};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;

use super::message::Inbox;

/// One request that arrived.
#[derive(Debug)]
pub struct Arrival {
    /// When its last byte was there.
    pub at: Instant,
    /// The path it was sent to.
    pub path: String,
    /// Its content.
    pub body: Vec<u8>,
}

/// Listens until it is dropped.
pub struct Receiver {
    /// Where.
    pub address: SocketAddr,
    /// What arrived, in the order of arrival.
    pub arrivals: UnboundedReceiver<Arrival>,
    listening: JoinHandle<()>,
}

impl Receiver {
    /// Listens on the address; port 0 takes any that is free.
    pub async fn listen(address: SocketAddr) -> Result<Self> {
        let listener =
            TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))?;
        let address = listener.local_addr()?;
        let (sender, arrivals) = unbounded_channel();
        let listening = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(receive(stream, sender.clone()));
            }
        });
        Ok(Self { address, arrivals, listening })
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// All requests of one connection. A sender that breaks off is answered by nothing.
async fn receive(mut stream: TcpStream, arrivals: UnboundedSender<Arrival>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut inbox = Inbox::default();
    while let Some(message) = inbox.next(&mut stream).await? {
        let at = Instant::now();
        let path = message.start.split(' ').nth(1).unwrap_or_default().to_owned();
        let arrival = Arrival { at, path, body: message.body.to_vec() };
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await?;
        if arrivals.send(arrival).is_err() {
            return Ok(());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::connection::Connection;

    #[tokio::test]
    async fn what_arrives_is_noted_in_order() {
        let mut receiver = Receiver::listen(([127, 0, 0, 1], 0).into()).await.unwrap();
        let mut connection = Connection::open("127.0.0.1", receiver.address.port(), "r", None).await.unwrap();
        for number in 0..3 {
            let answer =
                connection.send("POST", &format!("/{number}"), Some(&format!("[{number}]"))).await.unwrap();
            assert_eq!(answer.status, 200);
        }
        let mut before = None;
        for number in 0..3 {
            let arrival = receiver.arrivals.recv().await.unwrap();
            assert_eq!(
                (arrival.path, arrival.body),
                (format!("/{number}"), format!("[{number}]").into_bytes())
            );
            assert!(before.is_none_or(|before| before <= arrival.at));
            before = Some(arrival.at);
        }
    }
}
