use fhir::Resource;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;

/// What an endpoint does with a request.
enum Answer {
    /// Sends these bytes and closes.
    Bytes(Vec<u8>),
    /// Says nothing, and keeps the connection open.
    Silence,
    /// Closes without a word.
    Close,
}

async fn request(socket: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        socket.read_buf(&mut bytes).await.unwrap();
        let text = String::from_utf8(bytes.clone()).unwrap();
        let length =
            text.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
        if let (Some((_, body)), Some(length)) = (text.split_once("\r\n\r\n"), length)
            && body.len() == length
        {
            return text;
        }
    }
}

/// Posts once to an endpoint that answers so; the request as it arrived, and what came of it.
async fn post(answer: Answer, timeout: u32) -> (String, Result<(), Failure>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let endpoint = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let text = request(&mut socket).await;
        match answer {
            Answer::Bytes(bytes) => {
                // The other side may have had enough before the end.
                let _ = socket.write_all(&bytes).await;
            }
            Answer::Silence => return (text, Some(socket)),
            Answer::Close => {}
        }
        (text, None)
    });
    let settings = Settings { allow_loopback: true, ..Settings::new("http://here/fhir") };
    let definition = definition(&format!("http://127.0.0.1:{port}/hook?a=b"), timeout);
    let webhook =
        Webhook { definition: &definition, id: "s-1-2", secrets: vec![b"one", b"two"], body: b"{}".to_vec() };
    let outcome = RestHook::new(&settings).unwrap().post(webhook).await;
    (endpoint.await.unwrap().0, outcome)
}

fn definition(endpoint: &str, timeout: u32) -> Definition {
    let mut example: Value =
        serde_json::from_str(include_str!("../../notification/examples/1-subscription-create.json")).unwrap();
    example["criteria"] = json!("https://homefirst.example/fhir/SubscriptionTopic/referral-new");
    example["channel"]["endpoint"] = json!(endpoint);
    example["channel"]["payload"] = json!("application/fhir+json; fhirVersion=4.0");
    example["channel"]["header"] =
        json!(["Authorization: Bearer a", "X-Two: 1", "X-Two: 2", "Accept: text/plain"]);
    let mut definition =
        Definition::read(&Resource::new(example).unwrap(), &Settings::new("http://here/fhir")).unwrap();
    definition.timeout = timeout;
    definition
}

async fn answered(text: &str) -> Result<(), Failure> {
    post(Answer::Bytes(format!("HTTP/1.1 {text}\r\n\r\n").into_bytes()), 10).await.1
}

#[tokio::test]
async fn a_request_has_the_clients_headers_and_ours() {
    let (text, outcome) = post(Answer::Bytes(b"HTTP/1.1 204 Yes\r\n\r\n".to_vec()), 10).await;
    assert_eq!(outcome, Ok(()));
    let lower = text.to_lowercase();
    assert!(text.starts_with("POST /hook?a=b HTTP/1.1\r\n") && text.ends_with("\r\n\r\n{}"), "{text}");
    for line in [
        "authorization: bearer a",
        "x-two: 1",
        "x-two: 2",
        "accept: text/plain",
        "content-type: application/fhir+json; fhirversion=4.0",
        "webhook-id: s-1-2",
    ] {
        assert_eq!(lower.matches(&format!("\r\n{line}\r\n")).count(), 1, "{line} in {text}");
    }
    let value = |name: &str| lower.lines().find_map(|line| line.strip_prefix(name)).unwrap().to_owned();
    assert!(value("webhook-timestamp: ").parse::<i64>().unwrap() > 1_700_000_000);
    assert_eq!(value("webhook-signature: ").split(' ').filter(|s| s.starts_with("v1,")).count(), 2);
}

#[tokio::test]
async fn only_a_status_of_success_is_one() {
    assert_eq!(answered("202 Accepted\r\nContent-Length: 0").await, Ok(()));
    for (text, status) in [("500 No", 500), ("410 Gone", 410), ("404 No", 404), ("304 Same", 304)] {
        let failure = answered(&format!("{text}\r\nContent-Length: 0")).await.unwrap_err();
        assert_eq!((failure.status, failure.code), (Some(status), "error-response"), "{text}");
        assert_eq!(failure.is_gone(), status == 410);
    }
}

#[tokio::test]
async fn a_redirect_is_a_failure_and_is_not_followed() {
    let trap = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = trap.local_addr().unwrap().port();
    for status in [301, 307, 308] {
        let text = format!("{status} Go\r\nLocation: http://127.0.0.1:{port}/\r\nContent-Length: 0");
        assert_eq!(answered(&text).await.unwrap_err().status, Some(status));
    }
    // Nobody is waiting to be accepted.
    let waiting = tokio::time::timeout(Duration::from_millis(20), trap.accept()).await;
    assert!(waiting.is_err());
}

#[tokio::test]
async fn what_the_endpoint_asks_for_is_heard() {
    let asked = |failure: Result<(), Failure>| failure.unwrap_err().retry_after;
    assert_eq!(asked(answered("429 Wait\r\nRetry-After: 120\r\nContent-Length: 0").await), Some(120.0));
    assert_eq!(
        asked(answered("503 Wait\r\nRetry-After: Wed, 21 Oct 2015 07:28:00 GMT\r\nContent-Length: 0").await),
        Some(0.0)
    );
    assert_eq!(asked(answered("503 Wait\r\nRetry-After: soon\r\nContent-Length: 0").await), None);
}

#[tokio::test]
async fn silence_and_broken_connections_are_no_response() {
    let silent = post(Answer::Silence, 1).await.1.unwrap_err();
    assert_eq!((silent.code, silent.timed_out), ("no-response", true));
    let closed = post(Answer::Close, 10).await.1.unwrap_err();
    assert_eq!((closed.code, closed.timed_out, closed.status), ("no-response", false, None));
}

#[tokio::test]
async fn what_an_answer_says_beyond_its_status_does_not_matter() {
    let mut endless = b"HTTP/1.1 200 Yes\r\nContent-Length: 1000000000\r\n\r\n".to_vec();
    endless.resize(1 << 20, b'x');
    assert_eq!(post(Answer::Bytes(endless), 10).await.1, Ok(()));
}

#[tokio::test]
async fn an_address_is_judged_again_when_it_is_sent_to() {
    let hook = RestHook::new(&Settings::new("http://here/fhir")).unwrap();
    for endpoint in
        ["http://127.0.0.1:1/", "https://169.254.169.254/", "https://localhost/", "https://10.1.1.1/"]
    {
        let definition = definition(endpoint, 10);
        let webhook = Webhook { definition: &definition, id: "1", secrets: Vec::new(), body: Vec::new() };
        let failure = hook.post(webhook).await.unwrap_err();
        assert_eq!((failure.code, failure.status), ("no-response", None), "{endpoint}");
    }
}
