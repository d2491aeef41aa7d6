use super::*;

fn situation(attempt: i32) -> Situation {
    Situation { attempt, failing_for: 0.0, handshaken: true, in_error: attempt >= ERROR_AFTER }
}

fn failed(situation: Situation, failure: &Failure) -> Failed {
    after(situation, failure, &Settings::new("http://x"), 0.5)
}

#[test]
fn the_schedule() {
    let middle: Vec<f64> = (1..8).map(|failures| delay(failures, 0.5)).collect();
    assert_eq!(middle, [1.0, 5.0, 30.0, 120.0, 300.0, 600.0, 600.0]);
    for failures in [-1, 0, 1, 5, 6, 1000, i32::MAX] {
        let (least, most) = (delay(failures, 0.0), delay(failures, 1.0));
        assert!(least < most && least > 0.5 && most <= 900.0, "{failures}: {least} {most}");
    }
}

#[test]
fn three_failures_are_an_error_and_it_is_tried_on() {
    let failure = Failure::answered(500, None);
    for (attempt, expected) in [(0, "active"), (1, "active"), (2, "error"), (3, "error"), (100, "error")] {
        let failed = failed(situation(attempt), &failure);
        assert_eq!(failed.status, expected, "{attempt}");
        assert!(failed.retry_seconds.is_some(), "{attempt}");
        assert_eq!(failed.error_code, Some("error-response"));
    }
}

#[test]
fn a_failed_handshake_is_an_error_at_once() {
    let new = Situation { handshaken: false, ..situation(0) };
    assert_eq!(failed(new, &Failure::unresolved("x")).status, "error");
    assert_eq!(failed(new, &Failure::unresolved("x")).error_code, Some("dns-resolution-error"));
}

#[test]
fn gone_and_the_horizon_end_it() {
    let gone = failed(situation(0), &Failure::answered(410, None));
    assert_eq!((gone.status, gone.retry_seconds), ("off", None));
    let long = Situation { failing_for: 72.0 * 3600.0, ..situation(300) };
    assert_eq!(failed(long, &Failure::answered(500, None)).status, "off");
    let nearly = Situation { failing_for: 72.0 * 3600.0 - 1.0, ..situation(300) };
    assert_eq!(failed(nearly, &Failure::answered(500, None)).status, "error");
}

#[test]
fn an_endpoint_may_ask_for_up_to_an_hour() {
    let check = |asked: f64, expected: f64| {
        let failed = failed(situation(0), &Failure::answered(429, Some(asked)));
        assert_eq!(failed.retry_seconds, Some(expected), "{asked}");
    };
    check(0.0, 1.0);
    check(120.0, 120.0);
    check(86_400.0, 3600.0);
}

#[test]
fn without_recovery_an_error_waits_for_the_client() {
    let settings = Settings { auto_recover: false, ..Settings::new("http://x") };
    let failure = Failure::no_response("x", true);
    assert_eq!(after(situation(2), &failure, &settings, 0.5).retry_seconds, None);
    let first = after(situation(0), &failure, &settings, 0.5);
    assert!(first.retry_seconds.is_some() && first.timed_out);
}

#[test]
fn a_batch_that_is_refused_again_and_again_shrinks() {
    let single = |attempt, status| failed(situation(attempt), &Failure::answered(status, None)).single;
    assert!(!single(6, 422));
    assert!(single(7, 422));
    for passing in [408, 425, 429, 500, 503] {
        assert!(!single(20, passing), "{passing}");
    }
}
