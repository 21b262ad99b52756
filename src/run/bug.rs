//! What is said when the program itself is wrong.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::{self, Write as _};
use std::panic::{self, Location};

#[cfg(debug_assertions)]
use crate::env::{Environment, Variable};

/// Has panics reported as bugs on standard error from now on, with their place and without their data.
pub fn report_bugs() {
    panic::set_hook(Box::new(|panic| {
        let text = bug_report(panic.location(), &Backtrace::capture());
        // There is nobody left to tell when this cannot be written.
        drop(io::stderr().write_all(text.as_bytes()));
    }));
}

/// What is said of a bug that ends the program, or a thread of it. The panic's own message is left out, as it can quote
/// what the program was working on, a token for instance.
fn bug_report(place: Option<&Location<'_>>, backtrace: &Backtrace) -> String {
    let place = place.map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
    let version = env!("CARGO_PKG_VERSION");
    let mut text = format!(
        "error: this is a bug in tc {version}, at {place}\n\
         hint: Report it with this line, the command line without its secrets, and what RUST_BACKTRACE=1 adds.\n"
    );
    if backtrace.status() == BacktraceStatus::Captured {
        text.push_str(&backtrace.to_string());
    }
    text
}

/// Ends in a panic that quotes this variable, for a test of the real program. Builds for people lack it.
#[cfg(debug_assertions)]
#[expect(clippy::panic, reason = "it is what is rehearsed")]
pub(super) fn rehearse(environment: &Environment) {
    const TC_TEST_PANIC: Variable = Variable { name: "TC_TEST_PANIC", meaning: "What to panic with." };
    if let Some(text) = environment.get(TC_TEST_PANIC) {
        panic::panic_any(text.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bug_is_reported_by_its_place_alone() {
        let text = bug_report(Some(Location::caller()), &Backtrace::disabled());
        let (first, rest) = text.split_once('\n').unwrap();
        assert!(first.starts_with(&format!("error: this is a bug in tc {}, at ", env!("CARGO_PKG_VERSION"))), "{text}");
        assert!(first.contains("bug.rs:"), "{text}");
        assert_eq!(rest.lines().count(), 1, "{text}");
    }

    #[test]
    fn a_backtrace_follows_where_one_was_taken() {
        let without = bug_report(None, &Backtrace::disabled());
        let with = bug_report(None, &Backtrace::force_capture());
        assert!(with.len() > without.len() && with.starts_with(&without), "{with}");
    }
}
