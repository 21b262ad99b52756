//! `tc from-now`

use std::io::Write as _;

use crate::context::Context;
use crate::domain::time::{self, Offset};
use crate::error::{Error, Result};
use crate::exit::Status;

/// Print a time relative to now: `1 day 2 hours`, `-15m`
///
/// Units, in this order, each at most once: years (y), months (mo), weeks (w), days (d), hours (h), minutes (m),
/// seconds (s). A minus in front counts back.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How far: `2 hours`, `1d6h`, `-1 week`
    // Only the first word can start with a minus. It is an argument of its own, because a list that
    // takes words with dashes would swallow the flags that follow it.
    #[arg(value_name = "EXPR", allow_hyphen_values = true)]
    first: String,
    /// The expression may be several words
    #[arg(value_name = "WORD", hide = true)]
    rest: Vec<String>,
    /// Count from this time (RFC 3339, or seconds since the epoch) instead of from now
    #[arg(long, value_name = "TIME", allow_negative_numbers = true)]
    from: Option<String>,
    /// How to print the time
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// How to print a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(crate) enum Format {
    /// 2026-11-22T13:55:13Z
    #[default]
    Rfc3339,
    /// Seconds since the epoch
    Unix,
    /// A JSON string with milliseconds, as the services write times
    Json,
}

/// Prints the time.
///
/// # Errors
/// When the expression or `--from` cannot be read, or the calendar does not reach that far.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let words: Vec<&str> = std::iter::once(&args.first).chain(&args.rest).map(String::as_str).collect();
    let text = words.join(" ");
    // As the Go tool has it, no way from now is now.
    let offset = if text.trim().is_empty() { Ok(Offset::default()) } else { text.parse() };
    let offset = offset.map_err(|error: time::TimeError| {
        Error::usage(error.to_string()).hint("For example: `1 day 2 hours`, or `-15m`.")
    })?;
    let start = match &args.from {
        None => context.now(),
        Some(from) => time::parse_time(from).map_err(|error| {
            Error::usage(error.to_string()).hint("--from takes 2026-11-22T13:55:13Z, or seconds since the epoch.")
        })?,
    };
    let time = offset.from(start).map_err(|error| Error::usage(error.to_string()))?;
    match args.format {
        Format::Json => context.print_json(format!("\"{}\"", time::to_iso(time))).await?,
        Format::Unix => writeln!(context.ui.out(), "{}", time.timestamp())?,
        Format::Rfc3339 if context.wants_json() => context.print_json(format!("\"{}\"", time::to_iso(time))).await?,
        Format::Rfc3339 => writeln!(context.ui.out(), "{}", time.format("%Y-%m-%dT%H:%M:%SZ"))?,
    }
    Ok(Status::DONE)
}
