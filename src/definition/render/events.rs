//! Events: made up ones with the keys that GitHub sends, and those of a file.

use serde_json::{Map, Value, json};
use thiserror::Error;

/// A commit that pushes and pull requests are of, unless another is given.
const PUSH_SHA: &str = "b79ce60be819cdc482c9c6a84dc3c457959aa66f";
const PUSH_BEFORE_SHA: &str = "7a257a6d139708a3188bf2e0cd1f15e466a88d0e";
const PULL_REQUEST_SHA: &str = "b12ead3c5f3499e34356c970e20d7858f1747542";
const BASE_SHA: &str = "55e752e3a914db81eee3f90260f7eb69b7169ada";
/// Who does what happens.
const PERSON: &str = "awesome-dev";

/// What a file is rendered for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EventKind {
    /// Commits or a tag were pushed.
    Push,
    /// A pull request of somebody who is trusted.
    PullRequest,
    /// A pull request of somebody else.
    PullRequestUntrusted,
    /// A release.
    Release,
    /// A comment with a command in it.
    IssueComment,
    /// A cron job of a hook, which is no event of GitHub.
    Cron,
    /// An action of a hook, which is no event of GitHub.
    Action,
}

impl EventKind {
    /// What templates see as `tasks_for`.
    pub(crate) fn tasks_for(self) -> &'static str {
        match self {
            Self::Push => "github-push",
            Self::PullRequest => "github-pull-request",
            Self::PullRequestUntrusted => "github-pull-request-untrusted",
            Self::Release => "github-release",
            Self::IssueComment => "github-issue-comment",
            Self::Cron => "cron",
            Self::Action => "action",
        }
    }

    /// All of them.
    pub(crate) const ALL: [Self; 7] = [
        Self::Push,
        Self::PullRequest,
        Self::PullRequestUntrusted,
        Self::Release,
        Self::IssueComment,
        Self::Cron,
        Self::Action,
    ];

    /// `push`, `pull-request` and so on, with or without `github-` before it.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let name = name.strip_prefix("github-").unwrap_or(name);
        Self::ALL.into_iter().find(|kind| kind.tasks_for().trim_start_matches("github-") == name)
    }

    /// What GitHub calls the thing that happened, unless something else is said.
    fn default_action(self) -> Option<&'static str> {
        match self {
            Self::PullRequest | Self::PullRequestUntrusted => Some("opened"),
            Self::Release => Some("published"),
            Self::IssueComment => Some("created"),
            Self::Push | Self::Cron | Self::Action => None,
        }
    }
}

/// Whose repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Repository {
    /// A person or an organization.
    pub organization: String,
    /// The name after it.
    pub name: String,
}

/// Why an event is invalid.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum EventError {
    /// It lacks a key.
    #[error("the event has no `{0}`")]
    Missing(String),
    /// It is of no known kind.
    #[error("the event is none of push, pull request, release and comment")]
    Unknown,
}

/// Something that happened, as templates see it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Event {
    /// What happened.
    pub kind: EventKind,
    /// Where.
    pub repository: Repository,
    /// The branch, as far as the service knows one.
    pub branch: String,
    /// What GitHub sent; of a cron job or an action, what stands beside `tasks_for`.
    pub body: Map<String, Value>,
}

impl Event {
    /// An event with made up values. `action` is `opened`, `published` and the like.
    pub(crate) fn mocked(kind: EventKind, action: Option<&str>, repository: Repository, branch: &str) -> Self {
        let maker = Maker { repository: &repository, branch };
        let body = match kind {
            EventKind::Push => maker.push(),
            EventKind::PullRequest | EventKind::PullRequestUntrusted => maker.pull_request(),
            EventKind::Release => maker.release(),
            EventKind::IssueComment => maker.comment(),
            EventKind::Cron => maker.cron(),
            EventKind::Action => maker.action(),
        };
        let mut body = match body {
            Value::Object(members) => members,
            _ => Map::new(),
        };
        if let (Some(default), false) = (kind.default_action(), kind == EventKind::Action) {
            body.insert("action".into(), action.unwrap_or(default).into());
        }
        Self { kind, repository, branch: branch.into(), body }
    }

    /// An event as GitHub sent it; its keys show the kind.
    ///
    /// # Errors
    /// [`EventError`].
    pub(crate) fn from_payload(body: Map<String, Value>) -> Result<Self, EventError> {
        let kind = if body.contains_key("pull_request") {
            EventKind::PullRequest
        } else if body.contains_key("release") {
            EventKind::Release
        } else if body.contains_key("comment") && body.contains_key("issue") {
            EventKind::IssueComment
        } else if body.contains_key("ref") && body.contains_key("after") {
            EventKind::Push
        } else {
            return Err(EventError::Unknown);
        };
        let mut event = Self {
            kind,
            repository: Repository { organization: String::new(), name: String::new() },
            branch: String::new(),
            body,
        };
        let owner = event.text("repository.owner.login").or_else(|_| event.text("repository.owner.name"))?;
        event.repository = Repository { organization: owner.into(), name: event.text("repository.name")?.into() };
        event.branch = match kind {
            EventKind::Push => event.text("ref")?.splitn(3, '/').nth(2).unwrap_or_default().into(),
            EventKind::Release => event.text("release.target_commitish")?.into(),
            EventKind::IssueComment => "unknown".into(),
            _ => event.text("pull_request.head.ref")?.into(),
        };
        Ok(event)
    }

    /// What templates see as `tasks_for`.
    pub(crate) fn tasks_for(&self) -> &'static str {
        self.kind.tasks_for()
    }

    /// A member of the body, by a path with dots.
    pub(crate) fn get(&self, path: &str) -> Option<&Value> {
        let mut names = path.split('.');
        let first = self.body.get(names.next()?)?;
        names.try_fold(first, |value, name| value.get(name))
    }

    /// A text of the body.
    pub(super) fn text(&self, path: &str) -> Result<&str, EventError> {
        self.get(path).and_then(Value::as_str).ok_or_else(|| EventError::Missing(path.into()))
    }

    /// The names that version 0 of the file knows, with their values.
    pub(super) fn details(&self) -> Map<String, Value> {
        let mut details = Map::new();
        let mut add = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                details.insert(format!("event.{name}"), value);
            }
        };
        let at = |path: &str| self.get(path).cloned();
        let text = |path: &str| self.text(path).unwrap_or_default();
        let branch = |path: &str| Some(format!("refs/heads/{}", text(path)).into());
        add("head.user.login", at("sender.login"));
        match self.kind {
            EventKind::PullRequest | EventKind::PullRequestUntrusted => {
                for side in ["base", "head"] {
                    add(&format!("{side}.ref"), branch(&format!("pull_request.{side}.ref")));
                    add(&format!("{side}.repo.branch"), at(&format!("pull_request.{side}.ref")));
                    add(&format!("{side}.repo.name"), at(&format!("pull_request.{side}.repo.name")));
                    add(&format!("{side}.repo.url"), at(&format!("pull_request.{side}.repo.clone_url")));
                    add(&format!("{side}.sha"), at(&format!("pull_request.{side}.sha")));
                }
                add("base.user.login", at("pull_request.base.user.login"));
                add("head.user.id", at("sender.id"));
                add("pullNumber", at("number"));
                add("title", at("pull_request.title"));
                add("type", Some(format!("pull_request.{}", text("action")).into()));
            }
            EventKind::Push => {
                let mut parts = text("ref").splitn(3, '/').skip(1);
                let is_tag = parts.next() == Some("tags");
                let name = Value::from(parts.next().unwrap_or_default());
                for (side, sha) in [("base", "before"), ("head", "after")] {
                    add(&format!("{side}.ref"), at("ref"));
                    add(&format!("{side}.repo.name"), at("repository.name"));
                    add(&format!("{side}.repo.url"), at("repository.clone_url"));
                    add(&format!("{side}.sha"), at(sha));
                }
                add("base.user.login", at("sender.login"));
                add("head.user.id", at("sender.id"));
                add("type", Some(if is_tag { "tag" } else { "push" }.into()));
                if is_tag {
                    add("head.tag", Some(name));
                } else {
                    add("base.repo.branch", Some(name.clone()));
                    add("head.repo.branch", Some(name));
                }
            }
            EventKind::Release => {
                for (name, path) in [
                    ("base.repo.branch", "release.target_commitish"),
                    ("head.user.id", "sender.id"),
                    ("version", "release.tag_name"),
                    ("name", "release.name"),
                    ("head.repo.name", "repository.name"),
                    ("head.repo.url", "repository.clone_url"),
                    ("release.url", "release.url"),
                    ("prerelease", "release.prerelease"),
                    ("draft", "release.draft"),
                    ("tar", "release.tarball_url"),
                    ("zip", "release.zipball_url"),
                ] {
                    add(name, at(path));
                }
                add("type", Some("release".into()));
            }
            EventKind::IssueComment => add("type", Some(format!("issue_comment.{}", text("action")).into())),
            EventKind::Cron | EventKind::Action => add("type", Some(self.tasks_for().into())),
        }
        details
    }
}

/// Makes up bodies.
struct Maker<'a> {
    repository: &'a Repository,
    branch: &'a str,
}

impl Maker<'_> {
    fn url(&self) -> String {
        format!("https://github.com/{}/{}", self.repository.organization, self.repository.name)
    }

    fn user(&self, login: &str) -> Value {
        json!({
            "login": login, "id": 18_102_552, "type": "User", "site_admin": false,
            "url": format!("https://api.github.com/users/{login}"), "html_url": format!("https://github.com/{login}"),
            "avatar_url": "https://avatars.githubusercontent.com/u/18102552?v=3", "gravatar_id": "",
        })
    }

    fn repository(&self) -> Value {
        let Repository { organization, name } = self.repository;
        let mut owner = self.user(organization);
        if let Value::Object(members) = &mut owner {
            members.insert("name".into(), organization.as_str().into());
        }
        let api = format!("https://api.github.com/repos/{organization}/{name}");
        json!({
            "id": 68_761_376, "name": name, "full_name": format!("{organization}/{name}"), "owner": owner, "private": false,
            "html_url": self.url(), "url": api, "clone_url": format!("{}.git", self.url()),
            "git_url": format!("git://github.com/{organization}/{name}.git"),
            "ssh_url": format!("git@github.com:{organization}/{name}.git"), "svn_url": self.url(), "description": "",
            "fork": false, "archived": false, "visibility": "public", "default_branch": "main", "master_branch": "main",
            "created_at": 1_474_414_120, "updated_at": "2026-01-03T18:58:56Z", "pushed_at": 1_484_248_575,
            "homepage": null, "language": null, "size": 24, "forks": 1, "open_issues": 0, "watchers": 1, "topics": [],
        })
    }

    fn commit(&self, sha: &str) -> Value {
        json!({
            "id": sha, "tree_id": "1e853705688e2088b1d25c7d9c3e521c80ba10cf", "distinct": true,
            "message": "Update README.md", "timestamp": "2026-01-12T11:16:14-08:00",
            "url": format!("{}/commit/{sha}", self.url()),
            "author": {"name": "Awesome Dev", "email": "awesome-dev@users.noreply.github.com", "username": PERSON},
            "committer": {"name": "GitHub", "email": "noreply@github.com", "username": "web-flow"},
            "added": [], "removed": [], "modified": ["README.md"],
        })
    }

    fn push(&self) -> Value {
        let commit = self.commit(PUSH_SHA);
        json!({
            "ref": format!("refs/heads/{}", self.branch), "before": PUSH_BEFORE_SHA, "after": PUSH_SHA, "base_ref": null,
            "created": false, "deleted": false, "forced": false,
            "compare": format!("{}/compare/{}...{}", self.url(), &PUSH_BEFORE_SHA[..12], &PUSH_SHA[..12]),
            "commits": [commit], "head_commit": commit, "repository": self.repository(),
            "pusher": {"name": PERSON, "email": "awesome-dev@users.noreply.github.com"}, "sender": self.user(PERSON),
            "installation": {"id": 5_808},
        })
    }

    fn pull_request(&self) -> Value {
        let Repository { organization, name } = self.repository;
        let side = |reference: &str, sha: &str| {
            json!({
                "label": format!("{organization}:{reference}"), "ref": reference, "sha": sha,
                "user": self.user(organization), "repo": self.repository(),
            })
        };
        let api = format!("https://api.github.com/repos/{organization}/{name}/pulls/36");
        json!({
            "action": "opened", "number": 36,
            "pull_request": {
                "url": api, "id": 101_497_214, "html_url": format!("{}/pull/36", self.url()),
                "diff_url": format!("{}/pull/36.diff", self.url()), "patch_url": format!("{}/pull/36.patch", self.url()),
                "number": 36, "state": "open", "locked": false, "draft": false, "title": "Update README.md", "body": "",
                "user": self.user(PERSON), "labels": [], "assignee": null, "assignees": [], "milestone": null,
                "created_at": "2026-01-13T18:53:00Z", "updated_at": "2026-01-13T18:53:00Z", "closed_at": null,
                "merged_at": null, "merge_commit_sha": null, "merged": false, "mergeable": null,
                "author_association": "CONTRIBUTOR", "commits": 1, "additions": 2, "deletions": 0, "changed_files": 1,
                "head": side("awesome-dev-patch-2", PULL_REQUEST_SHA), "base": side(self.branch, BASE_SHA),
            },
            "repository": self.repository(), "sender": self.user(PERSON), "installation": {"id": 5_808},
        })
    }

    fn release(&self) -> Value {
        let organization = &self.repository.organization;
        let tag = "v1.0.0";
        json!({
            "action": "published",
            "release": {
                "id": 5_027_516, "tag_name": tag, "target_commitish": self.branch, "name": "Version 1.0.0",
                "body": "The first release", "draft": false, "prerelease": false, "assets": [],
                "author": self.user(organization), "created_at": "2026-01-28T19:39:49Z",
                "published_at": "2026-01-28T19:45:24Z", "html_url": format!("{}/releases/tag/{tag}", self.url()),
                "url": format!("{}/releases/5027516", self.url()), "tarball_url": format!("{}/tarball/{tag}", self.url()),
                "zipball_url": format!("{}/zipball/{tag}", self.url()),
            },
            "repository": self.repository(), "sender": self.user(organization), "installation": {"id": 5_808},
        })
    }

    fn comment(&self) -> Value {
        json!({
            "action": "created",
            "issue": {
                "number": 36, "title": "Update README.md", "state": "open", "user": self.user(PERSON), "labels": [],
                "html_url": format!("{}/pull/36", self.url()), "author_association": "OWNER", "body": "",
                "pull_request": {"html_url": format!("{}/pull/36", self.url())},
            },
            "comment": {
                "id": 1_107_858_166, "user": self.user(PERSON), "body": "/taskcluster run", "author_association": "OWNER",
                "html_url": format!("{}/pull/36#issuecomment-1107858166", self.url()),
                "created_at": "2026-01-01T12:05:00Z", "updated_at": "2026-01-01T12:05:00Z",
            },
            "taskcluster_comment": "run", "repository": self.repository(), "sender": self.user(PERSON),
            "installation": {"id": 5_808},
        })
    }

    /// What hooks of in-tree decision tasks have in common.
    fn decision(&self) -> Map<String, Value> {
        let push = json!({
            "branch": self.branch, "revision": PUSH_SHA, "base_revision": PUSH_BEFORE_SHA, "owner": "cron@noreply.mozilla.org",
            "comment": "", "pushlog_id": "-1", "pushdate": "0",
        });
        let repository = json!({"url": self.url(), "project": self.repository.name, "level": "1", "type": "git"});
        Map::from_iter([("push".to_owned(), push), ("repository".to_owned(), repository)])
    }

    fn cron(&self) -> Value {
        let mut body = self.decision();
        let cron = json!({
            "task_id": "fN1SbArXTPSVFNUvaOlinQ", "job_name": "nightly", "job_symbol": "nightly", "quoted_args": "", "input": {},
        });
        body.insert("cron".into(), cron);
        Value::Object(body)
    }

    fn action(&self) -> Value {
        let mut body = self.decision();
        let scope =
            format!("assume:repo:github.com/{}/{}:action:generic", self.repository.organization, self.repository.name);
        let action = json!({
            "name": "retrigger", "title": "Retrigger", "description": "Create a clone of the task", "symbol": "rt",
            "taskGroupId": "fN1SbArXTPSVFNUvaOlinQ", "cb_name": "retrigger", "repo_scope": scope, "generic": true,
            "callback_name": "retrigger", "action_perm": "generic",
        });
        for (name, value) in [
            ("action", action),
            ("input", json!({})),
            ("parameters", json!({})),
            ("taskId", json!("fN1SbArXTPSVFNUvaOlinQ")),
            ("taskGroupId", json!("fN1SbArXTPSVFNUvaOlinQ")),
            ("clientId", json!("mozilla-auth0/ad|Mozilla-LDAP|dev/")),
        ] {
            body.insert(name.into(), value);
        }
        Value::Object(body)
    }
}
