use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::caller::CallerKind;
use crate::forge::{Folder, pem};
use crate::verifier::DEMO_LIFETIME;

const NOW: i64 = 1_800_000_000;

fn at(seconds: i64) -> Instant {
    Instant::from_microseconds(seconds * 1_000_000)
}

fn open(folder: &Folder) -> Result<Issuer, Error> {
    Issuer::open(&folder.0, Settings::new("http://here/auth", "http://here/fhir").lasting(DEMO_LIFETIME))
}

#[test]
fn every_persona_gets_a_token_that_says_who_it_is() {
    let folder = Folder::new();
    let issuer = open(&folder).unwrap();
    let verifier = issuer.verifier();
    for persona in Persona::all() {
        let caller = verifier.verify(&issuer.issue(&persona, at(NOW)), at(NOW)).unwrap();
        assert_eq!(caller.client, persona.client());
        assert_eq!(caller.organizations, persona.organizations());
        assert_eq!(caller.patient.as_deref(), persona.patient());
        assert_eq!(caller.scopes, Scopes::parse(persona.scope()));
        let kind = if persona == Persona::Patient1 { CallerKind::Patient } else { CallerKind::System };
        assert_eq!(caller.kind, kind);
    }
}

#[test]
fn a_token_ends_when_the_settings_say_and_no_two_are_the_same() {
    let folder = Folder::new();
    let issuer = open(&folder).unwrap();
    let token = issuer.issue(&Persona::Epr, at(NOW));
    assert_ne!(token, issuer.issue(&Persona::Epr, at(NOW)));
    let end = NOW + 12 * 60 * 60;
    assert!(issuer.verifier().verify(&token, at(end)).is_ok());
    assert!(issuer.verifier().verify(&token, at(end + 31)).is_err());
}

#[test]
fn a33_asking_for_more_than_is_registered_gives_no_more() {
    let folder = Folder::new();
    let issuer = open(&folder).unwrap();
    for (persona, wanted, granted) in [
        (Persona::Auditor, "system/*.cruds", "system/AuditEvent.rs system/Organization.rs"),
        (Persona::Epr, "system/Task.rs", "system/Task.rs"),
        (Persona::Patient1, "system/*.cruds patient/Task.cruds", "patient/Task.rs"),
        (Persona::Nobody, "system/*.cruds", ""),
    ] {
        let token = issuer.issue_narrowed(&persona, &Scopes::parse(wanted), at(NOW));
        assert_eq!(issuer.verifier().verify(&token, at(NOW)).unwrap().scopes.to_string(), granted);
    }
}

#[test]
fn the_key_is_made_once_for_its_owner_alone_and_found_again() {
    let folder = Folder::new();
    let first = open(&folder).unwrap();
    let again = open(&folder).unwrap();
    assert_eq!(first.jwks(), again.jwks());
    assert!(again.verifier().verify(&first.issue(&Persona::Hub, at(NOW)), at(NOW)).is_ok());
    let files: Vec<_> = fs::read_dir(&folder.0).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files, [folder.0.join("signing-key.pem")]);
    assert_eq!(fs::metadata(&files[0]).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(&folder.0).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn many_that_start_at_once_have_one_key() {
    let folder = Folder::new();
    let sets: Vec<Value> = std::thread::scope(|scope| {
        let all: Vec<_> = (0..8).map(|_| scope.spawn(|| open(&folder).unwrap().jwks())).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert!(sets.iter().all(|set| *set == sets[0]), "{sets:?}");
}

#[test]
fn a_key_that_others_can_read_or_that_is_none_is_refused() {
    let folder = Folder::new();
    open(&folder).unwrap();
    let file = folder.0.join("signing-key.pem");
    let good = fs::read_to_string(&file).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    assert!(open(&folder).unwrap_err().to_string().contains("chmod 600"));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    for text in ["", "secret", &pem(b"secret"), &good[..60]] {
        fs::write(&file, text).unwrap();
        let error = open(&folder).unwrap_err().to_string();
        assert!(error.contains("not a P-256 key") && !error.contains("secret"), "{error}");
    }
    fs::write(&file, good).unwrap();
    assert!(open(&folder).is_ok());
}

#[test]
fn the_published_set_holds_the_public_half_only() {
    let folder = Folder::new();
    let set = open(&folder).unwrap().jwks();
    let mut members: Vec<&str> = set["keys"][0].as_object().unwrap().keys().map(String::as_str).collect();
    members.sort_unstable();
    assert_eq!(members, ["alg", "crv", "kid", "kty", "use", "x", "y"]);
    assert!(Keys::parse(&set.to_string()).unwrap().refused().is_empty());
}
