//! `tc role who`

use serde_json::{Value, json};

use super::super::definition::scopes as own_scopes;
use super::super::known;
use super::super::shown::text;
use crate::commands::credentials::needs::split_scopes;
use crate::commands::lists::{Cell, Column, ListArgs, Row};
use crate::context::Context;
use crate::domain::scopes::covers;
use crate::domain::time::parse_time;
use crate::error::{Error, Result};
use crate::exit::Status;

/// List the clients and roles that have a scope
///
/// A client or role may have the scope itself, or through a role. Disabled and expired clients are listed only with
/// `--all`. With several scopes, only clients and roles that have all of them are listed. In a pipe: `client` or `role`,
/// its ID, `own` or `by role`, and the scope by which it has the one asked for, with tabs between them.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A scope, such as `queue:rerun-task:*`; also one a line
    #[arg(value_name = "SCOPE", required = true)]
    scopes: Vec<String>,
    /// Disabled and expired clients, too
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    list: ListArgs,
}

/// What is said of each holder.
const COLUMNS: [Column; 4] =
    [Column::new("kind"), Column::new("id").whole().naming(), Column::new("has it"), Column::new("by").optional(0)];

/// A client or a role that has the scopes.
#[derive(Debug, PartialEq, Eq)]
struct Holder {
    kind: &'static str,
    id: String,
    is_own: bool,
    /// One for each of the scopes that were asked for.
    by: Vec<String>,
}

/// Lists them.
///
/// # Errors
/// [`crate::error::Kind::Usage`] for what is no scope; when a call fails.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let wanted = split_scopes(&args.scopes)?;
    if wanted.is_empty() {
        return Err(Error::usage("no scope is named"));
    }
    let listing = args.list.listing(&COLUMNS, context)?;
    let client = context.client()?;
    let (mut clients, roles) =
        tokio::try_join!(known::clients(&client, ""), known::roles(&client, "", usize::MAX, || ()))?;
    let now = context.now();
    clients.retain(|client| {
        let is_disabled = client.get("disabled") == Some(&Value::Bool(true));
        let has_expired = parse_time(text(client, "expires")).is_ok_and(|end| end <= now);
        args.all || !is_disabled && !has_expired
    });
    let clients = clients.iter().filter_map(|client| holder("client", text(client, "clientId"), client, &wanted));
    let roles = roles.iter().filter_map(|role| holder("role", text(role, "roleId"), role, &wanted));
    let row = |holder: Holder| {
        let has_it = if holder.is_own { "own" } else { "by role" };
        let cells: [Cell; COLUMNS.len()] =
            [holder.kind.into(), holder.id.as_str().into(), has_it.into(), holder.by.join(" ").into()];
        Row::new(holder, cells)
    };
    let rows = clients.chain(roles).map(row).collect();
    let json =
        |holder: &Holder| json!({"kind": holder.kind, "id": holder.id, "own": holder.is_own, "scopes": holder.by});
    let list = |holders: Vec<Holder>| holders.iter().map(json).collect::<Value>().to_string();
    listing.print(rows, "No client and no role has this.", context, list).await
}

/// Whether a client or a role has all of these scopes, and by which.
fn holder(kind: &'static str, id: &str, of: &Value, wanted: &[String]) -> Option<Holder> {
    let expanded = of.get("expandedScopes").and_then(Value::as_array).into_iter().flatten();
    let expanded: Vec<&str> = expanded.filter_map(Value::as_str).collect();
    let own = own_scopes(of);
    let by = |wanted: &String| {
        let own = own.iter().map(String::as_str).find(|scope| covers(scope, wanted));
        own.or_else(|| expanded.iter().copied().find(|scope| covers(scope, wanted))).map(str::to_owned)
    };
    let by: Vec<String> = wanted.iter().map(by).collect::<Option<_>>()?;
    let is_own = by.iter().all(|scope| own.contains(scope));
    Some(Holder { kind, id: id.to_owned(), is_own, by })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_a_scope_has_it_by_one_that_covers_it() {
        let client = json!({"scopes": ["assume:bot", "queue:rerun-task:a/*"],
            "expandedScopes": ["assume:bot", "queue:rerun-task:a/*", "secrets:get:*"]});
        let found = |wanted: &[&str]| {
            let wanted: Vec<String> = wanted.iter().map(ToString::to_string).collect();
            holder("client", "c", &client, &wanted).map(|it| (it.is_own, it.by))
        };
        assert_eq!(found(&["queue:rerun-task:a/b"]), Some((true, vec!["queue:rerun-task:a/*".to_owned()])));
        assert_eq!(found(&["secrets:get:x"]), Some((false, vec!["secrets:get:*".to_owned()])));
        assert_eq!(found(&["secrets:get:x", "queue:rerun-task:b"]), None);
        assert_eq!(found(&["queue:rerun-task:*"]), None);
        assert_eq!(holder("role", "r", &json!({}), &["a".to_owned()]), None);
    }
}
