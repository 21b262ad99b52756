//! Uploading one or many: expiry, content types, records.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::downloads::Bars;
use crate::context::Context;
use crate::domain::time::{Offset, parse_time};
use crate::error::{Error, Result};
use crate::transfer::{Options, Uploaded, Watch};
use crate::ui::Transfers;

/// A time: an offset from now (`1 week`), or an instant.
///
/// # Errors
/// [`crate::error::Kind::Usage`] for what is neither.
pub fn expiry(text: &str, context: &Context) -> Result<DateTime<Utc>> {
    if let Ok(time) = parse_time(text) {
        return Ok(time);
    }
    let wrong = |source: crate::domain::time::TimeError| {
        Error::usage(format!("`{text}` is no time"))
            .caused_by(source)
            .hint("It looks like `1 week` or 2030-01-31T12:00:00Z.")
    };
    let offset: Offset = text.parse().map_err(wrong)?;
    offset.from(context.now()).map_err(wrong)
}

/// The content type that a file's name suggests.
pub fn content_type(path: &Path) -> String {
    // Logs are text, which no registry of types says.
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("log") => "text/plain".to_owned(),
        _ => mime_guess::from_path(path).first_or_octet_stream().essence_str().to_owned(),
    }
}

/// Options with bars for people.
pub fn upload_options(context: &Context) -> (Options, impl FnOnce() + use<>) {
    let bars = Arc::new(Bars(Transfers::start(&context.ui, "Uploading")));
    let options = Options { watch: Some(Arc::clone(&bars) as Arc<dyn Watch>), ..Options::default() };
    (options, move || bars.0.finish())
}

/// What is said of an upload in `--json`.
pub fn upload_record(name: &str, uploaded: &Uploaded) -> Value {
    let hashes: serde_json::Map<String, Value> = uploaded
        .checksums
        .iter()
        .map(|checksum| (checksum.algorithm.name().to_owned(), checksum.hex().into()))
        .collect();
    json!({"name": name, "size": uploaded.bytes, "hashes": hashes, "retries": uploaded.retries})
}

/// Prints the names of what was uploaded, or the records.
///
/// # Errors
/// When the output cannot be written.
pub fn print_uploads(records: &[Value], context: &Context) -> Result<()> {
    if context.wants_json() {
        let text = serde_json::to_vec(records)
            .map_err(|source| Error::failed("cannot print the records").caused_by(source))?;
        return context.print_json(&text);
    }
    let mut out = context.ui.out();
    for record in records {
        let name = record.get("name").and_then(Value::as_str).unwrap_or_default();
        writeln!(out, "{}", context.ui.safe(name))?;
    }
    Ok(())
}
