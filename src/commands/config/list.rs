//! `tc config list`

use std::io::Write as _;

use serde_json::{Value as Json, json};

use super::key;
use crate::config::{KEYS, Settings, Slot, Value};
use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;
use crate::ui::Table;

/// List all settings, each with its value and where that comes from
///
/// In a pipe: key, value and source, with tabs between them; lists are JSON.
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

/// A key, and its value and source where someone set it.
type Row = (Slot, Option<(Value, String)>);

/// Lists them.
///
/// # Errors
/// When the file is broken or the output cannot be written.
pub(super) async fn run(_args: &Args, context: &Context) -> Result<Status> {
    let settings = context.settings()?;
    let rows = rows(settings);
    if context.wants_json() {
        let items: Vec<Json> = rows.iter().map(to_json).collect();
        context.print_json(Json::from(items).to_string()).await?;
    } else if context.ui.terminal.stdout {
        let mut table = Table::new(["setting", "value", "from"]);
        for (slot, found) in &rows {
            let (value, source) = found.clone().map_or((None, String::new()), |(value, source)| (Some(value), source));
            let value = value.map(|value| value.to_string().replace('\n', ", ")).unwrap_or_default();
            table.row([slot.to_string(), value, source]);
        }
        let text = table.render(context.ui.terminal.width, context.ui.color());
        context.ui.out().write_all(text.as_bytes())?;
    } else {
        let mut out = context.ui.out();
        for (slot, found) in &rows {
            let (value, source) = found.as_ref().map_or((String::new(), ""), |(value, source)| (plain(value), source));
            writeln!(out, "{slot}\t{value}\t{source}")?;
        }
    }
    Ok(Status::DONE)
}

/// All top settings, then what the file has of presets and profiles.
fn rows(settings: &Settings) -> Vec<Row> {
    let tables = settings.contents().values.iter().map(|(slot, _)| slot.clone());
    let tables = tables.filter(|slot| !matches!(slot, Slot::Top(_)));
    let slots = KEYS.iter().map(|key| Slot::Top(key)).chain(tables);
    slots.map(|slot| (slot.clone(), key::effective(settings, &slot))).collect()
}

fn plain(value: &Value) -> String {
    match value {
        Value::List(_) => value.to_json().to_string(),
        Value::Text(_) | Value::Count(_) => value.to_string(),
    }
}

fn to_json((slot, found): &Row) -> Json {
    let (value, source) = found
        .as_ref()
        .map_or((Json::Null, Json::Null), |(value, source)| (value.to_json(), Json::from(source.as_str())));
    let mut json = json!({"key": slot.to_string(), "value": value, "source": source});
    if let Slot::Top(key) = slot {
        json["meaning"] = key.meaning.into();
    }
    json
}
