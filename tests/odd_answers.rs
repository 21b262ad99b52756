//! Every verb against a deployment that answers with JSON of the wrong shape: none panics, and none takes it for what it
//! asked for or for something that was done.

use crate::support::Tc;
use crate::support::fake_server::{Answer, FakeServer};

const EXAMPLES: &str = include_str!("../src/commands/examples/examples.txt");
const ID: &str = "VESwp9JaRo-XkFN_bemBhw";

/// Verbs that send nothing to the deployment, or wait for somebody.
const LOCAL: [&str; 22] = [
    "alias",
    "completions",
    "config",
    "creds",
    "d2g",
    "from-now",
    "help",
    "man",
    "profile",
    "proxy",
    "pulse",
    "references",
    "sandbox",
    "schema",
    "signin",
    "signout",
    "slugid",
    "update",
    "url",
    "validate-json",
    "version",
    "wait",
];

/// Verbs for which a wrong answer can be a right one: `api` prints what it is sent, and the methods of the others answer
/// with nothing that is defined.
const WITHOUT_ANSWER: [&str; 8] =
    ["api", "client rm", "hook rm", "index rm", "notify", "purge-cache", "secret", "worker terminate"];

/// Command lines of examples, as words without the program.
fn command_lines() -> Vec<Vec<String>> {
    let lines = EXAMPLES.lines().filter_map(|row| row.trim_start_matches("! ").split_once(" ## "));
    let lines = lines.map(|(line, _)| line).filter(|line| !line.contains(['<', '>', '|']) && !line.contains("--exec"));
    let known = |line: &str| line.replace("{task}", ID).replace("{group}", ID);
    let words = lines.map(|line| shlex::split(&known(line)).unwrap());
    let words = words.map(|words| words.into_iter().skip(1).collect::<Vec<String>>());
    words.filter(|words| words.first().is_some_and(|noun| !LOCAL.contains(&noun.as_str()))).collect()
}

fn is_one_of(words: &[String], verbs: &[&str]) -> bool {
    let line = words.join(" ");
    verbs.iter().any(|verb| line == *verb || line.starts_with(&format!("{verb} ")))
}

/// What each command line comes to whose deployment answers everything like this: those that were content with it.
fn content(body: &str, more: &[&str]) -> Vec<String> {
    let mut content = Vec::new();
    let mut asked = 0;
    for words in command_lines() {
        let server = FakeServer::start();
        server.otherwise(Answer::json(200, body));
        let args: Vec<&str> = words.iter().map(String::as_str).chain(["--retries", "0", "--timeout", "10s"]).collect();
        let ran = Tc::new().at(server.url()).env("TC_BROWSER", "true").run(&args);
        if server.requests().is_empty() {
            continue;
        }
        asked += 1;
        if ran.status == 0 && !is_one_of(&words, &WITHOUT_ANSWER) && !is_one_of(&words, more) {
            content.push(format!("{body}: {ran}"));
        }
    }
    assert!(asked > 100, "only {asked} examples asked the deployment");
    content
}

#[test]
fn no_verb_is_content_with_what_is_neither_an_object_nor_a_list() {
    for body in ["null", "5", "\"x\""] {
        assert_eq!(content(body, &[]), [""; 0]);
    }
}

#[test]
fn no_verb_is_content_with_an_object_that_lacks_all() {
    // A hook may make no task, which it says so.
    for body in ["{}", r#"{"status": null, "tasks": null, "scopes": null, "clientId": null}"#] {
        assert_eq!(content(body, &["hook trigger"]), [""; 0]);
    }
}

#[test]
fn no_verb_is_content_with_a_list() {
    assert_eq!(content("[1]", &[]), [""; 0]);
}
