//! `tc config list`

use serde_json::{Value as Json, json};

use super::key;
use crate::commands::lists::{Cell, Column, ListArgs, Row};
use crate::config::{KEYS, Settings, Slot, Value};
use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;

/// List all settings with their effective values and sources
///
/// In a pipe: key, value and source, with tabs between them; lists are JSON.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    list: ListArgs,
}

/// What is said of each setting.
const COLUMNS: [Column; 3] = [Column::new("setting"), Column::new("value"), Column::new("from")];

/// A key, and its value and source where someone set it.
type Found = (Slot, Option<(Value, String)>);

/// Lists them.
///
/// # Errors
/// When the file is broken or the output cannot be written.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let listing = args.list.listing(&COLUMNS, context)?;
    let row = |(slot, found): Found| {
        let (value, source) = match &found {
            Some((value, source)) => {
                (Cell::from(plain(value)).shown(value.to_string().replace('\n', ", ")), source.as_str())
            }
            None => (Cell::default(), ""),
        };
        let cells: [Cell; COLUMNS.len()] = [slot.to_string().into(), value, source.into()];
        Row::new((slot, found), cells)
    };
    let rows = found(context.settings()?).into_iter().map(row).collect();
    let list = |settings: Vec<Found>| Json::from(settings.iter().map(to_json).collect::<Vec<_>>()).to_string();
    listing.print(rows, "No settings.", context, list).await
}

/// All top settings, then what the file has of presets and profiles.
fn found(settings: &Settings) -> Vec<Found> {
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

fn to_json((slot, found): &Found) -> Json {
    let (value, source) = found
        .as_ref()
        .map_or((Json::Null, Json::Null), |(value, source)| (value.to_json(), Json::from(source.as_str())));
    let mut json = json!({"key": slot.to_string(), "value": value, "source": source});
    if let Slot::Top(key) = slot {
        json["meaning"] = key.meaning.into();
    }
    json
}
