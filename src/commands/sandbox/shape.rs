//! What a sandbox is furnished with: tasks to start with, workers, faults.

use chrono::TimeDelta;

use crate::context::Context;
use crate::domain::time::Offset;
use crate::error::{Error, Result};
use crate::sandbox::{Faults, Options, Push, Sandbox, Seed, Share, TaskList, Workers};

/// Tasks and workers to start with, and what goes wrong.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(super) struct Shape {
    /// Start with task groups: firefox:COUNT[:SEED] for a made-up push, or a file
    ///
    /// A file is JSON or YAML: what --export wrote, what "tc group list --json" printed, or a list of tasks with a
    /// taskId and a definition each. Tasks whose states are known are taken back with them, all times moved so that
    /// what was last recorded happened just now; others, and all of them with --age, are created anew. Prints the IDs
    /// of the task groups. Repeatable.
    #[arg(long, value_name = "SEED")]
    seed: Vec<Seed>,
    /// How long ago the tasks of the seeds were created; simulated workers have been busy with them since
    #[arg(long, value_name = "TIME", requires = "seed")]
    age: Option<Offset>,
    /// Run N workers, which take tasks of any task queue: simulated ones, unless --execute is given
    ///
    /// Simulated ones write a live log and artifacts. A task's payload can set its outcome: {"simulate": {"seconds":
    /// 5, "outcome": "failed", "artifacts": [{"name": "public/x", "bytes": 100}]}}
    #[arg(long, value_name = "N")]
    workers: Option<usize>,
    /// Let the workers really run their tasks, on this machine and as you
    ///
    /// Tasks can do whatever you can, so execute only what you trust. Payloads are those of generic-worker on Linux
    /// and macOS. Each task has a folder of its own, which is removed with its processes when it ends.
    #[arg(long, requires = "workers", conflicts_with_all = ["speed", "run_time", "fail_rate"])]
    execute: bool,
    /// How many times faster than real ones the workers are
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0, value_parser = speed, requires = "workers")]
    speed: f64,
    /// How long each run takes, before --speed; without it, each task has its own time
    #[arg(long, value_name = "TIME", requires = "workers")]
    run_time: Option<Offset>,
    /// Share of the runs that do not complete: most of them fail, some crash
    #[arg(long, value_name = "SHARE", default_value = "5%", requires = "workers")]
    fail_rate: Share,
    /// Inject faults by a plan, such as error=5%,429=2%:1s,delay=50ms..200ms
    ///
    /// Each fault hits a share of the requests: error=SHARE[:STATUS], 429=SHARE[:TIME] (with Retry-After),
    /// expired=SHARE (signed URLs), delay=[SHARE:]TIME[..TIME], hangup=SHARE (after the work is done),
    /// truncate=SHARE[:SIZE], stall=SHARE[:SIZE], slow=[SHARE:]RATE. Downloads from the storage also take
    /// wrong-hash=SHARE, wrong-length=SHARE, wrong-trailer=SHARE (of gzip), no-range[=SHARE].
    ///
    /// only=PATH limits it to paths that start with it: /api/queue/, /public-bucket/, /log/; repeatable. seed=NUMBER
    /// chooses another plan; the same number repeats the same faults. Several --faults add up.
    #[arg(long, value_name = "PLAN")]
    faults: Vec<Faults>,
}

fn speed(text: &str) -> Result<f64, String> {
    let factor = text.parse().ok().filter(|factor: &f64| factor.is_finite() && *factor > 0.0);
    factor.ok_or_else(|| format!("`{text}` is not a factor such as 60"))
}

/// What a seed that is no file may have been meant as.
const SEED_HINT: &str = "A seed is a file, or a made-up push such as firefox:300.";

impl Shape {
    /// The options with all that must be known before the sandbox starts.
    ///
    /// # Errors
    /// When a time lies in the past or beyond the calendar.
    pub(super) fn options(&self, options: Options, context: &Context) -> Result<Options> {
        let options = options.faults(self.faults.iter().cloned().fold(Faults::none(), Faults::and));
        let Some(count) = self.workers else { return Ok(options) };
        let mut workers = Workers::new(count).speed(self.speed).fail_rate(self.fail_rate.fraction());
        if self.execute {
            workers = workers.execute(context.env.variables());
        }
        if let Some(run_time) = self.run_time {
            workers = workers.run_time(span("--run-time", run_time, context)?);
        }
        Ok(options.workers(workers))
    }

    /// Says what it means that tasks are executed, where they are.
    pub(super) fn warn(&self, sandbox: &Sandbox, context: &Context) {
        let Some(key) = sandbox.chain_of_trust_key() else { return };
        context.ui.warn("the workers execute tasks: whatever is in a task is done on this machine, as you");
        context.ui.note(format_args!("Chains of trust are signed with the key {key}."));
    }

    /// Loads the seeds and tells what came of them; the IDs of the task groups.
    ///
    /// # Errors
    /// When a file cannot be read or is no list of tasks, or two seeds have the same tasks.
    pub(super) fn load(&self, sandbox: &Sandbox, context: &Context) -> Result<Vec<String>> {
        let age = self.age.map_or(Ok(TimeDelta::zero()), |age| span("--age", age, context))?;
        let mut groups = Vec::new();
        for seed in &self.seed {
            match seed {
                Seed::Firefox(tasks, seed) => {
                    let group = sandbox.load(Push { tasks: *tasks, seed: *seed, age })?;
                    context.ui.note(format_args!("Task group {group} has {tasks} tasks."));
                    groups.push(group);
                }
                Seed::File(path) => {
                    let name = path.display();
                    let text = std::fs::read_to_string(context.env.resolve(path))
                        .map_err(|source| Error::io("read", name, source).hint(SEED_HINT))?;
                    let list = TaskList::parse(&text)?;
                    let as_they_were = self.age.is_none() && list.has_states();
                    let loaded = if as_they_were { sandbox.restore(&list)? } else { sandbox.load_list(&list, age)? };
                    let (tasks, ids) = (loaded.tasks, loaded.groups.join(", "));
                    context.ui.note(format_args!("Loaded {tasks} tasks of task group {ids}."));
                    if loaded.left_out > 0 {
                        let count = loaded.left_out;
                        context.ui.warn(format_args!("{count} dependencies on tasks that {path:?} lacks are left out"));
                    }
                    groups.extend(loaded.groups);
                }
            }
        }
        Ok(groups)
    }
}

/// How long an offset is from now on.
fn span(flag: &str, offset: Offset, context: &Context) -> Result<TimeDelta> {
    if offset.past {
        return Err(Error::usage(format!("{flag} is a length of time; leave out the minus of `{offset}`")));
    }
    let now = context.now();
    Ok(offset.from(now).map_err(|source| Error::usage(source.to_string()))? - now)
}
