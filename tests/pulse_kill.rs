//! A durable listener that is killed again and again, over restarts of the broker: nothing is lost.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::OpenOptions;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::publisher::Publisher;
use crate::support::pulse;
use crate::support::rabbit::Rabbit;

const EXCHANGE: &str = "exchange/taskcluster-queue/v1/task-completed";
const KEY: &str = "primary.VESwp9JaRo-XkFN_bemBhw.0.g.i.p.w.s.fN1SbArXTPSVFNUvaOlinQ._";

/// How much a listener has to go through. After three kills the broker is restarted, in place of the next kill.
#[derive(Clone, Copy)]
struct Trial {
    messages: usize,
    kills: usize,
    /// The second of them is a power failure.
    restarts: usize,
}

/// How long nothing may arrive before something is wrong.
const STALL: Duration = Duration::from_secs(120);

fn listen(rabbit: &Rabbit, folder: &Path) -> Child {
    let out = OpenOptions::new().append(true).create(true).open(folder.join("out")).unwrap();
    let err = OpenOptions::new().append(true).create(true).open(folder.join("err")).unwrap();
    Command::new(env!("CARGO_BIN_EXE_tc"))
        .args(["pulse", "listen", "queue.taskCompleted", "--queue", "lasting", "--durable", "--prefetch", "50"])
        .env_clear()
        .env("HOME", folder)
        .env("TMPDIR", folder)
        .env("PULSE_URL", format!("amqp://127.0.0.1:{}", rabbit.port))
        .env("PULSE_USERNAME", pulse::USER)
        .env("PULSE_PASSWORD", pulse::PASSWORD)
        .stdin(Stdio::null())
        .stdout(out)
        .stderr(err)
        .spawn()
        .unwrap()
}

/// Whole lines; what a killed listener left of its last one is no line. Its successor goes on behind it.
fn lines(folder: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(folder.join("out")).unwrap();
    let parse = |line: &str| {
        let start = line.rfind("{\"exchange\":")?;
        serde_json::from_str(line.get(start..)?).ok()
    };
    text.lines().filter_map(parse).collect()
}

/// How each message arrived: for each time, whether it was marked as one that may have come before.
fn arrived(folder: &Path) -> BTreeMap<u64, Vec<bool>> {
    let mut times: BTreeMap<u64, Vec<bool>> = BTreeMap::new();
    for line in lines(folder) {
        let times = times.entry(line["payload"].as_u64().unwrap()).or_default();
        times.push(line["redelivered"].as_bool().unwrap());
    }
    times
}

fn count_lines(folder: &Path) -> usize {
    std::fs::read(folder.join("out")).map_or(0, |bytes| bytes.iter().filter(|byte| **byte == b'\n').count())
}

/// Waits until so many lines are there.
fn await_lines(folder: &Path, count: usize) {
    let (mut seen, mut since) = (0, Instant::now());
    loop {
        let now = count_lines(folder);
        if now >= count {
            return;
        }
        if now > seen {
            (seen, since) = (now, Instant::now());
        }
        assert!(
            since.elapsed() < STALL,
            "{now} of {count} lines: {}",
            std::fs::read_to_string(folder.join("err")).unwrap()
        );
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn kills_and_a_restart_lose_no_message_and_mark_duplicates() {
    endure(Trial { messages: 3000, kills: 4, restarts: 1 });
}

#[test]
fn ten_kills_and_three_restarts_lose_no_message_and_mark_duplicates() {
    if std::env::var_os("TC_TEST_SOAK").is_none() {
        println!("skipped: takes minutes where others build; TC_TEST_SOAK=1 runs it");
        return;
    }
    endure(Trial { messages: 10_000, kills: 10, restarts: 3 });
}

fn endure(Trial { messages, kills, restarts }: Trial) {
    let Some(mut rabbit) = pulse::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut listener = listen(&rabbit, folder.path());
    let mut publisher = Publisher::connect(&rabbit.url());
    let mut before_the_power_failed = BTreeSet::new();
    let steps = kills + restarts;
    for step in 0..=steps {
        let (first, last) = (messages * step / (steps + 1), messages * (step + 1) / (steps + 1));
        let written = count_lines(folder.path());
        // A power failure may take the binding, too: the listener makes it again.
        publisher.publish_when_bound(EXCHANGE, KEY, &[], first.to_string().as_bytes());
        let rest = (first + 1..last).map(|number| number.to_string().into_bytes());
        let is_restart = step % 4 == 3 && step / 4 < restarts;
        thread::scope(|scope| {
            let publishing = scope.spawn(|| publisher.publish_all(EXCHANGE, KEY, rest));
            // Killed in the middle of its work.
            await_lines(folder.path(), written + (last - first) / 2);
            if !is_restart && step < steps {
                listener.kill().unwrap();
                listener.wait().unwrap();
                listener = listen(&rabbit, folder.path());
            }
            publishing.join().unwrap();
        });
        if is_restart {
            if step / 4 == 1 {
                rabbit.kill();
                before_the_power_failed = arrived(folder.path()).into_keys().collect();
            } else {
                rabbit.stop();
            }
            rabbit.launch();
            publisher = Publisher::connect(&rabbit.url());
        }
    }
    let until = Instant::now() + STALL;
    while arrived(folder.path()).len() < messages {
        assert!(Instant::now() < until, "{} of {messages} arrived", arrived(folder.path()).len());
        thread::sleep(Duration::from_millis(50));
    }
    listener.kill().unwrap();
    listener.wait().unwrap();
    let times = arrived(folder.path());
    assert_eq!(times.len(), messages);
    let unmarked: Vec<_> =
        times.iter().filter(|(_, times)| times.iter().filter(|again| !**again).count() > 1).collect();
    assert!(unmarked.is_empty(), "duplicates that are not marked: {unmarked:?}");
    // Who is killed, or loses the broker, had at most the prefetch. A broker that loses its power forgets all
    // acknowledgements that it has not written to its disk yet: how many is not ours to say.
    let ours = times.iter().filter(|(number, _)| !before_the_power_failed.contains(number));
    let duplicates: usize = ours.map(|(_, times)| times.len() - 1).sum();
    assert!(duplicates <= (kills + restarts) * 50, "{duplicates} duplicates");
    let said = std::fs::read_to_string(folder.path().join("err")).unwrap();
    assert_eq!(said.matches("Lost the connection to Pulse").count(), restarts, "{said}");
}
