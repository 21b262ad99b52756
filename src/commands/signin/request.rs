//! What is asked for: scopes and time.

use chrono::{DateTime, TimeDelta, Utc};
use indexmap::IndexMap;
use serde_json::Value;

use super::Args;
use super::add::{Before, current_scopes};
use crate::client::ApiError;
use crate::commands::credentials::needs;
use crate::context::Context;
use crate::domain::scopes;
use crate::domain::time::Offset;
use crate::error::{Error, Result};

/// The client's name when nobody chooses one.
const DEFAULT_NAME: &str = "tc";
/// The same for whoever calls the program by the Go tool's name, and may look for its clients.
const GO_TOOL_NAME: &str = "cli";
/// How long credentials are valid when nobody says it.
const DEFAULT_LIFETIME: &str = "1 day";
/// Credentials that are valid for longer than this are worth a warning.
const WARN_ABOVE_LIFETIME: TimeDelta = TimeDelta::days(1);

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SignInRequest {
    /// The scopes.
    pub scopes: Vec<String>,
    /// How long, as the page reads it.
    pub lifetime: String,
    /// Until when that is.
    pub expires: DateTime<Utc>,
    /// The client's name, without random characters.
    pub name: String,
}

impl SignInRequest {
    /// What the arguments ask for, on top of an earlier sign-in, if any; says on standard error where less would do.
    ///
    /// # Errors
    /// When `--expires` is no time in the future, or a scope, verb or preset is invalid.
    pub(super) async fn of(args: &Args, before: Option<&Before>, context: &Context) -> Result<Self> {
        let kept = before.and_then(|before| before.minutes).map(|minutes| format!("{minutes} minutes"));
        let offset = lifetime(args.expires.as_deref().or(kept.as_deref()).unwrap_or(DEFAULT_LIFETIME))?;
        let now = context.now();
        let expires = offset.from(now).map_err(|error| Error::usage(error.to_string()))?;
        let wanted = wanted(args, context).await?;
        if expires - now > WARN_ABOVE_LIFETIME {
            context.ui.warn(format!(
                "the credentials will be good for {offset}; whoever gets hold of them has as long. \
                 Sign in for less with --expires 1d."
            ));
        }
        let scopes = match (wanted, before) {
            (wanted, Some(before)) => {
                scopes::normalize(before.scopes.iter().cloned().chain(wanted.unwrap_or_default()))
            }
            (Some(scopes), None) => scopes,
            (None, None) => {
                context.ui.note(
                    "Asking for all scopes that you have (`*`). Ask for less: --for task.rerun, -s SCOPE, or --preset NAME.",
                );
                vec!["*".to_owned()]
            }
        };
        let default = if context.is_taskcluster() { GO_TOOL_NAME } else { DEFAULT_NAME };
        let name = args.name.clone().or_else(|| before?.name.clone()).unwrap_or_else(|| default.to_owned());
        Ok(Self { scopes, lifetime: offset.to_string(), expires, name })
    }
}

fn lifetime(text: &str) -> Result<Offset> {
    let bad = |message: String| Error::usage(message).hint("For example: --expires 15m, or --expires '8 hours'.");
    let offset: Offset = text.parse().map_err(|_| bad(format!("--expires cannot be `{text}`")))?;
    if offset.past || offset == Offset::default() {
        return Err(bad(format!("--expires {text} is over before it starts")));
    }
    Ok(offset)
}

/// The scopes that the flags name; nothing when there are no such flags.
async fn wanted(args: &Args, context: &Context) -> Result<Option<Vec<String>>> {
    let known = args.narrowing.known()?;
    if args.purpose.is_empty() && !known.is_empty() {
        return Err(Error::usage("there is nothing to narrow: --scheduler-id and the like go with --for")
            .hint("For example: --for task.rerun --scheduler-id gecko-level-1."));
    }
    if args.scope.is_empty() && args.purpose.is_empty() && args.preset.is_empty() {
        return Ok(None);
    }
    let mut wanted = needs::split_scopes(&args.scope)?;
    let needs = needs::of(&args.purpose, &known, context)?;
    needs::tell_open(&needs, context);
    wanted.extend(needs.scopes);
    wanted.extend(reads(&args.purpose, &known, context).await?);
    for name in &args.preset {
        wanted.extend(context.settings()?.preset(name)?);
    }
    if wanted.is_empty() && args.purpose.is_empty() {
        return Err(Error::usage("--scope and --preset contain no scope"));
    }
    Ok(Some(scopes::normalize(wanted)))
}

/// Scopes with which the verbs look before they act, where the deployment does not give them to everybody.
async fn reads(purpose: &[String], known: &IndexMap<String, Value>, context: &Context) -> Result<Vec<String>> {
    let reads = needs::reads_of(purpose, known, context)?;
    if reads.is_empty() {
        return Ok(Vec::new());
    }
    let everybody = match current_scopes(None, context).await {
        Ok(everybody) => everybody.scopes,
        // Who may not even ask this may not look at tasks either.
        Err(error) if ApiError::of(&error).is_some_and(|refusal| refusal.status == 403) => Vec::new(),
        Err(error) => {
            tracing::info!("what everybody may do is not known: {error}");
            return Ok(Vec::new());
        }
    };
    let covered = |scope: &String| everybody.iter().any(|granted| scopes::covers(granted, scope));
    Ok(reads.into_iter().filter(|scope| !covered(scope)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lifetime_lies_ahead() {
        assert_eq!(lifetime("15m").unwrap().to_string(), "15 minutes");
        for text in ["", "-15m", "0s", "soon", "15"] {
            assert!(lifetime(text).is_err(), "{text}");
        }
    }
}
