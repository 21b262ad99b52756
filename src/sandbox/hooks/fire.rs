//! A hook fires: its template is rendered, and the task is created with the scopes of the hook's role.

use std::cell::Cell;

use chrono::{DateTime, Months, TimeDelta, Utc};
use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use super::history::remember;
use super::records::Fire;
use super::{CLIENT, Key};
use crate::definition::json_e::{self, Context};
use crate::reference::Verb;
use crate::sandbox::bodies::amend;
use crate::sandbox::call::{Call, Fault};
use crate::sandbox::input::check_value;
use crate::sandbox::refusal::{RequestInfo, error_body};
use crate::sandbox::router::{Router, Target};
use crate::sandbox::state::State;
use crate::sandbox::wire::{canonical, stamp};

/// How long a task has, and how long it is kept, where its template does not say.
const DEFAULT_DEADLINE: TimeDelta = TimeDelta::days(1);
const EXPIRES: Months = Months::new(1);

/// The most that a template may make, in bytes of values: all services wait meanwhile. No service takes so large a task.
const MAX_TEMPLATE_BYTES: usize = 16 << 20;

/// Why a hook fires, and what its template learns of that.
pub(super) struct Occasion {
    pub by: &'static str,
    pub payload: Option<Value>,
    /// Who triggered it, by name.
    pub client_id: Option<String>,
    pub task_id: String,
    /// What the task's times are counted from.
    pub created: DateTime<Utc>,
}

/// Why no task was created.
pub(super) enum FireFailure {
    /// The template cannot be rendered.
    Template(String),
    /// The queue refuses the task: its fault, the message with its trailer, and the whole body of its answer.
    Refused { fault: Box<Fault>, message: String, body: Value },
}

impl FireFailure {
    /// As it is remembered.
    fn json(&self) -> Value {
        match self {
            FireFailure::Template(message) => {
                let (name, message) = message.split_once(": ").unwrap_or(("Error", message));
                json!({"name": name, "message": message})
            }
            FireFailure::Refused { fault, message, body } => json!({
                "name": "Error",
                "message": message,
                "code": fault.code,
                "statusCode": fault.status,
                "body": body,
            }),
        }
    }
}

/// Fires a hook; the task's ID, or none where the template comes to nothing.
///
/// # Errors
/// Why there is no task; that is remembered as well.
pub(super) fn fire(
    state: &mut State,
    key: &Key,
    occasion: Occasion,
    now: DateTime<Utc>,
) -> Result<Option<String>, FireFailure> {
    let outcome = create(state, key, &occasion, now);
    let error = outcome.as_ref().err().map(FireFailure::json);
    if let Some(error) = &error {
        write_to_owner(state, key, error, now);
    }
    let created = matches!(outcome, Ok(true) | Err(_));
    if created {
        let fire = Fire { by: occasion.by, task_id: occasion.task_id.clone(), at: occasion.created, error };
        remember(state, key, fire);
    }
    outcome.map(|created| created.then_some(occasion.task_id))
}

/// Who looks after a hook learns that it failed, unless a caller sees the failure.
fn write_to_owner(state: &mut State, (group, id): &Key, error: &Value, now: DateTime<Utc>) {
    let Some(hook) = state.hooks.hooks.get(&(group.clone(), id.clone())) else { return };
    if hook.metadata["emailOnError"] != true {
        return;
    }
    let body = json!({
        "address": hook.metadata["owner"],
        "subject": format!("Hook failure: {}/{}", group.0, id.0),
        "content": format!("No task was created for the hook {}/{}:\n\n{error:#}", group.0, id.0),
    });
    state.notify.sent_by(CLIENT, "email", &body, now);
}

/// What the template is rendered with.
fn context(occasion: &Occasion) -> Context<'static> {
    let mut values = Map::new();
    values.insert("firedBy".into(), json!(occasion.by));
    values.insert("triggeredBy".into(), json!(occasion.by));
    values.insert("taskId".into(), json!(occasion.task_id));
    values.extend(occasion.payload.clone().map(|payload| ("payload".to_owned(), payload)));
    values.extend(occasion.client_id.clone().map(|client_id| ("clientId".to_owned(), json!(client_id))));
    Context { values, functions: Vec::new() }
}

/// The task that the template makes; none when it makes nothing.
fn render(template: &Value, occasion: &Occasion) -> Result<Option<Value>, FireFailure> {
    let rendered = json_e::render_at_most(MAX_TEMPLATE_BYTES, template, &context(occasion), occasion.created)
        .map_err(|error| FireFailure::Template(error.to_string()))?;
    let mut task = match rendered {
        Value::Null => return Ok(None),
        Value::Object(task) => task,
        _ => return Err(FireFailure::Template("TypeError: the template does not make an object".into())),
    };
    let expires = occasion.created.checked_add_months(EXPIRES).unwrap_or(occasion.created);
    for (name, default) in [
        ("created", stamp(occasion.created)),
        ("deadline", stamp(occasion.created + DEFAULT_DEADLINE)),
        ("expires", stamp(expires)),
        ("taskGroupId", occasion.task_id.clone()),
    ] {
        let value = task.entry(name).or_insert(Value::Null);
        if value.is_null() {
            *value = json!(default);
        }
    }
    Ok(Some(task.into()))
}

/// Whether a task was created.
fn create(state: &mut State, key: &Key, occasion: &Occasion, now: DateTime<Utc>) -> Result<bool, FireFailure> {
    let Some(hook) = state.hooks.hooks.get(key) else { return Ok(false) };
    let template = canonical(&hook.task);
    let Some(mut body) = render(&template, occasion)? else { return Ok(false) };
    let role = format!("assume:hook-id:{}/{}", key.0.0, key.1.0);
    let scopes = state.auth.expand(&[role]);
    let outcome = call_create_task(state, occasion, &mut body, scopes, now);
    outcome.map(|()| true).map_err(|fault| {
        let params = IndexMap::from([("taskId".to_owned(), occasion.task_id.clone())]);
        let info = RequestInfo { method: "createTask", params: &params, payload: &body, time: now };
        let body = error_body(&fault, &info);
        let message = body["message"].as_str().unwrap_or_default().to_owned();
        FireFailure::Refused { fault: Box::new(fault), message, body }
    })
}

fn call_create_task(
    state: &mut State,
    occasion: &Occasion,
    body: &mut Value,
    scopes: Vec<String>,
    now: DateTime<Utc>,
) -> Result<(), Fault> {
    let broken = |reason: String| Fault::new(500, "InternalServerError", reason);
    let router = Router::embedded().map_err(|error| broken(error.to_string()))?;
    let path = format!("queue/v1/task/{}", occasion.task_id);
    let Target::Method(target, params) = router.find(Verb::Put, &path) else {
        return Err(broken("there is no createTask".into()));
    };
    let root_url = "http://localhost";
    let file = target.method.input.as_deref().unwrap_or_default();
    check_value(target, file, body, root_url)?;
    amend("queue", target.method, &params, body);
    let call = Call {
        service: "queue",
        method: target.method,
        params,
        query: IndexMap::new(),
        body: body.clone(),
        client_id: Some(CLIENT.to_owned()),
        scopes,
        now,
        root_url,
        authorized: Cell::new(false),
    };
    match state.behave_queue(&call) {
        Some(outcome) => outcome.map(drop),
        None => Err(broken("the queue has no createTask".into())),
    }
}
