//! The Go tool's own runs on groups, replayed: same standard output, same exit status, apart from the
//! differences that docs/differences.md lists.

use crate::support::Tc;
use crate::support::group::Group;
use crate::support::recorded::transcripts_about;

/// A group as it was when the transcripts were made, and what its placeholders stand for.
fn recorded() -> (Group, Vec<(&'static str, String)>) {
    let group = Group::new();
    let mut names = vec![("{GROUP}", group.id.clone())];
    for state in ["exception", "failed", "pending", "completed", "unscheduled", "running"] {
        let name = if state == "completed" { "build <linux> & co/opt".to_owned() } else { format!("test {state}") };
        let placeholder = ["{EXCEPTION}", "{FAILED}", "{PENDING}", "{COMPLETED}", "{UNSCHEDULED}", "{RUNNING}"]
            .into_iter()
            .find(|placeholder| placeholder.to_lowercase() == format!("{{{state}}}"))
            .unwrap();
        names.push((placeholder, group.task(&name, state)));
    }
    (group, names)
}

/// The lines, in no particular order: the Go tool's own order is that of a map.
fn sorted(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = text.lines().map(ToOwned::to_owned).collect();
    lines.sort_unstable();
    lines
}

#[test]
fn runs_of_the_go_tool_mean_the_same_here() {
    replay("tc");
}

#[test]
fn runs_of_the_go_tool_mean_the_same_by_its_name() {
    replay("taskcluster");
}

fn replay(program: &str) {
    let (group, names) = recorded();
    let mut retriggered = 0;
    let runs = transcripts_about("group");
    println!("{} runs of the Go tool on groups", runs.len());
    assert!(runs.len() > 10, "tests/data/transcripts.json is cut");
    for run in runs {
        let fill = |text: &str| names.iter().fold(text.to_owned(), |text, (name, id)| text.replace(name, id));
        let args: Vec<String> = run.args.iter().map(|arg| fill(arg)).collect();
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let mut expected = (sorted(&fill(&run.lines.join("\n"))), run.exit);
        let stdin = run.stdin;
        match run.args[1..].iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            // Without a filter the Go tool lists nothing.
            ["list", "{GROUP}"] => expected.0 = sorted(&group.tc().run(&["group", "list", "--all", &group.id]).stdout),
            // It escapes names for HTML.
            ["list", ..] => {
                let plain = |line: &String| line.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
                expected.0 = expected.0.iter().map(plain).collect();
            }
            // Not found has a status of its own.
            ["status", "Ntus3e5kR2Gm6xEM2VkKnw"] => expected.1 = 5,
            // That there is nothing to do is no result, and goes to standard error.
            ["cancel", "-w", "nomatch", _] => expected.0 = Vec::new(),
            // Two tasks were retriggered and the failed one was rerun and cancelled just before. Questions are asked on a terminal, and a no is a failure.
            ["cancel", "{GROUP}"] => {
                assert_eq!(stdin, "n\n");
                for _ in 0..2 {
                    group.task("build <linux> & co/opt", "pending");
                }
                retriggered += 2;
                let failed = fill("{FAILED}");
                group.queue("rerunTask", &[&failed], None);
                group.queue("cancelTask", &[&failed], None);
                let is_go_tool = program == "taskcluster";
                let ran = group.tc().called(program).stdin(&stdin).run(&args);
                // By its name the answer may come from a pipe, and a no is no failure.
                ran.stdout("").status(if is_go_tool { 0 } else { 2 });
                expected = (Vec::new(), u8::from(!is_go_tool));
                check(&group.tc().called(program).terminal().stdin(&stdin), &args, &expected);
                continue;
            }
            // The retriggered tasks have IDs of their own.
            ["cancel", "--worker-type", "linux", "--force", _] => {
                let ran = group.tc().called(program).run(&args);
                ran.stderr("").status(run.exit);
                let known = |line: &&String| names.iter().any(|(_, id)| line.ends_with(id.as_str()));
                let ours = sorted(&ran.stdout);
                assert_eq!(ours.len(), expected.0.len(), "{ran}");
                assert_eq!(ours.iter().filter(known).count(), ours.len() - retriggered, "{ran}");
                continue;
            }
            _ => {}
        }
        check(&group.tc().called(program).stdin(&stdin), &args, &expected);
    }
}

#[track_caller]
fn check(tc: &Tc, args: &[&str], expected: &(Vec<String>, u8)) {
    let ran = tc.run(args);
    assert_eq!((sorted(&ran.stdout), ran.status), *expected, "{ran}");
}
