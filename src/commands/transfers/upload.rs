//! Uploading one or many: expiry, content types, records.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use chrono::{DateTime, Utc};
use futures::{Stream, StreamExt as _};
use serde_json::{Value, json};

use super::summary::{Bars, Totals};
use crate::commands::bulk::{Failures, done_to};
use crate::context::Context;
use crate::domain::time::{Offset, parse_time};
use crate::error::{Error, Result};
use crate::exit::Status;
use crate::transfer::{Options, Uploaded, Watch};
use crate::ui::Transfers;

/// A time: an offset from now (`1 week`), or an instant.
///
/// # Errors
/// [`crate::error::Kind::Usage`] for what is neither.
pub(crate) fn expiry(text: &str, context: &Context) -> Result<DateTime<Utc>> {
    if let Ok(time) = parse_time(text) {
        return Ok(time);
    }
    let wrong = |source: crate::domain::time::TimeError| {
        Error::usage(format!("invalid time `{text}`"))
            .caused_by(source)
            .hint("It looks like `1 week` or 2030-01-31T12:00:00Z.")
    };
    let offset: Offset = text.parse().map_err(wrong)?;
    offset.from(context.now()).map_err(wrong)
}

/// The content type that a file's name suggests.
pub(crate) fn content_type(path: &Path) -> String {
    // Logs are text, which no registry of types says.
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("log") => "text/plain".to_owned(),
        _ => mime_guess::from_path(path).first_or_octet_stream().essence_str().to_owned(),
    }
}

/// Options with bars for people; `sha512` as in [`Options::sha512`].
pub(crate) fn upload_options(sha512: bool, context: &Context) -> (Options, Arc<Bars>) {
    let bars = Arc::new(Bars(Transfers::start(&context.ui, "Uploading")));
    let options = Options { sha512, watch: Some(Arc::clone(&bars) as Arc<dyn Watch>), ..Options::default() };
    (options, bars)
}

/// What is said of an upload in `--json`.
fn upload_record(name: &str, uploaded: &Uploaded) -> Value {
    let hashes: serde_json::Map<String, Value> = uploaded
        .checksums
        .iter()
        .map(|checksum| (checksum.algorithm.name().to_owned(), checksum.hex().into()))
        .collect();
    json!({"name": name, "size": uploaded.bytes, "hashes": hashes, "retries": uploaded.retries})
}

/// Uploads, as many at once as `uploads` are polled, and says what became of them. A failure stops no other.
///
/// Each name is printed when its upload is complete (`--json`: a record of all at the end).
///
/// # Errors
/// That of the upload, when it is one; [`crate::error::Kind::Unsuccessful`] when some failed, or what all failed of.
pub(crate) async fn upload_all(
    uploads: impl Stream<Item = (String, Result<Uploaded>)>,
    bars: &Bars,
    context: &Context,
) -> Result<Status> {
    let started = Instant::now();
    let (mut records, mut failures, mut totals) = (Vec::new(), Failures::default(), Totals::default());
    let mut names: Vec<String> = Vec::new();
    let mut uploads = std::pin::pin!(uploads);
    while let Some((name, ended)) = uploads.next().await {
        match ended {
            Ok(uploaded) => {
                if !context.wants_json() {
                    bars.0.above(|| {
                        let mut out = context.ui.out();
                        writeln!(out, "{}", context.ui.safe(&name)).and_then(|()| out.flush())
                    })?;
                }
                totals.files += 1;
                totals.bytes += uploaded.bytes;
                totals.transferred += uploaded.bytes;
                totals.retries += uploaded.retries;
                records.push(upload_record(&name, &uploaded));
                names.push(name);
            }
            Err(error) => {
                let label = format!("artifact `{name}`");
                let label = if error.message().contains(&label) { "" } else { &label };
                bars.0.above(|| failures.add(&name, "", label, true, error, context));
            }
        }
    }
    bars.0.finish();
    if context.wants_json() && (failures.count() == 0 || !records.is_empty()) {
        let text = serde_json::to_vec(&records)
            .map_err(|source| Error::failed("cannot print the records").caused_by(source))?;
        context.print_done(&done_to("uploaded", "file", &names), text).await?;
    }
    if totals.files > 0 {
        totals.tell(started.elapsed(), context);
    }
    let mut hints = failures.report().hints.clone();
    hints.push("Upload only those that failed: the others are complete.".into());
    failures.finish(records.len(), "files could not be uploaded", &hints, context)?;
    Ok(Status::DONE)
}
