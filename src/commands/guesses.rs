//! What people mean who type a word of another tool, or leave one out.

use crate::cli::usage::Unknown;
use crate::reference::{Catalogue, Source};

/// Words at the top, and what to type.
const COMMANDS: &[(&[&str], &str)] = &[
    (&["login", "log-in", "auth"], "tc signin"),
    (&["logout", "log-out"], "tc signout"),
    (&["log", "logs", "tail"], "tc task log TASK"),
    (&["status", "view", "show", "describe", "get", "info"], "tc task status TASK` or `tc group status GROUP"),
    (&["rerun", "retry", "restart"], "tc task rerun TASK` or `tc group rerun GROUP"),
    (&["retrigger"], "tc task retrigger TASK` or `tc group retrigger GROUP"),
    (&["cancel", "stop", "kill"], "tc task cancel TASK` or `tc group cancel GROUP"),
    (&["list", "ls", "tasks"], "tc group list GROUP"),
    (&["wait"], "tc task wait TASK` or `tc group wait GROUP"),
    (&["watch"], "tc task watch TASK` or `tc group watch GROUP"),
    (&["artifacts"], "tc task artifacts TASK"),
    (&["upload"], "tc artifact upload TASK FILE"),
    (&["open", "browse"], "tc task open TASK` or `tc group open GROUP"),
    (&["groups"], "tc group list GROUP"),
    (&["why", "explain", "diagnose"], "tc task why TASK` or `tc group why GROUP"),
    (&["errors", "failures"], "tc task errors TASK` or `tc group failures GROUP"),
    (&["diff", "compare"], "tc group diff BEFORE AFTER"),
    (&["call", "request", "curl"], "tc api SERVICE METHOD"),
    (&["docs", "doc", "topics"], "tc help TOPIC"),
    (&["scopes"], "tc scope check` or `tc whoami"),
    (&["actions"], "tc action list GROUP"),
    (&["backfill"], "tc action backfill TASK"),
    (&["trigger", "fire"], "tc hook trigger HOOK"),
    (&["hooks"], "tc hook list"),
    (&["me", "user", "id"], "tc whoami"),
    (&["pool", "pools", "worker-pools"], "tc worker pools"),
    (&["quarantine"], "tc worker quarantine WORKER"),
    (&["who"], "tc role who SCOPE"),
];

/// Verbs of nouns, and what to type; the noun is the whole command so far.
const VERBS: &[(&str, &[&str], &str)] = &[
    ("tc task", &["view", "show", "describe", "get", "info", "list"], "tc task status TASK` or `tc task def TASK"),
    ("tc task", &["logs", "tail"], "tc task log TASK"),
    ("tc task", &["definition"], "tc task def TASK"),
    ("tc task", &["dependencies"], "tc task deps TASK"),
    ("tc task", &["retry", "restart"], "tc task rerun TASK"),
    ("tc task", &["stop", "kill"], "tc task cancel TASK"),
    ("tc task", &["explain", "diagnose", "reason"], "tc task why TASK"),
    ("tc task", &["error", "failures", "failure"], "tc task errors TASK"),
    ("tc task", &["artifact", "download"], "tc task artifacts TASK` or `tc artifact download TASK"),
    ("tc task", &["browse"], "tc task open TASK"),
    ("tc group", &["view", "show", "describe", "get", "info"], "tc group status GROUP"),
    ("tc group", &["tasks", "ls"], "tc group list GROUP"),
    ("tc group", &["logs", "log"], "tc group list GROUP --state failed | tc task log -"),
    ("tc group", &["retry", "restart"], "tc group rerun GROUP"),
    ("tc group", &["stop", "kill"], "tc group cancel GROUP"),
    ("tc group", &["explain", "diagnose", "blocked"], "tc group why GROUP"),
    ("tc group", &["errors", "failed", "failure"], "tc group failures GROUP"),
    ("tc group", &["compare"], "tc group diff BEFORE AFTER"),
    ("tc group", &["intermittents", "intermittent"], "tc group flaky GROUP"),
    ("tc artifact", &["show", "view", "get"], "tc artifact cat TASK NAME"),
    ("tc action", &["ls", "actions"], "tc action list GROUP"),
    ("tc sandbox", &["start", "run", "serve", "up"], "tc sandbox"),
    ("tc action", &["get", "view", "describe", "info", "schema"], "tc action show NAME GROUP"),
    ("tc action", &["trigger", "fire", "call"], "tc action run NAME GROUP"),
    ("tc hook", &["ls", "groups"], "tc hook list"),
    ("tc hook", &["get", "view", "describe", "info", "schema"], "tc hook show HOOK"),
    ("tc hook", &["history", "last-fires", "log", "logs"], "tc hook fires HOOK"),
    ("tc hook", &["fire", "run", "call"], "tc hook trigger HOOK"),
    ("tc hook", &["edit", "set"], "tc hook update FILE"),
    ("tc hook", &["delete", "remove"], "tc hook rm HOOK"),
    ("tc index", &["ls", "tree", "namespaces", "tasks"], "tc index list NAMESPACE"),
    ("tc index", &["get", "show", "task", "lookup"], "tc index find PATH"),
    ("tc index", &["add", "set", "put"], "tc index insert PATH TASK"),
    ("tc index", &["delete", "remove"], "tc index rm PATH"),
    ("tc index", &["artifact", "cat"], "tc index download PATH NAME"),
    ("tc artifact", &["ls"], "tc artifact list TASK"),
    ("tc worker", &["ls"], "tc worker list POOL"),
    ("tc worker", &["view", "describe", "get", "status", "info"], "tc worker show WORKER"),
    ("tc worker", &["remove", "rm", "delete", "stop", "kill"], "tc worker terminate WORKER"),
    ("tc worker", &["stats", "capacity", "pending"], "tc worker pools"),
    ("tc worker pool", &["list", "ls"], "tc worker pools"),
    ("tc worker pool", &["view", "describe", "get", "export"], "tc worker pool show POOL"),
    ("tc worker pool", &["remove", "delete"], "tc worker pool rm POOL"),
    ("tc client", &["ls"], "tc client list"),
    ("tc client", &["view", "describe", "get"], "tc client show CLIENT"),
    ("tc client", &["remove", "delete"], "tc client rm CLIENT"),
    ("tc client", &["reset", "rotate", "token"], "tc client reset-token CLIENT"),
    ("tc role", &["ls"], "tc role list"),
    ("tc role", &["view", "describe", "get"], "tc role show ROLE"),
    ("tc role", &["remove", "delete"], "tc role rm ROLE"),
    ("tc secret", &["ls"], "tc secret list"),
    ("tc secret", &["show", "view", "read", "print"], "tc secret get SECRET"),
    ("tc secret", &["create", "update", "put", "add", "write"], "tc secret set SECRET FILE"),
    ("tc secret", &["remove", "delete", "unset"], "tc secret rm SECRET"),
    ("tc secret", &["env", "export", "exec"], "tc secret load SECRET"),
];

/// Options of other tools, and what does the same here.
const OPTIONS: &[(&[&str], &str)] = &[
    (&["--web", "-w"], "Open the page with `tc task open` or `tc group open`."),
    (&["--limit", "-L"], "Lists have --limit N; cut other output with `| head -n N`, or with --jq 'limit(N; .)'."),
    (&["-o", "--output", "--format"], "Lists and documents have -o json|yaml; write a file with `> FILE`."),
    (&["--no-headers"], "Leave it out: in a pipe there are none."),
    (&["--sort-by", "--order-by"], "Sort a list with --sort COLUMN."),
    (&["--follow"], "Leave it out: what still runs is followed."),
    (&["--force"], "Use --yes."),
];

/// A hint for a word that `command` does not know.
pub(super) fn guess(command: &str, unknown: Unknown<'_>) -> Option<String> {
    match unknown {
        Unknown::Option(option) => {
            OPTIONS.iter().find(|(names, _)| names.contains(&option)).map(|(_, hint)| (*hint).to_owned())
        }
        Unknown::Command(word) if command == "tc" => guess_command(word).map(meant),
        Unknown::Command(word) => {
            let found = VERBS.iter().find(|(noun, words, _)| *noun == command && words.contains(&word));
            found.map(|(_, _, line)| meant((*line).to_owned()))
        }
    }
}

fn guess_command(word: &str) -> Option<String> {
    let known = COMMANDS.iter().find(|(words, _)| words.contains(&word)).map(|(_, line)| (*line).to_owned());
    known.or_else(|| service(word)).or_else(|| method(word))
}

/// `queue`, `secrets`: a service by its name, or by that of one of the things that it keeps.
fn service(word: &str) -> Option<String> {
    let catalogue = Catalogue::embedded(Source::Current);
    let plural = format!("{word}s");
    let service = [word, plural.as_str()].into_iter().find_map(|name| catalogue.service(name).ok())?;
    Some(format!("tc api {} METHOD", service.service_name))
}

/// `createTask`: a method by its name.
fn method(word: &str) -> Option<String> {
    let services = Catalogue::embedded(Source::Current).services().ok()?;
    let service = services.into_iter().find(|service| service.method(word).is_some())?;
    Some(format!("tc api {} {}", service.service_name, service.method(word)?.name))
}

fn meant(line: String) -> String {
    format!("Did you mean `{line}`?")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_other_tools_lead_to_the_right_verb() {
        let guessed = |command: &str, word: &str| guess(command, Unknown::Command(word)).unwrap_or_default();
        assert_eq!(guessed("tc", "login"), "Did you mean `tc signin`?");
        assert_eq!(guessed("tc", "logs"), "Did you mean `tc task log TASK`?");
        assert_eq!(guessed("tc", "queue"), "Did you mean `tc api queue METHOD`?");
        assert_eq!(guessed("tc", "github"), "Did you mean `tc api github METHOD`?");
        assert_eq!(guessed("tc sandbox", "start"), "Did you mean `tc sandbox`?");
        assert_eq!(guessed("tc secret", "show"), "Did you mean `tc secret get SECRET`?");
        assert_eq!(guessed("tc", "createTask"), "Did you mean `tc api queue createTask`?");
        assert_eq!(guessed("tc task", "describe"), "Did you mean `tc task status TASK` or `tc task def TASK`?");
        assert_eq!(guessed("tc group", "nonsense"), "");
    }
}
