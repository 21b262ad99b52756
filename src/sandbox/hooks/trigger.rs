//! Hooks that are triggered by a call, and the tokens that allow it without credentials.

use serde_json::{Value, json};

use super::fire::{FireFailure, Occasion, fire};
use super::{find, key, missing};
use crate::sandbox::call::{Answer, Call, Fault, Outcome};
use crate::sandbox::state::State;
use crate::schema::Validator;

pub(super) fn token(state: &State, call: &Call<'_>) -> Outcome {
    find(state, call).map(|hook| Answer::Json(json!({"token": hook.token})))
}

pub(super) fn reset_token(state: &mut State, call: &Call<'_>) -> Outcome {
    let hook = state.hooks.hooks.get_mut(&key(call)).ok_or_else(missing)?;
    hook.token = slugid::v4();
    token(state, call)
}

pub(super) fn trigger(state: &mut State, call: &Call<'_>) -> Outcome {
    find(state, call)?;
    answer(state, call, "triggerHook")
}

pub(super) fn trigger_with_token(state: &mut State, call: &Call<'_>) -> Outcome {
    if find(state, call)?.token != call.param("token") {
        return Err(Fault::new(401, "AuthenticationFailed", "invalid hook token"));
    }
    answer(state, call, "triggerHookWithToken")
}

fn check_payload(schema: &Value, payload: &Value) -> Result<(), Fault> {
    let validator = Validator::of(schema).map_err(|error| Fault::input(error.to_string()))?;
    let faults = validator.faults(payload);
    if faults.is_empty() {
        return Ok(());
    }
    let faults: Vec<String> = faults.iter().map(|fault| format!("data{} {}", fault.path, fault.message)).collect();
    Err(Fault::input(faults.join("; ")))
}

fn answer(state: &mut State, call: &Call<'_>, by: &'static str) -> Outcome {
    let key = key(call);
    let hook = find(state, call)?;
    check_payload(&hook.trigger_schema, &call.body)?;
    let occasion = Occasion {
        by,
        payload: Some(call.body.clone()),
        client_id: call.client_id.clone(),
        task_id: slugid::nice(),
        created: call.now,
    };
    match fire(state, &key, occasion, call.now) {
        Ok(Some(task_id)) => Ok(Answer::Json(json!({"taskId": task_id, "status": {"taskId": task_id}}))),
        // The template came to nothing.
        Ok(None) => Ok(Answer::Json(json!({}))),
        Err(FireFailure::Refused { fault, message, .. }) if fault.code == "InsufficientScopes" => Err(Fault::new(
            403,
            "InsufficientScopes",
            format!(
                "The role `hook-id:{}/{}` does not have sufficient scopes to create the task:\n\n{message}",
                key.0.0, key.1.0
            ),
        )),
        Err(FireFailure::Refused { fault, message, .. }) => {
            Err(Fault::input(format!("While calling createTask: {}\n\n{message}", fault.code)))
        }
        Err(FireFailure::Template(error)) => Err(Fault::input(format!("While firing hook:\n\n{error}"))),
    }
}
