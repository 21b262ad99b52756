//! The program as a function: parse, build the context, start the one runtime, dispatch, render the error.

mod bug;
mod external;
mod pager;
mod race;

use std::error::Error as _;
use std::ffi::OsString;
use std::io;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use clap::ValueEnum as _;

use crate::cli::{self, Globals};
use crate::commands::completions::Question;
use crate::commands::{self, Command, CommandLine, completions, hints};
use crate::config::Settings;
use crate::context::{Context, Ending, given};
use crate::env::{self, Environment};
use crate::error::{Error, Kind, Result};
use crate::exit::Status;
use crate::ui::{ColorChoice, Streams, Terminal, Ui, log};

pub use bug::report_bugs;

/// How long it may be from an interrupt to the end of the process.
const INTERRUPT_LIMIT: Duration = Duration::from_millis(1000);
/// The least time for printing the last message after an interrupt. It is bounded, because standard error may be blocked.
const LAST_WORDS_LIMIT: Duration = Duration::from_millis(300);
/// How long what is left for standard output may take before them.
const FLUSH_LIMIT: Duration = Duration::from_millis(100);

/// Runs one command line and returns the exit status.
///
/// `args` starts with the program's name. Nothing is read but the arguments, the environment and
/// the streams, so it can be called many times in one process.
pub fn run(args: impl IntoIterator<Item = OsString>, environment: &Environment, streams: Streams) -> u8 {
    run_words(args.into_iter().collect(), environment, streams)
}

fn run_words(args: Vec<OsString>, environment: &Environment, streams: Streams) -> u8 {
    let terminal = described(streams.terminal, environment);
    let terminal = Terminal { stdout: terminal.stdout && !cli::prints_plainly(&args), ..terminal };
    let no_color = environment.get(env::NO_COLOR).is_some() || terminal.is_dumb;
    let mut streams = Streams { terminal: still(terminal, environment), ..streams };
    if let Some(shell) = environment.get(env::TC_COMPLETE) {
        return complete(shell, &args, environment, streams);
    }
    let own = external::resolve(args, environment).and_then(|subject| match subject {
        external::Subject::Own(args) => Ok(Ok(args)),
        external::Subject::External(external) => external.run(&mut streams).map(Err),
    });
    let args = match own {
        Ok(Ok(args)) => args,
        Ok(Err(status)) => return status,
        Err(error) => return finish(Err(error), &Ui::new(streams, ColorChoice::Auto, no_color, false)),
    };
    match commands::parse(&args, environment) {
        Ok(line) => run_line(line, args, environment, streams, no_color),
        Err(fault) => say(&fault, &args, environment, streams, no_color),
    }
}

/// Answers a shell that completes a word.
fn complete(shell: &str, args: &[OsString], environment: &Environment, streams: Streams) -> u8 {
    let ui = Ui::new(streams, ColorChoice::Never, true, false);
    let tree_for = |words: &[OsString]| commands::tree_to_complete(words, environment);
    let known = |tree: &clap::Command, words: &[OsString]| completions::known(tree, words, environment);
    let asked = |tree: &clap::Command, words: &[OsString]| asked(tree, words, environment);
    finish(completions::answer(shell, args, tree_for, known, asked, &ui), &ui)
}

/// Runs a command line that makes sense.
fn run_line(line: CommandLine, args: Vec<OsString>, environment: &Environment, streams: Streams, no_color: bool) -> u8 {
    let CommandLine { command, mut globals, is_finite, verb } = line;
    let color = globals.color.unwrap_or_else(|| color_setting(environment, &globals));
    let is_paged = !cli::is_taskcluster(&args) && (is_finite || command.prints_long());
    let (streams, paged) = if is_paged { pager::hold(streams, environment, &globals) } else { (streams, None) };
    let covered = paged.as_ref().map(pager::Paged::covered).unwrap_or_default();
    let ui = Arc::new(Ui::new(streams, color, no_color, globals.quiet).covered_by(covered));
    if command.limits_itself() {
        globals.timeout = None;
    }
    if command.has_own_retries() {
        globals.retries = None;
    }
    let limit = globals.timeout.clone().filter(|_| command.is_transfer());
    let context = Context::new(environment.clone(), Arc::clone(&ui), globals, args)
        .advised_by(commands::advise, verb)
        .limited_to(limit.as_deref());
    let ending = Arc::clone(context.ending());
    let (verbose, name) = (verbosity(&context.globals, environment), environment.get(env::TC_LOG));
    let outcome = log::level(verbose, name).map_err(Error::usage).and_then(|level| {
        let log = log::dispatch(&ui, level);
        race::race(context, &log, paged.as_ref().map(pager::Paged::viewer), |context| perform(command, context))
    });
    end(outcome, paged.as_ref(), ui, &ending)
}

/// The verb, and what is done beside it.
async fn perform(command: Command, context: Arc<Context>) -> Result<Status> {
    #[cfg(debug_assertions)]
    bug::rehearse(&context.env);
    let outcome = match context.check_jq() {
        Ok(()) => context.within_limit(Box::pin(command.run(&context, run_words))).await,
        Err(error) => Err(error),
    };
    context.keep_history();
    if outcome.is_ok() {
        context.hint_at_newer_version().await;
    }
    outcome.map_err(|error| hints::next_steps(error, context.verb(), context.only_deployment().as_ref()))
}

/// Flushes the result, reports what went wrong, and says with which status to end; what a pager shows comes before it.
fn end(outcome: Result<Status>, paged: Option<&pager::Paged>, ui: Arc<Ui>, ending: &Ending) -> u8 {
    match (outcome, paged) {
        // Leaving the pager early is no failure.
        (Err(error), Some(paged)) if is_end(&error) && paged.viewer().was_left() => {
            paged.release();
            Status::DONE.0
        }
        (Err(error), paged) if error.kind() == Kind::Interrupted => {
            paged.map(pager::Paged::abandon).unwrap_or_default();
            finish_interrupted(error, ui, ending)
        }
        (outcome, Some(paged)) => {
            // What is read comes before what went wrong.
            let shown = paged.finish(&ui);
            finish(outcome.and_then(|status| shown.map(|()| status)), &ui)
        }
        (outcome, None) => finish(outcome, &ui),
    }
}

fn is_end(error: &Error) -> bool {
    matches!(error.kind(), Kind::Interrupted | Kind::BrokenPipe)
}

/// Says what is wrong with a command line, or the help that it asks for, which can be long.
fn say(fault: &clap::Error, args: &[OsString], environment: &Environment, streams: Streams, no_color: bool) -> u8 {
    let is_taskcluster = cli::is_taskcluster(args);
    let globals = Globals { no_pager: args.iter().any(|word| word == "--no-pager"), ..Globals::default() };
    let (streams, paged) = match is_taskcluster {
        true => (streams, None),
        false => pager::hold(streams, environment, &globals),
    };
    let ui = Ui::new(streams, ColorChoice::Auto, no_color, false);
    let status = refuse(fault, is_taskcluster, &ui);
    let shown = paged.map_or(Ok(()), |paged| paged.finish(&ui));
    shown.map_or_else(|error| error.exit_code(), |()| status)
}

/// What the deployment has that the last of these words can become; nothing where it cannot be asked: a shell that
/// completes a word shows no errors.
fn asked(tree: &clap::Command, words: &[OsString], environment: &Environment) -> Vec<String> {
    let Some(asked) = Question::of(tree, words, environment) else { return Vec::new() };
    let Ok(cli) = commands::parse(&asked.command, environment) else { return Vec::new() };
    let streams = Streams {
        stdin: Box::new(io::empty()),
        stdout: Box::new(io::sink()),
        stderr: Box::new(io::sink()),
        terminal: Terminal::default(),
    };
    let ui = Arc::new(Ui::new(streams, ColorChoice::Never, true, true));
    let Ok(level) = log::level(0, None) else { return Vec::new() };
    let context = Context::new(environment.clone(), Arc::clone(&ui), cli.globals, asked.command.clone());
    let (found, candidates) = mpsc::channel();
    let verb = |context: Arc<Context>| async move {
        // Without a receiver nobody completes any more.
        found.send(asked.candidates(&context).await?).unwrap_or_default();
        Ok(Status::DONE)
    };
    match race::race(context, &log::dispatch(&ui, level), None, verb) {
        Ok(_) => candidates.try_recv().unwrap_or_default(),
        Err(_) => Vec::new(),
    }
}

/// The terminal with what the environment says of it.
fn described(terminal: Terminal, environment: &Environment) -> Terminal {
    let columns = || environment.get(env::COLUMNS)?.parse().ok().filter(|columns| *columns > 0);
    let width = terminal.width.or_else(columns);
    Terminal { width, is_dumb: is_dumb(terminal, environment), ..terminal }
}

/// Whether nothing can be drawn over. On Unix a terminal whose type nobody names may be any.
fn is_dumb(terminal: Terminal, environment: &Environment) -> bool {
    match environment.get(env::TERM) {
        Some(name) => name == "dumb",
        None => cfg!(unix) && terminal.is_own,
    }
}

/// The terminal as one that nothing is drawn over, where progress is not wanted: views print lines one after the other.
fn still(terminal: Terminal, environment: &Environment) -> Terminal {
    let is_still = environment.get(env::TC_PROGRESS) == Some("0");
    Terminal { is_dumb: terminal.is_dumb || is_still, ..terminal }
}

/// How often `-v` was given. The variable of the Python client counts as once, unless `TC_LOG` says it more exactly.
fn verbosity(globals: &Globals, environment: &Environment) -> u8 {
    let is_debugged = environment.get(env::DEBUG_TASKCLUSTER_CLIENT).is_some_and(|value| !value.is_empty());
    let is_named = environment.get(env::TC_LOG).is_some();
    if is_debugged && !is_named { globals.verbose.max(1) } else { globals.verbose }
}

/// What the environment and the user's file say of colour. A broken file is not worth a word here: a
/// command that needs it will say so, and one that needs none must not fail.
fn color_setting(environment: &Environment, globals: &Globals) -> ColorChoice {
    let color = Settings::load(environment, given(globals)).ok().and_then(|settings| settings.color());
    color.and_then(|color| ColorChoice::from_str(&color, false).ok()).unwrap_or_default()
}

/// Ends after an interrupt, whatever a verb that was left behind holds, and whoever does not read.
fn finish_interrupted(error: Error, ui: Arc<Ui>, ending: &Ending) -> u8 {
    ui.close();
    let status = error.exit_code();
    let output = Arc::clone(&ui);
    // Nobody may read it, and there is nobody left to report it to. The last words do not wait for it.
    within("rest", FLUSH_LIMIT, move || drop(output.flush()));
    let left = INTERRUPT_LIMIT.saturating_sub(ending.since_interrupt()).max(LAST_WORDS_LIMIT);
    within("end", left, move || report(error, &ui));
    status
}

/// Does something on a thread of its own, which is waited for no longer than this.
fn within(name: &str, limit: Duration, work: impl FnOnce() + Send + 'static) {
    let ((begin, begun), (end, ended)) = (mpsc::channel(), mpsc::channel());
    let run = move || {
        // Nobody waits any more when something took too long.
        begin.send(()).unwrap_or_default();
        work();
        end.send(()).unwrap_or_default();
    };
    if thread::Builder::new().name(name.to_owned()).spawn(run).is_ok() {
        // The limit is for the work, not for a busy machine on which a thread takes long to begin.
        begun.recv_timeout(INTERRUPT_LIMIT).unwrap_or_default();
        ended.recv_timeout(limit).unwrap_or_default();
    }
}

/// Flushes the result, reports what went wrong, and says with which status to end.
fn finish(outcome: Result<Status>, ui: &Ui) -> u8 {
    let outcome = match (outcome, ui.flush().map_err(Error::from)) {
        (Ok(status), Ok(())) => return status.0,
        (Ok(_), Err(error)) | (Err(error), _) => error,
    };
    let status = outcome.exit_code();
    report(outcome, ui);
    status
}

/// Reports what went wrong.
fn report(error: Error, ui: &Ui) {
    if let Some(text) = error.last_words() {
        return ui.write_stderr(text);
    }
    let error = hints::worded(error);
    if error.kind() == Kind::Interrupted {
        ui.overwrite_key();
    }
    if error.kind() != Kind::BrokenPipe {
        let causes: Vec<String> =
            std::iter::successors(error.source(), |cause: &&dyn std::error::Error| (*cause).source())
                .map(ToString::to_string)
                .collect();
        ui.report(error.message(), &causes, error.hints());
    }
}

/// Help and version go to standard output with status 0, faults to standard error with 2.
fn refuse(usage: &clap::Error, is_taskcluster: bool, ui: &Ui) -> u8 {
    use std::io::Write as _;
    if let Some(error) = commands::usage_error(usage) {
        return finish(Err(error), ui);
    }
    let text = usage.render();
    // By the Go tool's name, a noun without a verb asks for help.
    if usage.use_stderr() && !is_taskcluster {
        let text = if ui.color_stderr() { text.ansi().to_string() } else { text.to_string() };
        ui.write_stderr(text.as_bytes());
        return Kind::Usage.exit_code();
    }
    let text = if ui.color() { text.ansi().to_string() } else { text.to_string() };
    let written = ui.out().write_all(text.as_bytes()).map(|()| Status::DONE).map_err(Error::from);
    finish(written, ui)
}
