//! `homefirst listen`: a receiver of notifications to look at, <http://hl7.org/fhir/uv/subscriptions-backport>.
//!
//! It prints a line for each notification and keeps nothing. Signatures are not checked, because it has no secret.

mod sequence;
mod summary;

use std::sync::Mutex;

use actix_web::http::StatusCode;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use anyhow::{Context, Result};

use sequence::Sequences;
use summary::Notification;

/// How large a notification may be, in bytes.
const MAX_BODY: usize = 32 * 1024 * 1024;

#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {
    /// The port to listen on, on this machine alone.
    #[arg(long, default_value_t = 9000)]
    port: u16,
    /// What to answer with: another status than 200 shows how refusals are told and retried.
    #[arg(long, default_value_t = 200)]
    status: u16,
}

struct Receiver {
    status: StatusCode,
    sequences: Mutex<Sequences>,
}

/// Receives until it is told to stop.
///
/// # Errors
/// When the port is taken, or the status is not one.
pub async fn run(arguments: Arguments) -> Result<()> {
    let status = StatusCode::from_u16(arguments.status).context("--status is a number from 100 to 599")?;
    let receiver = web::Data::new(Receiver { status, sequences: Mutex::default() });
    println!("Listening. In a Subscription: \"endpoint\": \"http://127.0.0.1:{}/\"", arguments.port);
    HttpServer::new(move || {
        App::new()
            .app_data(receiver.clone())
            .app_data(web::PayloadConfig::new(MAX_BODY))
            .default_service(web::to(receive))
    })
    .workers(1)
    .shutdown_timeout(1)
    .bind(("127.0.0.1", arguments.port))
    .with_context(|| format!("port {} cannot be listened on", arguments.port))?
    .run()
    .await?;
    Ok(())
}

async fn receive(request: HttpRequest, body: web::Bytes, receiver: web::Data<Receiver>) -> HttpResponse {
    let time = jiff::Timestamp::now().strftime("%H:%M:%S%.3f").to_string();
    let answer = match receiver.status {
        StatusCode::OK => String::new(),
        status => format!("  <- answered {}", status.as_u16()),
    };
    match serde_json::from_slice(&body).ok().as_ref().and_then(Notification::read) {
        None => {
            println!(
                "{time}  {} {} ({} bytes) is not a notification{answer}",
                request.method(),
                request.path(),
                body.len()
            );
        }
        Some(notification) => {
            println!("{time}  {notification}{answer}");
            // A line that was printed while another thread failed is no reason to stop.
            let mut sequences = receiver.sequences.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            if receiver.status.is_success()
                && let Some(remark) = sequences.note(&notification)
            {
                println!("              ! {remark}");
            }
        }
    }
    HttpResponse::build(receiver.status).finish()
}
