//! A deployment that is away for a while: who only looks, looks again.

use chrono::{DateTime, TimeDelta, Utc};

use crate::context::Context;
use crate::error::{Kind, Result};
use crate::ui::{Ui, duration, sanitize};

/// So long may a deployment be away, beyond what a single call bears. Who watches a push for hours need not begin
/// again because a network was changed.
const MAX_OUTAGE_MINUTES: i64 = 10;

/// Looks at something again and again, of which some may fail.
pub(crate) struct Outage<'a> {
    context: &'a Context,
    /// A view tells of it itself, and lines would come in its way.
    is_in_view: bool,
    /// Nobody who wants no retries wants these.
    is_tolerated: bool,
    /// One look at least has found something.
    has_looked: bool,
    away: Option<Away>,
}

struct Away {
    since: DateTime<Utc>,
    error: String,
}

impl<'a> Outage<'a> {
    /// With a view, [`Outage::line`] is a part of it.
    ///
    /// # Errors
    /// When the user's files are broken.
    pub(crate) fn new(is_in_view: bool, context: &'a Context) -> Result<Self> {
        let is_tolerated = context.settings()?.retries() != Some(0);
        Ok(Self { context, is_in_view, is_tolerated, has_looked: false, away: None })
    }

    /// What a look has found; nothing when the deployment is unreachable, which is reported once.
    ///
    /// # Errors
    /// What the look failed with, unless looks before it have found something and the next one may.
    pub(crate) fn bridge<T>(&mut self, found: Result<T>) -> Result<Option<T>> {
        let error = match found {
            Ok(found) => {
                self.has_looked = true;
                if let Some(away) = self.away.take() {
                    let length = duration(self.context.now() - away.since);
                    self.tell(|ui| ui.note(format_args!("The deployment answers again, after {length}.")));
                }
                return Ok(Some(found));
            }
            Err(error) if !(self.is_tolerated && self.has_looked && error.kind() == Kind::Unavailable) => {
                return Err(error);
            }
            Err(error) => error,
        };
        let now = self.context.now();
        let length = self.away.as_ref().map_or(TimeDelta::zero(), |away| now - away.since);
        if length >= TimeDelta::minutes(MAX_OUTAGE_MINUTES) {
            return Err(error.hint(format!("The outage has lasted {}.", duration(length))));
        }
        if self.away.is_none() {
            self.away = Some(Away { since: now, error: error.message().to_owned() });
            let because = error.message();
            self.tell(|ui| {
                ui.warn(format_args!("looking again for up to {MAX_OUTAGE_MINUTES} minutes, because {because}"))
            });
        }
        Ok(None)
    }

    /// A line for a view, while the deployment is away.
    pub(crate) fn line(&self) -> Option<String> {
        let away = self.away.as_ref()?;
        let length = duration(self.context.now() - away.since);
        Some(format!("No answer for {length}: {}", sanitize(&away.error)))
    }

    fn tell(&self, tell: impl Fn(&Ui)) {
        if !self.is_in_view {
            tell(&self.context.ui);
        }
    }
}
