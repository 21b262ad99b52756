use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{claim, message, with_tasks};
use crate::sandbox::rig::{Request, Rig, slug};
use crate::sandbox::storage::Blob;

fn on_artifact(rig: &mut Rig, method: &str, run: Option<usize>, name: &str, body: Value) -> (u16, Value) {
    let mut request = Request::new("queue", method).param("taskId", slug(1));
    if let Some(run) = run {
        request = request.param("runId", run);
    }
    rig.send(request.param("name", name).body(body))
}

fn reference(url: &str) -> Value {
    json!({"storageType": "reference", "url": url, "contentType": "text/plain", "expires": "2026-11-23T12:00:00Z"})
}

fn link(to: &str) -> Value {
    json!({"storageType": "link", "artifact": to, "expires": "2026-11-23T12:00:00Z"})
}

fn running() -> Rig {
    let mut rig = with_tasks(&[1]);
    claim(&mut rig, &slug(1), 0);
    rig
}

fn create(rig: &mut Rig, name: &str, body: Value) -> u16 {
    on_artifact(rig, "createArtifact", Some(0), name, body).0
}

#[test]
fn links_lead_to_what_they_name_but_not_in_circles() {
    let mut rig = running();
    for (name, body) in
        [("public/a", link("public/b")), ("public/b", link("public/c")), ("public/c", reference("https://x"))]
    {
        assert_eq!(create(&mut rig, name, body), 200);
    }
    let found = on_artifact(&mut rig, "latestArtifact", None, "public/a", Value::Null);
    assert_eq!(found, (200, json!({"storageType": "reference", "url": "https://x"})));
    assert_eq!(create(&mut rig, "public/c", link("public/a")), 200);
    let refused = on_artifact(&mut rig, "artifact", Some(0), "public/a", Value::Null);
    assert_eq!((refused.0, message(&refused)), (400, "Artifact leads to a link cycle"));
}

#[test]
fn every_name_on_the_way_needs_its_scope() {
    let mut rig = running();
    create(&mut rig, "public/a", link("private/b"));
    create(&mut rig, "private/b", reference("https://x"));
    for (scopes, status) in [
        (vec!["queue:get-artifact:public/*"], 403),
        (vec!["queue:get-artifact:public/*", "queue:get-artifact:private/b"], 303),
    ] {
        let request = Request::new("queue", "getLatestArtifact").param("taskId", slug(1)).param("name", "public/a");
        assert_eq!(rig.send(request.scopes(&scopes)).0, status);
    }
}

#[test]
fn an_artifact_may_change_only_a_little() {
    let mut rig = running();
    assert_eq!(create(&mut rig, "a", reference("https://x")), 200);
    assert_eq!(create(&mut rig, "a", reference("https://x")), 200);
    assert_eq!(create(&mut rig, "a", reference("https://y")), 200);
    let mut later = reference("https://y");
    later["expires"] = json!("2026-11-24T12:00:00Z");
    assert_eq!(create(&mut rig, "a", later.clone()), 200);
    assert_eq!(create(&mut rig, "a", reference("https://y")), 409);
    later["contentType"] = json!("text/html");
    assert_eq!(create(&mut rig, "a", later), 409);
    let error = json!({"storageType": "error", "reason": "r", "message": "m", "expires": "2026-11-25T00:00:00Z"});
    assert_eq!(create(&mut rig, "a", error), 409);
    let mut link = link("b");
    link["expires"] = json!("2026-11-24T12:00:00Z");
    assert_eq!(create(&mut rig, "a", link), 200);
    let refused = on_artifact(&mut rig, "createArtifact", Some(0), "a", reference("https://y"));
    assert_eq!(
        message(&refused),
        "Artifact already exists with different properties, and none of the allowed exceptions apply: {\n  \
         \"storageType\": \"link\",\n  \"contentType\": \"text/plain\",\n  \"expires\": \
         \"2026-11-24T12:00:00.000Z\"\n}"
    );
}

#[test]
fn artifacts_are_for_claimed_runs_that_are_not_over() {
    let mut rig = with_tasks(&[1]);
    let refused = on_artifact(&mut rig, "createArtifact", Some(0), "a", reference("https://x"));
    assert_eq!(message(&refused), "Run was not claimed by a worker and so no artifacts can exist");
    claim(&mut rig, &slug(1), 0);
    let mut late = reference("https://x");
    late["expires"] = json!("2026-11-26T12:00:00Z");
    assert_eq!(create(&mut rig, "a", late), 400);
    let mut past = reference("https://x");
    past["expires"] = json!("2026-11-22T11:00:00Z");
    assert_eq!(create(&mut rig, "a", past), 400);
    rig.on("cancelTask", &slug(1), None, Value::Null);
    rig.pass(TimeDelta::minutes(24));
    assert_eq!(create(&mut rig, "log", reference("https://x")), 200);
    rig.pass(TimeDelta::minutes(2));
    let refused = on_artifact(&mut rig, "createArtifact", Some(0), "other", reference("https://x"));
    assert_eq!(refused.0, 409);
    assert!(message(&refused).ends_with('}'), "{}", message(&refused));
}

#[test]
fn the_latest_run_counts_even_when_only_an_older_one_has_the_artifact() {
    let mut rig = running();
    create(&mut rig, "public/a", reference("https://x"));
    rig.on("reportFailed", &slug(1), Some(0), Value::Null);
    rig.on("rerunTask", &slug(1), None, Value::Null);
    assert_eq!(on_artifact(&mut rig, "latestArtifact", None, "public/a", Value::Null).0, 404);
    assert_eq!(on_artifact(&mut rig, "artifact", Some(0), "public/a", Value::Null).0, 200);
    assert_eq!(rig.on("listLatestArtifacts", &slug(1), None, Value::Null).1, json!({"artifacts": []}));
    assert_eq!(rig.on("listArtifacts", &slug(1), Some(0), Value::Null).1["artifacts"][0]["name"], "public/a");
}

#[test]
fn expired_artifacts_are_gone_but_listed() {
    let mut rig = running();
    create(&mut rig, "public/a", reference("https://x"));
    rig.pass(TimeDelta::hours(25));
    for method in ["artifact", "getArtifact", "artifactInfo"] {
        assert_eq!(on_artifact(&mut rig, method, Some(0), "public/a", Value::Null).0, 410, "{method}");
    }
    assert_eq!(rig.on("listArtifacts", &slug(1), Some(0), Value::Null).1["artifacts"][0]["name"], "public/a");
    // A day after it expired, nothing tells of it.
    rig.pass(TimeDelta::hours(24));
    assert_eq!(on_artifact(&mut rig, "artifact", Some(0), "public/a", Value::Null).0, 404);
    assert_eq!(rig.on("listArtifacts", &slug(1), Some(0), Value::Null).1, json!({"artifacts": []}));
}

#[test]
fn object_artifact_is_not_there_before_its_object_is() {
    let mut rig = running();
    let body = json!({"storageType": "object", "contentType": "text/plain", "expires": "2026-11-23T12:00:00Z"});
    let (status, created) = on_artifact(&mut rig, "createArtifact", Some(0), "public/o", body.clone());
    assert_eq!(status, 200);
    let finish = json!({"uploadId": created["uploadId"]});
    assert_eq!(on_artifact(&mut rig, "finishArtifact", Some(0), "public/o", finish.clone()).0, 400);
    for method in ["artifact", "artifactInfo"] {
        assert_eq!(on_artifact(&mut rig, method, Some(0), "public/o", Value::Null).0, 404, "{method}");
    }
    // The same call once more begins another upload of the same name, which the object service refuses.
    assert_eq!(on_artifact(&mut rig, "createArtifact", Some(0), "public/o", body).0, 500);
    let text = |key: &str| created[key].as_str().unwrap();
    let expires = "2026-11-23T12:00:00Z".parse().unwrap();
    rig.queue.objects.put(text("name"), text("projectId"), text("uploadId"), expires, Blob::new("x"));
    assert_eq!(on_artifact(&mut rig, "finishArtifact", Some(0), "public/o", finish).0, 204);
    assert_eq!(on_artifact(&mut rig, "artifactInfo", Some(0), "public/o", Value::Null).0, 200);
}

#[test]
fn only_what_exists_is_found() {
    let mut rig = with_tasks(&[1]);
    rig.create(&slug(2), &slug(0), json!({"dependencies": [slug(1)]}));
    let refused = rig.on("listLatestArtifacts", &slug(2), None, Value::Null);
    assert_eq!((refused.0, message(&refused)), (404, "Task doesn't have any runs"));
    let refused = rig.on("listLatestArtifacts", &slug(9), None, Value::Null);
    assert_eq!((refused.0, message(&refused)), (404, "Task not found"));
    let refused = on_artifact(&mut rig, "finishArtifact", Some(0), "a", json!({"uploadId": slug(5)}));
    assert_eq!(refused.0, 404);
}
