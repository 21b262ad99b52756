//! A download as the Go tool shows it, for whoever calls the program by its name.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::client::Client;
use crate::context::{Context, beside};
use crate::error::{Error, Result};
use crate::exit::Status;
use crate::transfer::{self, ContentSource, Options};

/// Downloads to a file, which may be called `-`, in a folder that is there.
///
/// # Errors
/// When there is no such folder.
pub(super) async fn fetch(
    client: &Client,
    source: &ContentSource,
    file: &Path,
    options: Options,
    context: &Context,
) -> Result<Status> {
    let shown = file.display().to_string();
    writeln!(context.ui.out(), "Downloading {} to `{}`", described(source), context.ui.safe(&shown))?;
    context.ui.flush()?;
    let started = Instant::now();
    let target = context.env.resolve(file);
    if !target.parent().is_some_and(Path::is_dir) {
        let cause = io::Error::new(io::ErrorKind::NotFound, "there is no such folder");
        return Err(Error::io("write", target.display(), cause)
            .hint("Make its folder first; `tc artifact download` makes folders."));
    }
    let (client, source) = (client.clone(), source.clone());
    let download = async move { transfer::to_file(&client, &source, &target, &options).await };
    let found = context.writing_files(Box::pin(beside(download))).await?;
    let (bytes, content_type) = (found.bytes, found.content_type.unwrap_or_default());
    let (content_type, elapsed) = (context.ui.safe(&content_type), duration(started.elapsed()));
    writeln!(context.ui.out(), "Downloaded {bytes} bytes of type {content_type} in {elapsed} (including API calls)")?;
    Ok(Status::DONE)
}

fn described(source: &ContentSource) -> String {
    match source {
        ContentSource::Artifact { task, run: Some(run), name } => format!("`{name}` from run {run} of task {task}"),
        ContentSource::Artifact { task, run: None, name } => format!("`{name}` from latest run of task {task}"),
        ContentSource::Object { name } => format!("`{name}`"),
    }
}

/// A length of time as Go prints its `time.Duration`: `18.5ms`, `1m2.5s`.
fn duration(elapsed: Duration) -> String {
    let nanoseconds = elapsed.as_nanos();
    let fraction = |value: u128, unit: u128| {
        let digits = unit.ilog10() as usize;
        let text = format!("{}.{:0digits$}", value / unit, value % unit);
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    match nanoseconds {
        0 => "0s".to_owned(),
        1..1_000 => format!("{nanoseconds}ns"),
        1_000..1_000_000 => format!("{}µs", fraction(nanoseconds, 1_000)),
        1_000_000..1_000_000_000 => format!("{}ms", fraction(nanoseconds, 1_000_000)),
        _ => {
            let (minutes, rest) = (elapsed.as_secs() / 60, nanoseconds % 60_000_000_000);
            let mut text = String::new();
            if minutes >= 60 {
                _ = write!(text, "{}h", minutes / 60);
            }
            if minutes > 0 {
                _ = write!(text, "{}m", minutes % 60);
            }
            text + &fraction(rest, 1_000_000_000) + "s"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_in_go() {
        for (nanoseconds, text) in [
            (0, "0s"),
            (7, "7ns"),
            (1_500, "1.5µs"),
            (10_897_404, "10.897404ms"),
            (20_000_000, "20ms"),
            (1_000_000_000, "1s"),
            (62_500_000_000, "1m2.5s"),
            (3_600_000_000_000, "1h0m0s"),
            (3_661_000_000_001, "1h1m1.000000001s"),
        ] {
            assert_eq!(duration(Duration::from_nanos(nanoseconds)), text);
        }
    }
}
