//! What to do about an error, in words of the command line. What is below `commands` knows no flag and no verb.

use indexmap::IndexMap;
use serde_json::Value;

use super::credentials::{find_verb, needs};
use crate::client::{ApiError, least_scopes};
use crate::context::{Deployment, Identity, Origin};
use crate::domain::shell::quote;
use crate::domain::{RootUrl, scopes};
use crate::env;
use crate::error::{Advice, Error, Kind};
use crate::reference::{Needs, Verb};

/// How to find the right name of a thing, by the beginning of the verbs that take such names.
const LISTS: [(&str, &str); 11] = [
    ("task.", "Check the task ID; tasks are deleted when they expire."),
    ("group.", "Check the task group ID; task groups are deleted when their tasks expire."),
    ("artifact.", "Check the task ID; tasks are deleted when they expire."),
    ("download.artifact", "Check the task ID; tasks are deleted when they expire."),
    ("action.", "Check the ID; tasks are deleted when they expire."),
    ("hook.", "`tc hook list` lists the hook groups, and `tc hook list GROUP` the hooks of one."),
    ("index.", "`tc index list NAMESPACE` shows what is in the index."),
    ("secret.", "`tc secret list` lists the secrets."),
    ("worker.", "`tc worker pools` lists the worker pools, and `tc worker list POOL` the workers of one."),
    ("client.", "`tc client list` lists the clients."),
    ("role.", "`tc role list` lists the roles."),
];
/// Verbs that name things of a deployment which have no page, or cannot be listed.
const UNLISTED: [&str; 3] = ["object.", "download.object", "purge-cache"];

/// The error with its advice as hints.
pub(crate) fn worded(mut error: Error) -> Error {
    let advice = error.take_advice();
    advice.iter().fold(error, |error, advice| error.hint(words(advice)))
}

fn words(advice: &Advice) -> String {
    match advice {
        Advice::SignIn => "To get credentials: tc signin".to_owned(),
        Advice::SelectDeployment => {
            format!(
                "Set {}, give -R with a URL or the name of a profile, or choose for good: `tc profile use NAME`.",
                env::ROOT_URL.name
            )
        }
        Advice::CheckRootUrl => "Check the root URL and the network.".to_owned(),
        Advice::TrustCertificate => "If the deployment's CA is a private one, name its file with --cacert.".to_owned(),
        Advice::AllowMoreTime => "Allow more time with --timeout.".to_owned(),
        Advice::UseRootUrl(root) => format!("To use the page's deployment: -R {root}"),
        Advice::ListServices => "`tc api` lists all services.".to_owned(),
        Advice::UseLegacy => "The services of 2018 had it: --legacy".to_owned(),
        Advice::ListMethods(service) => format!("`tc api {service}` lists its methods."),
        Advice::OtherReferences => {
            "A deployment of another version may have it: `tc references update` fetches what the \
             deployment itself serves."
                .to_owned()
        }
        Advice::ListSchemas => "`tc schema list` lists all schemas.".to_owned(),
        Advice::ListArtifacts(task) => format!("`tc artifact list {task}` lists the artifacts that exist."),
        Advice::FetchByUrl => {
            "Fetch the URL that `tc artifact url` prints with another tool; tc decodes gzip and zstd.".to_owned()
        }
        Advice::ChooseFile => "Wait until it is done, or choose another file with -o.".to_owned(),
        Advice::ChoosePort => "Choose another port with --port, or omit it to use any free port.".to_owned(),
        Advice::PasteAddress => "Use --paste to paste the browser's last address instead of waiting for it.".to_owned(),
        Advice::EditSettings => "Repair it with `tc config edit`; the file was left unchanged.".to_owned(),
        Advice::SetSetting { key, value } => format!("Set it with `tc config set {key} {value}`."),
        Advice::ListProfiles => "`tc profile list` shows all profiles.".to_owned(),
    }
}

/// What the caller can do about a refused call: sign in, sign in for more, or ask someone else.
///
/// The advice is enough: who follows it is not refused again, neither for the same call nor for another one of the verb.
/// It comes from the whole scope expression that the server sent, less what the caller has, and from those of the other
/// methods that the verb calls.
pub(crate) fn advise(refusal: &ApiError, identity: &Identity, deployment: &Deployment, verb: &str) -> Vec<String> {
    if identity.target.unsigned_because.is_some() && refusal.other_holder(None).is_none() {
        // Credentials that were turned off are not what is missing; those that have ended are.
        let again = identity.expires.map(|_| format!("To sign in again: {}", sign_in(deployment)));
        return again.into_iter().collect();
    }
    match (&refusal.missing_scopes, refusal.status) {
        (Some(missing), 403) => {
            let own = identity.target.credentials.as_ref().map(|credentials| credentials.client_id.as_str());
            if let Some(who) = refusal.other_holder(own) {
                return vec![format!(
                    "These are scopes of the {who}, not yours: signing in does not help. Grant them to it."
                )];
            }
            if matches!(identity.origin, Some(Origin::Proxy)) {
                return vec!["Add what is missing to the `scopes` of the task.".to_owned()];
            }
            let keeps = matches!(identity.origin, Some(Origin::Store(_)));
            let scopes = if keeps { missing } else { refusal.required_scopes.as_ref().unwrap_or(missing) };
            let mut command = sign_in(deployment);
            if keeps {
                command.push_str(" --add");
            }
            let is_replaced = !keeps && identity.target.credentials.is_some();
            let others = other_needs(verb, refusal, is_replaced);
            for scope in joined(least_scopes(scopes), others.scopes) {
                command.push_str(" -s ");
                command.push_str(&quote(&scope));
            }
            let open = others.open.first().map(|_| "Add the scopes of the task itself, too, with -s.".to_owned());
            std::iter::once(format!("To get what is missing: {command}")).chain(open).collect()
        }
        // It is its own credential, and is sent without others.
        (None, 401) if refusal.what == "hooks.triggerHookWithToken" => {
            vec!["`tc hook token GROUP/HOOK` prints the token that counts.".to_owned()]
        }
        (None, 401) if !matches!(identity.origin, Some(Origin::Proxy)) => {
            vec![format!("To get new credentials: {}", sign_in(deployment))]
        }
        _ => Vec::new(),
    }
}

/// What a verb needs for other calls than the refused one, as far as that call tells what it is about.
///
/// What it has looked at before it was allowed to do, unless the credentials that allowed it are replaced.
fn other_needs(verb: &str, refusal: &ApiError, is_replaced: bool) -> Needs {
    let mut needs = Needs::default();
    let Some(verb) = find_verb(verb) else { return needs };
    let is_own = verb.methods.contains(&refusal.what.as_str());
    let is_action = is_own && refusal.verb != Verb::Get;
    let params = refusal.request_info.as_ref().and_then(|info| info.get("params")?.as_object());
    let mut known: IndexMap<String, Value> =
        params.into_iter().flatten().map(|(name, value)| (name.clone(), value.clone())).collect();
    if refusal.what == "queue.createTask" {
        // That is the ID of a task which is not there, and not of the one that was looked at.
        known.shift_remove("taskId");
    }
    needs::split_pool(&mut known);
    let of = |name: &&str| {
        // A test holds the table against the references.
        let scopes = needs::embedded_method(name).ok().and_then(|method| method.scopes.as_ref());
        scopes.map(|scopes| scopes.needs(&known)).unwrap_or_default()
    };
    if !(is_own && verb.either) {
        verb.methods.iter().filter(|name| **name != refusal.what).for_each(|name| needs.extend(of(name)));
    }
    // The table has them in the order of the calls.
    let here = verb.reads.iter().position(|name| *name == refusal.what);
    for (at, name) in verb.reads.iter().enumerate().filter(|(_, name)| **name != refusal.what) {
        let is_done = is_action || here.is_some_and(|here| at < here);
        let mut of_read = of(name);
        if is_done {
            // What was allowed, and is not known by now, would be everything.
            of_read.scopes.retain(|scope| is_replaced && !scope.ends_with('*'));
            of_read.open.clear();
        }
        needs.extend(of_read);
    }
    needs
}

/// All these scopes, without those that others of them include.
fn joined(first: Vec<String>, others: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut all = first;
    for scope in others {
        if !all.iter().any(|other| scopes::covers(other, &scope)) {
            all.retain(|other| !scopes::covers(&scope, other));
            all.push(scope);
        }
    }
    all
}

/// The error with what to do next, where a verb named something that the deployment does not have.
///
/// `asked` is the deployment, where nothing but settings chose it.
pub(crate) fn next_steps(error: Error, verb: &str, asked: Option<&RootUrl>) -> Error {
    // `tc index insert` names a task as well: a list of the index does not help to find that one.
    let is_task_beside = verb.starts_with("index.") && ApiError::of(&error).is_some_and(|it| it.what == "queue.task");
    let names = if is_task_beside { "task." } else { verb };
    let list = LISTS.iter().find(|(prefix, _)| names.starts_with(prefix)).map(|(_, list)| *list);
    let is_unlisted = UNLISTED.iter().any(|prefix| verb.starts_with(prefix));
    if error.kind() != Kind::NotFound || !is_unknown_name(&error) || (list.is_none() && !is_unlisted) {
        return error;
    }
    let is_explained = !error.hints().is_empty() || !error.advice().is_empty();
    let error = match list {
        Some(list) if !is_explained => error.hint(list),
        _ => error,
    };
    match asked {
        Some(root) if is_unlisted => error.hint(format!("If it is not on {root}, choose its deployment with -R.")),
        Some(root) => error
            .hint(format!("If it is not on {root}, choose its deployment with -R, or give the address of its page.")),
        None => error,
    }
}

/// Whether it is the thing itself that does not exist, and not a part of it.
fn is_unknown_name(error: &Error) -> bool {
    match ApiError::of(error) {
        // A task that exists may lack an artifact, or a run.
        Some(refusal) => {
            refusal.status == 404 && !["Artifact not found", "Run not found"].contains(&refusal.message.as_str())
        }
        None => error.is_unknown_name(),
    }
}

/// The command that signs in to the deployment.
fn sign_in(deployment: &Deployment) -> String {
    match deployment {
        Deployment::InUse => "tc signin".to_owned(),
        Deployment::At(root) => format!("tc signin -R {}", quote(root.as_str())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::{Credentials, Endpoint};

    const REFUSED: &str = "Client ID me/tc does not have sufficient scopes and is missing the following scopes:\n\n\
        ```\nqueue:b\n```\n\nThis request requires the client to satisfy the following scope expression:\n\n\
        ```\n{\"AllOf\": [\"queue:a\", \"queue:b\"]}\n```";

    fn advice(message: &str, origin: Option<Origin>, deployment: &Deployment) -> Vec<String> {
        advice_for("", "queue.x", message, origin, deployment)
    }

    fn advice_for(
        verb: &str,
        what: &str,
        message: &str,
        origin: Option<Origin>,
        deployment: &Deployment,
    ) -> Vec<String> {
        let params = serde_json::json!({"name": "x", "taskId": "t"});
        let body = serde_json::json!({"code": "InsufficientScopes", "message": message,
            "requestInfo": {"params": params}})
        .to_string();
        let sent = if what == "secrets.set" { Verb::Put } else { Verb::Get };
        let refusal = ApiError::parse(what, sent, "https://tc.example.com/x".into(), 403, body.into());
        let target = Endpoint {
            root: RootUrl::parse("https://tc.example.com").unwrap(),
            credentials: origin.is_some().then(|| Credentials::new("me/tc", "key")),
            unsigned_because: None,
            proxied: false,
        };
        let identity = Identity { target, root_source: None, origin, issued: None, expires: None };
        advise(&refusal, &identity, deployment, verb)
    }

    #[test]
    fn stored_credentials_are_added_to_and_others_made_anew() {
        let (store, here) = (Origin::Store("/x".into()), Deployment::InUse);
        assert_eq!(advice(REFUSED, Some(store), &here), ["To get what is missing: tc signin --add -s queue:b"]);
        let all = ["To get what is missing: tc signin -s queue:a -s queue:b"];
        assert_eq!(advice(REFUSED, Some(Origin::Environment), &here), all);
        assert_eq!(advice(REFUSED, None, &here), all);
        let there = Deployment::At(RootUrl::parse("https://other.example.com").unwrap());
        assert_eq!(
            advice(REFUSED, None, &there),
            ["To get what is missing: tc signin -R https://other.example.com -s queue:a -s queue:b"]
        );
    }

    #[test]
    fn advice_names_the_scopes_of_all_calls_of_the_verb() {
        let message = "is missing the following scopes:\n\n```\nsecrets:get:x\n```";
        let of = |verb, what, message: &str, origin| advice_for(verb, what, message, origin, &Deployment::InUse);
        let get_and_set = ["To get what is missing: tc signin -s secrets:get:x -s secrets:set:x"];
        assert_eq!(of("secret.set", "secrets.get", message, None), get_and_set);
        let store = Some(Origin::Store("/x".into()));
        let added = ["To get what is missing: tc signin --add -s secrets:get:x -s secrets:set:x"];
        assert_eq!(of("secret.set", "secrets.get", message, store.clone()), added);
        // What was looked at before is allowed, unless the credentials that allowed it are replaced.
        let message = "is missing the following scopes:\n\n```\nsecrets:set:x\n```";
        let set = ["To get what is missing: tc signin --add -s secrets:set:x"];
        assert_eq!(of("secret.set", "secrets.set", message, store), set);
        let both = ["To get what is missing: tc signin -s secrets:set:x -s secrets:get:x"];
        assert_eq!(of("secret.set", "secrets.set", message, Some(Origin::Environment)), both);
    }

    #[test]
    fn who_looks_and_is_refused_gets_the_scopes_of_all_that_the_verb_looks_at() {
        let message = "is missing the following scopes:\n\n```\nqueue:status:t\n```";
        let hints = advice_for("task.log", "queue.status", message, None, &Deployment::InUse);
        let expected = "To get what is missing: tc signin -s queue:status:t -s queue:get-artifact:x \
            -s 'queue:list-artifacts:t:*' -s queue:get-task:t";
        assert_eq!(hints, [expected]);
    }

    #[test]
    fn advice_says_where_scopes_of_a_task_are_not_known_yet() {
        let message = "is missing the following scopes:\n\n```\nqueue:get-task:t\n```";
        let hints = advice_for("task.retrigger", "queue.task", message, None, &Deployment::InUse);
        assert!(hints[0].contains(" -s queue:get-task:t ") && hints[0].contains("'queue:create-task:*'"), "{hints:?}");
        assert_eq!(hints[1], "Add the scopes of the task itself, too, with -s.");
    }

    #[test]
    fn a_name_that_does_not_exist_gets_a_next_step() {
        let root = RootUrl::parse("https://tc.example.com").unwrap();
        let gone = || Error::unknown_name("secret `x`");
        let elsewhere =
            "If it is not on https://tc.example.com, choose its deployment with -R, or give the address of its page.";
        let list = "`tc secret list` lists the secrets.";
        assert_eq!(next_steps(gone(), "secret.get", Some(&root)).hints(), [list, elsewhere]);
        assert_eq!(next_steps(gone(), "secret.get", None).hints(), [list]);
        let similar = next_steps(gone().hint("Did you mean `y`?"), "secret.get", Some(&root));
        assert_eq!(similar.hints(), ["Did you mean `y`?", elsewhere]);
        assert!(next_steps(gone(), "api.secrets.get", Some(&root)).hints().is_empty());
        let key = Error::new(Kind::NotFound, "key `x` does not exist");
        assert!(next_steps(key, "secret.get", Some(&root)).hints().is_empty());
        assert!(next_steps(Error::failed("x does not exist"), "secret.get", Some(&root)).hints().is_empty());
    }

    #[test]
    fn scopes_of_another_client_need_no_sign_in() {
        let message = REFUSED.replace("Client ID me/tc", "The role `hook-id:g/h`");
        assert_eq!(
            advice(&message, Some(Origin::Environment), &Deployment::InUse),
            ["These are scopes of the role `hook-id:g/h`, not yours: signing in does not help. Grant them to it."]
        );
        let proxied = advice(REFUSED, Some(Origin::Proxy), &Deployment::InUse);
        assert_eq!(proxied, ["Add what is missing to the `scopes` of the task."]);
    }

    #[test]
    fn advice_becomes_a_hint_after_those_that_are_there() {
        let error = worded(Error::failed("x").hint("y").advise(Advice::ListProfiles));
        assert_eq!(error.hints(), ["y", "`tc profile list` shows all profiles."]);
        assert!(error.advice().is_empty());
    }
}
