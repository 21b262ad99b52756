//! Roles: list, make, change, remove.

use std::ops::Bound;

use serde_json::{Value, json};

use super::expand::{RoleRef, find_cycle, parameter_fault, satisfies_all};
use super::records::{Auth, Role};
use super::scopes::sorted_scopes_of;
use crate::sandbox::call::{Answer, Call, Fault, Outcome};
use crate::sandbox::wire::{Name, Page};

pub(super) fn list(auth: &Auth) -> Outcome {
    Ok(Answer::Json(auth.roles.values().map(|role| auth.role_json(role)).collect()))
}

pub(super) fn pages(auth: &Auth, call: &Call<'_>) -> Outcome {
    listed(auth, call, "roles", |role| auth.role_json(role))
}

pub(super) fn ids(auth: &Auth, call: &Call<'_>) -> Outcome {
    listed(auth, call, "roleIds", |role| role.id.clone().into())
}

fn listed(auth: &Auth, call: &Call<'_>, name: &str, show: impl Fn(&Role) -> Value) -> Outcome {
    let page = Page::strict(call)?;
    let after = page.after.as_deref().map_or(Bound::Unbounded, |after| Bound::Excluded(Name::new(after)));
    let roles = auth.roles.range((after, Bound::Unbounded)).map(|(_, role)| role);
    let paged = page.cut(roles, |role| role.id.clone());
    let mut answer = json!({name: paged.items.into_iter().map(show).collect::<Vec<_>>()});
    if let Some(token) = paged.token {
        answer["continuationToken"] = token.into();
    }
    Ok(Answer::Json(answer))
}

pub(super) fn get(auth: &Auth, call: &Call<'_>) -> Outcome {
    let role = auth.roles.get(&Name::new(call.param("roleId"))).ok_or_else(missing)?;
    Ok(Answer::Json(auth.role_json(role)))
}

pub(super) fn create(auth: &mut Auth, call: &Call<'_>) -> Outcome {
    let role = Role {
        id: call.param("roleId").into(),
        description: call.body["description"].as_str().unwrap_or_default().into(),
        scopes: sorted_scopes_of(call, "scopes"),
        created: call.now,
        last_modified: call.now,
    };
    check(&role.id, &role.scopes)?;
    call.authorize(&[("scopes", json!(role.scopes))])?;
    if let Some(existing) = auth.roles.get(&Name::new(&*role.id)) {
        let same = existing.description == role.description && existing.scopes == role.scopes;
        return if same { get(auth, call) } else { Err(Fault::conflict("Role already exists")) };
    }
    check_graph(auth, &role.id, &role.scopes)?;
    auth.roles.insert(Name::new(&*role.id), role);
    get(auth, call)
}

pub(super) fn update(auth: &mut Auth, call: &Call<'_>) -> Outcome {
    let id = call.param("roleId");
    let scopes = sorted_scopes_of(call, "scopes");
    check(id, &scopes)?;
    let role = auth.roles.get(&Name::new(id)).ok_or_else(missing)?;
    // Scopes that the role has already, also by a wider one or another role, need no authority.
    let before = auth.expand(&role.scopes);
    let added: Vec<&String> = scopes.iter().filter(|scope| !satisfies_all(&before, [*scope])).collect();
    call.authorize(&[("scopesAdded", json!(added))])?;
    check_graph(auth, id, &scopes)?;
    let role = auth.roles.get_mut(&Name::new(id)).ok_or_else(missing)?;
    role.description = call.body["description"].as_str().unwrap_or_default().into();
    role.scopes = scopes;
    role.last_modified = call.now;
    get(auth, call)
}

/// Removing a role that is not there is no fault.
pub(super) fn delete(auth: &mut Auth, call: &Call<'_>) -> Outcome {
    auth.roles.remove(&Name::new(call.param("roleId")));
    Ok(Answer::NoContent)
}

fn missing() -> Fault {
    Fault::not_found("Role not found")
}

fn check(id: &str, scopes: &[String]) -> Result<(), Fault> {
    if id.ends_with("**") {
        return Err(Fault::input("roleId must not end with `**`"));
    }
    if scopes.iter().any(|scope| scope.ends_with("**")) {
        return Err(Fault::input("scopes must not end with `**`"));
    }
    Ok(())
}

/// Roles that assume each other in a circle are refused, and so are parameters that could mean two things.
fn check_graph(auth: &Auth, id: &str, scopes: &[String]) -> Result<(), Fault> {
    let mut roles: Vec<RoleRef<'_>> = auth.role_refs().filter(|role| role.id != id).collect();
    let changed = RoleRef { id, scopes };
    if let Some(fault) = parameter_fault(&changed) {
        return Err(Fault::input(fault));
    }
    roles.push(changed);
    match find_cycle(&roles) {
        Some(cycle) => {
            Err(Fault::input(format!("roles must not assume each other in a circle: {}", cycle.join(" -> "))))
        }
        None => Ok(()),
    }
}
