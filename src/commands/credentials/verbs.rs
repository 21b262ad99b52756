//! Which methods the short verbs call. Pure data.

/// A verb (`task.rerun`) and the methods behind it, each `service.method`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct VerbMethods {
    /// Noun and verb of the command, with a dot between them.
    pub verb: &'static str,
    /// What it is for.
    pub methods: &'static [&'static str],
    /// How it looks before it acts; most deployments let everybody do that.
    pub reads: &'static [&'static str],
    /// A run calls one of the methods, and not all of them.
    pub either: bool,
}

macro_rules! verbs {
    ($($verb:literal: $($either:ident)? $($method:literal)* $(, reads $($read:literal)*)?;)*) => {
        /// All verbs that call something, by noun.
        pub(crate) const VERBS: &[VerbMethods] = &[$(VerbMethods {
            verb: $verb,
            methods: &[$($method),*],
            reads: &[$($($read),*)?],
            either: {
                const WORDS: &[&str] = &[$(stringify!($either)),*];
                !WORDS.is_empty()
            },
        }),*];
    };
}

verbs! {
    "task.status": "queue.status", reads "queue.task" "queue.statuses";
    "task.why": "queue.status" "queue.task" "queue.getArtifact", reads "queue.listArtifacts" "queue.taskQueueCounts"
        "queue.listPendingTasks" "queue.listWorkers" "queue.getWorker" "queue.listTaskGroup" "worker-manager.workerPool"
        "worker-manager.listWorkerPools" "worker-manager.listWorkerPoolErrors";
    "task.errors": "queue.status" "queue.task" "queue.getArtifact", reads "queue.listArtifacts";
    "task.def": "queue.task";
    "task.name": "queue.task";
    "task.group": "queue.task";
    "task.deps": "queue.task" "queue.statuses" "queue.listDependentTasks";
    "task.log": "queue.status" "queue.getArtifact", reads "queue.listArtifacts" "queue.task";
    "task.artifacts": either "queue.listArtifacts" "queue.listLatestArtifacts", reads "queue.status";
    "task.watch": "queue.status", reads "queue.task";
    "task.wait": "queue.status";
    "task.rerun": "queue.rerunTask", reads "queue.status" "queue.task";
    "task.retrigger": "queue.createTask", reads "queue.task" "queue.status";
    "task.cancel": "queue.cancelTask", reads "queue.status" "queue.task";
    "task.schedule": "queue.scheduleTask", reads "queue.status" "queue.task";
    "task.complete": "queue.claimTask", reads "queue.status";
    "task.create": "queue.createTask";
    "task.run": "queue.createTask";
    "task.edit": "queue.createTask", reads "queue.task";
    "task.cot": "queue.getArtifact", reads "queue.task" "queue.status" "queue.listArtifacts";
    "task.priority": "queue.changeTaskPriority", reads "queue.status" "queue.task";
    "group.status": "queue.listTaskGroup";
    "group.why": "queue.listTaskGroup" "queue.getArtifact", reads "queue.listArtifacts" "queue.taskQueueCounts"
        "queue.listPendingTasks" "queue.listWorkers" "queue.getWorker" "worker-manager.workerPool"
        "worker-manager.listWorkerPools" "worker-manager.listWorkerPoolErrors";
    "group.failures": "queue.listTaskGroup" "queue.getArtifact", reads "queue.listArtifacts";
    "group.diff": "queue.listTaskGroup", reads "queue.task" "index.findTask";
    "group.flaky": "queue.listTaskGroup" "queue.getArtifact", reads "queue.listArtifacts";
    "group.list": "queue.listTaskGroup";
    "group.watch": "queue.listTaskGroup";
    "group.wait": "queue.listTaskGroup";
    "group.timeline": "queue.listTaskGroup";
    "group.artifacts": "queue.listTaskGroup" "queue.listLatestArtifacts" "queue.getArtifact", reads "queue.status";
    "group.cancel": "queue.cancelTask", reads "queue.listTaskGroup";
    "group.rerun": "queue.rerunTask", reads "queue.listTaskGroup";
    "group.retrigger": "queue.createTask", reads "queue.listTaskGroup" "queue.task";
    "group.seal": "queue.sealTaskGroup", reads "queue.getTaskGroup";
    "group.priority": either "queue.changeTaskGroupPriority" "queue.changeTaskPriority", reads "queue.listTaskGroup";
    "artifact.list": either "queue.listArtifacts" "queue.listLatestArtifacts", reads "queue.status";
    "artifact.download": "queue.getArtifact", reads "queue.status" "queue.listArtifacts" "queue.listLatestArtifacts";
    "artifact.cat": "queue.getArtifact", reads "queue.status";
    "artifact.url": "queue.getArtifact";
    "artifact.upload": "queue.createArtifact", reads "queue.status" "queue.task";
    "object.download": "object.startDownload";
    "download.artifact": "queue.getArtifact", reads "queue.status";
    "download.object": "object.startDownload";
    "object.upload": "object.createUpload" "object.finishUpload";
    "notify.email": "notify.email";
    "notify.slack": "notify.slack";
    "notify.matrix": "notify.matrix";
    "notify.pulse": "notify.pulse";
    "action.list": "queue.getArtifact", reads "queue.task";
    "action.show": "queue.getArtifact", reads "queue.task";
    "action.run": "hooks.triggerHook", reads "queue.task" "queue.getArtifact" "auth.expandScopes";
    "action.retrigger": "hooks.triggerHook", reads "queue.task" "queue.getArtifact" "auth.expandScopes";
    "action.rerun": "hooks.triggerHook", reads "queue.task" "queue.getArtifact" "auth.expandScopes";
    "action.cancel": "hooks.triggerHook", reads "queue.task" "queue.getArtifact" "auth.expandScopes";
    "action.backfill": "hooks.triggerHook", reads "queue.task" "queue.getArtifact" "auth.expandScopes";
    "action.confirm-failures": "hooks.triggerHook", reads "queue.task" "queue.getArtifact" "auth.expandScopes";
    "action.add-new-jobs": "hooks.triggerHook", reads "queue.task" "queue.getArtifact" "auth.expandScopes";
    "hook.list": "hooks.listHooks";
    "hook.show": "hooks.hook";
    "hook.fires": "hooks.listLastFires", reads "hooks.hook";
    "hook.status": "hooks.getHookStatus";
    "hook.trigger": "hooks.triggerHook", reads "hooks.hook";
    "hook.create": "hooks.createHook";
    "hook.update": "hooks.updateHook", reads "hooks.hook";
    "hook.rm": "hooks.removeHook", reads "hooks.hook";
    "hook.export": either "hooks.hook" "hooks.listHooks";
    "hook.token": "hooks.getTriggerToken";
    "index.find": "index.findTask";
    "index.list": "index.listNamespaces" "index.listTasks", reads "queue.tasks";
    "index.insert": "index.insertTask", reads "queue.task";
    "index.download": "queue.getArtifact", reads "index.findTask" "queue.status" "queue.listArtifacts";
    "index.rm": "index.deleteTask", reads "index.findTask";
    "secret.list": "secrets.list";
    "secret.get": "secrets.get", reads "secrets.list";
    "secret.set": "secrets.set", reads "secrets.get";
    "secret.edit": "secrets.set" "secrets.get";
    "secret.rm": "secrets.remove" "secrets.list";
    "secret.load": "secrets.get", reads "secrets.list";
    "worker.pools": "worker-manager.listWorkerPools" "worker-manager.listWorkerPoolsStats" "queue.taskQueueCounts" "worker-manager.workerPoolErrorStats";
    "worker.pool.show": "worker-manager.workerPool", reads "worker-manager.workerPoolStats" "queue.taskQueueCounts" "worker-manager.workerPoolErrorStats";
    "worker.pool.create": "worker-manager.createWorkerPool", reads "worker-manager.listProviders";
    "worker.pool.update": "worker-manager.updateWorkerPool", reads "worker-manager.workerPool" "worker-manager.listProviders";
    "worker.pool.rm": "worker-manager.deleteWorkerPool", reads "worker-manager.listWorkerPools";
    "worker.list": "worker-manager.listWorkersForWorkerPool" "worker-manager.listWorkers", reads "worker-manager.workerPool";
    "worker.show": "worker-manager.worker" "worker-manager.getWorker";
    "worker.errors": "worker-manager.listWorkerPoolErrors" "worker-manager.workerPoolErrorStats", reads "worker-manager.workerPool";
    "worker.quarantine": "queue.quarantineWorker";
    "worker.unquarantine": "queue.quarantineWorker";
    "worker.terminate": "worker-manager.removeWorker";
    "worker.watch": "worker-manager.workerPool" "queue.taskQueueCounts" "worker-manager.listWorkers" "worker-manager.listWorkersForWorkerPool" "worker-manager.workerPoolErrorStats";
    "client.list": "auth.listClients";
    "client.show": "auth.client", reads "auth.listClients";
    "client.create": "auth.createClient";
    "client.update": "auth.updateClient", reads "auth.client";
    "client.rm": "auth.deleteClient", reads "auth.client";
    "client.reset-token": "auth.resetAccessToken", reads "auth.client";
    "client.enable": "auth.enableClient";
    "client.disable": "auth.disableClient";
    "role.list": "auth.listRoles2";
    "role.show": "auth.role", reads "auth.listRoleIds";
    "role.create": "auth.createRole";
    "role.update": "auth.updateRole", reads "auth.role";
    "role.rm": "auth.deleteRole", reads "auth.role";
    "role.who": "auth.listClients" "auth.listRoles2";
    "scope.expand": "auth.expandScopes";
    "scope.check": "auth.currentScopes";
}

/// The methods with which a verb looks before it acts; none for what is not a verb.
pub(crate) fn verb_reads(name: &str) -> &'static [&'static str] {
    find_verb(name).map_or(&[], |it| it.reads)
}

/// A verb that is written `task.rerun` or `task rerun`.
pub(crate) fn find_verb(name: &str) -> Option<&'static VerbMethods> {
    let name = name.trim().replace(char::is_whitespace, ".");
    VERBS.iter().find(|it| it.verb.eq_ignore_ascii_case(&name))
}

/// The methods of a verb that is written `task.rerun` or `task rerun`.
pub(crate) fn verb_methods(name: &str) -> Option<&'static [&'static str]> {
    find_verb(name).map(|it| it.methods)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::{Catalogue, Source};

    #[test]
    fn every_verb_is_a_command() {
        let tree = crate::commands::tree();
        for it in VERBS {
            let mut words = it.verb.split('.');
            assert!(words.clone().count() >= 2, "{}", it.verb);
            let found = words.try_fold(&tree, |command, word| command.find_subcommand(word));
            assert!(found.is_some(), "there is no `tc {}`", it.verb);
        }
    }

    #[test]
    fn every_method_exists_and_needs_scopes() {
        for it in VERBS {
            for name in it.methods.iter().chain(it.reads) {
                let (service, method) = name.split_once('.').unwrap();
                let (service, method) = Catalogue::embedded(Source::Current).method(service, method).unwrap();
                assert!(method.scopes.is_some(), "{name}");
                assert_eq!(format!("{}.{}", service.service_name, method.name), *name);
            }
        }
    }

    #[test]
    fn a_verb_has_two_spellings() {
        assert_eq!(verb_methods("task.rerun"), Some(&["queue.rerunTask"][..]));
        assert_eq!(verb_methods("Task Rerun"), Some(&["queue.rerunTask"][..]));
        assert_eq!(verb_methods("queue.rerunTask"), None);
    }
}
