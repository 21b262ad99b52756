//! A durable listener that is killed again and again, over restarts of the broker: nothing is lost.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::publisher::Publisher;
use crate::support::pulse;
use crate::support::rabbit::Rabbit;

const EXCHANGE: &str = "exchange/taskcluster-queue/v1/task-completed";
const KEY: &str = "primary.VESwp9JaRo-XkFN_bemBhw.0.g.i.p.w.s.fN1SbArXTPSVFNUvaOlinQ._";
const MESSAGES: usize = 10_000;
const KILLS: usize = 10;
const RESTARTS: usize = 3;

/// How long nothing may arrive before something is wrong.
const STALL: Duration = Duration::from_secs(120);

fn listen(rabbit: &Rabbit, folder: &Path) -> Child {
    let out = OpenOptions::new().append(true).create(true).open(folder.join("out")).unwrap();
    let err = OpenOptions::new().append(true).create(true).open(folder.join("err")).unwrap();
    Command::new(env!("CARGO_BIN_EXE_tc"))
        .args(["pulse", "listen", "queue.taskCompleted", "--queue", "lasting", "--durable", "--prefetch", "50"])
        // It may be started while the broker is away.
        .args(["--retries", "100"])
        .env_clear()
        .env("HOME", folder)
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

/// Waits until so many lines are there.
fn await_lines(folder: &Path, count: usize) {
    let (mut seen, mut since) = (0, Instant::now());
    loop {
        let now =
            std::fs::read(folder.join("out")).map_or(0, |bytes| bytes.iter().filter(|byte| **byte == b'\n').count());
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
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn ten_kills_and_three_restarts_lose_no_message_and_mark_duplicates() {
    if std::env::var_os("TC_TEST_SOAK").is_none() {
        println!("skipped: takes minutes and a quiet machine; TC_TEST_SOAK=1 runs it");
        return;
    }
    let Some(mut rabbit) = pulse::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let publisher = Publisher::connect(&rabbit.url());
    // The queue is there before the first message, as a listener made it.
    let mut listener = listen(&rabbit, folder.path());
    publisher.publish_when_bound(EXCHANGE, KEY, &[], b"0");
    let publish = |publisher: Publisher, from: usize, to: usize| {
        publisher.publish_all(EXCHANGE, KEY, (from..to).map(|number| number.to_string().into_bytes()));
    };
    publish(publisher, 1, MESSAGES / 2);
    let mut number = MESSAGES / 2;
    let steps = KILLS + RESTARTS;
    for step in 1..=steps {
        await_lines(folder.path(), MESSAGES * step / (steps + 2) / 2);
        if step % 4 == 0 {
            if step == 8 {
                rabbit.restart()
            } else {
                rabbit.stop()
            }
            if step != 8 {
                rabbit.launch();
            }
            let next = number + MESSAGES / 2 / RESTARTS;
            publish(Publisher::connect(&rabbit.url()), number, next);
            number = next;
        } else {
            listener.kill().unwrap();
            listener.wait().unwrap();
            listener = listen(&rabbit, folder.path());
        }
    }
    publish(Publisher::connect(&rabbit.url()), number, MESSAGES);
    let whole = || {
        let mut times: BTreeMap<u64, Vec<bool>> = BTreeMap::new();
        for line in lines(folder.path()) {
            let times = times.entry(line["payload"].as_u64().unwrap()).or_default();
            times.push(line["redelivered"].as_bool().unwrap());
        }
        times
    };
    let until = Instant::now() + STALL;
    while whole().len() < MESSAGES {
        assert!(Instant::now() < until, "{} of {MESSAGES} arrived", whole().len());
        std::thread::sleep(Duration::from_millis(50));
    }
    listener.kill().unwrap();
    listener.wait().unwrap();
    let times = whole();
    assert_eq!(times.len(), MESSAGES);
    let unmarked: Vec<_> =
        times.iter().filter(|(_, times)| times.iter().filter(|again| !**again).count() > 1).collect();
    assert!(unmarked.is_empty(), "duplicates that are not marked: {unmarked:?}");
    let duplicates: usize = times.values().map(|times| times.len() - 1).sum();
    // A listener that is killed had at most its prefetch; a broker that goes forgets acknowledgements that it has not
    // written to its disk yet.
    assert!(duplicates <= KILLS * 50 + RESTARTS * 500, "{duplicates} duplicates");
    let said = std::fs::read_to_string(folder.path().join("err")).unwrap();
    // A listener that is started while the broker is away loses no connection.
    let lost = said.matches("lost the connection to Pulse").count();
    assert!((1..=RESTARTS).contains(&lost), "{said}");
}
