//! `-v` and `TC_LOG`: what happens, line by line, on standard error. Without them, warnings alone.

use std::fmt;
use std::io::{self, Write};
use std::sync::Arc;

use tracing::field::{Field, Visit};
use tracing::{Dispatch, Event, Level, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{self, Layer, SubscriberExt as _};

use super::Ui;

/// The level for a number of `-v`, or for the name of one; none when nothing is to be logged.
///
/// # Errors
/// When there is no level of this name.
pub(crate) fn level(verbose: u8, name: Option<&str>) -> Result<Option<Level>, String> {
    match (verbose, name) {
        (0, None) => Ok(None),
        (0, Some(name)) => name
            .parse()
            .map(Some)
            .map_err(|_| format!("invalid log level `{name}`: expected error, warn, info, debug or trace")),
        (1, _) => Ok(Some(Level::DEBUG)),
        (_, _) => Ok(Some(Level::TRACE)),
    }
}

/// A log of this level on standard error; without a level, warnings are shown as such.
pub(crate) fn dispatch(ui: &Arc<Ui>, level: Option<Level>) -> Dispatch {
    let Some(level) = level else {
        let warnings = Warnings(Arc::clone(ui)).with_filter(Targets::new().with_target("tc", Level::WARN));
        return Dispatch::new(tracing_subscriber::registry().with(warnings));
    };
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(ui.color_stderr())
        .with_target(false)
        .with_writer(Lines(Arc::clone(ui)))
        // Only ours: nobody here vouches that a library's log holds no secret.
        .with_filter(Targets::new().with_target("tc", level));
    Dispatch::new(tracing_subscriber::registry().with(lines))
}

/// Shows what the modules below warn of, as any other warning.
struct Warnings(Arc<Ui>);

impl<S: Subscriber> Layer<S> for Warnings {
    fn on_event(&self, event: &Event<'_>, _context: layer::Context<'_, S>) {
        let mut message = Message(String::new());
        event.record(&mut message);
        self.0.warn(message.0);
    }
}

struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}

struct Lines(Arc<Ui>);

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line;

    fn make_writer(&'a self) -> Self::Writer {
        Line(Arc::clone(&self.0))
    }
}

struct Line(Arc<Ui>);

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write_stderr(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_have_names_and_numbers() {
        assert_eq!(level(0, None), Ok(None));
        assert_eq!(level(0, Some("info")), Ok(Some(Level::INFO)));
        assert_eq!(level(1, Some("error")), Ok(Some(Level::DEBUG)));
        assert_eq!(level(3, None), Ok(Some(Level::TRACE)));
        assert!(level(0, Some("loud")).unwrap_err().contains("`loud`"));
    }
}
