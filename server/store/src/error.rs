//! What Postgres says, as an error of ours: what may pass with time, what is the caller's, what is our fault,
//! <https://www.postgresql.org/docs/current/errcodes-appendix.html>.

use fhir::{Cause, Error};
use tokio_postgres::error::SqlState;

/// What every function of this crate returns.
pub type Result<T> = std::result::Result<T, Error>;

pub(crate) fn from_postgres(error: tokio_postgres::Error) -> Error {
    let state = error.code();
    let cause = match state {
        None => Cause::Transient,
        Some(state) if is_clash(state) => Cause::WriteConflict,
        Some(state) if *state == SqlState::UNIQUE_VIOLATION && is_business_identifier(&error) => {
            Cause::Duplicate
        }
        Some(state) if *state == SqlState::QUERY_CANCELED => Cause::Timeout,
        Some(state) if is_passing(state) => Cause::Transient,
        Some(_) => Cause::Exception,
    };
    let sentence = match cause {
        Cause::WriteConflict => "Another write to the same resources was faster. Please repeat the request.",
        Cause::Duplicate => "Another resource holds the same business identifier.",
        Cause::Timeout => "The database took too long for this request.",
        Cause::Transient => "The database cannot be reached for the moment. Please repeat the request.",
        _ => return Error::exception(source(error)),
    };
    Error::new(cause, sentence).from_source(source(error))
}

/// What the log is told: the code, and the message but for values that are not what was expected (class 22), which it repeats. Details
/// are never told: they hold what was written.
fn source(error: tokio_postgres::Error) -> Box<dyn std::error::Error + Send + Sync> {
    let Some(told) = error.as_db_error() else { return error.into() };
    let code = told.code().code();
    if code.starts_with("22") {
        return code.into();
    }
    format!("{code}: {}", told.message()).into()
}

pub(crate) fn from_pool(error: deadpool_postgres::PoolError) -> Error {
    match error {
        deadpool_postgres::PoolError::Backend(error) => from_postgres(error),
        error => {
            Error::new(Cause::Transient, "The server is too busy for the moment. Please repeat the request.")
                .from_source(error)
        }
    }
}

/// Whether it is about the table whose keys are the business identifiers that are held.
fn is_business_identifier(error: &tokio_postgres::Error) -> bool {
    error.as_db_error().and_then(|error| error.table()) == Some("business_identifier")
}

/// Serialization failures, deadlocks and lock timeouts: the whole unit of work may simply be repeated.
fn is_clash(state: &SqlState) -> bool {
    [SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED, SqlState::LOCK_NOT_AVAILABLE]
        .contains(state)
}

/// The server is going down, coming up, out of some resource, a standby that may become the primary, or takes no connections to this
/// database for the moment.
fn is_passing(state: &SqlState) -> bool {
    ["08", "25006", "53", "55", "57"].iter().any(|class| state.code().starts_with(class))
}
