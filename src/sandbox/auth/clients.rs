//! Clients: list, make, change, remove.

use std::ops::Bound;

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

use super::expand::satisfies_all;
use super::records::{Auth, Client, STATIC, new_token};
use super::scopes::sorted_scopes_of;
use crate::sandbox::call::{Answer, Call, Fault, Outcome};
use crate::sandbox::wire::{Name, Page, parse_time};

/// How long the same request to make a client counts as a repetition.
const REPEATABLE: Duration = Duration::minutes(15);

pub(super) fn list(auth: &Auth, call: &Call<'_>) -> Outcome {
    let page = Page::of(call)?;
    let prefix = call.query("prefix").unwrap_or_default();
    let after = page.after.as_deref().map_or(Bound::Unbounded, |after| Bound::Excluded(Name::new(after)));
    let clients = auth.clients.range((after, Bound::Unbounded)).map(|(_, client)| client);
    let paged = page.cut(clients.filter(|client| client.id.starts_with(prefix)), |client| client.id.clone());
    let clients: Vec<Value> = paged.items.into_iter().map(|client| auth.client_json(client)).collect();
    let mut answer = json!({"clients": clients});
    if let Some(token) = paged.token {
        answer["continuationToken"] = token.into();
    }
    Ok(Answer::Json(answer))
}

pub(super) fn get(auth: &Auth, call: &Call<'_>) -> Outcome {
    let client = auth.client(call.param("clientId")).ok_or_else(missing)?;
    Ok(Answer::Json(auth.client_json(client)))
}

pub(super) fn create(auth: &mut Auth, call: &Call<'_>) -> Outcome {
    let id = call.param("clientId");
    let scopes = sorted_scopes_of(call, "scopes");
    changeable(id)?;
    not_doubly_starred(&scopes)?;
    call.authorize(&[("scopes", json!(scopes))])?;
    let description = call.body["description"].as_str().unwrap_or_default();
    let expires = expires(call)?;
    if let Some(client) = auth.client(id) {
        let same = client.description == description
            && client.expires == expires
            && client.scopes == scopes
            && !client.disabled
            && call.now - client.created <= REPEATABLE;
        return if same { Ok(with_token(auth, client)) } else { Err(Fault::conflict("Client already exists")) };
    }
    let mut client = Client::new(id, description, expires, scopes, call.now);
    client.delete_on_expiration = call.body["deleteOnExpiration"] == true;
    let answer = with_token(auth, &client);
    auth.insert(client);
    Ok(answer)
}

pub(super) fn update(auth: &mut Auth, call: &Call<'_>) -> Outcome {
    let id = call.param("clientId");
    let given = call.body.get("scopes").map(|_| sorted_scopes_of(call, "scopes"));
    changeable(id)?;
    not_doubly_starred(given.as_deref().unwrap_or_default())?;
    let expires = expires(call)?;
    // Scopes that the client has already, also by a wider one or a role, need no authority.
    let before = auth.expand(&auth.client(id).ok_or_else(missing)?.scopes);
    let added: Vec<&String> = given.iter().flatten().filter(|scope| !satisfies_all(&before, [*scope])).collect();
    call.authorize(&[("scopesAdded", json!(added))])?;
    let client = auth.client_mut(id).ok_or_else(missing)?;
    client.description = call.body["description"].as_str().unwrap_or_default().into();
    client.expires = expires;
    client.delete_on_expiration = call.body["deleteOnExpiration"] == true;
    client.last_modified = call.now;
    if let Some(scopes) = given {
        client.scopes = scopes;
    }
    get(auth, call)
}

pub(super) fn reset(auth: &mut Auth, call: &Call<'_>) -> Outcome {
    let id = call.param("clientId");
    changeable(id)?;
    let client = auth.client_mut(id).ok_or_else(missing)?;
    client.access_token = new_token();
    client.last_modified = call.now;
    client.last_rotated = call.now;
    let client = auth.client(id).ok_or_else(missing)?;
    Ok(with_token(auth, client))
}

pub(super) fn enable(auth: &mut Auth, call: &Call<'_>, enabled: bool) -> Outcome {
    let id = call.param("clientId");
    changeable(id)?;
    let client = auth.client_mut(id).ok_or_else(missing)?;
    client.disabled = !enabled;
    client.last_modified = call.now;
    get(auth, call)
}

/// Removing a client that is not there is no fault.
pub(super) fn delete(auth: &mut Auth, call: &Call<'_>) -> Outcome {
    let id = call.param("clientId");
    changeable(id)?;
    auth.remove(id);
    Ok(Answer::NoContent)
}

fn with_token(auth: &Auth, client: &Client) -> Answer {
    let mut answer = auth.client_json(client);
    answer["accessToken"] = client.access_token.reveal().into();
    Answer::Json(answer)
}

fn missing() -> Fault {
    Fault::not_found("Client not found")
}

fn expires(call: &Call<'_>) -> Result<DateTime<Utc>, Fault> {
    let text = call.body["expires"].as_str().unwrap_or_default();
    parse_time(text).ok_or_else(|| Fault::input(format!("expires is not a time: {text}")))
}

fn changeable(id: &str) -> Result<(), Fault> {
    if !id.starts_with(STATIC) {
        return Ok(());
    }
    Err(Fault::input(format!(
        "clientId \"{id}\" starts with \"static/\": such clients come with the deployment and cannot be changed here."
    )))
}

fn not_doubly_starred(scopes: &[String]) -> Result<(), Fault> {
    if scopes.iter().any(|scope| scope.ends_with("**")) {
        return Err(Fault::input("scopes must not end with `**`"));
    }
    Ok(())
}
