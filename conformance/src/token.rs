//! What proves to the server who is asking: a bearer token, given or printed by a command,
//! <https://www.rfc-editor.org/rfc/rfc6750>.
//!
//! It obtains no token by itself; a command does, for whichever issuer it knows.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use clap::Args;

/// Tokens of a command are asked for again when they are older, so that no run outlives its token.
const AGE: Duration = Duration::from_secs(60);

/// The options by which a token is given.
#[derive(Args)]
pub struct Options {
    /// The bearer token to send
    #[arg(long, conflicts_with = "token_command")]
    token: Option<String>,
    /// A shell command that prints a bearer token; run again when the token is a minute old
    #[arg(long)]
    token_command: Option<String>,
}

impl From<&Options> for Token {
    fn from(options: &Options) -> Self {
        Self::new(options.token.clone(), options.token_command.clone())
    }
}

/// Where the bearer token comes from.
#[derive(Default)]
pub struct Token {
    fixed: Option<String>,
    command: Option<String>,
    printed: RefCell<Option<(Instant, String)>>,
}

impl Token {
    /// Always the same token, else what this shell command prints, else none.
    pub fn new(fixed: Option<String>, command: Option<String>) -> Self {
        Self { fixed, command, printed: RefCell::default() }
    }

    /// The token to send now, if the server asks for one.
    pub fn current(&self) -> Result<Option<String>> {
        let Some(command) = self.command.as_deref().filter(|_| self.fixed.is_none()) else {
            return Ok(self.fixed.clone());
        };
        let mut printed = self.printed.borrow_mut();
        if let Some((at, token)) = &*printed
            && at.elapsed() < AGE
        {
            return Ok(Some(token.clone()));
        }
        let token = print(command)?;
        *printed = Some((Instant::now(), token.clone()));
        Ok(Some(token))
    }
}

fn print(command: &str) -> Result<String> {
    let output = std::process::Command::new("sh")
        .args(["-c", command])
        .stderr(std::process::Stdio::inherit())
        .output()
        .context("the token command did not start")?;
    ensure!(output.status.success(), "the token command ended with {}", output.status);
    let token =
        String::from_utf8(output.stdout).context("the token command did not print text")?.trim().to_owned();
    let usable = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
    ensure!(usable, "the token command did not print one token");
    Ok(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_given_token_is_always_the_same_and_none_is_none() {
        assert_eq!(Token::new(Some("a".into()), None).current().unwrap(), Some("a".to_owned()));
        assert_eq!(Token::default().current().unwrap(), None);
    }

    #[test]
    fn a_token_command_must_print_one_token() {
        let printed = |command: &str| Token::new(None, Some(command.to_owned())).current();
        assert_eq!(printed("printf ' abc.def \n'").unwrap(), Some("abc.def".to_owned()));
        for command in ["true", "false", "echo two words", "echo token; exit 3"] {
            assert!(printed(command).is_err(), "{command}");
        }
    }
}
