//! Tasks that failed or ended as exceptions.

use super::*;

#[test]
fn failed_tasks() {
    let line = "TEST-UNEXPECTED-FAIL | a.html | got 1";
    let test = log(&[(FailureKind::Error, 30, "make: *** [x] Error 2"), (FailureKind::Test, 80, line)], Some(1));
    check(
        "a line tells the failure",
        &failed(test.clone()),
        "failed",
        &[
            "it failed (test): TEST-UNEXPECTED-FAIL | a.html",
            "line 11: TEST",
            "exit status 1",
            "run 0 ended after 20 min 0 s",
        ],
        Some(Remedy::ReadErrors(TASK.into())),
    );
    let disk = log(&[(FailureKind::Disk, 95, "No space left on device")], Some(1));
    check("the disk was full", &failed(disk), "failed-by-infrastructure", &["(disk)", "inferred:"], rerun(&[TASK]));
    let network = log(&[(FailureKind::Network, 66, "curl: (6) Could not resolve host")], Some(6));
    check("the network failed", &failed(network), "failed-by-infrastructure", &["(network)"], rerun(&[TASK]));
    check(
        "only an exit status",
        &failed(log(&[(FailureKind::Error, 10, "[taskcluster:error] exit status 3")], Some(3))),
        "failed-unexplained",
        &["its command ended with exit status 3, and no line", "the last line of its log: the end"],
        Some(Remedy::ReadLog(TASK.into(), 0)),
    );
    check(
        "nothing in the log",
        &failed(log(&[], None)),
        "failed-unexplained",
        &["it failed, and no line"],
        Some(Remedy::ReadLog(TASK.into(), 0)),
    );
    check("no log", &failed(None), "failed-without-log", &["has no log"], rerun(&[TASK]));
    let mut retried = failed(test.clone());
    retried.retry_statuses = vec![1, 4];
    retried.status.retries_left = Some(0);
    check(
        "its retries are used up",
        &retried,
        "failed",
        &["after which the task asks for a retry; 0 are left"],
        Some(Remedy::ReadErrors(TASK.into())),
    );
    let before = run("scheduled", "claim-expired", [Some(90), Some(80), Some(60)]);
    let runs = vec![before, run("retry", "failed", [Some(30), Some(25), Some(5)])];
    check(
        "runs before it",
        &with_runs(failed(test), runs),
        "failed",
        &["1 earlier run: run 0 claim-expired"],
        Some(Remedy::ReadErrors(TASK.into())),
    );
}

#[test]
fn exceptions() {
    let again = rerun(&[TASK]);
    let retrigger = Some(Remedy::ShowPool("proj/linux".into()));
    let over = TaskFacts { deadline: ago(5), ..exception("deadline-exceeded", [Some(65), None, Some(5)]) };
    check(
        "never claimed before the deadline",
        &over,
        "deadline-while-pending",
        &["pending for 1 h 0 min", "had 1 h 55 min"],
        retrigger,
    );
    let long = TaskFacts { deadline: ago(5), ..ran("deadline-exceeded") };
    check(
        "ran into its deadline",
        &long,
        "deadline-while-running",
        &["running for 20 min 0 s"],
        Some(Remedy::ReadLog(TASK.into(), 0)),
    );
    let never = TaskFacts { deadline: ago(5), ..exception("deadline-exceeded", [Some(5), None, Some(5)]) };
    check(
        "unscheduled until the deadline",
        &never,
        "deadline-while-unscheduled",
        &["waited for other tasks"],
        Some(Remedy::ShowDependencies(TASK.into())),
    );
    let mut lost = ran("claim-expired");
    lost.status.retries_left = Some(0);
    lost.other_tasks_of_worker = vec!["X".into(), "Y".into()];
    check(
        "the worker is gone, as are the retries",
        &lost,
        "claim-expired",
        &["worker g/w stopped renewing", "no retries are left", "2 other tasks before: X, Y"],
        again.clone(),
    );
    check(
        "the worker was shut down",
        &ran("worker-shutdown"),
        "worker-shutdown",
        &["was shut down", "5 retries are left"],
        again.clone(),
    );
    let mut malformed = ran("malformed-payload");
    malformed.payload_faults = vec!["payload.image: missing".into()];
    check(
        "a payload with a fault",
        &malformed,
        "malformed-payload",
        &["refused the payload: payload.image: missing", "end the same way"],
        Some(Remedy::Validate(TASK.into())),
    );
    let told = TaskFacts {
        log: log(&[(FailureKind::Worker, 90, "[taskcluster:error] payload is invalid")], None),
        ..ran("malformed-payload")
    };
    check(
        "a payload that only the log faults",
        &told,
        "malformed-payload",
        &["its log says why", "payload is invalid"],
        Some(Remedy::Validate(TASK.into())),
    );
    check(
        "a payload without a known fault",
        &ran("malformed-payload"),
        "malformed-payload",
        &["nothing that is known here"],
        Some(Remedy::Validate(TASK.into())),
    );
    check(
        "a resource that could not be had",
        &ran("resource-unavailable"),
        "resource-unavailable",
        &["could not get something"],
        Some(Remedy::ReadLog(TASK.into(), 0)),
    );
    check(
        "the worker failed",
        &ran("internal-error"),
        "internal-error",
        &["something in the worker itself"],
        again.clone(),
    );
    check(
        "cancelled while it ran",
        &ran("canceled"),
        "canceled",
        &["cancelled it while it ran", "neither the API nor Pulse tells who"],
        again.clone(),
    );
    check(
        "cancelled before a worker took it",
        &exception("canceled", [Some(20), None, Some(5)]),
        "canceled",
        &["before a worker took it"],
        again.clone(),
    );
    check(
        "cancelled before it was scheduled",
        &exception("canceled", [Some(5), None, Some(5)]),
        "canceled",
        &["before it was scheduled"],
        Some(Remedy::ShowDependencies(ran("canceled").id)),
    );
    check("superseded", &ran("superseded"), "superseded", &["a newer task"], again.clone());
    let mut own = ran("intermittent-task");
    own.retry_statuses = vec![75];
    own.log = log(&[], Some(75));
    check(
        "the task asked for another try",
        &own,
        "intermittent-task",
        &["asked for another try", "exit status 75, after which"],
        Some(Remedy::ReadErrors(TASK.into())),
    );
    check(
        "a reason that is not known",
        &ran("flux"),
        "exception",
        &["as an exception: flux"],
        Some(Remedy::ReadLog(TASK.into(), 0)),
    );
    check("no reason", &ran(""), "exception", &["does not say why"], again);
}
