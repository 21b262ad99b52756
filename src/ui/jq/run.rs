//! A program on a thread of its own: it has the stack that recursion needs, and can be left behind when it does not end.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;

use bytes::Bytes;

use super::functions::parse;
use super::machine::{Jq, Machine, results};
use super::program::{GLOBALS, compile};
use super::stop::Stop;
use super::value::{COMPARED_DEPTH, Members, Value};
use super::{JqError, Output};

/// Bytes of the stack. They are only reserved; what is used is what counts.
pub(super) const STACK_BYTES: usize = 256 << 20;
/// Results that may wait for whoever takes them.
const WAITING_OUTPUTS: usize = 64;

/// What the thread says.
enum Event {
    Output(Output),
    Done(Result<(), JqError>),
}

/// A compiled program, and the thread that runs it.
pub(crate) struct Program {
    channels: Mutex<Channels>,
    abandoned: Arc<AtomicBool>,
}

struct Channels {
    documents: mpsc::Sender<Vec<u8>>,
    events: mpsc::Receiver<Event>,
}

impl Program {
    /// Compiles a program. `environment` is what `$ENV` and `env` show.
    ///
    /// # Errors
    /// When it is not valid jq, with the place where it goes wrong; when there can be no thread.
    pub(crate) fn compile(
        code: &str,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, JqError> {
        let (documents, wanted) = mpsc::channel();
        let (sender, events) = mpsc::sync_channel(WAITING_OUTPUTS);
        let abandoned = Arc::new(AtomicBool::new(false));
        // As jq has it, a program of nothing, or of comments alone, gives what it gets.
        let is_blank = code.lines().map(str::trim_start).all(|line| line.is_empty() || line.starts_with('#'));
        let code = if is_blank { "." } else { code };
        let (code, environment) = (code.to_owned(), environment.into_iter().collect());
        let seen = Arc::clone(&abandoned);
        thread::Builder::new()
            .name("jq".into())
            .stack_size(STACK_BYTES)
            .spawn(move || work(&code, environment, &seen, &wanted, &sender))
            .map_err(|error| JqError::Run(format!("there can be no thread for it: {error}")))?;
        match events.recv() {
            Ok(Event::Done(compiled)) => compiled?,
            Ok(Event::Output(_)) | Err(_) => return Err(broken()),
        }
        Ok(Self { channels: Mutex::new(Channels { documents, events }), abandoned })
    }

    /// Runs the program over one document and hands each result to `emit`.
    ///
    /// # Errors
    /// When the document is not JSON or the program fails or halts; what was emitted before stays emitted.
    /// What `emit` returns; the program cannot be run again after that.
    pub(crate) fn run<E: From<JqError>>(
        &self,
        json: &[u8],
        mut emit: impl FnMut(&Output) -> Result<(), E>,
    ) -> Result<(), E> {
        let channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        channels.documents.send(json.to_vec()).map_err(|_| broken())?;
        loop {
            match channels.events.recv() {
                Ok(Event::Output(output)) => {
                    if let Err(error) = emit(&output) {
                        self.abandoned.store(true, Ordering::Relaxed);
                        return Err(error);
                    }
                }
                Ok(Event::Done(done)) => return Ok(done?),
                Err(_) => return Err(broken().into()),
            }
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.abandoned.store(true, Ordering::Relaxed);
    }
}

fn broken() -> JqError {
    JqError::Run("the interpreter broke".into())
}

/// The whole life of the thread.
fn work(
    code: &str,
    environment: Vec<(String, String)>,
    abandoned: &AtomicBool,
    documents: &mpsc::Receiver<Vec<u8>>,
    events: &mpsc::SyncSender<Event>,
) {
    let filter = match compile(code) {
        Ok(filter) => filter,
        Err(error) => return drop(events.send(Event::Done(Err(error)))),
    };
    if events.send(Event::Done(Ok(()))).is_err() {
        return;
    }
    let globals = globals(code, environment);
    for document in documents {
        // What unwinds is the input of this run and nothing else.
        let run = || run_once(&filter, &globals, abandoned, &document, events);
        let done = catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|reason| match reason.downcast_ref() {
            Some(Stop::TooDeep) => {
                Err(JqError::Run(format!("a value is nested much deeper than {COMPARED_DEPTH} levels")))
            }
            Some(Stop::Recursion) => Err(JqError::Run("its calls are nested too deeply".into())),
            Some(Stop::Abandoned) | None => Err(broken()),
        });
        if events.send(Event::Done(done)).is_err() {
            return;
        }
    }
}

/// The values of [`GLOBALS`].
fn globals(code: &str, environment: Vec<(String, String)>) -> Vec<Value> {
    let text = |text: String| Bytes::from(text.into_bytes());
    let variables: Members = environment.into_iter().map(|(name, value)| (text(name), Value::from(value))).collect();
    let before = code.split(GLOBALS[1]).next().unwrap_or_default();
    let place = [
        (Bytes::from("file"), Value::text("<top-level>")),
        (Bytes::from("line"), (before.matches('\n').count() + 1).into()),
    ];
    vec![Value::object(variables), Value::object(place.into_iter().collect())]
}

fn run_once(
    filter: &jaq_core::Filter<Jq>,
    globals: &[Value],
    abandoned: &AtomicBool,
    document: &[u8],
    events: &mpsc::SyncSender<Event>,
) -> Result<(), JqError> {
    let input = parse(document).map_err(JqError::Input)?;
    let machine = Machine::new(&filter.lut, abandoned);
    let send = |output| events.send(Event::Output(output)).map_err(|_| broken());
    for outcome in results(filter, &machine, globals.to_vec(), input) {
        let mut messages = machine.messages.take();
        match outcome {
            Ok(value) => {
                messages.drain(..).map(Output::Message).try_for_each(send)?;
                send(Output::of(&value))?;
            }
            Err(exception) => {
                let halted = exception.get_err().map_err(|exception| exception.get_halt());
                return Err(match halted {
                    Ok(error) => {
                        messages.drain(..).map(Output::Message).try_for_each(send)?;
                        JqError::Run(one_line(&error))
                    }
                    Err(Ok(status)) => JqError::Halted { status: status as u8, message: messages.concat() },
                    Err(Err(_)) => broken(),
                });
            }
        }
    }
    machine.messages.take().drain(..).map(Output::Message).try_for_each(send)
}

/// The error on one line.
fn one_line(error: &super::value::Error) -> String {
    const SHOWN_CHARACTERS: usize = 200;
    // A message is shown whole, a value as its beginning.
    let text = match error.clone().into_val() {
        Value::Str(text) => String::from_utf8_lossy(&text).into_owned(),
        value => value.named(),
    };
    let line = text.lines().next().unwrap_or_default();
    let shown: String = line.chars().take(SHOWN_CHARACTERS).collect();
    if shown.len() < text.len() { format!("{shown} ...") } else { shown }
}
