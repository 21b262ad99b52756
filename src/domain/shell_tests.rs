//! What is printed for a shell means the value it was made from, in the shells of this machine.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use super::Shell;
use proptest::prelude::*;

/// How a shell gets to see the assignments.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Way {
    /// As a script.
    Script,
    /// `eval "$(..)"`, with quotes.
    Quoted,
    /// `eval $(..)`, as people type it.
    Unquoted,
}

/// A program, its syntax, its arguments, and how it evaluates the file `assignments`.
const SHELLS: &[(&str, Shell, &[&str], Way, &str)] = &[
    ("sh", Shell::Sh, &[], Way::Script, ". ./assignments"),
    ("sh", Shell::Sh, &[], Way::Quoted, "eval \"$(cat assignments)\""),
    ("sh", Shell::Sh, &[], Way::Unquoted, "eval $(cat assignments)"),
    ("dash", Shell::Sh, &[], Way::Unquoted, "eval `cat assignments`"),
    ("bash", Shell::Sh, &["--norc"], Way::Script, ". ./assignments"),
    ("bash", Shell::Sh, &["--norc", "-O", "nullglob", "-O", "extglob"], Way::Unquoted, "eval $(cat assignments)"),
    ("bash", Shell::Sh, &["--norc", "-O", "failglob"], Way::Unquoted, "eval $(cat assignments)"),
    ("zsh", Shell::Sh, &["-f"], Way::Unquoted, "eval $(cat assignments)"),
    ("ksh", Shell::Sh, &[], Way::Unquoted, "eval $(cat assignments)"),
    ("busybox", Shell::Sh, &["sh"], Way::Unquoted, "eval $(cat assignments)"),
    ("fish", Shell::Fish, &["--no-config"], Way::Script, "source assignments"),
    ("fish", Shell::Fish, &["--no-config"], Way::Unquoted, "eval (cat assignments)"),
    ("tcsh", Shell::Csh, &["-f"], Way::Script, "source assignments"),
    ("tcsh", Shell::Csh, &["-f"], Way::Quoted, "eval \"`cat assignments`\""),
    ("csh", Shell::Csh, &["-f"], Way::Script, "source assignments"),
    ("csh", Shell::Csh, &["-f"], Way::Quoted, "eval \"`cat assignments`\""),
    (
        "pwsh",
        Shell::Powershell,
        &["-NoProfile", "-NonInteractive", "-Command", "-"],
        Way::Script,
        "Get-Content -Raw ./assignments | Invoke-Expression",
    ),
];

fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|directory| directory.join(program).is_file())
}

/// Lets the shell evaluate the assignments of `values` to V0, V1.., and asks a child of it what they are.
fn evaluated(program: &str, shell: Shell, args: &[&str], evaluate: &str, values: &[String]) -> Vec<String> {
    let directory = tempfile::tempdir().unwrap();
    let lines: Vec<String> =
        values.iter().enumerate().map(|(i, value)| shell.assign(&format!("V{i}"), value)).collect();
    fs::write(directory.path().join("assignments"), lines.join("\n") + "\n").unwrap();
    let mut child = Command::new(program)
        .args(args)
        .current_dir(directory.path())
        .env("LC_ALL", "C.UTF-8")
        .env("HOME", directory.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(format!("{evaluate}\nenv -0\n").as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{program} {args:?}: {evaluate}\n{}", lines.join("\n"));
    let output = String::from_utf8(output.stdout).unwrap();
    let find = |i: usize| {
        let prefix = format!("V{i}=");
        output.split('\0').find_map(|entry| entry.strip_prefix(&prefix)).map(ToOwned::to_owned)
    };
    (0..values.len()).map(|i| find(i).unwrap_or_else(|| panic!("{program}: V{i} is not set"))).collect()
}

/// csh cannot hold on to a newline in backquotes; everything else comes through everywhere.
fn expected(shell: Shell, way: Way, value: &str) -> String {
    if shell == Shell::Csh && way != Way::Script { value.replace('\n', "\\ ") } else { value.to_owned() }
}

fn check(values: &[String]) {
    for (program, shell, args, way, evaluate) in SHELLS.iter().filter(|shell| is_installed(shell.0)) {
        let wanted: Vec<String> = values.iter().map(|value| expected(*shell, *way, value)).collect();
        let found = evaluated(program, *shell, args, evaluate, values);
        assert_eq!(found, wanted, "{program} {args:?}: {evaluate}");
    }
}

#[test]
fn hostile_values_come_through_every_shell() {
    let values = [
        "",
        " ",
        "  two  spaces  ",
        "'",
        "''",
        "\"",
        "\\",
        "\\\\'",
        "$HOME",
        "${HOME}",
        "`id`",
        "$(id)",
        "!",
        "!!",
        "a!b",
        "*",
        "?",
        "[a-z]",
        "{a,b}",
        "~",
        "#",
        ";",
        "&",
        "|",
        "<",
        ">",
        "(",
        ")",
        "-n",
        "-",
        "--",
        "%",
        "%s",
        "%%d",
        "\\n",
        "\\057",
        "\n",
        "a\nb",
        "a\n",
        "\n\n",
        "a\n\n",
        "\t",
        "\r",
        "a\r\nb",
        "é",
        "漢字",
        "😀",
        "\u{2018}x\u{2019}",
        "\u{a0}",
        "\u{1b}[31m",
        "\u{7f}",
        "\u{1}",
        "=",
        "a=b",
        "^a^b^",
        "+(x)",
        "@(x)",
        "!(x)",
        "a'b\"c\\d`e$f!g\nh*i?j[k",
        r#"{"version":1,"scopes":["queue:rerun-task:*","assume:a  b"],"seed":"x","signature":"a+b/c="}"#,
    ];
    check(&values.map(ToOwned::to_owned));
}

/// Letters, what shells make something of, and anything else that a variable can hold.
fn value() -> impl Strategy<Value = String> {
    let character = prop_oneof![
        2 => prop::char::range('a', 'c'),
        6 => prop::sample::select(" \t\n\r'\"\\$`!*?[](){}<>|&;#~%^=-+@:,./0".chars().collect::<Vec<_>>()),
        // Private characters are left out: fish keeps them for itself.
        1 => any::<char>().prop_filter("no NUL, not private", |c| *c != '\0' && !is_private(*c)),
    ];
    prop::collection::vec(character, 0..12).prop_map(String::from_iter)
}

fn is_private(c: char) -> bool {
    matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{fdd0}'..='\u{fdef}' | '\u{f0000}'..)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_value_comes_through_every_shell(values in prop::collection::vec(value(), 60)) {
        check(&values);
    }
}

#[test]
fn a_variable_is_gone_after_unset_and_unset_twice_is_no_error() {
    let name = "TASKCLUSTER_ACCESS_TOKEN";
    for (program, shell, args, ..) in SHELLS.iter().filter(|shell| is_installed(shell.0)) {
        let script = format!("{}\n{1}\n{1}\nenv\n", shell.assign(name, "x"), shell.unset(name));
        let mut child = Command::new(program)
            .args(*args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{program}: {output:?}");
        let variables = String::from_utf8_lossy(&output.stdout);
        assert!(variables.contains("PATH=") && !variables.contains(name), "{program}: {variables}");
    }
}
