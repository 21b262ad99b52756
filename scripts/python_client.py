"""A task's life, seen by PyPI `taskcluster`. Run by `check-python-client` inside of `tc sandbox --exec`."""

import datetime
import json
import os
import urllib.error
import urllib.request

import taskcluster

ROOT = taskcluster.optionsFromEnvironment({"maxRetries": 0})


def service(kind, credentials=None, authorized_scopes=None):
    options = dict(ROOT, maxRetries=0)
    if credentials is not None:
        options["credentials"] = credentials
    if authorized_scopes is not None:
        options["authorizedScopes"] = authorized_scopes
    return kind(options)


def refused(status, code, call, *args, **kwargs):
    """The call is refused with this status and code."""
    try:
        answer = call(*args, **kwargs)
    except (taskcluster.TaskclusterRestFailure, taskcluster.TaskclusterAuthFailure) as failure:
        found = (failure.status_code, failure.body.get("code"))
        assert found == (status, code), f"{found} in place of {(status, code)}: {failure}"
        return failure.body["message"]
    raise AssertionError(f"answered {answer} in place of {status} {code}")


def task(group, **more):
    now = datetime.datetime.now(datetime.timezone.utc)
    return {
        "taskQueueId": "proj-test/linux",
        "schedulerId": "test",
        "taskGroupId": group,
        "created": taskcluster.stringDate(now),
        "deadline": taskcluster.fromNowJSON("2 hours"),
        "payload": {"command": ["true"]},
        "metadata": {"name": "n", "description": "d", "owner": "a@example.com", "source": "https://example.com"},
        **more,
    }


def state(queue, task_id):
    return queue.status(task_id)["status"]["state"]


def claim(queue, task_id, run_id=0):
    claimed = queue.claimTask(task_id, str(run_id), {"workerGroup": "g", "workerId": "w"})
    assert claimed["status"]["state"] == "running"
    return service(taskcluster.Queue, claimed["credentials"])


def life_of_a_task(queue):
    group, first, second = (taskcluster.slugId() for _ in range(3))
    definition = task(group)
    created = queue.createTask(first, definition)["status"]
    assert created["state"] == "pending" and created["retriesLeft"] == 5 and created["priority"] == "lowest"
    assert queue.createTask(first, definition)["status"] == created
    refused(409, "RequestConflict", queue.createTask, first, dict(definition, priority="high"))
    refused(400, "InputValidationError", queue.createTask, second, {"taskQueueId": "x"})
    refused(400, "InputError", queue.createTask, second, task(group, dependencies=[taskcluster.slugId()]))
    refused(400, "InputError", queue.createTask, second, task(group, deadline=taskcluster.fromNowJSON("6 days")))
    refused(404, "ResourceNotFound", queue.status, second)
    assert queue.createTask(second, task(group, dependencies=[first]))["status"]["state"] == "unscheduled"
    assert [found["status"]["taskId"] for found in queue.listDependentTasks(first)["tasks"]] == [second]
    assert queue.pendingTasks("proj-test/linux")["pendingTasks"] == 1

    worker = claim(queue, first)
    refused(409, "RequestConflict", queue.claimTask, first, "0", {"workerGroup": "g", "workerId": "other"})
    again = worker.reclaimTask(first, "0")
    worker = service(taskcluster.Queue, again["credentials"])
    refused(403, "InsufficientScopes", worker.rerunTask, first)
    assert worker.reportCompleted(first, "0")["status"]["state"] == "completed"
    refused(409, "RequestConflict", queue.reportFailed, first, "0")
    assert state(queue, second) == "pending"

    work = queue.claimWork("proj-test/linux", {"workerGroup": "g", "workerId": "w", "tasks": 1})["tasks"]
    assert [found["status"]["taskId"] for found in work] == [second]
    worker = service(taskcluster.Queue, work[0]["credentials"])
    assert worker.reportFailed(second, "0")["status"]["state"] == "failed"
    rerun = queue.rerunTask(second)["status"]
    assert [run["reasonCreated"] for run in rerun["runs"]] == ["scheduled", "rerun"] and rerun["state"] == "pending"
    cancelled = queue.cancelTask(second)["status"]
    assert cancelled["state"] == "exception" and cancelled["runs"][1]["reasonResolved"] == "canceled"
    assert queue.task(second)["dependencies"] == [first]


def life_of_a_group(queue):
    group = taskcluster.slugId()
    ids = {taskcluster.slugId() for _ in range(25)}
    for task_id in ids:
        queue.createTask(task_id, task(group))
    pages = []
    queue.listTaskGroup(group, paginationHandler=pages.append, paginationLimit=10)
    assert [len(page["tasks"]) for page in pages] == [10, 10, 5], [len(page["tasks"]) for page in pages]
    assert {found["status"]["taskId"] for page in pages for found in page["tasks"]} == ids
    refused(409, "RequestConflict", queue.cancelTaskGroup, group)
    assert queue.sealTaskGroup(group)["sealed"]
    refused(409, "RequestConflict", queue.createTask, taskcluster.slugId(), task(group))
    assert queue.cancelTaskGroup(group)["cancelledCount"] == 25
    refused(404, "ResourceNotFound", queue.listTaskGroup, taskcluster.slugId())
    refused(400, "InvalidRequestArguments", queue.listTaskGroup, "bad")


def secrets_and_index(queue):
    secrets, index = service(taskcluster.Secrets), service(taskcluster.Index)
    expires = taskcluster.fromNowJSON("1 hour")
    secrets.set("test/one", {"secret": {"k": "é"}, "expires": expires})
    assert secrets.get("test/one")["secret"] == {"k": "é"}
    assert "test/one" in secrets.list()["secrets"]
    secrets.remove("test/one")
    refused(404, "ResourceNotFound", secrets.get, "test/one")
    task_id = taskcluster.slugId()
    index.insertTask("test.a.latest", {"taskId": task_id, "rank": 1, "data": {}, "expires": expires})
    assert index.findTask("test.a.latest")["taskId"] == task_id
    assert [found["name"] for found in index.listNamespaces("test")["namespaces"]] == ["a"]
    refused(404, "ResourceNotFound", index.findTask, "test.nope")
    routed = taskcluster.slugId()
    queue.createTask(routed, task(taskcluster.slugId(), routes=["index.test.routed"]))
    claim(queue, routed).reportCompleted(routed, "0")
    assert index.findTask("test.routed")["taskId"] == routed


def clients_and_scopes(queue):
    auth = service(taskcluster.Auth)
    assert auth.currentScopes()["scopes"] == ["*"]
    made = auth.createClient("test/few", {
        "description": "", "expires": taskcluster.fromNowJSON("1 hour"), "scopes": ["assume:test-role", "secrets:get:a"]})
    auth.createRole("test-role", {"description": "", "scopes": ["queue:create-task:project:none"]})
    few = {"clientId": "test/few", "accessToken": made["accessToken"]}
    scopes = service(taskcluster.Auth, few).currentScopes()["scopes"]
    assert "queue:create-task:project:none" in scopes and "secrets:get:a" in scopes
    group = taskcluster.slugId()
    message = refused(403, "InsufficientScopes", service(taskcluster.Queue, few).createTask, group, task(group))
    assert "queue:scheduler-id:test" in message and "queue:create-task:project:none" in message.split("This request")[1]
    refused(403, "InsufficientScopes", service(taskcluster.Secrets, few).get, "b")
    refused(404, "ResourceNotFound", service(taskcluster.Secrets, few).get, "a")
    refused(403, "InsufficientScopes", service(taskcluster.Secrets, few, []).get, "a")
    refused(403, "InsufficientScopes", service(taskcluster.Secrets, {}).get, "a")
    refused(401, "AuthenticationFailed", service(taskcluster.Secrets, dict(few, accessToken="x")).get, "a")
    auth.disableClient("test/few")
    refused(401, "AuthenticationFailed", service(taskcluster.Secrets, few).get, "a")
    auth.deleteClient("test/few")
    refused(404, "ResourceNotFound", auth.client, "test/few")


def temporary_credentials():
    root = ROOT["credentials"]
    now = datetime.datetime.now(datetime.timezone.utc)
    hour = datetime.timedelta(hours=1)

    def temporary(start, expiry, name=None, key=None):
        token = (key or root["accessToken"])
        return taskcluster.createTemporaryCredentials(
            root["clientId"], token, start, expiry, ["secrets:get:x"], name)

    for name in (None, "test/temporary"):
        secrets = service(taskcluster.Secrets, temporary(now, now + hour, name))
        refused(404, "ResourceNotFound", secrets.get, "x")
        refused(403, "InsufficientScopes", secrets.get, "y")
    for start, expiry, words in ((now - 2 * hour, now - hour, "expiry < now"), (now + hour, now + 2 * hour, "start > now")):
        secrets = service(taskcluster.Secrets, temporary(start, expiry))
        assert words in refused(401, "AuthenticationFailed", secrets.get, "x")
    forged = temporary(now, now + hour, "test/temporary", key="guessed")
    assert "signature" in refused(401, "AuthenticationFailed", service(taskcluster.Secrets, forged).get, "x")


def signed_urls(queue):
    task_id = taskcluster.slugId()
    queue.createTask(task_id, task(taskcluster.slugId()))
    url = queue.buildSignedUrl("status", task_id)
    with urllib.request.urlopen(url) as answer:
        assert json.load(answer)["status"]["taskId"] == task_id
    for wrong in (url[:-4], url.replace("/status?", "?")):
        try:
            urllib.request.urlopen(wrong)
        except urllib.error.HTTPError as error:
            assert error.code in (400, 401) and json.load(error)["code"] == "AuthenticationFailed", error
        else:
            raise AssertionError(f"{wrong} was answered")


def main():
    queue = service(taskcluster.Queue)
    assert queue.ping()["alive"]
    life_of_a_task(queue)
    life_of_a_group(queue)
    secrets_and_index(queue)
    clients_and_scopes(queue)
    temporary_credentials()
    signed_urls(queue)
    print(f"taskcluster (PyPI) lived a task's life at {os.environ['TASKCLUSTER_ROOT_URL']}")


main()
