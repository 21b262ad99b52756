//! Doing the same to each of some named things: secrets, workers, clients, roles.

use std::future::Future;
use std::io::Write as _;
use std::pin::pin;

use futures::stream::{self, StreamExt as _};
use serde_json::{Value, json};

use super::action::{capitalized, did_nothing};
use super::{Confirmation, Failures, done_to};
use crate::client::Client;
use crate::context::{Context, Named};
use crate::error::Result;
use crate::exit::Status;

/// Calls at once: nobody has thousands of these.
const MAX_CONCURRENT_CALLS: usize = 16;

/// How to act on each.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct EachArgs {
    /// Do not ask for confirmation
    #[arg(short, long)]
    pub yes: bool,
    /// Only print what would be affected
    #[arg(short = 'n', long)]
    pub dry_run: bool,
}

/// What is done to each, in the words that messages need.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EachAction {
    /// `remove`.
    pub verb: &'static str,
    /// `removed`.
    pub done: &'static str,
    /// `secret`; more of them have an `s` at the end.
    pub noun: &'static str,
    /// A single one is asked about, too: it cannot be taken back.
    pub asks_for_one: bool,
}

impl EachAction {
    fn count(&self, number: usize) -> String {
        if number == 1 { format!("1 {}", self.noun) } else { format!("{number} {}s", self.noun) }
    }

    /// Asks about these, where that is due.
    async fn confirm(&self, named: &[Named], flags: &EachArgs, context: &Context) -> Result<bool> {
        if flags.yes || named.len() == 1 && !self.asks_for_one {
            return Ok(true);
        }
        let action = format!("{} {}", self.verb, self.count(named.len()));
        let shown: Vec<String> = named.iter().map(|one| format!("\n  {}", context.ui.safe(&one.id))).collect();
        let confirmation = Confirmation {
            action: &action,
            refusal: &did_nothing(self.done),
            notice: &format!("About to {action}:{}", shown.concat()),
            question: &format!("{} {}?", capitalized(self.verb), if named.len() == 1 { "it" } else { "them" }),
            hint: "Use --yes to skip the question, or --dry-run to see what would be affected.",
            ..Confirmation::default()
        };
        confirmation.ask(context).await
    }

    async fn print_plan(&self, named: &[Named], context: &Context) -> Result<Status> {
        if context.wants_json() {
            let names: Vec<&str> = named.iter().map(|one| one.id.as_str()).collect();
            context.print_json(json!({"action": self.verb, "would": names}).to_string()).await?;
            return Ok(Status::DONE);
        }
        let mut out = context.ui.out();
        for one in named {
            writeln!(out, "Would {} {} {}", self.verb, self.noun, context.ui.safe(&one.id))?;
        }
        Ok(Status::DONE)
    }
}

/// Acts on each of `named`, after a question, and tells what became of it in the order in which they were named.
///
/// # Errors
/// [`crate::error::Kind::Usage`] when nobody can be asked; the failure of the only one; what all failed of; else
/// [`crate::error::Kind::Unsuccessful`].
pub(crate) async fn each<'a, Acted: Future<Output = Result<()>>>(
    action: EachAction,
    named: &'a [Named],
    flags: &EachArgs,
    context: &Context,
    act: impl Fn(Client, &'a Named) -> Acted,
) -> Result<Status> {
    if flags.dry_run {
        return action.print_plan(named, context).await;
    }
    if !action.confirm(named, flags, context).await? {
        return Ok(Status(1));
    }
    let calls = named.iter().map(|one| {
        let acted = one.deployment.client(context).map(|client| act(client, one));
        async move {
            match acted {
                Ok(acted) => (one, acted.await),
                Err(error) => (one, Err(error)),
            }
        }
    });
    let mut outcomes = pin!(stream::iter(calls).buffered(MAX_CONCURRENT_CALLS));
    let (mut failures, mut done) = (Failures::default(), Vec::new());
    while let Some((one, outcome)) = outcomes.next().await {
        match outcome {
            Ok(()) => {
                if !context.wants_json() {
                    let noun = capitalized(action.noun);
                    writeln!(context.ui.out(), "{noun} {} {}", context.ui.safe(&one.id), action.done)?;
                }
                done.push(one.id.as_str());
            }
            Err(error) => failures.add(&one.id, "", &one.id, true, error, context),
        }
    }
    if context.wants_json() {
        let failed: Vec<Value> = failures
            .report()
            .failures
            .iter()
            .map(|failure| json!({"name": failure.id, "reason": failure.reason, "message": failure.message}))
            .collect();
        let document = json!({"action": action.verb, "done": done, "failed": failed}).to_string();
        context.print_done(&done_to(action.done, action.noun, &done), document).await?;
    }
    let hints = failures.report().hints.clone();
    failures.finish(done.len(), &format!("{}s could not be {}", action.noun, action.done), &hints, context)?;
    Ok(Status::DONE)
}

/// What became of the question about a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// It is to be made.
    Confirmed,
    /// There is nothing to change, it was only to be shown, or the answer was no.
    Left(Status),
}

/// Shows how something would change (lines with `-` and `+`), and asks.
///
/// # Errors
/// [`crate::error::Kind::Usage`] when nobody can be asked.
pub(crate) async fn confirm_difference(
    (noun, name): (&str, &str),
    changes: &[String],
    flags: &EachArgs,
    context: &Context,
) -> Result<Change> {
    if changes.is_empty() {
        context.ui.note("Nothing would change; nothing was sent.");
        return Ok(Change::Left(Status::DONE));
    }
    if flags.dry_run {
        if context.wants_json() {
            context.print_json(json!({"name": name, "changes": changes}).to_string()).await?;
            return Ok(Change::Left(Status::DONE));
        }
        let mut out = context.ui.out();
        for line in changes {
            writeln!(out, "{}", context.ui.safe(line))?;
        }
        return Ok(Change::Left(Status::DONE));
    }
    for line in changes {
        context.ui.note(context.ui.safe(line));
    }
    let confirmation = Confirmation {
        action: &format!("update {noun} {name}"),
        refusal: "changed nothing",
        question: &format!("Update this {noun}?"),
        hint: "Use --yes to skip the question, or --dry-run to see what would change.",
        ..Confirmation::default()
    };
    let is_confirmed = flags.yes || confirmation.ask(context).await?;
    Ok(if is_confirmed { Change::Confirmed } else { Change::Left(Status(1)) })
}
