//! The github service, as far as a sandbox without repositories can have one: there are no builds, no repository is
//! installed; files are rendered as the real service does.

mod render;

use serde_json::json;

use super::call::{Answer, Call, Fault, Outcome};

/// The picture of a branch of which nothing is known.
const BADGE: &str = concat!(
    r##"<svg xmlns="http://www.w3.org/2000/svg" width="122" height="20" fill="none">"##,
    r##"<rect width="120" height="20" rx="3" fill="#757434"/>"##,
    r##"<text x="60" y="14" fill="#fff" font-family="sans-serif" font-size="11" text-anchor="middle">unknown</text></svg>"##,
    "\n"
);

/// Answers a call of the github service; none for methods without behaviour.
pub(super) fn handle(call: &Call<'_>) -> Option<Outcome> {
    Some(match call.method.name.as_str() {
        "builds" => builds(call),
        "cancelBuilds" => Err(Fault::not_found("No cancellable builds found")),
        "repository" => Ok(Answer::Json(json!({"installed": false}))),
        "latest" => Err(Fault::not_found("Status not found")),
        "renderTaskclusterYml" => render::rendered(call),
        "badge" => Ok(Answer::WithHeaders(
            vec![
                ("content-type", "image/svg+xml".into()),
                ("cache-control", "no-cache, no-store, must-revalidate".into()),
            ],
            Box::new(Answer::Text(BADGE)),
        )),
        "createStatus" | "createComment" => Err(not_installed(call)),
        _ => return None,
    })
}

fn builds(call: &Call<'_>) -> Outcome {
    for (name, needed) in [("repository", "organization"), ("sha", "repository"), ("pullRequest", "repository")] {
        if call.query(name).is_some() && call.query(needed).is_none() {
            return Err(Fault::input(format!("Must provide `{needed}` if querying `{name}`")));
        }
    }
    Ok(Answer::Json(json!({"builds": []})))
}

fn not_installed(call: &Call<'_>) -> Fault {
    Fault::not_found(format!("The app is not installed for {}/{}", call.param("owner"), call.param("repo")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::rig::{Request, read};

    fn send(request: Request<'_>) -> (u16, serde_json::Value) {
        read(request.send("2026-11-22T12:00:00Z".parse().unwrap(), handle).unwrap())
    }

    #[test]
    fn there_are_no_builds_and_a_question_must_make_sense() {
        let builds = || Request::new("github", "builds");
        assert_eq!(send(builds()), (200, json!({"builds": []})));
        assert_eq!(send(builds().query("organization", "o").query("repository", "r")).0, 200);
        let (status, refusal) = send(builds().query("repository", "r"));
        assert_eq!(
            (status, &refusal["message"]),
            (400, &json!("Must provide `organization` if querying `repository`"))
        );
    }

    #[test]
    fn a_repository_is_not_installed() {
        let at = |method| Request::new("github", method).param("owner", "o").param("repo", "r");
        assert_eq!(send(at("repository")), (200, json!({"installed": false})));
        assert_eq!(send(at("cancelBuilds")).0, 404);
        assert_eq!(send(at("createStatus").param("sha", "s")).0, 404);
    }
}
