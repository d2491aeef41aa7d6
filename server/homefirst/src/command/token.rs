//! `homefirst token`: a token for a demo caller, signed with the key of `homefirst dev`.

use std::path::PathBuf;

use anyhow::Result;
use auth::Persona;
use fhir::Instant;
use homefirst::demo;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Who calls: epr, hub, ucr, reablement, council, patient-1, auditor or nobody.
    persona: String,
    /// Where the keys are, as for `dev`.
    #[arg(long, default_value = ".data")]
    data: PathBuf,
    /// Prints the header for curl instead: -H "Authorization: Bearer ...".
    #[arg(long)]
    curl: bool,
}

pub(crate) fn run(arguments: Arguments) -> Result<()> {
    let persona = Persona::parse(&arguments.persona).map_err(|error| anyhow::anyhow!(sentence(&error)))?;
    let issuer = demo::issuer(&arguments.data.join("keys"))?;
    let token = issuer.issue(&persona, Instant::now());
    match arguments.curl {
        true => println!("-H \"Authorization: Bearer {token}\""),
        false => println!("{token}"),
    }
    Ok(())
}

fn sentence(error: &fhir::Error) -> String {
    error.issues().first().map(|issue| issue.diagnostics.clone()).unwrap_or_default()
}
