//! `tc pulse listen`

mod bindings;
mod exec;
mod line;

use std::io::Write as _;
use std::pin::pin;

use chrono::{DateTime, Utc};
use futures::future::FutureExt as _;
use futures::stream::{FuturesUnordered, StreamExt as _};

use crate::commands::listening::{broker, consumer, explain, trust};
use crate::commands::waiting;
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::exit::Status;
use crate::pulse::{Consumer, DEFAULT_PREFETCH, Message, Queue, delete_queue};
use crate::ui::jq::Program;
use bindings::BindingArgs;

/// Print the messages of the services as they arrive
///
/// Prints a line for each message: on a terminal time, exchange, what it is about and its state, in a pipe or with
/// --json `{exchange, routingKey, routes, redelivered, time, payload}`. A lost connection is made anew, and each gap is
/// said on standard error.
///
/// User and password come from PULSE_USERNAME and PULSE_PASSWORD, the broker from PULSE_URL.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    bindings: BindingArgs,
    /// End after this many messages
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// End after this time: `30s`, `2 hours`; with status 8 when --count was not reached
    // It takes the place of the global option of this name, which is about single calls.
    #[arg(long, value_name = "TIME")]
    timeout: Option<String>,
    /// Name of the queue; `queue/<user>/` is put before it
    #[arg(long, value_name = "NAME")]
    queue: Option<String>,
    /// Let the queue go on collecting while nobody listens: no message is lost, those that come twice are marked
    #[arg(long, requires = "queue")]
    durable: bool,
    /// Delete the queue, with what is in it, in place of listening
    #[arg(long, requires = "queue", conflicts_with_all = ["durable", "exec", "count"])]
    delete: bool,
    /// Messages that may be on their way or not yet dealt with [default: 500, or as many as --jobs]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    prefetch: Option<u16>,
    /// Run a command in a shell for each message
    ///
    /// It gets the payload on standard input, and TC_PULSE_EXCHANGE, TC_PULSE_ROUTING_KEY, TC_PULSE_ROUTES,
    /// TC_PULSE_REDELIVERED, TC_PULSE_TIME, TC_PULSE_NAME and each word of the routing key (TC_PULSE_TASK_ID) in its
    /// environment. The message is acknowledged when it succeeds; a failure is tried again, as often as --retries says (5
    /// by default). After that a listener on a durable queue ends, and the message stays in the queue; another goes on, and
    /// ends with status 3.
    #[arg(long, value_name = "COMMAND")]
    exec: Option<String>,
    /// Commands that may run at a time
    #[arg(short, long, value_name = "N", default_value_t = 1, requires = "exec", value_parser = clap::value_parser!(u16).range(1..=1000))]
    jobs: u16,
}

/// # Errors
/// What the broker refuses; [`Kind::Pending`] when the time limit came before the count.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let queue = match (&args.queue, args.durable) {
        (Some(name), true) => Queue::durable(name),
        (Some(name), false) => Queue::named(name),
        (None, _) => Queue::transient(),
    };
    if args.delete {
        return delete(&queue, args, context).await;
    }
    let bindings = args.bindings.build(context.catalogue(args.bindings.legacy))?;
    let program = context.jq()?;
    let limit = args.timeout.as_deref().map(|text| waiting::length(text, "--timeout")).transpose()?;
    let deadline = limit.map(|length| context.now() + length);
    let mut listener = Listener { args, context, program, deadline, taken: 0, written: PrintedMessages::default() };
    let builder = consumer(context)?.bindings(bindings).queue(queue).prefetch(listener.prefetch());
    let connecting = builder.connect();
    let Some(connected) = listener.in_time(connecting).await else { return listener.verdict() };
    let mut consumer = connected.map_err(explain)?;
    // A script that waits for it asks for it, so that a pipe has nothing on standard error as long as all is well.
    if context.ui.terminal.stderr || context.globals.verbose > 0 {
        context.ui.note(format_args!("Listening on {}; Ctrl-C ends.", consumer.queue()));
    }
    let outcome = match &args.exec {
        Some(command) => context.interruptible(listener.execute(command, &mut consumer)).await,
        None => context.interruptible(context.while_read(Box::pin(listener.print(&mut consumer)))).await,
    };
    // What is on standard output need not come again, even after an interrupt.
    let settled = listener.written.settle(context).await;
    consumer.close().await;
    outcome.and_then(|status| settled.map(|()| status))
}

async fn delete(queue: &Queue, args: &Args, context: &Context) -> Result<Status> {
    if !args.bindings.is_empty() {
        return Err(Error::usage("--delete takes no bindings").hint("Leave them out to delete the queue."));
    }
    let (broker, trust) = (broker(context)?, trust(context)?);
    let messages = delete_queue(&broker, &trust, queue).await.map_err(explain)?;
    let name = queue.full_name(&broker.user, String::new);
    let plural = if messages == 1 { "" } else { "s" };
    context.ui.note(format_args!("Deleted {name} with {messages} message{plural} in it."));
    Ok(Status::DONE)
}

/// What is being listened for.
struct Listener<'a> {
    args: &'a Args,
    context: &'a Context,
    program: Option<Program>,
    deadline: Option<DateTime<Utc>>,
    /// Messages so far.
    taken: u64,
    written: PrintedMessages,
}

impl Listener<'_> {
    /// No more than are wanted: what is on its way and not taken comes again, marked as redelivered.
    fn prefetch(&self) -> u16 {
        let usual = if self.args.exec.is_some() { self.args.jobs } else { DEFAULT_PREFETCH };
        let wanted = self.args.prefetch.unwrap_or(usual);
        self.args.count.map_or(wanted, |count| wanted.min(u16::try_from(count).unwrap_or(u16::MAX)))
    }

    fn is_full(&self) -> bool {
        self.args.count.is_some_and(|count| self.taken >= count)
    }

    /// What `work` comes to, or none at the time limit.
    async fn in_time<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let clock = &self.context.env.clock;
        let Some(deadline) = self.deadline else { return Some(work.await) };
        let left = (deadline - self.context.now()).to_std().unwrap_or_default();
        tokio::select! {
            biased;
            done = work => Some(done),
            () = clock.sleep(left) => None,
        }
    }

    /// How it ends at the time limit.
    fn verdict(&self) -> Result<Status> {
        match self.args.count {
            Some(count) if self.taken < count => {
                let taken = self.taken;
                Err(Error::new(Kind::Pending, format!("{taken} of {count} messages arrived within the time limit")))
            }
            _ => Ok(Status::DONE),
        }
    }

    /// Prints each message, and acknowledges what has been written out.
    async fn print(&mut self, consumer: &mut Consumer) -> Result<Status> {
        // A batch is written out and acknowledged while the next half of the prefetch is on its way.
        let batch = usize::from(self.prefetch()).div_ceil(2);
        while !self.is_full() {
            let next = match consumer.next().now_or_never() {
                Some(next) => next,
                None => {
                    self.written.settle(self.context).await?;
                    let Some(next) = self.in_time(consumer.next()).await else { return self.verdict() };
                    next
                }
            };
            let message = match next {
                Some(Ok(message)) => message,
                Some(Err(error)) => return Err(explain(error)),
                None => break,
            };
            self.write(&message)?;
            self.taken += 1;
            self.written.add(message);
            if self.written.count >= batch {
                self.written.settle(self.context).await?;
            }
        }
        Ok(Status::DONE)
    }

    fn write(&self, message: &Message) -> Result<()> {
        let ui = &self.context.ui;
        let mut out = ui.out();
        if ui.terminal.stdout && !self.context.wants_json() {
            return Ok(writeln!(
                out,
                "{}",
                ui.safe(&line::text(message, self.context.catalogue(self.args.bindings.legacy))).replace('\n', " ")
            )?);
        }
        let mut json = line::json(message).map_err(std::io::Error::from)?;
        match &self.program {
            Some(program) => self.context.filter(program, &json, false, &mut out),
            None => {
                json.push(b'\n');
                Ok(out.write_all(&json)?)
            }
        }
    }

    /// Runs a command for each message.
    async fn execute(&mut self, command: &str, consumer: &mut Consumer) -> Result<Status> {
        let retries = self.context.settings()?.retries().unwrap_or(exec::DEFAULT_RETRIES);
        let jobs = usize::from(self.args.jobs);
        let context = self.context;
        let mut running = FuturesUnordered::new();
        let mut failures = 0_u64;
        let deadline = self.deadline;
        let mut limit = pin!(async move {
            match deadline {
                Some(deadline) => {
                    context.env.clock.sleep((deadline - context.now()).to_std().unwrap_or_default()).await
                }
                None => std::future::pending().await,
            }
        });
        loop {
            if self.is_full() && running.is_empty() {
                break;
            }
            tokio::select! {
                biased;
                () = &mut limit => {
                    self.taken -= running.len() as u64;
                    self.verdict()?;
                    break;
                }
                Some(exec::Outcome { message, failure }) = running.next() => match failure {
                    None => drop(message.ack().await),
                    Some(failure) => {
                        failures += 1;
                        let key = &message.routing_key;
                        if self.args.durable {
                            // What else is under way ends first, so that it need not be done again.
                            while let Some(other) = running.next().await {
                                if other.failure.is_none() {
                                    other.message.ack().await;
                                }
                            }
                            return Err(Error::new(Kind::Unsuccessful, format!("the command failed for {key}: {failure}"))
                                .hint("Start the listener again to try it again: the message is still in the queue."));
                        }
                        context.ui.warn(format_args!("the command failed for {key}: {failure}"));
                        message.ack().await;
                    }
                },
                next = consumer.next(), if running.len() < jobs && !self.is_full() => match next {
                    Some(Ok(message)) => {
                        self.taken += 1;
                        running.push(exec::run(command, message, retries, context));
                    }
                    Some(Err(error)) => return Err(explain(error)),
                    None => break,
                },
            }
        }
        match failures {
            0 => Ok(Status::DONE),
            1 => Err(Error::new(Kind::Unsuccessful, "the command failed for one message")),
            _ => Err(Error::new(Kind::Unsuccessful, format!("the command failed for {failures} messages"))),
        }
    }
}

/// Messages that are printed and not yet acknowledged; the last one stands for all.
#[derive(Default)]
struct PrintedMessages {
    last: Option<Message>,
    count: usize,
}

impl PrintedMessages {
    fn add(&mut self, message: Message) {
        self.last = Some(message);
        self.count += 1;
    }

    /// Writes out what has been printed, and only then tells the broker that it is dealt with.
    async fn settle(&mut self, context: &Context) -> Result<()> {
        context.ui.flush()?;
        if let Some(last) = self.last.take() {
            // Too late means that they come again, marked as redelivered.
            last.ack_through().await;
        }
        self.count = 0;
        Ok(())
    }
}
