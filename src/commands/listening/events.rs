//! Changes of tasks, announced by Pulse: when to look again.

use std::time::Duration;

use futures::future::FutureExt as _;
use futures::stream::StreamExt as _;

use super::{consumer, explain, explain_binding};
use crate::context::Context;
use crate::error::Result;
use crate::pulse::{Binding, Consumer, binding};

/// How often to look while Pulse tells of changes: a message can be lost with a connection.
const SAFETY_INTERVAL: Duration = Duration::from_secs(180);

/// Changes come in bursts; what comes within this time of the first is looked at in one go.
const BURST: Duration = Duration::from_millis(200);

/// The exchanges that tell of a task's states.
const OF_TASKS: [&str; 6] =
    ["taskDefined", "taskPending", "taskRunning", "taskCompleted", "taskFailed", "taskException"];

/// Flag of commands that wait for changes.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct EventArgs {
    /// Look whenever Pulse announces a change, and every few minutes besides; needs PULSE_USERNAME and PULSE_PASSWORD
    #[arg(long)]
    events: bool,
}

/// Tells when something changed; never, where nobody asked for events.
pub(crate) struct Events<'a> {
    consumer: Option<Consumer>,
    burst: Duration,
    context: &'a Context,
}

impl EventArgs {
    /// Listens to the tasks of a group, if that is wanted.
    ///
    /// # Errors
    /// When Pulse is not configured, or refuses.
    pub(crate) async fn of_group<'a>(&self, group: &str, context: &'a Context) -> Result<Events<'a>> {
        let of_group = ["taskGroupResolved", "taskGroupSealed"];
        self.connect("taskGroupId", [group], &[&OF_TASKS[..], &of_group].concat(), context).await
    }

    /// Listens to single tasks, if that is wanted.
    pub(crate) async fn of_tasks<'a>(
        &self,
        ids: impl IntoIterator<Item = &str>,
        context: &'a Context,
    ) -> Result<Events<'a>> {
        self.connect("taskId", ids, &OF_TASKS, context).await
    }

    async fn connect<'a>(
        &self,
        word: &str,
        ids: impl IntoIterator<Item = &str>,
        exchanges: &[&str],
        context: &'a Context,
    ) -> Result<Events<'a>> {
        if !self.events {
            return Ok(Events { consumer: None, burst: BURST, context });
        }
        let bindings = bindings(word, ids, exchanges)?;
        let connected = consumer(context)?.bindings(bindings).connect().await.map_err(explain)?;
        context.ui.note("Looking whenever Pulse announces a change.");
        Ok(Events { consumer: Some(connected), burst: BURST, context })
    }
}

fn bindings<'a>(word: &str, ids: impl IntoIterator<Item = &'a str>, exchanges: &[&str]) -> Result<Vec<Binding>> {
    let mut found = Vec::new();
    for id in ids {
        for exchange in exchanges {
            found.push(binding("queue", *exchange).word(word, id).build().map_err(explain_binding)?);
        }
    }
    Ok(found)
}

impl Events<'_> {
    /// How long to wait for a change before looking all the same, in place of `pause`.
    pub(crate) fn pause(&self, pause: Duration) -> Duration {
        if self.consumer.is_some() { pause.max(SAFETY_INTERVAL) } else { pause }
    }

    /// How long it took to look. What takes long is done less often: changes are gathered for twice that time.
    pub(crate) fn looked(&mut self, took: Duration) {
        self.burst = BURST.max(took * 2);
    }

    /// Waits until something changed, or `pause` is over; true for a change.
    pub(crate) async fn wait(&mut self, pause: Duration) -> bool {
        let clock = self.context.env.clock.clone();
        tokio::select! {
            biased;
            () = self.changed() => {
                clock.sleep(self.burst.min(pause)).await;
                self.drain().await;
                true
            }
            () = clock.sleep(pause) => false,
        }
    }

    async fn changed(&mut self) {
        while let Some(consumer) = &mut self.consumer {
            match consumer.next().await {
                Some(Ok(message)) => {
                    message.ack().await;
                    return;
                }
                Some(Err(error)) => {
                    let error = explain(error);
                    self.context.ui.warn(format_args!("{error}; looking at intervals from now on"));
                    self.consumer = None;
                    return;
                }
                None => self.consumer = None,
            }
        }
        std::future::pending().await
    }

    /// Takes what is there already.
    async fn drain(&mut self) {
        while let Some(consumer) = &mut self.consumer {
            match consumer.next().now_or_never() {
                Some(Some(Ok(message))) => drop(message.ack().await),
                // An end comes again when it is waited for.
                Some(_) | None => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_task_is_bound_to_each_exchange() {
        let found = bindings("taskId", ["a", "b"], &OF_TASKS).unwrap();
        assert_eq!(found.len(), 12);
        assert_eq!(found[0].pattern, "primary.a.*.*.*.*.*.*.*.#");
        let group = bindings("taskGroupId", ["g"], &["taskGroupSealed"]).unwrap();
        assert_eq!(group[0].pattern, "primary.g.*.#");
    }
}
