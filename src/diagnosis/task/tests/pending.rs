//! Pending tasks, by how their queues and pools stand.

use super::*;

#[test]
fn pending_tasks() {
    let pool = || "proj/linux".to_owned();
    let show = Some(Remedy::ShowPool(pool()));
    let raise = Some(Remedy::RaisePriority(TASK.into()));
    let wait = Some(Remedy::WaitForRun(TASK.into()));
    let known = |running, most| PoolState::Known(capacity(running, most));
    check(
        "others have a higher priority",
        &behind(pending(10, known(2, Some(10))), 3, 4, 2),
        "behind-others",
        &[
            "3 tasks of a higher priority come first",
            "number 8 in the queue",
            "8 tasks are pending in proj/linux, 2 are",
        ],
        raise.clone(),
    );
    check(
        "others are older",
        &behind(pending(10, known(2, Some(10))), 0, 1, 2),
        "behind-others",
        &["1 task of its priority waited longer", "2 running of at most 10"],
        raise.clone(),
    );
    check(
        "all workers that there may be are busy",
        &behind(pending(10, known(10, Some(10))), 2, 0, 10),
        "pool-is-full",
        &["all workers of proj/linux are busy, and it may have no more than 10"],
        raise.clone(),
    );
    check(
        "next, and the pool is full",
        &behind(pending(10, known(10, Some(10))), 0, 0, 10),
        "pool-is-full",
        &["number 1 in the queue"],
        show.clone(),
    );
    check(
        "next, and the pool may grow",
        &behind(pending(10, known(3, Some(10))), 0, 0, 3),
        "next-in-queue",
        &["no other task comes before it"],
        show.clone(),
    );
    check(
        "no such pool, and one of a similar name",
        &workers(pending(10, PoolState::Missing(vec!["proj/linux-b".into()])), &[]),
        "no-such-pool",
        &["there is no worker pool proj/linux", "there is proj/linux-b"],
        Some(Remedy::ListPools),
    );
    check(
        "no pool, and workers that come by themselves",
        &workers(behind(pending(10, PoolState::Missing(Vec::new())), 0, 2, 1), &[(1, false)]),
        "behind-others",
        &["1 worker came by themselves"],
        raise.clone(),
    );
    check(
        "a pool that may have no workers",
        &pending(10, known(0, Some(0))),
        "pool-is-off",
        &["its maximum capacity is 0"].map(|_| "maximum capacity is 0"),
        show.clone(),
    );
    let going = Capacity { provider: "null-provider".into(), ..Capacity::default() };
    check(
        "a pool that goes away",
        &pending(10, PoolState::Known(going)),
        "pool-is-going-away",
        &["being deleted"],
        show.clone(),
    );
    let mut broken = pending(10, known(0, Some(10)));
    let error = PoolError { title: "Quota exceeded".into(), count: 7, last: ago(3) };
    broken.workers.errors = vec![error.clone()];
    check(
        "starting workers fails",
        &broken,
        "launch-errors",
        &["starting some fails", "7 times, last 3 min 0 s ago: Quota exceeded"],
        Some(Remedy::ShowPoolErrors(pool())),
    );
    let mut rough = behind(pending(10, known(3, Some(10))), 1, 0, 3);
    rough.workers.errors = vec![error];
    check("workers run, and some do not start", &rough, "behind-others", &["Quota exceeded"], raise.clone());
    let starting = Capacity { requested: 4, ..capacity(0, Some(10)) };
    check(
        "workers are on their way",
        &pending(10, PoolState::Known(starting)),
        "workers-starting",
        &["4 requested"],
        wait.clone(),
    );
    check(
        "all workers are in quarantine",
        &workers(pending(10, known(2, Some(2))), &[(1, true), (1, true)]),
        "workers-quarantined",
        &["in quarantine: 2", "2 workers in quarantine"],
        Some(Remedy::ShowQuarantined(pool())),
    );
    check(
        "no worker seen for long",
        &workers(pending(10, known(0, None)), &[(48, false)]),
        "no-worker-seen",
        &["no worker of proj/linux asks for work", "about 2 d 0 h ago"],
        show.clone(),
    );
    check(
        "no worker ever",
        &workers(pending(10, known(0, None)), &[]),
        "no-worker-seen",
        &["none has ever done so"],
        show.clone(),
    );
    check("it has just become pending", &behind(pending(1, known(1, Some(9))), 0, 0, 0), "just-pending", &[], wait);
    let mut estimable = behind(pending(10, known(2, Some(10))), 0, 3, 2);
    estimable.queue.recent_run_times = vec![TimeDelta::minutes(9), TimeDelta::minutes(10), TimeDelta::minutes(30)];
    check(
        "an estimate that the numbers carry",
        &estimable,
        "behind-others",
        &["inferred: about 20 min 0 s to go, if 2 tasks go on at once and each takes the 10 min 0 s"],
        raise.clone(),
    );
    let mut cut = estimable.clone();
    cut.queue.ahead = Some(Ahead { by_age: 3, is_least: true, ..Ahead::default() });
    assert!(
        !explain(&cut, now()).evidence.iter().any(|fact| fact.contains("to go")),
        "no estimate of what is not known"
    );
    let lost = run("scheduled", "claim-expired", [Some(60), Some(50), Some(30)]);
    let again = with_runs(estimable, vec![lost, run("retry", "", [Some(30), None, None])]);
    check("a run after a lost worker", &again, "behind-others", &["run 0 ended as claim-expired"], raise);
    let mut secret = pending(10, PoolState::Unknown);
    secret.hidden = vec![Hidden { what: "the worker pool".into(), scopes: vec!["a:b".into()], reason: String::new() }];
    check(
        "nothing may be seen",
        &secret,
        "waits-for-worker",
        &["not allowed to see the worker pool: a:b is missing"],
        show,
    );
    assert_eq!(explain(&secret, now()).next.last(), Some(&Remedy::GetScopes(vec!["a:b".into()])));
}
