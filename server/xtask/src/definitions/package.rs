//! HL7's package of R4 definitions, fetched through the ordinary npm client into a folder that is removed afterwards.

use std::path::Path;
use std::process::Command;
use std::{env, fs, process};

use anyhow::{Context, Result, bail};

const PACKAGE: &str = "hl7.fhir.r4.examples@4.0.1";

/// What `read` makes of the unpacked package.
pub fn with_downloaded<T>(read: impl FnOnce(&Path) -> Result<T>) -> Result<T> {
    let folder = env::temp_dir().join(format!("r4-definitions-{}", process::id()));
    fs::create_dir(&folder).with_context(|| folder.display().to_string())?;
    let result = unpack(&folder).and_then(|()| read(&folder.join("package")));
    fs::remove_dir_all(&folder)?;
    result
}

fn unpack(folder: &Path) -> Result<()> {
    let packed = output(Command::new("npm").args(["pack", "--silent", PACKAGE]).current_dir(folder))?;
    let archive = packed.lines().last().context("npm pack named no file")?;
    output(Command::new("tar").args(["-xzf", archive]).current_dir(folder))?;
    Ok(())
}

fn output(command: &mut Command) -> Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| format!("cannot run {program}"))?;
    if !output.status.success() {
        bail!("{program}: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8(output.stdout)?)
}
