//! When it is pointless to go on with many actions: the same refusal again and again, or a deployment that is gone.
//! Pure.

use std::time::Duration;

use super::report::alike;
use crate::client::ApiError;
use crate::error::{Error, Kind};

/// Refusals alike, one after the other, after which the next will be refused, too. It is more than people name by hand,
/// so each of those gets an answer of its own, and fewer than are in flight at once in a large run.
pub(crate) const MAX_REFUSALS_ALIKE: usize = 20;

/// Actions that failed after all their tries, in a time in which nothing else was answered either. One or two can be
/// the fault of an item or of a connection.
pub(crate) const MAX_UNANSWERED: usize = 3;

/// How an action ended, as far as it tells about the next one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It was done, or refused for what its own item is.
    OfItem,
    /// It was refused for a reason that others may share: a text that is the same for refusals alike.
    Refused(String),
    /// There was no answer to any of its tries.
    Unanswered,
}

/// Why it is pointless to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Futility {
    /// So many refusals alike came one after the other.
    RefusedAlike(usize),
    /// So many actions failed while the deployment answered nothing.
    Unanswered(usize),
}

/// Watches a run for signs that it is pointless.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    refusal: String,
    refusals: usize,
    /// When the last answer came, of whatever kind; the start, before the first one.
    last_answer: Duration,
    unanswered: usize,
}

impl Verdict {
    /// What a failure tells about the actions on other items.
    pub(crate) fn of(error: &Error) -> Self {
        match (ApiError::of(error).map(|refusal| refusal.status), error.kind()) {
            // The item is not there, not in a state for it, or waits for others.
            (Some(404 | 409 | 410 | 424), _) | (None, Kind::NotFound | Kind::Conflict) => Self::OfItem,
            (None, Kind::Unavailable) => Self::Unanswered,
            _ => Self::Refused(alike(error.message())),
        }
    }
}

impl Watch {
    /// Takes note of an action that was under way from `started` to `ended`, as times since the start of the run, and
    /// says whether it is pointless to go on.
    pub(crate) fn note(&mut self, verdict: Verdict, started: Duration, ended: Duration) -> Option<Futility> {
        if verdict == Verdict::Unanswered {
            // What was answered in the meantime shows that the deployment is there.
            self.unanswered += usize::from(started >= self.last_answer);
            return (self.unanswered >= MAX_UNANSWERED).then_some(Futility::Unanswered(self.unanswered));
        }
        (self.last_answer, self.unanswered) = (ended, 0);
        match verdict {
            Verdict::Refused(refusal) if refusal == self.refusal => self.refusals += 1,
            Verdict::Refused(refusal) => (self.refusal, self.refusals) = (refusal, 1),
            Verdict::OfItem | Verdict::Unanswered => self.refusals = 0,
        }
        (self.refusals >= MAX_REFUSALS_ALIKE).then_some(Futility::RefusedAlike(self.refusals))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::reference::Verb;

    fn refused(status: u16, body: &str) -> Error {
        ApiError::parse("queue.cancelTask", Verb::Post, "u".into(), status, body.to_owned().into()).into_error(1)
    }

    fn refusal(text: &str) -> Verdict {
        Verdict::Refused(text.to_owned())
    }

    /// The place of the first verdict after which it is pointless to go on, when each action follows the one before.
    fn stops_after(verdicts: impl IntoIterator<Item = Verdict>) -> Option<usize> {
        let mut watch = Watch::default();
        let at = |second: usize| Duration::from_secs(second as u64);
        let mut verdicts = verdicts.into_iter().enumerate();
        verdicts.find_map(|(place, verdict)| watch.note(verdict, at(place), at(place + 1)).map(|_| place + 1))
    }

    #[test]
    fn the_same_refusal_in_a_row_stops_and_anything_between_does_not() {
        let scopes = || refusal("InsufficientScopes");
        assert_eq!(stops_after(std::iter::repeat_n(scopes(), 268)), Some(MAX_REFUSALS_ALIKE));
        let mixed = (0..500).map(|place| if place % 19 == 0 { Verdict::OfItem } else { scopes() });
        assert_eq!(stops_after(mixed), None);
        let different = (0..500).map(|place| refusal(&place.to_string()));
        assert_eq!(stops_after(different), None);
        assert_eq!(stops_after(std::iter::repeat_n(Verdict::OfItem, 500)), None);
    }

    #[test]
    fn a_deployment_that_answers_nothing_stops_it_and_an_unlucky_item_does_not() {
        assert_eq!(stops_after(std::iter::repeat_n(Verdict::Unanswered, 9)), Some(MAX_UNANSWERED));
        let sometimes = (0..90).map(|place| if place % 3 == 0 { Verdict::OfItem } else { Verdict::Unanswered });
        assert_eq!(stops_after(sometimes), None);
        // Many at once that fail while others are answered.
        let mut watch = Watch::default();
        assert_eq!(watch.note(Verdict::OfItem, Duration::ZERO, Duration::from_secs(2)), None);
        for _ in 0..40 {
            assert_eq!(watch.note(Verdict::Unanswered, Duration::from_secs(1), Duration::from_secs(5)), None);
        }
    }

    #[test]
    fn what_is_refused_for_the_items_sake_says_nothing_about_others() {
        for status in [404, 409, 410, 424] {
            assert_eq!(Verdict::of(&refused(status, "{}")), Verdict::OfItem, "{status}");
        }
        assert_eq!(Verdict::of(&Error::new(Kind::Conflict, "task x is pending")), Verdict::OfItem);
        assert_eq!(Verdict::of(&Error::new(Kind::Unavailable, "cannot connect")), Verdict::Unanswered);
        let body = |id: &str| format!(r#"{{"code": "InsufficientScopes", "message": "no scopes for {id}"}}"#);
        let (one, two) = (body("VESwp9JaRo-XkFN_bemBhw"), body("AAAAAAAAQAGAAAAAAAAAAA"));
        assert_eq!(Verdict::of(&refused(403, &one)), Verdict::of(&refused(403, &two)));
        assert!(matches!(Verdict::of(&refused(502, "{}")), Verdict::Refused(_)));
    }

    proptest! {
        #[test]
        fn a_run_that_gets_something_done_now_and_then_goes_on(
            gaps in proptest::collection::vec(0..MAX_UNANSWERED, 0..50), refused in any::<bool>(),
        ) {
            let failure = if refused { refusal("x") } else { Verdict::Unanswered };
            let verdicts = gaps.into_iter().flat_map(|gap| {
                std::iter::repeat_n(failure.clone(), gap).chain([Verdict::OfItem])
            });
            prop_assert_eq!(stops_after(verdicts.collect::<Vec<_>>()), None);
        }
    }
}
