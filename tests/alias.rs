//! `tc alias`, aliases as commands, and programs `tc-NAME` as commands.

use std::fs;

use crate::support::Tc;
use crate::support::bulk::{GROUP, id, list, page, tc};
use crate::support::fake_server::{Answer, FakeServer};

const SETTINGS: &str = "retries = 0

[aliases]
names = \"group list --columns name\"
two = \"names --sort $1\"
three = \"two\"
hello = \"!echo \\\"$1\\\" \\\"$TASKCLUSTER_ROOT_URL\\\"; exit 7\"
task = \"version\"
";

#[test]
fn an_alias_is_set_listed_used_and_removed() {
    let tc = Tc::new();
    tc.run(&["alias", "list"]).stdout("").stderr("No aliases.\n").status(0);
    tc.run(&["alias", "set", "ver", "version --short"]).stdout("").stderr("").status(0);
    tc.run(&["alias", "set", "dec", "slugid decode"]).stdout("").stderr("").status(0);
    assert_eq!(tc.settings_text(), "[aliases]\nver = \"version --short\"\ndec = \"slugid decode\"\n");
    tc.run(&["alias", "list"]).stdout("dec\tslugid decode\nver\tversion --short\n").stderr("").status(0);
    tc.run(&["alias", "list", "--json", "--jq", ".[0] | .name, .command"]).stdout("dec\nslugid decode\n").status(0);
    tc.run(&["ver"]).stdout(&format!("{}\n", env!("CARGO_PKG_VERSION"))).stderr("").status(0);
    tc.run(&["-q", "dec", "nope"]).stdout("").status(2);
    tc.run(&["config", "get", "aliases.ver"]).stdout("version --short\n").stderr("").status(0);
    tc.run(&["alias", "set", "ver", "version"])
        .stdout("")
        .stderr("`tc ver` is `tc version` now; it was `tc version --short`.\n")
        .status(0);
    tc.run(&["alias", "rm", "ver", "nope"])
        .stdout("")
        .stderr("error: unknown alias `nope`\nhint: `tc alias list` shows all aliases.\n")
        .status(5);
    tc.run(&["alias", "rm", "ver", "dec"]).stdout("").stderr("").status(0);
    tc.run(&["ver"]).stdout("").status(2);
}

#[test]
fn an_alias_that_could_not_run_is_refused() {
    let tc = Tc::new().settings(SETTINGS);
    let unchanged = tc.settings_text();
    for (args, message) in [
        (
            ["task", "group list"],
            "error: `task` is a command of tc, which an alias cannot replace\nhint: Choose another name.\n",
        ),
        (
            ["secrets", "group list"],
            "error: `secrets` is a command of tc, which an alias cannot replace\nhint: Choose another name.\n",
        ),
        (
            ["-x", "group list"],
            "error: `-x` cannot be the name of an alias\n\
             hint: A name has letters, digits, - and _, and starts with a letter or digit.\n",
        ),
        (["x", " "], "error: an alias cannot stand for ``\nhint: Give the words of a command.\n"),
        (["x", "!"], "error: there is nothing for the shell to run after `!`\n"),
        (["x", "-R a"], "error: there is no command in `-R a`\nhint: Start it with a command of tc.\n"),
        (
            ["x", "gruop list"],
            "error: unknown command `gruop` in the alias\nhint: Start it with `!` to have the shell run it.\n",
        ),
        (
            ["x", "group 'list"],
            "error: the alias `x` has a quote that is not closed: group 'list\n\
             hint: Set it again: `tc alias set x 'COMMAND ..'`.\n",
        ),
        (
            ["x", "x y"],
            "error: the alias `x` is reached through two others\n\
             hint: Let an alias stand for a command, or for one other alias: `tc alias list`.\n",
        ),
        (
            ["x", "two"],
            "error: the alias `names` is reached through two others\n\
             hint: Let an alias stand for a command, or for one other alias: `tc alias list`.\n",
        ),
    ] {
        let args: Vec<&str> = ["alias", "set", "--"].into_iter().chain(args).collect();
        tc.run(&args).stdout("").stderr(message).status(2);
    }
    assert_eq!(tc.settings_text(), unchanged);
}

#[test]
fn an_alias_takes_arguments_and_another_alias() {
    let server = FakeServer::start();
    server.expect_times(2, &list(None), Answer::json(200, page(0..2, None)));
    let tc = || tc(&server).settings(SETTINGS);
    tc().run(&["names", GROUP, "-o", "json", "--columns", ""]).status(2);
    tc().run(&["--retries", "1", "names", GROUP]).stdout("task 0\ntask 1\n").stderr("").status(0);
    tc().run(&["two", "-task", GROUP, "--limit=1"]).stdout("task 1\n").stderr("").status(0);
    tc().run(&["two"])
        .stdout("")
        .stderr("error: the alias `two` needs 1 argument, and none is given\nhint: It stands for: tc names --sort $1\n")
        .status(2);
    tc().run(&["three", "x"]).stdout("").status(2);
    assert_eq!(id(0).len(), 22);
}

#[test]
fn a_command_comes_before_an_alias_of_its_name_and_the_go_tools_name_has_none() {
    let tc = Tc::new().settings(SETTINGS);
    let ran = tc.run(&["task"]);
    ran.stdout("").status(2);
    assert!(ran.stderr.contains("tc task"), "{ran}");
    let ran = tc.run_as("taskcluster", &["names", GROUP]);
    ran.stdout("").status(2);
    assert!(ran.stderr.starts_with("error: unrecognized") || ran.stderr.contains("names"), "{ran}");
}

#[test]
fn help_says_what_an_alias_stands_for() {
    let tc = Tc::new().settings(SETTINGS);
    tc.run(&["help", "names"]).stdout("`tc names` is an alias of `tc group list --columns name`.\n").status(0);
    let ran = tc.run(&["help", "hello"]);
    ran.stderr("").status(0);
    assert!(ran.stdout.starts_with("`tc hello` is an alias. The shell runs: echo "), "{ran}");
    let ran = tc.run(&["--help"]);
    ran.stderr("").status(0);
    assert!(ran.stdout.contains("\nYour aliases, see `tc help NAME`: hello, names, three, two\n"), "{ran}");
}

#[test]
fn completion_offers_aliases() {
    let tc = Tc::new().settings(SETTINGS).env("TC_COMPLETE", "fish");
    tc.run(&["nam"]).stdout("names\tAlias: group list --columns name\n").stderr("").status(0);
    tc.run(&["alias", "rm", "nam"]).stdout("names\tgroup list --columns name\n").stderr("").status(0);
}

#[cfg(unix)]
mod programs {
    use std::os::unix::fs::PermissionsExt as _;
    use std::process::Command;

    use super::*;

    /// `tc` with a program in PATH.
    fn with_program(name: &str, text: &str) -> Tc {
        let tc = Tc::new();
        let path = tc.directory().join("bin").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        let directories = format!("{}:/usr/bin:/bin", tc.directory().join("bin").display());
        tc.env("PATH", &directories)
    }

    const PROGRAM: &str = "#!/bin/sh\necho \"$TC $TASKCLUSTER_ROOT_URL\"\nfor word; do echo \"[$word]\"; done\n\
                           echo error >&2\nexit 9\n";

    #[test]
    fn a_program_in_path_is_a_command() {
        let tc = with_program("tc-foo", PROGRAM);
        tc.run(&["-R", "https://tc.example.com/", "foo", "a b", "--json", "-x"])
            .stdout("tc https://tc.example.com\n[a b]\n[--json]\n[-x]\n")
            .stderr("error\n")
            .status(9);
        let ran = tc.run(&["help", "foo"]);
        ran.stderr("").status(0);
        assert!(
            ran.stdout.starts_with("`tc foo` runs the program /") && ran.stdout.ends_with("/bin/tc-foo.\n"),
            "{ran}"
        );
        assert!(tc.run(&["--help"]).stdout.contains("\nPrograms in PATH, see `tc help NAME`: foo\n"));
        tc.run(&["alias", "set", "f", "foo bar"]).stdout("").stderr("").status(0);
        tc.run(&["f", "x"]).stdout("tc \n[bar]\n[x]\n").stderr("error\n").status(9);
        tc.run_as("taskcluster", &["foo"]).stdout("").status(2);
    }

    #[test]
    fn a_command_is_no_program_and_a_misspelt_one_is_still_told() {
        let tc = with_program("tc-version", PROGRAM);
        assert!(tc.run(&["version"]).stdout.starts_with("tc "));
        let ran = tc.run(&["versoin"]);
        ran.stdout("").status(2);
        assert!(ran.stderr.contains("version"), "{ran}");
        let ran = tc.run(&["login"]);
        assert!(ran.stderr.contains("Did you mean `tc signin`?"), "{ran}");
    }

    #[test]
    fn a_line_for_the_shell_gets_arguments_and_the_deployment() {
        let tc = Tc::new().settings(SETTINGS).env("PATH", "/usr/bin:/bin");
        tc.run(&["-R", "https://tc.example.com", "hello", "a b"])
            .stdout("a b https://tc.example.com\n")
            .stderr("")
            .status(7);
    }

    #[test]
    fn the_real_binary_becomes_the_program() {
        let tc = with_program("tc-foo", "#!/bin/sh\necho \"$TC\"\nread -r line\necho \"$line\"\nkill -TERM $$\n");
        let binary = env!("CARGO_BIN_EXE_tc");
        let mut child = Command::new(binary)
            .arg("foo")
            .env_clear()
            .env("HOME", tc.directory())
            .env("TMPDIR", tc.directory())
            .env("PATH", format!("{}:/usr/bin:/bin", tc.directory().join("bin").display()))
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"typed\n").unwrap();
        let output = child.wait_with_output().unwrap();
        let expected = format!("{}\ntyped\n", fs::canonicalize(binary).unwrap().display());
        assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&output.status), Some(15));
    }
}
