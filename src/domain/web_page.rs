//! The pages of a deployment's web interface. Pure.

use super::RootUrl;
use super::root_url::encode_component;

/// Methods and the page that shows people what the method is about; `<param>` stands for an argument.
const PAGES: &[(&str, &[&str], &str)] = &[
    ("queue", &["task"], "/tasks/<taskId>/definition"),
    (
        "queue",
        &["getArtifact", "artifact", "artifactInfo", "createArtifact", "finishArtifact"],
        "/tasks/<taskId>/runs/<runId>/<name>",
    ),
    (
        "queue",
        &["listArtifacts", "claimTask", "reclaimTask", "reportCompleted", "reportFailed", "reportException"],
        "/tasks/<taskId>/runs/<runId>",
    ),
    (
        "queue",
        &[
            "status",
            "createTask",
            "scheduleTask",
            "rerunTask",
            "cancelTask",
            "changeTaskPriority",
            "listDependentTasks",
            "listLatestArtifacts",
            "getLatestArtifact",
            "latestArtifact",
            "latestArtifactInfo",
        ],
        "/tasks/<taskId>",
    ),
    (
        "queue",
        &["listTaskGroup", "getTaskGroup", "cancelTaskGroup", "sealTaskGroup", "changeTaskGroupPriority"],
        "/tasks/groups/<taskGroupId>",
    ),
    ("queue", &["getWorkerType", "listWorkers"], "/provisioners/<provisionerId>/worker-types/<workerType>"),
    (
        "queue",
        &["getWorker", "quarantineWorker", "declareWorker"],
        "/provisioners/<provisionerId>/worker-types/<workerType>/workers/<workerGroup>/<workerId>",
    ),
    ("index", &["findTask"], "/tasks/index/<indexPath>"),
    ("index", &["insertTask", "deleteTask"], "/tasks/index/<namespace>"),
    (
        "hooks",
        &["hook", "getHookStatus", "createHook", "updateHook", "triggerHook", "listLastFires"],
        "/hooks/<hookGroupId>/<hookId>",
    ),
    ("secrets", &["get", "set"], "/secrets/<name>"),
    (
        "auth",
        &["client", "updateClient", "resetAccessToken", "enableClient", "disableClient"],
        "/auth/clients/<clientId>",
    ),
    ("auth", &["createClient"], "/auth/clients/create"),
    ("auth", &["role", "createRole", "updateRole"], "/auth/roles/<roleId>"),
    (
        "worker-manager",
        &["workerPool", "createWorkerPool", "updateWorkerPool", "listWorkersForWorkerPool", "listWorkerPoolErrors"],
        "/worker-manager/<workerPoolId>",
    ),
];

/// The page for a method of a service, with its arguments by name; none where there is no such page.
///
/// The deployment of 2018 had other pages, on another host.
pub(crate) fn web_page(root: &RootUrl, service: &str, method: &str, args: &[(&str, &str)]) -> Option<String> {
    if root.is_legacy() {
        return None;
    }
    let (_, _, template) = PAGES.iter().find(|(of, methods, _)| *of == service && methods.contains(&method))?;
    let mut page = root.as_str().to_owned();
    let mut rest = *template;
    while let Some((before, after)) = rest.split_once('<') {
        let (name, tail) = after.split_once('>')?;
        let (_, value) = args.iter().find(|(known, _)| *known == name)?;
        page.push_str(before);
        page.push_str(&component(name, value));
        rest = tail;
    }
    page.push_str(rest);
    Some(page)
}

fn component(name: &str, value: &str) -> String {
    match value.rsplit_once('.') {
        // The page of an indexed task has its namespace and its name apart.
        Some((namespace, last)) if matches!(name, "indexPath" | "namespace") => {
            format!("{}/{}", encode_component(namespace), encode_component(last))
        }
        _ => encode_component(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn page(service: &str, method: &str, args: &[(&str, &str)], expected: Option<&str>) {
        let root = RootUrl::parse("https://tc.example.com").unwrap();
        let expected = expected.map(|path| format!("https://tc.example.com{path}"));
        assert_eq!(web_page(&root, service, method, args), expected);
    }

    #[test]
    fn things_have_pages() {
        let task = ("taskId", "VESwp9JaRo-XkFN_bemBhw");
        page("queue", "status", &[task], Some("/tasks/VESwp9JaRo-XkFN_bemBhw"));
        page("queue", "task", &[task], Some("/tasks/VESwp9JaRo-XkFN_bemBhw/definition"));
        let artifact = [task, ("runId", "0"), ("name", "public/a b")];
        page("queue", "getArtifact", &artifact, Some("/tasks/VESwp9JaRo-XkFN_bemBhw/runs/0/public%2Fa%20b"));
        page("queue", "listTaskGroup", &[("taskGroupId", "x")], Some("/tasks/groups/x"));
        page("index", "findTask", &[("indexPath", "gecko.v2.x")], Some("/tasks/index/gecko.v2/x"));
        page("secrets", "get", &[("name", "a/b")], Some("/secrets/a%2Fb"));
        page("auth", "createClient", &[("clientId", "a")], Some("/auth/clients/create"));
        page("worker-manager", "workerPool", &[("workerPoolId", "a/b")], Some("/worker-manager/a%2Fb"));
        page("queue", "ping", &[], None);
    }

    #[test]
    fn the_deployment_of_2018_has_none() {
        let root = RootUrl::parse("https://taskcluster.net").unwrap();
        assert_eq!(web_page(&root, "queue", "status", &[("taskId", "x")]), None);
    }
}
