//! Reading a log to its end, however often the connection is cut.

use std::io::Write as _;
use std::time::Duration;

use super::find::{self, LogRequest};
use super::lines::Lines;
use super::lookup;
use super::overlap::Overlap;
use super::whole;
use crate::client::{Client, Request, StreamOptions, Streamed};
use crate::context::Context;
use crate::domain::TaskState;
use crate::error::{Error, Kind, Result};
use crate::transfer::ContentSource;
use crate::ui::sanitize;

/// How long a running task may be silent before it is asked for whether it still runs.
const RUN_CHECK_INTERVAL: Duration = Duration::from_secs(30);
/// When nothing has come for so long, all that there is so far has been read.
const CATCH_UP_TIMEOUT: Duration = Duration::from_millis(700);
const FIRST_RETRY_DELAY: Duration = Duration::from_secs(1);
const MAX_RETRY_DELAY: Duration = Duration::from_secs(15);
/// How long nothing may come before a connection counts as dead. A task can be silent for long.
const STALL_TIMEOUT: Duration = Duration::from_secs(600);
/// So long a worker may take to upload the log of a run that has ended under its hands: when it is canceled, the queue
/// knows that before the worker does.
const UPLOAD_WAIT: Duration = Duration::from_secs(30);
const UPLOAD_POLL_INTERVAL: Duration = Duration::from_secs(2);
/// Attempts that bring nothing new, one after the other, before giving up.
const MAX_FRUITLESS_ATTEMPTS: u32 = 6;

/// The log of one run, which has been begun.
pub(super) struct Log<'a> {
    client: &'a Client,
    context: &'a Context,
    request: LogRequest<'a>,
    /// The artifact that is being read.
    name: String,
    stream: Option<Streamed>,
    /// The run is over, so the log is whole, wherever it is.
    over: bool,
    /// Bytes that were handed on.
    offset: u64,
    overlap: Overlap,
}

/// How a stream ended.
enum StreamEnd {
    /// The sender said so.
    Whole,
    /// The connection broke off.
    Cut(Error),
    /// The run is over and nothing more came.
    Silent,
}

impl<'a> Log<'a> {
    /// Finds the log and starts to read it, so that all that can be wrong with it is known before
    /// anything is printed.
    ///
    /// # Errors
    /// [`Kind::NotFound`] when there is no log.
    pub(super) async fn open(
        client: &'a Client,
        context: &'a Context,
        request: LogRequest<'a>,
        state: TaskState,
    ) -> Result<Self> {
        let mut log = Self {
            client,
            context,
            request,
            name: String::new(),
            stream: None,
            over: state != TaskState::Running,
            offset: 0,
            overlap: Overlap::default(),
        };
        log.name = log.appeared().await?;
        if !log.over {
            log.stream = Some(log.connect().await?);
        }
        Ok(log)
    }

    /// The name of the log; of a run that has just begun once it is there.
    async fn appeared(&mut self) -> Result<String> {
        let mut pause = FIRST_RETRY_DELAY;
        let mut is_told = false;
        loop {
            match find::find(self.client, self.request, self.over).await {
                Err(error) if error.kind() == Kind::NotFound && !self.over && self.request.name.is_none() => {}
                outcome => return outcome,
            }
            let LogRequest { task, run, .. } = self.request;
            if !is_told && self.context.ui.terminal.stderr {
                self.context.ui.note(format_args!("Waiting for the log of task {task}, run {run}, to appear."));
                is_told = true;
            }
            self.context.env.clock.sleep(pause).await;
            pause = (pause * 2).min(MAX_RETRY_DELAY);
            self.over = self.is_over().await?;
        }
    }

    fn source(&self) -> ContentSource {
        let LogRequest { task, run, .. } = self.request;
        ContentSource::Artifact { task: task.to_owned(), run: Some(run), name: self.name.clone() }
    }

    /// Starts to read where the log is now, from this byte on.
    async fn connect_at(&self, from: u64) -> Result<Streamed> {
        let (url, follow) = self.source().url(self.client).await?;
        let request = Request { follow, ..Request::get(format!("reading {}", self.name), url) };
        self.client.stream(&request, StreamOptions { from, stall: STALL_TIMEOUT, sign: false }).await
    }

    /// The same from the byte on that was handed on last.
    async fn connect(&self) -> Result<Streamed> {
        self.connect_at(self.offset).await
    }

    /// Hands the log to `lines`, to its end.
    ///
    /// # Errors
    /// When the output cannot be written; [`Kind::Unavailable`] when too many attempts in a row
    /// brought nothing new.
    pub(super) async fn print(mut self, mut lines: Lines) -> Result<Lines> {
        if self.over {
            return whole::print(self.client, &self.source(), lines, self.context).await;
        }
        let mut fruitless = 0;
        let mut pause = FIRST_RETRY_DELAY;
        loop {
            let before = self.offset;
            let ended = match self.stream.take() {
                Some(stream) => self.read(stream, &mut lines).await?,
                // Once the run is over, the log moves to where it is kept.
                None => match if self.over { self.uploaded().await } else { self.connect().await } {
                    Ok(stream) => self.read(stream, &mut lines).await?,
                    Err(error) => StreamEnd::Cut(error),
                },
            };
            let was_over = self.over;
            if was_over && matches!(ended, StreamEnd::Whole | StreamEnd::Silent) {
                break;
            }
            if self.offset > before {
                (fruitless, pause) = (0, FIRST_RETRY_DELAY);
            } else if let StreamEnd::Cut(error) = &ended {
                fruitless += 1;
                if fruitless >= MAX_FRUITLESS_ATTEMPTS || error.kind() != Kind::Unavailable {
                    self.give_up(ended, &mut lines)?;
                    break;
                }
            }
            if !was_over {
                self.over = self.is_over().await?;
            }
            if self.over && !was_over {
                // What the live stream may have lost is in what was uploaded when the run ended.
                fruitless = 0;
                if !self.find_uploaded(&ended).await? {
                    break;
                }
                continue;
            }
            self.context.env.clock.sleep(pause).await;
            pause = (pause * 2).min(MAX_RETRY_DELAY);
        }
        let mut out = self.context.ui.out();
        lines.finish(&mut out)?;
        out.flush()?;
        drop(out);
        Ok(lines)
    }

    /// The log broke off for good: what was read is printed before the error.
    fn give_up(&self, ended: StreamEnd, lines: &mut Lines) -> Result<()> {
        let mut out = self.context.ui.out();
        lines.finish(&mut out)?;
        out.flush()?;
        match ended {
            StreamEnd::Cut(error) => Err(error.hint(format!("Until then {} bytes of the log were read.", self.offset))),
            StreamEnd::Whole | StreamEnd::Silent => Ok(()),
        }
    }

    /// Reads until the stream ends, one way or another.
    async fn read(&mut self, mut stream: Streamed, lines: &mut Lines) -> Result<StreamEnd> {
        loop {
            let limit = if lines.is_catching_up() && !self.over { CATCH_UP_TIMEOUT } else { RUN_CHECK_INTERVAL };
            match tokio::time::timeout(limit, stream.next()).await {
                Ok(Ok(Some(piece))) => {
                    let piece = self.overlap.fresh(&piece);
                    if self.overlap.found_difference() {
                        self.warn_of_difference();
                    }
                    if piece.is_empty() {
                        continue;
                    }
                    self.overlap.add(piece);
                    self.offset += piece.len() as u64;
                    let mut out = self.context.ui.out();
                    lines.push(piece, &mut out)?;
                    if !self.over {
                        out.flush()?;
                    }
                }
                Ok(Ok(None)) => {
                    self.overlap.end();
                    if self.overlap.found_difference() {
                        self.warn_of_difference();
                    }
                    return Ok(StreamEnd::Whole);
                }
                Ok(Err(error)) => return Ok(StreamEnd::Cut(error)),
                Err(_) if self.over => {}
                Err(_) if lines.is_catching_up() => {
                    let mut out = self.context.ui.out();
                    lines.caught_up(&mut out)?;
                    out.flush()?;
                }
                Err(_) if self.is_over().await? => return Ok(StreamEnd::Silent),
                Err(_) => {}
            }
        }
    }

    fn warn_of_difference(&self) {
        self.context.ui.warn("the log that was uploaded differs from what was read while the task ran");
        self.context.ui.hint("Run the command again to read what was uploaded.");
    }

    async fn is_over(&self) -> Result<bool> {
        let looked_up = lookup::status(self.client, self.request.task).await?;
        let status = looked_up.status()?;
        let run = status.runs.iter().find(|run| run.run_id == self.request.run);
        Ok(run.is_none_or(|run| run.state != TaskState::Running))
    }

    /// Changes over to the log that was uploaded when the run ended; false when there is none, so
    /// that what was read has to do.
    async fn find_uploaded(&mut self, ended: &StreamEnd) -> Result<bool> {
        let mut waited = Duration::ZERO;
        loop {
            let error = match self.uploaded().await {
                Ok(stream) => {
                    self.stream = Some(stream);
                    return Ok(true);
                }
                Err(error) => error,
            };
            let may_come = matches!(error.kind(), Kind::NotFound | Kind::Failed | Kind::Unavailable);
            if may_come && !matches!(ended, StreamEnd::Whole) && waited < UPLOAD_WAIT {
                self.context.env.clock.sleep(UPLOAD_POLL_INTERVAL).await;
                waited += UPLOAD_POLL_INTERVAL;
                continue;
            }
            return self.without_end(ended, error);
        }
    }

    /// The log as it was uploaded, from a little before the byte on that was handed on last: what is the same there goes on
    /// behind it.
    async fn uploaded(&mut self) -> Result<Streamed> {
        self.name = find::find(self.client, self.request, true).await?;
        let stream = self.connect_at(self.offset - self.overlap.length()).await?;
        self.overlap.expect();
        Ok(stream)
    }

    /// The log was not uploaded. What was read stays right, although nobody can say whether it is all.
    fn without_end(&self, ended: &StreamEnd, error: Error) -> Result<bool> {
        match error.kind() {
            Kind::NotFound => {
                if !matches!(ended, StreamEnd::Whole) {
                    self.context.ui.warn("the end of the log is lost: it was not uploaded when the run ended");
                }
                Ok(false)
            }
            Kind::Failed => {
                let message = sanitize(error.message());
                self.context.ui.warn(format_args!("the end of the log may be lost: {message}"));
                Ok(false)
            }
            _ => Err(error),
        }
    }
}
