use crate::support::Tc;

#[test]
fn topics_are_made_from_what_the_program_knows() {
    let tc = Tc::new();
    tc.run(&["help", "exit-codes"])
        .stdout(
            "tc ends with one of these exit statuses:\n\n\
             \x20 0    done\n\
             \x20 1    it failed\n\
             \x20 2    the command line was wrong\n\
             \x20 3    what was waited for did not succeed, or part of a bulk action failed\n\
             \x20 4    sign-in or scopes are needed\n\
             \x20 5    not found\n\
             \x20 6    conflict with what exists\n\
             \x20 7    network or server unavailable after all retries\n\
             \x20 8    still pending at the time limit\n\
             \x20 130  interrupted\n",
        )
        .stderr("")
        .status(0);
    let ran = tc.run(&["help", "environment"]);
    ran.stderr("").status(0);
    for name in ["TASKCLUSTER_ROOT_URL", "TASKCLUSTER_CLIENT_ID", "TASKCLUSTER_PROXY_URL", "NO_COLOR", "SSL_CERT_FILE"]
    {
        let line = ran.stdout.lines().find(|line| line.split_whitespace().next() == Some(name));
        assert!(line.is_some_and(|line| line.split_whitespace().count() > 3), "{name} in {ran}");
    }
}

#[test]
fn help_on_a_command_is_its_help() {
    let tc = Tc::new();
    for words in [&[][..], &["slugid"], &["slugid", "decode"], &["api", "queue", "listTaskGroup"]] {
        let help = tc.run(&[&["help"], words].concat());
        help.stderr("").status(0);
        tc.run(&[words, &["--help"]].concat()).stdout(&help.stdout).stderr("").status(0);
    }
}

#[test]
fn an_unknown_topic_comes_with_the_near_one() {
    let tc = Tc::new();
    tc.run(&["help", "exit-code"])
        .stdout("")
        .stderr("error: unknown command or topic `exit-code`\nhint: Did you mean `exit-codes`?\n")
        .status(2);
    tc.run(&["help", "slugid", "nope"])
        .stdout("")
        .stderr(
            "error: unknown command or topic `slugid nope`\n\
             hint: `tc --help` lists all commands.\n\
             hint: Topics, for `tc help TOPIC`: exit-codes, environment, options, config, jq, json, credentials, scopes, \
             sandbox, scripting, release-duty, pulse.\n",
        )
        .status(2);
}

#[test]
fn an_argument_that_is_an_id_is_shown_by_an_example() {
    let ran = Tc::new().run(&["api", "queue", "task", "-h"]);
    assert!(ran.status(0).stdout.contains("  <taskId>  an ID such as VESwp9JaRo-XkFN_bemBhw\n"), "{ran}");
    let ran = Tc::new().run(&["api", "worker-manager", "workerPool", "-h"]);
    assert!(ran.status(0).stdout.contains("matches ^"), "{ran}");
}

#[test]
fn the_help_of_the_program_says_what_it_is_for() {
    for line in [&["--help"][..], &["help"]] {
        let ran = Tc::new().run(line);
        assert!(ran.status(0).stdout.starts_with("Talk to any Taskcluster deployment\n\nUsage: tc "), "{ran}");
    }
}
