"""PyPI `taskcluster` behind `tc proxy`: it has no credentials, and the proxy's address for a root URL.

Run by `check-clients` inside of `tc sandbox --exec "tc proxy --exec .."`, with a second proxy that is limited to scopes.
"""

import os

import taskcluster

ROOT = taskcluster.optionsFromEnvironment({"maxRetries": 0})
assert "credentials" not in ROOT, "no token is handed on"
assert ROOT["rootUrl"] == os.environ["TASKCLUSTER_PROXY_URL"]


def refused(status, call, *args, **kwargs):
    try:
        answer = call(*args, **kwargs)
    except (taskcluster.TaskclusterRestFailure, taskcluster.TaskclusterAuthFailure) as failure:
        assert failure.status_code == status, failure
        return
    raise AssertionError(f"answered {answer} in place of {status}")


secrets = taskcluster.Secrets(ROOT)
if os.environ.get("LIMITED"):
    refused(403, secrets.set, "b", {"expires": taskcluster.fromNowJSON("1 hour"), "secret": {}})
    assert secrets.get("proxied/a b%")["secret"] == {"x": "y" * 100_000}
    print("the Python client works through a limited proxy")
else:
    secrets.set("proxied/a b%", {"expires": taskcluster.fromNowJSON("1 hour"), "secret": {"x": "y" * 100_000}})
    assert secrets.get("proxied/a b%")["secret"] == {"x": "y" * 100_000}
    auth = taskcluster.Auth(ROOT)
    assert "*" in auth.currentScopes()["scopes"]
    refused(404, secrets.get, "nothing")
    names = []
    for number in range(5):
        name = f"proxied/{number}"
        auth.createClient(name, {"expires": taskcluster.fromNowJSON("1 hour"), "description": ""})
    auth.listClients(
        query={"prefix": "proxied/", "limit": 2},
        paginationHandler=lambda page: names.extend(client["clientId"] for client in page["clients"]),
    )
    assert names == [f"proxied/{number}" for number in range(5)], names
    print("the Python client works through a proxy")
