//! The `auth` service: who calls, with which scopes; clients and roles.

mod authenticate;
mod certificate;
mod clients;
pub(super) mod expand;
mod hawk_call;
mod history;
mod records;
mod roles;
mod scopes;
mod sign_in;

pub(super) use authenticate::{Caller, Presented, authenticate};
pub(super) use history::History;
pub(super) use records::{Auth, ROOT};

use super::call::{Call, Outcome};

/// Runs a method of this service; nothing when it has no behaviour here.
pub(super) fn behave(auth: &mut Auth, call: &Call<'_>, presented: &Presented<'_>) -> Option<Outcome> {
    Some(match call.method.name.as_str() {
        "listClients" => clients::list(auth, call),
        "client" => clients::get(auth, call),
        "createClient" => clients::create(auth, call),
        "updateClient" => clients::update(auth, call),
        "resetAccessToken" => clients::reset(auth, call),
        "enableClient" => clients::enable(auth, call, true),
        "disableClient" => clients::enable(auth, call, false),
        "deleteClient" => clients::delete(auth, call),
        "listRoles" => roles::list(auth),
        "listRoles2" => roles::pages(auth, call),
        "listRoleIds" => roles::ids(auth, call),
        "role" => roles::get(auth, call),
        "createRole" => roles::create(auth, call),
        "updateRole" => roles::update(auth, call),
        "deleteRole" => roles::delete(auth, call),
        "expandScopes" => scopes::expand(auth, call),
        "currentScopes" => scopes::current(call),
        "authenticateHawk" => hawk_call::authenticate_hawk(auth, call),
        "testAuthenticate" => hawk_call::test_authenticate(call, presented),
        "testAuthenticateGet" => hawk_call::test_authenticate_get(call, presented),
        _ => return None,
    })
}
