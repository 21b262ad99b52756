//! What an answer must hold: without it nothing is known to be there, or to have been done. Pure.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::answer::answers_with_redirect;
use super::{Request, Response};
use crate::error::{Error, Result};

/// Methods with members that their answers have had in every version of Taskcluster, and that callers cannot do without.
/// `queue.listTaskGroup` is not among them: its pages are large, and its callers take them apart by name.
const MEMBERS: [(&str, &[&str]); 53] = [
    ("auth.client", &["clientId"]),
    ("auth.createClient", &["clientId", "accessToken"]),
    ("auth.createRole", &["roleId"]),
    ("auth.currentScopes", &["scopes"]),
    ("auth.disableClient", &["clientId"]),
    ("auth.enableClient", &["clientId"]),
    ("auth.expandScopes", &["scopes"]),
    ("auth.listClients", &["clients"]),
    ("auth.listRoleIds", &["roleIds"]),
    ("auth.listRoles2", &["roles"]),
    ("auth.resetAccessToken", &["clientId", "accessToken"]),
    ("auth.role", &["roleId"]),
    ("auth.updateClient", &["clientId"]),
    ("auth.updateRole", &["roleId"]),
    ("hooks.createHook", &["hookId", "hookGroupId"]),
    ("hooks.getHookStatus", &["lastFire"]),
    ("hooks.getTriggerToken", &["token"]),
    ("hooks.hook", &["hookId", "hookGroupId"]),
    ("hooks.listHookGroups", &["groups"]),
    ("hooks.listHooks", &["hooks"]),
    ("hooks.listLastFires", &["lastFires"]),
    ("hooks.resetTriggerToken", &["token"]),
    ("hooks.updateHook", &["hookId", "hookGroupId"]),
    ("index.findTask", &["taskId"]),
    ("index.insertTask", &["taskId"]),
    ("index.listNamespaces", &["namespaces"]),
    ("index.listTasks", &["tasks"]),
    ("queue.createTask", &["status"]),
    ("queue.getTaskGroup", &["taskGroupId"]),
    ("queue.getWorker", &["workerId", "workerGroup"]),
    ("queue.listArtifacts", &["artifacts"]),
    ("queue.listDependentTasks", &["tasks"]),
    ("queue.listLatestArtifacts", &["artifacts"]),
    ("queue.listPendingTasks", &["tasks"]),
    ("queue.pendingTasks", &["pendingTasks"]),
    ("queue.quarantineWorker", &["workerId", "workerGroup"]),
    ("queue.status", &["status"]),
    ("queue.task", &["metadata"]),
    ("queue.taskQueueCounts", &["pendingTasks"]),
    ("queue.tasks", &["tasks"]),
    ("secrets.get", &["secret"]),
    ("secrets.list", &["secrets"]),
    ("worker-manager.createWorkerPool", &["providerId"]),
    ("worker-manager.deleteWorkerPool", &["providerId"]),
    ("worker-manager.getWorker", &["workerId", "workerGroup"]),
    ("worker-manager.listWorkerPoolErrors", &["workerPoolErrors"]),
    ("worker-manager.listWorkerPools", &["workerPools"]),
    ("worker-manager.listWorkers", &["workers"]),
    ("worker-manager.listWorkersForWorkerPool", &["workers"]),
    ("worker-manager.updateWorkerPool", &["providerId"]),
    ("worker-manager.worker", &["workerId", "workerGroup"]),
    ("worker-manager.workerPool", &["providerId"]),
    ("worker-manager.workerPoolErrorStats", &["totals"]),
];

/// An answer's members, as they were sent.
#[derive(Deserialize)]
struct Members<'a>(#[serde(borrow)] BTreeMap<Cow<'a, str>, &'a RawValue>);

/// Looks whether an answer can be one to this call. `argument` gives what the call has for a parameter of the route: where
/// the answer has a member of the same name, it must be about the same thing.
///
/// # Errors
/// [`crate::error::Kind::Failed`] with what the answer lacks, or what it is about.
pub(super) fn check<'a>(
    request: &Request,
    response: &Response,
    argument: impl Fn(&str) -> Option<&'a str>,
) -> Result<()> {
    // What has no defined body, a redirect that was not followed, and the content that one led to.
    if !request.answers_json || !(200..300).contains(&response.status) || answers_with_redirect(request) {
        return Ok(());
    }
    let what = &response.what;
    let body = response.body.trim_ascii_start();
    if !body.starts_with(b"{") && !body.starts_with(b"[") {
        return Err(Error::failed(format!("{what} answered JSON that is not an object")));
    }
    let Some((_, wanted)) = MEMBERS.iter().find(|(method, _)| method == what) else { return Ok(()) };
    let Ok(Members(members)) = serde_json::from_slice(&response.body) else {
        return Err(Error::failed(format!("{what} answered JSON that is not an object")));
    };
    for name in *wanted {
        let value = members.get(*name).filter(|value| value.get() != "null");
        let value = value.ok_or_else(|| Error::failed(format!("{what} answered without `{name}`")))?;
        let (Some(asked), Ok(told)) = (argument(name), serde_json::from_str::<Cow<'_, str>>(value.get())) else {
            continue;
        };
        if told != asked {
            return Err(Error::failed(format!("{what} answered about `{told}` and was asked about `{asked}`")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::{Catalogue, Source, Verb};

    fn told(what: &str, body: &str) -> String {
        let url = url::Url::parse("http://localhost/").unwrap();
        let request = Request { answers_json: true, ..Request::get(what.to_owned(), url.clone()) };
        let headers = reqwest::header::HeaderMap::new();
        let response = Response { what: what.into(), status: 200, headers, body: body.to_owned().into(), url };
        assert_eq!(request.verb, Verb::Get);
        let argument = |name: &str| (name == "clientId").then_some("a/b");
        check(&request, &response, argument).map_or_else(|error| error.message().to_owned(), |()| "right".to_owned())
    }

    #[test]
    fn an_answer_without_what_it_is_about_is_none() {
        for (what, body, expected) in [
            ("auth.client", r#"{"clientId": "a/b"}"#, "right"),
            ("auth.client", r#"{"client\u0049d": "a\/b"}"#, "right"),
            ("auth.client", "{}", "auth.client answered without `clientId`"),
            ("auth.client", r#"{"clientId": null}"#, "auth.client answered without `clientId`"),
            ("auth.client", r#"[{"clientId": "a/b"}]"#, "auth.client answered JSON that is not an object"),
            ("auth.client", "5", "auth.client answered JSON that is not an object"),
            ("auth.client", r#"{"clientId": "c"}"#, "auth.client answered about `c` and was asked about `a/b`"),
            ("auth.resetAccessToken", r#"{"clientId": "a/b"}"#, "auth.resetAccessToken answered without `accessToken`"),
            ("auth.listRoles", "[]", "right"),
            ("queue.statuses", "{}", "right"),
            ("queue.statuses", "null", "queue.statuses answered JSON that is not an object"),
        ] {
            assert_eq!(told(what, body), expected, "{body}");
        }
    }

    #[test]
    fn each_method_of_the_table_is_one_and_has_an_answer() {
        let catalogue = Catalogue::embedded(Source::Current);
        for (what, members) in MEMBERS {
            let (service, name) = what.split_once('.').unwrap();
            let (_, method) = catalogue.method(service, name).unwrap();
            assert!(method.output.is_some() && !members.is_empty(), "{what}");
        }
        assert!(MEMBERS.is_sorted());
    }
}
