use super::*;
use crate::sandbox::rig::{Request, Rig, read, slug};

fn now() -> DateTime<Utc> {
    parse_time("2026-11-22T12:00:00Z").unwrap()
}

fn send(state: &mut IndexState, now: DateTime<Utc>, request: Request<'_>) -> (u16, Value) {
    read(request.send(now, |call| handle(state, call)).unwrap())
}

fn insert(state: &mut IndexState, path: &str, rank: Value, expires: &str) -> Value {
    let body = json!({"taskId": slug(1), "rank": rank, "data": {"rank": rank}, "expires": expires});
    send(state, now(), Request::new("index", "insertTask").param("namespace", path).body(body)).1
}

fn names(state: &mut IndexState, now: DateTime<Utc>, method: &str, namespace: &str) -> Vec<String> {
    let answer = send(state, now, Request::new("index", method).param("namespace", namespace)).1;
    let items = answer.as_object().unwrap().values().next().unwrap().as_array().unwrap().clone();
    items.iter().map(|item| item["namespace"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_higher_rank_stays_and_the_newer_of_equals() {
    let mut state = IndexState::new("token");
    let later = "2026-11-23T12:00:00Z";
    for (rank, kept) in [(json!(3), json!(3)), (json!(2), json!(3)), (json!(4), json!(4))] {
        assert_eq!(insert(&mut state, "a.b", rank, later)["rank"], kept);
    }
    assert_eq!(insert(&mut state, "a.b", json!(4), "2026-11-24T12:00:00Z")["expires"], "2026-11-24T12:00:00.000Z");
}

#[test]
fn expired_tasks_are_gone_and_their_rank_does_not_count() {
    let mut state = IndexState::new("token");
    insert(&mut state, "a.b", json!(9), "2026-11-22T11:00:00Z");
    let find = Request::new("index", "findTask").param("indexPath", "a.b");
    assert_eq!(send(&mut state, now(), find).0, 404);
    assert_eq!(names(&mut state, now(), "listTasks", "a"), [""; 0]);
    assert_eq!(insert(&mut state, "a.b", json!(1), "2026-11-23T11:00:00Z")["rank"], json!(1));
}

#[test]
fn namespaces_are_listed_level_by_level_and_outlive_what_is_in_them() {
    let mut state = IndexState::new("token");
    for path in ["b.x.one", "b.x.two", "B.z", "a.b.c.d", "top"] {
        insert(&mut state, path, json!(0), "2026-11-23T12:00:00Z");
    }
    assert_eq!(names(&mut state, now(), "listNamespaces", ""), ["a", "b", "B"]);
    assert_eq!(names(&mut state, now(), "listNamespaces", "a.b"), ["a.b.c"]);
    assert_eq!(names(&mut state, now(), "listTasks", "b.x"), ["b.x.one", "b.x.two"]);
    assert_eq!(names(&mut state, now(), "listTasks", ""), ["top"]);
    let later = parse_time("2026-11-25T01:00:00Z").unwrap();
    assert_eq!(names(&mut state, later, "listNamespaces", ""), ["a"]);
}

#[test]
fn pages_of_a_namespace() {
    let mut state = IndexState::new("token");
    for number in 0..5 {
        insert(&mut state, &format!("n.t{number}"), json!(0), "2026-11-23T12:00:00Z");
    }
    let mut found = Vec::new();
    let mut token: Option<String> = None;
    loop {
        let mut request = Request::new("index", "listTasks").param("namespace", "n").query("limit", 2);
        if let Some(token) = token {
            request = request.query("continuationToken", token);
        }
        let answer = send(&mut state, now(), request).1;
        found.push(answer["tasks"].as_array().unwrap().len());
        token = answer["continuationToken"].as_str().map(str::to_owned);
        if token.is_none() {
            break;
        }
    }
    assert_eq!(found, [2, 2, 1]);
    let mut foreign = |token: &str| {
        let request = Request::new("index", "listTasks").param("namespace", "n").query("continuationToken", token);
        send(&mut state, now(), request)
    };
    assert_eq!(foreign("garbage").1["tasks"][0]["namespace"], "n.t0");
    assert_eq!(foreign("garbage!").1["code"], "InvalidRequestArguments");
}

#[test]
fn malformed_paths_are_refused() {
    let mut state = IndexState::new("token");
    for path in ["a..b", ".a", "a.", "a b", "a/b", ""] {
        let request = Request::new("index", "findTask").param("indexPath", path);
        assert_eq!(send(&mut state, now(), request).1["code"], "InvalidRequestArguments", "{path}");
    }
}

#[test]
fn many_indexes_are_found_at_once_with_a_scope_for_each() {
    let mut state = IndexState::new("token");
    insert(&mut state, "a.b", json!(0), "2026-11-23T12:00:00Z");
    let request = |scopes: &[&str]| {
        Request::new("index", "findTasksAtIndex").body(json!({"indexes": ["a.b", "a.c"]})).scopes(scopes)
    };
    let (status, answer) = send(&mut state, now(), request(&["index:find-task:a.*"]));
    assert_eq!((status, answer["tasks"].as_array().unwrap().len()), (200, 1));
    assert_eq!(send(&mut state, now(), request(&["index:find-task:a.b"])).0, 403);
}

#[test]
fn private_artifacts_are_reached_by_a_signed_redirect() {
    let mut state = IndexState::new("token");
    insert(&mut state, "a.b", json!(0), "2026-11-23T12:00:00Z");
    let mut to = |name: &str| {
        let request = Request::new("index", "findArtifactFromTask").param("indexPath", "a.b").param("name", name);
        send(&mut state, now(), request).1.as_str().unwrap().to_owned()
    };
    let base = format!("See Other. Redirecting to http://localhost:1234/api/queue/v1/task/{}/artifacts", slug(1));
    assert_eq!(to("public/a b.txt"), format!("{base}/public%2Fa%20b.txt"));
    assert!(to("private/x").starts_with(&format!("{base}/private%2Fx?bewit=")));
}

#[test]
fn completed_tasks_are_filed_under_their_routes() {
    let mut rig = Rig::new();
    let mut state = IndexState::new("token");
    let (task, group) = (slug(7), slug(8));
    let over = json!({
        "routes": ["index.a.latest", "index.a..bad", "other.a"],
        "extra": {"index": {"rank": 5, "data": {"k": 1}, "expires": "2026-11-24T12:00:00Z"}},
    });
    assert_eq!(rig.create(&task, &group, over).0, 200);
    rig.on("claimTask", &task, Some(0), json!({"workerGroup": "g", "workerId": "w"}));
    assert!(rig.queue.take_completed().is_empty());
    rig.on("reportCompleted", &task, Some(0), Value::Null);
    let completed = rig.queue.take_completed();
    assert!(rig.queue.take_completed().is_empty());
    state.file(completed, rig.now);
    let found = send(&mut state, rig.now, Request::new("index", "findTask").param("indexPath", "a.latest")).1;
    assert_eq!(
        found,
        json!({"namespace": "a.latest", "taskId": task, "rank": 5, "data": {"k": 1}, "expires": "2026-11-24T12:00:00.000Z"})
    );
    assert_eq!(names(&mut state, rig.now, "listTasks", "a"), ["a.latest"]);
}
