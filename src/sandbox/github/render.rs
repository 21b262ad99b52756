//! `.taskcluster.yml` rendered for a made up event.

use serde_json::Value;

use crate::definition::render::{Deployment, Event, EventKind, RenderError, Repository, render};
use crate::domain::{slugid, yaml};
use crate::sandbox::call::{Answer, Call, Fault, Outcome};

/// Answers `renderTaskclusterYml`.
pub(super) fn rendered(call: &Call<'_>) -> Outcome {
    let text = |name: &str, default: &str| call.body[name].as_str().unwrap_or(default).to_owned();
    let repository =
        Repository { organization: text("organization", "taskcluster"), name: text("repository", "testing") };
    let fake = &call.body["fakeEvent"];
    let overrides = fake["overrides"].as_object();
    let branch = overrides.and_then(|overrides| overrides.get("branch")).and_then(Value::as_str).unwrap_or("main");
    let kind = fake["type"].as_str().and_then(EventKind::named);
    let kind = kind.ok_or_else(|| Fault::input("unknown type of event"))?;
    let mut event = Event::mocked(kind, fake["action"].as_str(), repository, branch);
    event.body.extend(overrides.cloned().unwrap_or_default());
    let file = yaml::parse(&text("body", "")).map_err(|error| Fault::input(error.to_string()))?;
    match render(&file, &event, &Deployment::at(call.root_url), call.now, &slugid::nice) {
        Ok(rendered) => Ok(Answer::Json(rendered.to_answer())),
        Err(error) => Err(Fault::input(refusal(&error, call.root_url))),
    }
}

/// The refusal in the words of the service.
fn refusal(error: &RenderError, root_url: &str) -> String {
    let RenderError::Faults { schema, faults } = error else { return error.to_string() };
    let faults: Vec<String> =
        faults.iter().map(|fault| format!("\n  * data{} {}", fault.path, fault.message)).collect();
    let schema = format!("{root_url}/schemas/github/{schema}#");
    format!("\nSchema Validation Failed!\nRejecting Schema: {schema}\nErrors:{}", faults.concat())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::sandbox::rig::{Request, read};

    fn send(body: &str, event: Value) -> (u16, Value) {
        let body = json!({"body": body, "organization": "demo-org", "repository": "demo-repo", "fakeEvent": event});
        let request = Request::new("github", "renderTaskclusterYml").body(body);
        read(request.send("2026-11-26T12:00:00Z".parse().unwrap(), super::super::handle).unwrap())
    }

    #[test]
    fn a_file_is_rendered_for_a_made_up_event() {
        let file = "version: 1\nreporting: checks-v1\ntasks:\n- {payload: {at: '${event.ref}', n: n}}\n";
        let (status, answer) = send(file, json!({"type": "github-push", "overrides": {"ref": "refs/heads/x"}}));
        assert_eq!(status, 200);
        assert_eq!(answer["tasks"][0]["task"]["payload"], json!({"at": "refs/heads/x", "n": "n"}));
        assert_eq!(answer["scopes"][0], "assume:repo:github.com/demo-org/demo-repo:branch:x");
    }

    #[test]
    fn a_file_that_cannot_be_rendered_is_refused_in_the_service_s_words() {
        let push = || json!({"type": "github-push"});
        let (status, refusal) = send("version: 1\npolicy: {pullRequests: nobody}\n", push());
        let message = refusal["message"].as_str().unwrap();
        assert_eq!(status, 400);
        assert!(message.starts_with("\nSchema Validation Failed!\nRejecting Schema: "), "{message}");
        let fault = "\n  * data/policy/pullRequests must be equal to one of the allowed values";
        assert!(
            message.contains(&format!("/schemas/github/v1/taskcluster-github-config.v1.json#\nErrors:{fault}")),
            "{message}"
        );
        let (status, refusal) = send("version: 1\ntasks: [{$if: event.nope.deep}]\n", push());
        let expected = "InterpreterError at template.tasks[0]: object has no property \"nope\"";
        assert!(status == 400 && refusal["message"].as_str().unwrap().starts_with(expected), "{refusal}");
        assert_eq!(send("a: b: c\n", push()).0, 400);
    }
}
