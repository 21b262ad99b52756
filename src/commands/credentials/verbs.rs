//! Which methods the short verbs call that need scopes of one's own. Pure data.

/// A verb (`task.rerun`) and the methods behind it, each `service.method`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerbMethods {
    /// Noun and verb of the command, with a dot between them.
    pub verb: &'static str,
    /// What it calls. Verbs that act also look at tasks first; deployments let everybody do that.
    pub methods: &'static [&'static str],
}

macro_rules! verbs {
    ($($verb:literal: $($method:literal)*;)*) => {
        /// All verbs that call something, by noun.
        pub const VERBS: &[VerbMethods] = &[$(VerbMethods { verb: $verb, methods: &[$($method),*] }),*];
    };
}

verbs! {
    "task.status": "queue.status";
    "task.def": "queue.task";
    "task.name": "queue.task";
    "task.group": "queue.task";
    "task.deps": "queue.task" "queue.statuses" "queue.listDependentTasks";
    "task.log": "queue.status" "queue.getArtifact";
    "task.watch": "queue.status" "queue.getArtifact";
    "task.wait": "queue.status";
    "task.run": "queue.createTask";
    "task.create": "queue.createTask";
    "task.edit": "queue.task" "queue.createTask";
    "task.rerun": "queue.rerunTask";
    "task.retrigger": "queue.createTask";
    "task.cancel": "queue.cancelTask";
    "task.schedule": "queue.scheduleTask";
    "task.complete": "queue.claimTask";
    "task.priority": "queue.changeTaskPriority";
    "group.status": "queue.listTaskGroup";
    "group.list": "queue.listTaskGroup";
    "group.watch": "queue.listTaskGroup";
    "group.wait": "queue.listTaskGroup";
    "group.timeline": "queue.listTaskGroup";
    "group.artifacts": "queue.listTaskGroup" "queue.listLatestArtifacts";
    "group.cancel": "queue.cancelTask";
    "group.rerun": "queue.rerunTask";
    "group.retrigger": "queue.createTask";
    "group.seal": "queue.sealTaskGroup";
    "group.priority": "queue.changeTaskGroupPriority";
    "artifact.list": "queue.listArtifacts" "queue.listLatestArtifacts";
    "artifact.download": "queue.getArtifact";
    "artifact.cat": "queue.getArtifact";
    "artifact.url": "queue.getArtifact";
    "artifact.upload": "queue.createArtifact";
    "object.download": "object.startDownload";
    "object.upload": "object.createUpload" "object.finishUpload";
    "index.find": "index.findTask";
    "index.list": "index.listNamespaces" "index.listTasks";
    "index.insert": "index.insertTask";
    "index.download": "index.findArtifactFromTask";
    "secret.list": "secrets.list";
    "secret.get": "secrets.get";
    "secret.set": "secrets.set";
    "secret.rm": "secrets.remove";
    "secret.load": "secrets.get";
    "hook.list": "hooks.listHookGroups" "hooks.listHooks";
    "hook.show": "hooks.hook";
    "hook.trigger": "hooks.triggerHook";
    "hook.status": "hooks.getHookStatus";
    "action.list": "queue.getArtifact";
    "action.run": "hooks.triggerHook";
    "worker.list": "worker-manager.listWorkers";
    "worker.pools": "worker-manager.listWorkerPools";
    "worker.quarantine": "queue.quarantineWorker";
    "scope.expand": "auth.expandScopes";
    "scope.check": "auth.currentScopes";
}

/// The methods of a verb that is written `task.rerun` or `task rerun`.
pub fn verb_methods(name: &str) -> Option<&'static [&'static str]> {
    let name = name.trim().replace(char::is_whitespace, ".");
    VERBS.iter().find(|it| it.verb.eq_ignore_ascii_case(&name)).map(|it| it.methods)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::{Catalogue, Source};

    #[test]
    fn every_method_exists_and_needs_scopes() {
        for it in VERBS {
            for name in it.methods {
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
