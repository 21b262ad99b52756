use std::path::Path;

use crate::support::{Ran, Tc};

/// What the shell is told of these words, the last of which is being typed.
fn complete(shell: &str, words: &[&str]) -> Ran {
    Tc::new().env("TC_COMPLETE", shell).run(words)
}

#[track_caller]
fn offers(words: &[&str], expected: &str) {
    complete("bash", words).stdout(expected).stderr("").status(0);
}

#[test]
fn the_stubs_are_fresh() {
    for (shell, file) in
        [("bash", "tc.bash"), ("zsh", "_tc"), ("fish", "tc.fish"), ("powershell", "tc.ps1"), ("elvish", "tc.elv")]
    {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("completions").join(file);
        let kept = std::fs::read_to_string(path).unwrap();
        Tc::new().run(&["completions", shell]).stdout(&kept).stderr("").status(0);
        assert!(kept.len() < 1500, "{shell}: every shell pays for this at its start");
    }
    let ran = Tc::new().run(&["completions", "tcsh"]);
    ran.stdout("").status(2);
    assert!(ran.stderr.contains("Possible values: `bash`, `zsh`, `fish`, `powershell`, `elvish`."), "{ran}");
}

#[test]
fn commands_services_methods_and_flags_are_known() {
    offers(&["sl"], "slugid\n");
    offers(&["slugid", ""], "generate\nencode\ndecode\nstable\n");
    offers(&["api", "worker"], "worker-manager\n");
    offers(&["api", "queue", "listTaskG"], "listTaskGroup\n");
    offers(&["api", "queue", "listTaskGroup", "--li"], "--limit\n");
    offers(&["--json", "slugid", "--ni"], "--nice\n");
    offers(&["schema", "show", "object"], "object\n");
    offers(&["help", "exit"], "exit-codes\n");
}

#[test]
fn values_are_known() {
    offers(&["--color", ""], "auto\nalways\nnever\n");
    offers(&["--color=a"], "--color=auto\n--color=always\n");
    offers(&["from-now", "1d", "--format", "u"], "unix\n");
    offers(&["completions", "f"], "fish\n");
}

#[test]
fn what_bash_splits_is_answered_as_bash_splits_it() {
    offers(&["--color", "=", "a"], "auto\nalways\n");
    offers(&["--color", "="], "auto\nalways\nnever\n");
    offers(&["-R", "https", ":", "//tc.example.com", "slugid", "dec"], "decode\n");
}

#[test]
fn each_shell_gets_help_in_its_own_way() {
    let about = "Make random IDs";
    for shell in ["fish", "powershell"] {
        complete(shell, &["slugid", "gen"]).stdout(&format!("generate\t{about}\n")).status(0);
    }
    complete("zsh", &["slugid", "gen"]).stdout(&format!("generate:{about}\n")).status(0);
    complete("elvish", &["slugid", "gen"]).stdout("generate\n").status(0);
    let last_word_is_empty = complete("powershell", &["slugid", " "]);
    assert!(last_word_is_empty.stdout.starts_with("generate\t"), "{last_word_is_empty}");
}

#[test]
fn with_nothing_to_offer_the_shell_is_left_to_offer_files() {
    complete("bash", &["schema", "validate", "queue", "createTask", "x"]).stdout("").stderr("").status(1);
    complete("bash", &["from-now", ""]).stdout("").stderr("").status(1);
}

#[test]
fn an_unknown_shell_says_which_variable_is_to_blame() {
    complete("tcsh", &["version"])
        .stdout("")
        .stderr(
            "error: unknown shell `tcsh` in TC_COMPLETE\n\
             hint: Unset TC_COMPLETE to run commands; only the shell completions of tc set it.\n",
        )
        .status(2);
}

/// The built binary as `tc` on the path of a real shell, or nothing where that shell is not installed.
#[cfg(unix)]
fn in_shell(shell: &str, args: &[&str], script: &str) -> Option<String> {
    use std::process::{Command, Stdio};
    let bin = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_tc"), bin.path().join("tc")).unwrap();
    let path = format!("{}:{}", bin.path().display(), std::env::var("PATH").unwrap());
    let output = Command::new(shell)
        .args(args)
        .args(["-c", script])
        .env_clear()
        .env("PATH", path)
        .env("HOME", bin.path())
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::null())
        .output();
    match output {
        Ok(output) => {
            assert!(output.status.success() && output.stderr.is_empty(), "{shell}: {output:?}");
            Some(String::from_utf8(output.stdout).unwrap())
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => panic!("{shell}: {error}"),
    }
}

#[cfg(unix)]
#[test]
fn bash_completes() {
    // What readline does at a tab, without readline.
    let script = r#"
        source completions/tc.bash
        complete -p tc | grep -q _taskcluster_tc || exit 3
        tab() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _taskcluster_tc tc "${@: -1}" "${@: -2:1}"; echo "${COMPREPLY[*]}"; }
        tab tc slugid ''
        tab tc api queue listTaskG
        tab tc --color = al
        tab tc schema validate queue createTask zzz
    "#;
    let Some(said) = in_shell("bash", &["--norc", "--noprofile"], script) else { return };
    assert_eq!(said, "generate encode decode stable\nlistTaskGroup\nalways\n\n");
}

#[cfg(unix)]
#[test]
fn fish_completes() {
    let script = "
        source completions/tc.fish
        complete --do-complete 'tc slugid '
        complete --do-complete 'tc api queue listTaskG'
        complete --do-complete 'tc schema validate queue createTask Cargo.t'
    ";
    let Some(said) = in_shell("fish", &["--no-config"], script) else { return };
    let first: Vec<&str> = said.lines().map(|line| line.split('\t').next().unwrap()).collect();
    assert_eq!(first, ["generate", "encode", "decode", "stable", "listTaskGroup", "Cargo.toml"]);
}

#[cfg(unix)]
#[test]
fn zsh_completes() {
    // The completion system needs a terminal; its one call is recorded instead.
    let script = r#"
        compdef() { :; }
        _describe() { shift 2; print -l "${(@P)1}"; }
        _files() { print files; }
        source completions/_tc
        tab() { words=("$@"); CURRENT=$#; _taskcluster_tc; }
        tab tc slugid gen
        tab tc api queue listTaskG
        tab tc schema validate queue createTask zzz
    "#;
    let Some(said) = in_shell("zsh", &["-f"], script) else { return };
    let first: Vec<&str> = said.lines().map(|line| line.split(':').next().unwrap()).collect();
    assert_eq!(first, ["generate", "listTaskGroup", "files"]);
}
