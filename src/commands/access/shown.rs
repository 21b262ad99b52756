//! Clients and roles for people.

use std::io::Write as _;

use serde_json::Value;

use super::definition::scopes;
use crate::context::Context;
use crate::domain::time::parse_time;
use crate::error::Result;
use crate::ui::ago;

/// A text; empty where there is none.
pub(super) fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// A time for people, as how long ago or how far away it is; in a pipe as it was sent.
pub(super) fn time(value: &Value, key: &str, context: &Context) -> String {
    let raw = text(value, key);
    let Some(time) = parse_time(raw).ok().filter(|_| context.ui.terminal.stdout) else { return raw.to_owned() };
    ago(time, context.now())
}

/// Facts, one a line, and then the scopes: its own, or what they amount to.
///
/// # Errors
/// When the output cannot be written.
pub(super) fn print(of: &Value, facts: &[(&str, String)], expanded: bool, context: &Context) -> Result<()> {
    let mut out = context.ui.out();
    for (title, fact) in facts {
        writeln!(out, "{title}: {}", context.ui.safe(fact))?;
    }
    let shown = match of.get("expandedScopes").and_then(Value::as_array).filter(|_| expanded) {
        Some(all) => all.iter().filter_map(|scope| scope.as_str().map(str::to_owned)).collect(),
        None => scopes(of),
    };
    writeln!(out, "{}:", if expanded { "expanded scopes" } else { "scopes" })?;
    for scope in shown {
        writeln!(out, "  {}", context.ui.safe(&scope))?;
    }
    Ok(())
}
