//! A command for each message.

use std::io::Write as _;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::context::Context;
use crate::pulse::{Message, describe_by, names};
use crate::reference::Catalogue;

/// Tries after the first that a command gets when nobody says otherwise.
pub(super) const DEFAULT_RETRIES: u32 = 5;

const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// How a command ended at last.
pub(super) struct Outcome {
    pub(super) message: Message,
    /// Why it did not succeed, if it did not: `exit status: 1`.
    pub(super) failure: Option<String>,
}

/// Runs the command until it succeeds or the tries are used up.
pub(super) async fn run(command: &str, message: Message, retries: u32, context: &Context) -> Outcome {
    let mut wait = FIRST_WAIT;
    let mut failed = 0;
    loop {
        let Err(failure) = once(command, &message, context).await else {
            return Outcome { message, failure: None };
        };
        failed += 1;
        if failed > retries {
            return Outcome { message, failure: Some(failure) };
        }
        let (key, seconds) = (&message.routing_key, wait.as_secs());
        context.ui.note(format_args!("The command failed for {key} ({failure}); trying again in {seconds} s."));
        context.env.clock.sleep(wait).await;
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}

/// One try: the payload on standard input, the fields in the environment. What the command prints is printed when it
/// ends, so that several at once do not mix.
async fn once(command: &str, message: &Message, context: &Context) -> Result<(), String> {
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(command).current_dir(&context.env.directory).kill_on_drop(true);
    shell.env_clear().envs(context.env.variables()).envs(variables(message, context.catalogue(false)));
    shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = shell.spawn().map_err(|error| error.to_string())?;
    let stdin = child.stdin.take();
    let feed = async {
        if let Some(mut stdin) = stdin {
            // A command need not read what it gets.
            drop(stdin.write_all(message.body()).await);
        }
    };
    let (output, ()) = tokio::join!(child.wait_with_output(), feed);
    let output = output.map_err(|error| error.to_string())?;
    let printed = context.ui.out().write_all(&output.stdout);
    let printed = printed.and_then(|()| context.ui.flush());
    if !output.stderr.is_empty() {
        context.ui.write_stderr(&output.stderr);
    }
    printed.map_err(|error| format!("cannot write its output: {error}"))?;
    if output.status.success() { Ok(()) } else { Err(output.status.to_string()) }
}

/// What the command gets in its environment: the fields of the line, and each word of the routing key.
fn variables(message: &Message, catalogue: &Catalogue) -> Vec<(String, String)> {
    let mut found = vec![
        ("TC_PULSE_EXCHANGE".to_owned(), message.exchange.clone()),
        ("TC_PULSE_ROUTING_KEY".to_owned(), message.routing_key.clone()),
        ("TC_PULSE_ROUTES".to_owned(), message.routes.join("\n")),
        ("TC_PULSE_REDELIVERED".to_owned(), message.redelivered.to_string()),
        ("TC_PULSE_TIME".to_owned(), message.time.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)),
    ];
    if let Some((service, exchange)) = describe_by(&message.exchange, catalogue) {
        found.push(("TC_PULSE_NAME".to_owned(), format!("{}.{}", service.service_name, exchange.name)));
        let words = names(exchange, &message.routing_key);
        found.extend(words.into_iter().map(|(word, value)| (variable(word), value.to_owned())));
    }
    found
}

/// `TC_PULSE_TASK_ID` for `taskId`.
fn variable(word: &str) -> String {
    format!("TC_PULSE_{}", crate::reference::kebab_case(word).replace('-', "_").to_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_named_as_variables_are() {
        assert_eq!(variable("taskGroupId"), "TC_PULSE_TASK_GROUP_ID");
        assert_eq!(variable("organization"), "TC_PULSE_ORGANIZATION");
    }
}
