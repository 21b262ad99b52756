//! `tc role who`

use serde_json::{Value, json};

use super::super::definition::scopes as own_scopes;
use super::super::known;
use super::super::shown::text;
use crate::commands::credentials::needs::split_scopes;
use crate::context::Context;
use crate::domain::scopes::covers;
use crate::domain::time::parse_time;
use crate::error::{Error, Result};
use crate::exit::Status;
use crate::ui::Table;

/// List the clients and roles that have a scope
///
/// By themselves or by roles that they assume. Clients that are disabled or have expired only with `--all`. In a pipe:
/// `client` or `role`, its ID, `own` or `by role`, and the scope that it has and that satisfies the one asked for, with tabs
/// between them. Of more scopes, those that have all of them are listed.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A scope, such as `queue:rerun-task:*`; also one a line
    #[arg(value_name = "SCOPE", required = true)]
    scopes: Vec<String>,
    /// Disabled and expired clients, too
    #[arg(long)]
    all: bool,
}

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
    let client = context.client()?;
    let (mut clients, roles) = tokio::try_join!(known::clients(&client, ""), known::roles(&client))?;
    let now = context.now();
    clients.retain(|client| {
        let is_disabled = client.get("disabled") == Some(&Value::Bool(true));
        let has_expired = parse_time(text(client, "expires")).is_ok_and(|end| end <= now);
        args.all || !is_disabled && !has_expired
    });
    let clients = clients.iter().filter_map(|client| holder("client", text(client, "clientId"), client, &wanted));
    let roles = roles.iter().filter_map(|role| holder("role", text(role, "roleId"), role, &wanted));
    let holders: Vec<Holder> = clients.chain(roles).collect();
    if context.wants_json() {
        let items = holders.iter().map(|it| json!({"kind": it.kind, "id": it.id, "own": it.is_own, "scopes": it.by}));
        context.print_json(items.collect::<Value>().to_string()).await?;
        return Ok(Status::DONE);
    }
    let mut table = Table::new(["", "id", "has it", "by"]).whole(1).optional(&[3]);
    for Holder { kind, id, is_own, by } in &holders {
        table.row([*kind, id, if *is_own { "own" } else { "by role" }, &by.join(" ")]);
    }
    if table.is_empty() {
        context.ui.note("No client and no role has this.");
        return Ok(Status::DONE);
    }
    context.ui.table(&table)?;
    Ok(Status::DONE)
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
