//! `tc sandbox demo`, as a newcomer meets it.

use crate::support::Tc;

#[test]
fn the_demo_runs_by_itself() {
    let ran = Tc::new().run(&["sandbox", "demo"]);
    ran.stderr("").status(0);
    for part in [
        "a task group of 300 tasks",
        "\nrunning: 52\n",
        " x (test) TEST-UNEXPECTED-FAIL | dom/tests/test_selection_range.html | ",
        ", infrastructure) ",
        "it will never run unless it is helped: ",
        ": all workers of gecko-t/",
        "error of the pool, 7 times, last ",
        "Run #0: failed 'failed'\nRun #1: pending\n",
        "3 tasks would be cancelled; nothing was sent.\n",
        "\ncancelling task ",
        "hint: To get what is missing: tc signin -s queue:cancel-task:",
        "tc sandbox --exec bash",
    ] {
        assert!(ran.stdout.contains(part), "{part:?} is missing in {ran}");
    }
    assert!(!ran.stdout.contains('\u{1b}'), "no colour in a pipe");
}

#[test]
fn the_demo_is_coloured_on_a_terminal() {
    let ran = Tc::new().terminal().run(&["sandbox", "demo"]);
    ran.status(0);
    assert!(ran.stdout.contains("\u{1b}[1m\u{1b}[32m$"), "{ran}");
}
