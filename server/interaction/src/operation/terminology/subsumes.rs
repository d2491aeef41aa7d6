//! `$subsumes`: whether one code is above the other, <https://hl7.org/fhir/R4/codesystem-operation-subsumes.html>.

use fhir::Error;

use super::lookup::concept;
use super::{Asked, Call, code_system, parameters, part};
use crate::{Context, Reply, Server};

impl Server {
    pub(in crate::operation) async fn subsumes(
        &self,
        context: &Context,
        call: &Call,
    ) -> Result<Reply, Error> {
        let given = &call.parameters;
        let system = given.text("system").map(str::to_owned);
        let side = |code: &str, coding: &str| -> Result<Asked, Error> {
            match (given.text(code), given.value(coding)) {
                (Some(code), None) => {
                    Ok(Asked { system: system.clone(), version: None, code: code.to_owned(), display: None })
                }
                (None, Some(coding)) => Asked::of_coding(coding),
                _ => Err(Error::bad_request(format!("Name one of '{code}' and '{coding}'."))),
            }
        };
        let (a, b) = (side("codeA", "codingA")?, side("codeB", "codingB")?);
        let mut subject = self.subject(context, call, "codeSystem").await?;
        let url = match (&call.id, &a.system, &b.system) {
            (Some(_), ..) => subject.url.clone(),
            (None, Some(a), Some(b)) if a != b => {
                return Err(Error::bad_request("Codes are compared within one code system."));
            }
            (None, a, b) => a.clone().or(b.clone()),
        };
        let url = url.ok_or_else(|| Error::bad_request("Which code system? Name it as 'system'."))?;
        let version = given.text("version").or(a.version.as_deref()).or(b.version.as_deref());
        let url = canonical::in_version(&url, version).into_owned();
        subject.url = Some(url.clone());
        let outcome = self
            .ask(context, &mut subject, |terminology| {
                let code_system = code_system(terminology, &url)?;
                let (a, b) = (&concept(code_system, &a.code)?.code, &concept(code_system, &b.code)?.code);
                Ok(match () {
                    () if a == b => "equivalent",
                    () if code_system.is_below(b, a) => "subsumes",
                    () if code_system.is_below(a, b) => "subsumed-by",
                    () => "not-subsumed",
                })
            })
            .await?;
        Ok(parameters([part("outcome", "valueCode", outcome)]))
    }
}
