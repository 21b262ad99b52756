use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures::future::{BoxFuture, FutureExt as _};
use tc::Clock;

use crate::support::Tc;

/// It is always the same moment.
struct Noon;

impl Clock for Noon {
    fn now(&self) -> DateTime<Utc> {
        "2026-11-22T12:55:13.250Z".parse().unwrap()
    }

    fn sleep(&self, _: Duration) -> BoxFuture<'static, ()> {
        futures::future::ready(()).boxed()
    }
}

fn tc() -> Tc {
    Tc::new().environment(|environment| environment.with_clock(Arc::new(Noon)))
}

#[test]
fn the_words_may_be_one_or_many() {
    let tc = tc();
    for (args, expected) in [
        (&["from-now", "1 hour"][..], "2026-11-22T13:55:13Z\n"),
        (&["from-now", "1", "day", "2", "hours"], "2026-11-23T14:55:13Z\n"),
        (&["from-now", "1d2h"], "2026-11-23T14:55:13Z\n"),
        (&["from-now", "3 MONTHS", "1w"], "2027-03-01T12:55:13Z\n"),
        (&["from-now", "0s"], "2026-11-22T12:55:13Z\n"),
    ] {
        tc.run(args).stdout(expected).stderr("").status(0);
    }
}

#[test]
fn a_minus_leads_into_the_past() {
    let tc = tc();
    for args in [
        &["from-now", "-1 day"][..],
        &["from-now", "-1", "day"],
        &["from-now", "-", "1", "day"],
        &["from-now", "-1d", "--color", "never"],
        &["from-now", "-q", "-1d"],
        &["from-now", "--", "-1", "day"],
        &["from-now", "--from", "1795352113", "--", "-1 day"],
    ] {
        tc.run(args).stdout("2026-11-21T12:55:13Z\n").stderr("").status(0);
    }
}

#[test]
fn the_start_and_the_form_can_be_chosen() {
    let tc = tc();
    tc.run(&["from-now", "1 month", "--from", "2026-01-31T10:00:00+02:00"]).stdout("2026-02-28T08:00:00Z\n").status(0);
    tc.run(&["from-now", "10 s", "--from", "-20", "--format", "unix"]).stdout("-10\n").status(0);
    tc.run(&["from-now", "1h", "--format", "json"]).stdout("\"2026-11-22T13:55:13.250Z\"\n").status(0);
    tc.run(&["from-now", "1h", "--json"]).stdout("\"2026-11-22T13:55:13.250Z\"\n").status(0);
}

#[test]
fn what_is_no_time_is_refused() {
    let tc = tc();
    tc.run(&["from-now", "nope"])
        .stdout("")
        .stderr("error: string 'nope' is not a valid time expression\nhint: For example: `1 day 2 hours`, or `-15m`.\n")
        .status(2);
    tc.run(&["from-now", "1h", "--from", "noon"])
        .stdout("")
        .stderr("error: 'noon' is not a time\nhint: --from takes 2026-11-22T13:55:13Z, or seconds since the epoch.\n")
        .status(2);
    tc.run(&["from-now", "300000 years"])
        .stdout("")
        .stderr("error: 300000 years from 2026-11-22 lies beyond the calendar\n")
        .status(2);
    for args in [&["from-now"][..], &["from-now", "1h", "--format", "roman"]] {
        let ran = tc.run(args);
        ran.stdout("").status(2);
        assert!(ran.stderr.starts_with("error: "), "{ran}");
    }
}
