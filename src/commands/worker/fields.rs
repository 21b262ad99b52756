//! Members of what the services answer, and how they are shown.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::context::Context;
use crate::domain::time::parse_time;
use crate::ui::ago;

/// A text; empty where there is none.
pub(super) fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// A count; nothing counts as zero.
pub(super) fn number(value: &Value, key: &str) -> u64 {
    value.get(key).and_then(Value::as_u64).unwrap_or(0)
}

/// A time, where there is one.
pub(super) fn time(value: &Value, key: &str) -> Option<DateTime<Utc>> {
    parse_time(text(value, key)).ok()
}

/// A time for people, as how long ago or how far away it is; in a pipe as it was sent.
pub(super) fn shown_time(value: &Value, key: &str, context: &Context) -> String {
    let raw = text(value, key);
    let Some(time) = time(value, key).filter(|_| context.ui.terminal.stdout) else { return raw.to_owned() };
    ago(time, context.now())
}
