//! `tc action list`

use serde_json::Value;

use super::described::described;
use super::published::Published;
use super::subject::SubjectArgs;
use crate::commands::lists::{Cell, Column, ListArgs, Row};
use crate::context::Context;
use crate::definition::actions::{Action, ActionKind};
use crate::error::Result;
use crate::exit::Status;

/// List the actions that fit a task group or a task
///
/// Where several have one name, the first is used and the others are marked `hidden`. In a pipe: name, kind, title,
/// the scope that is needed and the mark, one action a line, with tabs in between.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Task group or task: an ID, or the address of its page. An ID that is both a task's and its group's means the
    /// group
    #[arg(value_name = "GROUP|TASK")]
    subject: String,
    #[command(flatten)]
    how: SubjectArgs,
    /// Only actions of this kind
    #[arg(long, value_enum, value_name = "KIND")]
    kind: Option<KindChoice>,
    #[command(flatten)]
    list: ListArgs,
}

/// What is said of each action.
const COLUMNS: [Column; 5] = [
    Column::new("name").whole(),
    Column::new("kind").optional(2),
    Column::new("title"),
    Column::new("scope").optional(1),
    Column::new("hidden").optional(0),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum KindChoice {
    /// Those that trigger a hook
    Hook,
    /// Those that create a task
    Task,
}

impl KindChoice {
    fn is(self, kind: &ActionKind) -> bool {
        match self {
            Self::Hook => matches!(kind, ActionKind::Hook { .. }),
            Self::Task => matches!(kind, ActionKind::Task { .. }),
        }
    }
}

/// # Errors
/// When there are no actions.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let listing = args.list.listing(&COLUMNS, context)?;
    let subject = args.how.one(&args.subject, context).await?;
    let published = Published::load(&subject, context).await?;
    let mut fitting = published.actions.fitting(subject.target());
    fitting.retain(|(action, _)| args.kind.is_none_or(|kind| kind.is(&action.kind)));
    match published.actions.left_out {
        0 => {}
        _ if context.wants_json() => {}
        1 => context.ui.note("1 action is left out: it is of an unknown kind, or malformed."),
        count => context.ui.note(format_args!("{count} actions are left out: of an unknown kind, or malformed.")),
    }
    let row = |(action, is_first): (&Action, bool)| {
        let scope = action.kind.caller_scope().unwrap_or_else(|| "those of its task".to_owned());
        let mark = if is_first { "" } else { "hidden" };
        let cells = [action.name.as_str(), action.kind.word(), &action.title, &scope, mark].map(Cell::from);
        Row::new(to_json(action, is_first), cells)
    };
    let rows = fitting.into_iter().map(row).collect();
    let nothing = format!("No action fits {}.", subject.label());
    listing.print(rows, nothing, context, |actions| Value::from(actions).to_string()).await
}

fn to_json(action: &Action, is_first: bool) -> Value {
    let mut value = described(action);
    let Some(members) = value.as_object_mut() else { return value };
    members.insert("hidden".into(), (!is_first).into());
    if let ActionKind::Hook { group, id, .. } = &action.kind {
        members.insert("hookGroupId".into(), group.as_str().into());
        members.insert("hookId".into(), id.as_str().into());
    }
    value
}
