//! Which web pages may call, <https://fetch.spec.whatwg.org/#http-cors-protocol>. Cookies are never used, so no answer is ever
//! for credentials.

use crate::answer::Answer;

/// Whether pages of this origin may call.
pub(crate) fn allows(origins: &[String], origin: &str) -> bool {
    origins.iter().any(|known| known == "*" || known == origin)
}

/// The headers that let the page of an allowed origin read the answer.
pub(crate) fn grant(answer: Answer, origin: &str) -> Answer {
    answer.with("access-control-allow-origin", origin).with(
        "access-control-expose-headers",
        "Content-Disposition, Content-Location, ETag, Location, Last-Modified, Retry-After, X-Request-Id, X-Correlation-Id, X-Security-Context",
    )
}

/// The answer to a browser that asks before it calls.
pub(crate) fn preflight() -> Answer {
    Answer::empty(204)
        .with("access-control-allow-methods", "GET, HEAD, POST, PUT, PATCH, DELETE")
        .with(
            "access-control-allow-headers",
            "Accept, Authorization, Content-Type, If-Match, If-Modified-Since, If-None-Exist, If-None-Match, \
             If-Unmodified-Since, Prefer, X-Request-Id, X-Correlation-Id, X-Security-Context",
        )
        .with("access-control-max-age", "600")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_origins_may_call() {
        let origins = ["https://a.example".to_owned()];
        assert!(allows(&origins, "https://a.example"));
        for origin in ["https://b.example", "https://a.example.evil.example", "null", ""] {
            assert!(!allows(&origins, origin), "{origin}");
        }
        assert!(allows(&["*".to_owned()], "https://b.example"));
        assert!(!allows(&[], "https://a.example"));
    }
}
