"""A push of a small repository, decided by `taskgraph` (PyPI) in a task that the sandbox runs, with the group that follows,
and an action on one of its tasks, run by `tc` through the hook that it names."""

import gzip
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import urllib.request

import taskcluster

ROOT = {"rootUrl": os.environ["TASKCLUSTER_ROOT_URL"]}
OWNER = {
    "clientId": os.environ["TASKCLUSTER_CLIENT_ID"],
    "accessToken": os.environ["TASKCLUSTER_ACCESS_TOKEN"],
}
CONFIG = """
trust-domain: small
task-priority: low
taskgraph:
  repositories: {small: {name: small}}
workers:
  aliases:
    local: {provisioner: proj-test, implementation: generic-worker, os: linux, worker-type: local}
"""
KIND = """
loader: taskgraph.loader.transform:loader
transforms: [taskgraph.transforms.task]
tasks:
  build:
    description: makes a file
    worker-type: local
    worker:
      command: [[/bin/sh, -c, echo built > built.txt]]
      max-run-time: 60
      artifacts: [{type: file, path: built.txt, name: public/built.txt}]
  test:
    description: comes after the build
    worker-type: local
    dependencies: {build: small-build}
    worker:
      command: [[/bin/sh, -c, echo tested]]
      max-run-time: 60
"""
# What the tasks say that they are of: a name, nobody asks there.
PUBLIC = "https://github.com/example/small"
ENOUGH_SECONDS = 180


def repository(folder):
    """A repository of two commits; its path, and the two revisions."""
    git = ["git", "-c", "user.name=n", "-c", "user.email=a@example.com", "-C", str(folder)]

    def run(*words):
        return subprocess.run([*git, *words], check=True, capture_output=True, text=True).stdout.strip()

    run("init", "--quiet", "--initial-branch=main")
    revisions = []
    # The decision makes a hash of the last file and does not read it.
    for path, text in (("taskcluster/config.yml", CONFIG), (".taskcluster.yml", "version: 1\n")):
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        kind = folder / "taskcluster/kinds/small/kind.yml"
        kind.parent.mkdir(parents=True, exist_ok=True)
        kind.write_text(KIND)
        run("add", ".")
        run("commit", "--quiet", "--message", path)
        revisions.append(run("rev-parse", "HEAD"))
    return revisions


def decision(folder, base, head):
    """A task that clones the repository and decides what there is to do for its last commit."""
    here = str(folder)
    words = [
        "taskgraph", "decision", "--pushlog-id=0", f"--pushdate={int(time.time())}", "--project=small", "--level=1",
        "--owner=a@example.com", "--tasks-for=github-push", "--repository-type=git",
        f"--base-repository={PUBLIC}", "--base-ref=main", f"--base-rev={base}",
        f"--head-repository={PUBLIC}", "--head-ref=main", f"--head-rev={head}", "--head-tag=",
    ]
    names = ("actions.json", "task-graph.json", "parameters.yml")
    return {
        "taskQueueId": "proj-test/local",
        "schedulerId": "small-level-1",
        "created": taskcluster.fromNowJSON("0 seconds"),
        "deadline": taskcluster.fromNowJSON("1 hour"),
        "scopes": ["*"],
        "payload": {
            "command": [["git", "clone", "--quiet", here, "repository"], ["/bin/sh", "-c", 'cd repository && exec "$@"', "-", *words]],
            "maxRunTime": 120,
            "features": {"taskclusterProxy": True},
            "artifacts": [
                {"type": "file", "path": f"repository/artifacts/{name}", "name": f"public/{name}"} for name in names
            ],
        },
        "metadata": {"name": "decision", "description": "d", "owner": "a@example.com", "source": "https://example.com"},
    }


def all_resolved(queue, group):
    end = time.monotonic() + ENOUGH_SECONDS
    while time.monotonic() < end:
        tasks = queue.listTaskGroup(group)["tasks"]
        states = {task["task"]["metadata"]["name"]: task["status"]["state"] for task in tasks}
        if not set(states.values()) & {"unscheduled", "pending", "running"}:
            return {task["task"]["metadata"]["name"]: task for task in tasks}
        time.sleep(0.3)
    raise AssertionError(f"after {ENOUGH_SECONDS} s the group is {states}")


def content(queue, task_id, name):
    with urllib.request.urlopen(queue.getLatestArtifact(task_id, name)["url"]) as answer:
        stored = answer.read()
        return (gzip.decompress(stored) if answer.headers["Content-Encoding"] == "gzip" else stored).decode()


def run_action(tc, group, task):
    """Lists the actions that taskgraph published, gives the hook of one a task to create, and runs it."""

    def run(*words):
        done = subprocess.run([tc, *words], check=True, capture_output=True, text=True)
        return done.stdout

    names = [action["name"] for action in json.loads(run("action", "list", task, "--json"))]
    assert names[0] == "retrigger" and {"rerun", "cancel"} <= set(names), names
    shown = json.loads(run("action", "show", "retrigger", task, "--json"))
    hook_group, hook = shown["hookGroupId"], shown["hookId"]
    services = {**ROOT, "credentials": dict(OWNER)}
    scopes = ["queue:create-task:*", "queue:scheduler-id:*", "queue:create-task:highest:*"]
    taskcluster.Auth(services).createRole(f"hook-id:{hook_group}/{hook}", {"description": "", "scopes": scopes})
    about = {"name": "n", "description": "d", "owner": "a@example.com"}
    taskcluster.Hooks(services).createHook(
        hook_group,
        hook,
        {
            "metadata": about,
            "schedule": [],
            "triggerSchema": {"type": "object", "required": ["decision", "user"]},
            "task": {
                "taskQueueId": "proj-test/local",
                "schedulerId": "small-level-1",
                "taskGroupId": "${payload.decision.action.taskGroupId}",
                "payload": {"command": [["/bin/sh", "-c", "echo acted"]], "maxRunTime": 60},
                "extra": {"user": {"$eval": "payload.user"}},
                "metadata": {**about, "source": PUBLIC},
            },
        },
    )
    log = run("action", "retrigger", task, "-F", "times=2", "--yes", "--log")
    created = log.split()[1]
    assert "acted" in log, log
    definition = taskcluster.Queue(services).task(created)
    assert definition["taskGroupId"] == group, definition
    # Of the actions of this name, this one is for tasks that are not meant to be run again: it has `force`.
    wanted = {"input": {"downstream": False, "force": False, "times": 2}, "taskGroupId": group, "taskId": task}
    assert definition["extra"]["user"] == wanted, definition


def main():
    queue = taskcluster.Queue({**ROOT, "credentials": dict(OWNER)})
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        base, head = repository(folder)
        group = taskcluster.slugId()
        queue.createTask(group, {**decision(folder, base, head), "taskGroupId": group})
        tasks = all_resolved(queue, group)
    states = {name: task["status"]["state"] for name, task in tasks.items()}
    wanted = {"decision", "small-build", "small-test"}
    if set(states) != wanted or set(states.values()) != {"completed"}:
        print(content(queue, group, "public/logs/live_backing.log"), file=sys.stderr)
        raise AssertionError(states)
    actions = json.loads(content(queue, group, "public/actions.json"))
    assert actions["version"] == 1 and "retrigger" in [action["name"] for action in actions["actions"]], actions
    assert len(json.loads(content(queue, group, "public/task-graph.json"))) == 2
    build = tasks["small-build"]["status"]["taskId"]
    assert content(queue, build, "public/built.txt") == "built\n"
    assert build in tasks["small-test"]["task"]["dependencies"]
    run_action(sys.argv[1], group, build)
    print(f"taskgraph (PyPI) decided and ran a group of {len(tasks)} tasks, and an action, at {ROOT['rootUrl']}")


main()
