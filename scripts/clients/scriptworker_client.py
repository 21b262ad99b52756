"""A task's life by `scriptworker` (PyPI): claimed, its script run, its artifacts uploaded, completed; and one that fails."""

import gzip
import json
import os
import pathlib
import signal
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
# What the worker runs for every task; it finds the task in a file.
SCRIPT = """
import json, pathlib, sys
work = pathlib.Path(sys.argv[1])
task = json.loads((work / "work/task.json").read_text())
out = work / "artifacts/public"
out.mkdir(parents=True, exist_ok=True)
(out / "answer.txt").write_text(task["payload"]["say"])
print("the script has run")
sys.exit(task["payload"]["status"])
"""
ENOUGH_SECONDS = 90


def settings(folder):
    """The file of settings, as JSON, which is YAML as well."""
    paths = {name: str(folder / name) for name in ("work", "logs", "artifacts")}
    return json.dumps({
        "taskcluster_root_url": ROOT["rootUrl"],
        "credentials": OWNER,
        "provisioner_id": "proj-test", "worker_type": "script", "worker_group": "local", "worker_id": "script-1",
        "work_dir": paths["work"], "log_dir": paths["logs"], "artifact_dir": paths["artifacts"],
        "task_log_dir": os.path.join(paths["artifacts"], "public", "logs"),
        "task_script": [sys.executable, "-c", SCRIPT, str(folder)],
        "sign_chain_of_trust": False, "ed25519_private_key_path": "/dev/null",
        "poll_interval": 1, "verbose": False,
    })


def create(queue, say, status):
    task_id = taskcluster.slugId()
    queue.createTask(task_id, {
        "taskQueueId": "proj-test/script",
        "created": taskcluster.fromNowJSON("0 seconds"),
        "deadline": taskcluster.fromNowJSON("1 hour"),
        "payload": {"say": say, "status": status},
        "metadata": {"name": "n", "description": "d", "owner": "a@example.com", "source": "https://example.com"},
    })
    return task_id


def resolved(queue, task_id):
    end = time.monotonic() + ENOUGH_SECONDS
    while time.monotonic() < end:
        status = queue.status(task_id)["status"]
        if status["state"] in ("completed", "failed", "exception"):
            return status
        time.sleep(0.2)
    raise AssertionError(f"{task_id} is {status['state']} after {ENOUGH_SECONDS} s")


def content(queue, task_id, name):
    with urllib.request.urlopen(queue.getLatestArtifact(task_id, name)["url"]) as answer:
        stored = answer.read()
        return (gzip.decompress(stored) if answer.headers["Content-Encoding"] == "gzip" else stored).decode()


def check(queue):
    good, bad = create(queue, "hello", 0), create(queue, "no", 1)
    assert resolved(queue, good)["state"] == "completed"
    assert resolved(queue, bad)["state"] == "failed"
    run = queue.status(good)["status"]["runs"][0]
    assert (run["workerGroup"], run["workerId"]) == ("local", "script-1"), run
    names = {artifact["name"] for artifact in queue.listLatestArtifacts(good)["artifacts"]}
    assert {"public/answer.txt", "public/logs/live_backing.log"} <= names, names
    assert content(queue, good, "public/answer.txt") == "hello"
    assert "the script has run" in content(queue, good, "public/logs/live_backing.log")


def main():
    queue = taskcluster.Queue({**ROOT, "credentials": dict(OWNER)})
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for part in ("work", "logs", "artifacts"):
            (folder / part).mkdir()
        (folder / "scriptworker.yaml").write_text(settings(folder))
        program = pathlib.Path(sys.executable).parent / "scriptworker"
        worker = subprocess.Popen([program, folder / "scriptworker.yaml"], cwd=folder)
        try:
            check(queue)
        except BaseException:
            print(*(log.read_text() for log in (folder / "logs").glob("*.log")), sep="\n", file=sys.stderr)
            raise
        finally:
            worker.send_signal(signal.SIGTERM)
            worker.wait(30)
    print(f"scriptworker (PyPI) ran two tasks of {ROOT['rootUrl']}")


main()
