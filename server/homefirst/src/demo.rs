//! The demonstration: a place with a hospital, a hub and teams, and an issuer whose tokens anybody at this machine can make.

use std::path::Path;

use auth::{DEMO_LIFETIME, Issuer, Settings};
use fhir::{Cause, Error};
use interaction::request::parse;
use interaction::{Conditions, Context, Request, Server, Verb};

/// The name of the built-in issuer in its tokens, and the audience that it makes them for. They do not depend on the port,
/// so that a token is good for the next start too.
pub const ISSUER: &str = "https://homefirst.example/demo-issuer";
const AUDIENCE: &str = "https://homefirst.example/demo";

/// Organisations, services, roles and one person, as a transaction.
const PLACE: &str = include_str!("demo_place.json");

/// The built-in issuer whose key is in this folder; the key is made when it is not there.
///
/// # Errors
/// When the key cannot be read or made.
pub fn issuer(folder: &Path) -> Result<Issuer, Error> {
    Issuer::open(folder, Settings::new(ISSUER, AUDIENCE).lasting(DEMO_LIFETIME))
}

/// Puts the demo place into a server that has none. Returns whether it did.
///
/// # Errors
/// When the database cannot be reached, or refuses it.
pub async fn seed(server: &Server) -> Result<bool, Error> {
    let context = Context::of_server();
    let hub = request(Verb::Get, "Organization/leeds-hub", None);
    match server.perform(&context, parse(hub)?).await {
        Ok(_) => return Ok(false),
        Err(error) if matches!(error.cause(), Cause::NotFound | Cause::Deleted) => {}
        Err(error) => return Err(error),
    }
    let place = fhir::json::parse(PLACE.as_bytes())?;
    server.perform(&context, parse(request(Verb::Post, "", Some(place)))?).await?;
    Ok(true)
}

fn request(verb: Verb, address: &str, body: Option<fhir::Value>) -> Request {
    Request {
        verb,
        address: address.to_owned(),
        body,
        form: None,
        json_patch: None,
        merge_patch: None,
        conditions: Conditions::default(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use auth::Persona;
    use fhir::{Reference, Resource};

    use super::*;

    #[test]
    fn the_place_is_whole() {
        let place = fhir::json::parse(PLACE.as_bytes()).unwrap();
        let resources: Vec<Resource> = place["entry"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| {
                let resource = Resource::new(entry["resource"].clone()).unwrap();
                assert_eq!(entry["request"]["url"].as_str(), resource.address().as_deref());
                assert_eq!(entry["request"]["method"], "PUT");
                resource
            })
            .collect();
        let addresses: HashSet<String> = resources.iter().filter_map(Resource::address).collect();
        assert_eq!(addresses.len(), resources.len());
        for (at, reference) in resources.iter().flat_map(|resource| resource.references("")) {
            let Reference::Local { resource_type, id, .. } = reference else { continue };
            assert!(addresses.contains(&format!("{resource_type}/{id}")), "{at}: {resource_type}/{id}");
        }
    }

    #[test]
    fn every_persona_acts_for_an_organisation_of_the_place() {
        let place = fhir::json::parse(PLACE.as_bytes()).unwrap();
        let codes: HashSet<&str> = place["entry"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|entry| entry["resource"]["resourceType"] == "Organization")
            .filter_map(|entry| entry["resource"]["identifier"][0]["value"].as_str())
            .collect();
        for code in Persona::all().iter().flat_map(|persona| persona.organizations()) {
            assert!(codes.contains(code), "{code}");
        }
        let patient = Persona::Patient1.patient().unwrap();
        assert!(PLACE.contains(&format!("\"Patient/{patient}\"")));
    }
}
