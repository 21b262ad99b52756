//! `--add`: what the stored credentials have.

use serde::Deserialize;

use crate::client::Credentials;
use crate::config::{Lookup, Stored};
use crate::context::Context;
use crate::domain::RootUrl;
use crate::error::{Error, Kind, Result};

/// The scopes that a deployment says somebody has.
#[derive(Debug, Deserialize)]
pub(super) struct CurrentScopes {
    /// Expanded, sorted.
    pub scopes: Vec<String>,
}

/// A sign-in that is to be added to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Before {
    /// Its scopes.
    pub scopes: Vec<String>,
    /// Its name, where known.
    pub name: Option<String>,
    /// Its lifetime in minutes, where known.
    pub minutes: Option<i64>,
}

/// What is known of the stored credentials; their scopes are asked for where the store does not say them.
///
/// # Errors
/// [`Kind::Auth`] when there are no stored credentials.
pub(super) async fn before(stored: Option<Lookup>, root: &RootUrl, context: &Context) -> Result<Before> {
    let Some(Lookup::Found(stored)) = stored else {
        return Err(Error::new(Kind::Auth, format!("no stored credentials for {root} to add to"))
            .hint("Leave out --add, and ask for all scopes that you need."));
    };
    let Stored { credentials, issued, expires, name, scopes } = stored;
    let scopes = match scopes {
        Some(scopes) => scopes,
        None => current_scopes(Some(credentials), context).await?.scopes,
    };
    // Everybody has these; a page that is asked for them would only leave them out.
    let scopes = scopes.into_iter().filter(|scope| scope != "assume:anonymous").collect();
    let minutes =
        issued.zip(expires).map(|(issued, expires)| ((expires - issued).num_seconds() + 30) / 60).filter(|it| *it > 0);
    Ok(Before { scopes, name, minutes })
}

/// The scopes that the deployment sees in these credentials; those of everybody without any.
///
/// # Errors
/// Those of the call, and an answer of another form.
pub(super) async fn current_scopes(credentials: Option<Credentials>, context: &Context) -> Result<CurrentScopes> {
    context.client_to_ask_once(credentials)?.call("auth", "currentScopes").send().await?.json()
}
