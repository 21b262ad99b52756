//! `tc task log`: finding, fetching, following and filtering logs.

use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};
use tc::sandbox::{Faults, Options, Sandbox, Workers};

use crate::support::Tc;
use crate::support::fake_clock::FakeClock;
use crate::support::fake_server::{Answer, FakeServer};

const ID: &str = "VESwp9JaRo-XkFN_bemBhw";
const LIVE: &str = "public/logs/live.log";
const BACKING: &str = "public/logs/live_backing.log";

/// A deployment and its storage, whose answers are scripted.
struct Scene {
    server: FakeServer,
    storage: FakeServer,
}

impl Scene {
    fn new() -> Self {
        Self { server: FakeServer::start(), storage: FakeServer::start() }
    }

    fn tc(&self) -> Tc {
        let clock = FakeClock::at(&Utc::now().to_rfc3339());
        Tc::new().at(self.server.url()).environment(|environment| environment.with_clock(clock))
    }

    fn state(&self, state: &str) -> &Self {
        let body = json!({"status": {"taskId": ID, "state": state, "runs": [{"runId": 0, "state": state}]}});
        self.server.expect(&format!("GET /api/queue/v1/task/{ID}/status"), Answer::json(200, body.to_string()));
        self
    }

    /// The list of artifacts and the definition, which are asked for together.
    fn artifacts(&self, names: &[&str], payload: &Value) -> &Self {
        let list: Vec<Value> = names.iter().map(|name| json!({"storageType": "s3", "name": name})).collect();
        let path = format!("GET /api/queue/v1/task/{ID}/runs/0/artifacts");
        self.server.expect(&path, Answer::json(200, json!({"artifacts": list}).to_string()));
        let definition = json!({"payload": payload, "metadata": {"name": "n"}}).to_string();
        self.server.expect(&format!("GET /api/queue/v1/task/{ID}"), Answer::json(200, definition));
        self
    }

    fn content(&self, name: &str, content: &Value) -> &Self {
        let name = name.replace('/', "%2F");
        let path = format!("GET /api/queue/v1/task/{ID}/runs/0/artifact-content/{name}");
        self.server.expect(&path, Answer::json(200, content.to_string()));
        self
    }

    /// The artifact is on the storage, under this path.
    fn stored(&self, name: &str, path: &str) -> &Self {
        self.content(name, &json!({"storageType": "s3", "url": format!("{}{path}", self.storage.url())}))
    }

    fn on_storage(&self, path: &str, answer: Answer) -> &Self {
        self.storage.expect(&format!("GET {path}"), answer);
        self
    }

    /// A finished log with this content.
    fn finished(&self, log: &[u8]) -> &Self {
        self.state("completed").artifacts(&[BACKING, LIVE], &json!({})).stored(BACKING, "/log");
        self.on_storage("/log", Answer::new(200, log))
    }

    /// The `Range` headers that the storage was asked with.
    fn ranges(&self) -> Vec<Option<String>> {
        self.storage.requests().iter().map(|request| request.header("range").map(ToOwned::to_owned)).collect()
    }
}

/// A part of a log, from this byte on.
fn part(log: &str, from: usize) -> Answer {
    let range = format!("bytes {from}-{}/{}", log.len() - 1, log.len());
    Answer::new(206, &log.as_bytes()[from..]).header("Content-Range", &range)
}

#[test]
fn a_finished_log_comes_out_byte_for_byte() {
    let scene = Scene::new();
    let log = b"one\r\n\x1b[31mtwo\x1b[0m\nno end";
    scene.finished(log);
    let text = std::str::from_utf8(log).unwrap();
    scene.tc().run(&["task", "log", ID]).stdout(text).stderr("").status(0);
}

#[test]
fn a_compressed_log_is_decompressed() {
    let scene = Scene::new();
    scene.state("failed").artifacts(&[LIVE], &json!({})).stored(LIVE, "/log");
    scene.on_storage("/log", Answer::new(200, "line one\nline two\n".repeat(5000)).gzip());
    scene.tc().run(&["task", "log", ID]).stdout(&"line one\nline two\n".repeat(5000)).stderr("").status(0);
}

#[test]
pub fn a_private_log_is_asked_for_with_a_signature_and_storage_gets_none() {
    let scene = Scene::new();
    let payload = json!({"logs": {"backing": "private/my.log"}});
    scene.state("completed").artifacts(&[LIVE, "private/my.log"], &payload).stored("private/my.log", "/log?x-sig=1");
    scene.on_storage("/log?x-sig=1", Answer::new(200, "secret\n"));
    let tc = scene.tc().env("TASKCLUSTER_CLIENT_ID", "me").env("TASKCLUSTER_ACCESS_TOKEN", "key");
    tc.run(&["task", "log", ID]).stdout("secret\n").stderr("").status(0);
    assert!(scene.server.requests().iter().all(|request| request.header("authorization").is_some()));
    assert_eq!(scene.storage.requests()[0].header("authorization"), None);
}

#[test]
fn a_log_in_the_object_service_is_fetched_with_its_own_credentials() {
    let scene = Scene::new();
    scene.state("completed").artifacts(&[LIVE], &json!({}));
    let certificate = json!({"version": 1, "scopes": [], "start": 0, "expiry": 1, "seed": "s", "signature": "x"});
    let credentials = json!({"clientId": "artifact", "accessToken": "t", "certificate": certificate.to_string()});
    scene.content(LIVE, &json!({"storageType": "object", "name": "t/x.log", "credentials": credentials}));
    let hashes = json!({"sha256": crate::support::storage::sha256(b"from an object\n")});
    let answer = json!({"method": "getUrl", "url": format!("{}/o", scene.storage.url()), "hashes": hashes});
    scene.server.expect("PUT /api/object/v1/start-download/t%2Fx.log", Answer::json(200, answer.to_string()));
    scene.on_storage("/o", Answer::new(200, "from an object\n").gzip());
    scene.tc().run(&["task", "log", ID]).stdout("from an object\n").stderr("").status(0);
    let asked = scene.server.requests().into_iter().find(|request| request.verb == "PUT").unwrap();
    assert!(asked.header("authorization").unwrap().contains("id=\"artifact\""));
}

#[test]
pub fn what_cannot_be_had_is_said_before_anything_is_printed() {
    let scene = Scene::new();
    scene.state("pending");
    scene.tc().run(&["task", "log", ID]).stdout("").status(5).stderr(&format!(
        "error: task {ID} is pending: run 0 has no log yet\nhint: To wait until it runs: tc task wait {ID} --for running\n"
    ));
    scene.state("completed").artifacts(&["public/a.txt"], &json!({}));
    scene.tc().run(&["task", "log", ID]).stdout("").status(5).stderr(&format!(
        "error: run 0 of task {ID} has no log\nhint: It has public/a.txt. --artifact names one of them.\n"
    ));
    scene.state("completed").artifacts(&[LIVE], &json!({}));
    let ran = scene.tc().run(&["task", "log", ID, "--artifact", "public/b.log"]);
    ran.stdout("").status(5);
    assert!(ran.stderr.starts_with(&format!("error: run 0 of task {ID} has no artifact `public/b.log`\n")), "{ran}");
    scene.state("failed").artifacts(&[LIVE], &json!({}));
    scene
        .content(LIVE, &json!({"storageType": "error", "reason": "file-missing-on-worker", "message": "no such file"}));
    scene.tc().run(&["task", "log", ID]).stdout("").status(1).stderr(&format!(
        "error: artifact `{LIVE}` of task {ID}, run 0 is an error: file-missing-on-worker: no such file\n\
             hint: The task made no such file, or it could not be stored. Its log may say why.\n"
    ));
    scene.state("failed").artifacts(&[LIVE], &json!({})).stored(LIVE, "/gone");
    scene.on_storage("/gone", Answer::new(404, "<?xml version=\"1.0\"?><Error><Code>NoSuchKey</Code></Error>"));
    let ran = scene.tc().run(&["task", "log", ID]);
    ran.stdout("").status(5);
    assert!(ran.stderr.contains("answered 404: NoSuchKey\n"), "{ran}");
}

#[test]
fn a_task_that_has_not_run_has_no_log() {
    let server = FakeServer::start();
    let body = json!({"status": {"taskId": ID, "state": "unscheduled", "runs": []}}).to_string();
    server.expect(&format!("GET /api/queue/v1/task/{ID}/status"), Answer::json(200, body));
    Tc::new()
        .at(server.url())
        .run(&["task", "log", ID])
        .stdout("")
        .stderr(&format!("error: task {ID} is unscheduled: it has not run, so it has no log\n"))
        .status(5);
}

/// A running task's log: cut, continued, ended; then the run is over and the uploaded log is compared.
fn followed(log: &str, first: Answer, second: Answer, uploaded: Vec<Answer>) -> Scene {
    let scene = Scene::new();
    scene.state("running").artifacts(&[LIVE], &json!({}));
    for _ in 0..2 {
        scene.content(LIVE, &json!({"storageType": "reference", "url": format!("{}/live", scene.storage.url())}));
    }
    scene.on_storage("/live", first).state("running").on_storage("/live", second).state("completed");
    scene.artifacts(&[LIVE, BACKING], &json!({})).stored(BACKING, "/log");
    for answer in uploaded {
        scene.on_storage("/log", answer);
    }
    scene.tc().run(&["task", "log", ID]).stdout(log).stderr("").status(0);
    scene
}

/// As much as is compared of what was read and what was uploaded.
const OVERLAP: usize = 1024;

/// A log of some length, with lines at its end.
fn long_log() -> String {
    format!("{}one\ntwo\nthree\nfour\nfive\n", "0123456789abcde\n".repeat(OVERLAP / 16))
}

#[test]
pub fn a_live_log_that_is_cut_goes_on_without_losing_or_repeating_a_byte() {
    let log = &long_log();
    // It breaks off inside of a line; the live stream ends before the last line.
    let first = Answer::new(200, log.as_str()).cut_after(OVERLAP + 10);
    let second = part(&log[..OVERLAP + 19], OVERLAP + 9);
    let scene = followed(log, first, second, vec![part(log, 18)]);
    let expected = [None, Some("bytes=1033-"), Some("bytes=18-")];
    assert_eq!(scene.ranges(), expected.map(|range| range.map(ToOwned::to_owned)));
}

#[test]
fn a_server_without_ranges_is_read_again_and_skipped() {
    let log = &long_log();
    let first = Answer::new(200, log.as_str()).cut_after(OVERLAP + 10);
    followed(log, first, Answer::new(200, &log[..OVERLAP + 19]), vec![Answer::new(200, log.as_str())]);
    // A short log is compared as a whole.
    let log = "one\ntwo\nthree\nfour\nfive\n";
    let first = Answer::new(200, log).cut_after(10);
    followed(log, first, Answer::new(200, &log[..19]), vec![Answer::new(200, log)]);
}

#[test]
fn an_uploaded_log_that_differs_from_what_was_read_live_is_told_of() {
    for (uploaded, printed) in [("one\nTWO\nthree\n", "one\ntwo\nthree\n"), ("one\n", "one\ntwo\n")] {
        let scene = Scene::new();
        scene.state("running").artifacts(&[LIVE], &json!({}));
        scene.content(LIVE, &json!({"storageType": "reference", "url": format!("{}/live", scene.storage.url())}));
        scene.on_storage("/live", Answer::new(200, "one\ntwo\n")).state("completed");
        scene.artifacts(&[LIVE, BACKING], &json!({})).stored(BACKING, "/log");
        scene.on_storage("/log", Answer::new(200, uploaded));
        scene
            .tc()
            .run(&["task", "log", ID])
            .stdout(printed)
            .stderr(
                "warning: the log that was uploaded differs from what was read while the task ran\n\
                 hint: Run the command again to read what was uploaded.\n",
            )
            .status(0);
    }
}

#[test]
fn offsets_into_a_compressed_log_are_not_taken_for_those_of_its_text() {
    let log = &long_log();
    let compressed = || Answer::new(200, log.as_str()).gzip();
    let first = || Answer::new(200, log.as_str()).cut_after(OVERLAP + 10);
    let second = || part(&log[..OVERLAP + 19], OVERLAP + 9);
    // The offset lies behind the end of what is compressed.
    followed(log, first(), second(), vec![Answer::new(416, ""), compressed()]);
    // It lies in the middle of it.
    let middle = Answer::new(206, "junk").header("Content-Range", "bytes 18-21/22").header("Content-Encoding", "gzip");
    followed(log, first(), second(), vec![middle, compressed()]);
}

#[test]
fn a_log_that_was_never_uploaded_is_as_long_as_what_was_seen_of_it() {
    let scene = Scene::new();
    scene.state("running").artifacts(&[LIVE], &json!({}));
    scene.content(LIVE, &json!({"storageType": "reference", "url": format!("{}/live", scene.storage.url())}));
    scene.on_storage("/live", Answer::new(200, "one\ntwo\n").cut_after(6)).state("exception");
    // It is waited for, for half a minute.
    for _ in 0..16 {
        scene.artifacts(&[], &json!({}));
    }
    scene
        .tc()
        .run(&["task", "log", ID])
        .stdout("one\ntw")
        .stderr("warning: the end of the log is lost: it was not uploaded when the run ended\n")
        .status(0);
}

#[test]
fn a_storage_that_goes_away_half_way_is_an_error_after_what_was_read() {
    let scene = Scene::new();
    scene.state("completed").artifacts(&[LIVE], &json!({})).stored(LIVE, "/log");
    scene.on_storage("/log", Answer::new(200, "one\ntwo\n").header("ETag", "\"a\"").cut_after(6));
    scene.on_storage("/log", Answer::html(502, "<html>"));
    let ran = scene.tc().run(&["task", "log", ID, "--retries", "1"]);
    ran.stdout("one\ntw").status(7);
    assert!(ran.stderr.contains("answered 502 (after 2 tries)"), "{ran}");
    assert!(ran.stderr.ends_with("hint: Until then 6 bytes of the log were read.\n"), "{ran}");
}

#[test]
fn a_log_that_was_cut_is_found_by_what_its_storage_says_of_it() {
    let md5 = "\"00000000000000000000000000000000\"";
    for (header, value) in [("ETag", md5), ("x-goog-hash", "crc32c=AAAAAA=="), ("x-amz-meta-content-length", "9")] {
        let scene = Scene::new();
        scene.state("completed").artifacts(&[LIVE], &json!({})).stored(LIVE, "/log");
        scene.on_storage("/log", Answer::new(200, "one\ntwo\n").header(header, value));
        let ran = scene.tc().run(&["task", "log", ID]);
        ran.stdout("one\ntwo\n").status(1);
        assert!(ran.stderr.contains("is not what it should be"), "{header}: {ran}");
    }
}

#[test]
fn the_log_of_a_task_that_has_just_begun_is_waited_for() {
    let scene = Scene::new();
    scene.state("running").artifacts(&[], &json!({})).state("running").artifacts(&["public/x"], &json!({}));
    scene.state("running").artifacts(&[LIVE], &json!({}));
    scene.content(LIVE, &json!({"storageType": "reference", "url": format!("{}/live", scene.storage.url())}));
    scene.on_storage("/live", Answer::new(200, "one\n")).state("completed");
    scene.artifacts(&[LIVE, BACKING], &json!({})).stored(BACKING, "/log").on_storage("/log", Answer::new(200, "one\n"));
    scene.tc().run(&["task", "log", ID]).stdout("one\n").stderr("").status(0);
    // A run that ends without one has none.
    scene.state("running").artifacts(&[], &json!({})).state("failed").artifacts(&[], &json!({}));
    let ran = scene.tc().terminal().run(&["task", "log", ID]);
    ran.stdout("").status(5);
    let waits = format!("Waiting for the log of task {ID}, run 0, to appear.\n");
    assert!(ran.stderr.starts_with(&waits) && ran.stderr.contains("has no log"), "{ran}");
}

#[test]
fn the_log_of_a_canceled_task_is_waited_for_until_the_worker_has_uploaded_it() {
    let scene = Scene::new();
    scene.state("running").artifacts(&[LIVE], &json!({}));
    let live = json!({"storageType": "reference", "url": format!("{}/live", scene.storage.url())});
    scene.content(LIVE, &live).on_storage("/live", Answer::new(200, "one\ntwo\n").cut_after(4)).state("exception");
    scene.artifacts(&[], &json!({})).artifacts(&[BACKING], &json!({})).stored(BACKING, "/log");
    scene.on_storage("/log", Answer::new(200, "one\ntwo\n"));
    scene.tc().run(&["task", "log", ID]).stdout("one\ntwo\n").stderr("").status(0);
}

#[test]
fn a_host_that_is_not_the_deployment_gets_no_advice_to_sign_in() {
    let scene = Scene::new();
    scene.state("running").artifacts(&[LIVE], &json!({}));
    scene.content(LIVE, &json!({"storageType": "reference", "url": format!("{}/live", scene.storage.url())}));
    scene.on_storage("/live", Answer::new(401, "who are you?"));
    let tc = scene.tc().env("TASKCLUSTER_CLIENT_ID", "me").env("TASKCLUSTER_ACCESS_TOKEN", "key");
    let ran = tc.run(&["task", "log", ID]);
    ran.stdout("").status(1);
    assert!(ran.stderr.contains("answered 401") && !ran.stderr.contains("signin"), "{ran}");
}

/// Serves a log that is being written, and breaks off where a worker ends it with the task.
fn broken_live_log(text: &'static str) -> String {
    use std::io::{BufRead as _, BufReader, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/live", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut connection, _) = listener.accept().unwrap();
        let mut head = BufReader::new(connection.try_clone().unwrap()).lines().map_while(Result::ok);
        head.find(String::is_empty).unwrap();
        let chunk = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{text}\r\n", text.len());
        connection.write_all(chunk.as_bytes()).unwrap();
    });
    url
}

#[test]
fn the_live_log_of_a_running_task_is_streamed_as_an_artifact_and_goes_on_where_it_is_kept() {
    for (kept, status, stdout) in [("one\ntwo\nthree\n", 0, "one\ntwo\nthree\n"), ("another\nlog\n", 1, "one\ntw")] {
        let scene = Scene::new();
        let url = broken_live_log("one\ntw");
        let path = format!("GET /api/queue/v1/task/{ID}/artifact-content/public%2Flogs%2Flive.log");
        scene.server.expect(&path, Answer::json(200, json!({"storageType": "reference", "url": url}).to_string()));
        let backing = json!({"storageType": "s3", "url": format!("{}/log", scene.storage.url())});
        scene.server.expect(&path, Answer::json(200, backing.to_string()));
        scene.on_storage("/log", Answer::new(200, kept).gzip());
        let ran = scene.tc().run(&["artifact", "cat", ID, LIVE]);
        ran.status(status).stdout(stdout);
        assert_eq!(ran.stderr.contains("changed while it was downloaded"), status == 1, "{ran}");
    }
}

#[test]
fn lines_can_be_chosen() {
    let log = b"start\nTEST-PASS | a\nTEST-UNEXPECTED-FAIL | b | x\nnothing\n[taskcluster:error] too long\nend\n";
    let expect = |args: &[&str], stdout: &str| {
        let scene = Scene::new();
        scene.finished(log);
        scene.tc().run(&[&["task", "log", ID], args].concat()).stdout(stdout).stderr("").status(0);
    };
    expect(&["--tail", "2"], "[taskcluster:error] too long\nend\n");
    expect(&["--grep", "^TEST-", "--grep", "^end"], "TEST-PASS | a\nTEST-UNEXPECTED-FAIL | b | x\nend\n");
    expect(&["--errors"], "TEST-UNEXPECTED-FAIL | b | x\n[taskcluster:error] too long\n");
    expect(&["--errors", "--tail", "1"], "[taskcluster:error] too long\n");
    expect(&["--grep", "UNEXPECTED", "--json"], "{\"line\":3,\"text\":\"TEST-UNEXPECTED-FAIL | b | x\"}\n");
    let scene = Scene::new();
    scene.finished(log);
    scene.tc().run(&["task", "log", ID, "--grep", "zzz"]).stdout("").stderr("No line of the log matches.\n").status(0);
    scene.tc().run(&["task", "log", ID, "--grep", "("]).stdout("").status(2);
}

#[test]
pub fn a_terminal_gets_no_control_characters_unless_it_wants_them() {
    let log = "\x1b[31mred\x1b[0m \x1b]0;owned\x07\u{202e}x\r\n";
    let scene = Scene::new();
    scene.finished(log.as_bytes()).finished(log.as_bytes());
    scene.tc().terminal().run(&["task", "log", ID]).stdout("red x\n").stderr("").status(0);
    scene.tc().terminal().run(&["task", "log", ID, "--raw"]).stdout(log).stderr("").status(0);
}

#[test]
fn the_log_of_an_earlier_run_can_be_had() {
    let scene = Scene::new();
    let runs = json!([{"runId": 0, "state": "failed"}, {"runId": 1, "state": "running"}]);
    let body = json!({"status": {"taskId": ID, "state": "running", "runs": runs}}).to_string();
    scene.server.expect_times(2, &format!("GET /api/queue/v1/task/{ID}/status"), Answer::json(200, body));
    scene.artifacts(&[LIVE], &json!({})).stored(LIVE, "/log");
    scene.on_storage("/log", Answer::new(200, "the first run\n"));
    scene.tc().run(&["task", "log", ID, "-r", "0"]).stdout("the first run\n").stderr("").status(0);
    scene
        .tc()
        .run(&["task", "log", ID, "--run", "7"])
        .stdout("")
        .stderr(&format!("error: task {ID} has no run 7; its newest is run 1\n"))
        .status(5);
}

#[test]
fn what_was_uploaded_and_cannot_be_had_is_told_after_what_was_seen() {
    let scene = Scene::new();
    scene.state("running").artifacts(&[LIVE], &json!({}));
    scene.content(LIVE, &json!({"storageType": "reference", "url": format!("{}/live", scene.storage.url())}));
    scene.on_storage("/live", Answer::new(200, "one\n")).state("completed");
    scene.artifacts(&[LIVE, BACKING], &json!({}));
    scene.content(BACKING, &json!({"storageType": "error", "reason": "too-large", "message": "no"}));
    scene
        .tc()
        .run(&["task", "log", ID])
        .stdout("one\n")
        .stderr(&format!(
            "warning: the end of the log may be lost: artifact `{BACKING}` of task {ID}, run 0 is an error: too-large: no\n"
        ))
        .status(0);
}

#[test]
fn the_page_of_a_log_names_run_and_artifact() {
    let scene = Scene::new();
    scene.state("completed").artifacts(&[LIVE, "public/other.log"], &json!({})).stored("public/other.log", "/log");
    scene.on_storage("/log", Answer::new(200, "x\n"));
    let page = format!("{}/tasks/{ID}/runs/0/logs/public%2Fother.log", scene.server.url());
    scene.tc().run(&["task", "log", &page]).stdout("x\n").stderr("").status(0);
}

#[test]
fn several_logs_come_one_after_the_other() {
    let scene = Scene::new();
    scene.finished(b"one\n");
    let unknown = "-8-U5J46TnidyFvAZAaJLg";
    let body = json!({"code": "ResourceNotFound", "message": "no such task"}).to_string();
    scene.server.expect(&format!("GET /api/queue/v1/task/{unknown}/status"), Answer::json(404, body));
    scene.tc().run(&["task", "log", ID, unknown]).stdout("one\n").status(3).stderr(&format!(
        "==> {ID} <==\n==> {unknown} <==\nwarning: {unknown}: queue.status failed: ResourceNotFound: no such task\n\
         error: 1 of 2 tasks could not be looked up\n"
    ));
}

/// A sandbox in which one worker runs the task [`ID`] for so long, and `tc` for it.
fn running(seconds: i64, faults: Faults) -> (Sandbox, Tc) {
    let workers = Workers::new(1).run_time(TimeDelta::seconds(seconds)).fail_rate(0.0);
    let options = Options::default().workers(workers).faults(faults);
    let sandbox = Sandbox::start(options).unwrap();
    let tc = Tc::new().signed_in(&sandbox);
    let stamp = |hours| (Utc::now() + TimeDelta::hours(hours)).to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    let task = json!({
        "taskQueueId": "proj-x/linux", "schedulerId": "s", "created": stamp(0), "deadline": stamp(2), "payload": {},
        "metadata": {"name": "n", "description": "d", "owner": "a@example.com", "source": "https://example.com"},
    });
    tc.run(&["api", "queue", "createTask", ID, "-d", &task.to_string()]).status(0);
    tc.run(&["task", "wait", ID, "--for", "running"]).status(0);
    (sandbox, tc)
}

#[test]
fn a_worker_s_live_log_is_followed_to_its_end_and_is_the_one_that_it_uploads() {
    let (_sandbox, tc) = running(2, Faults::none());
    let followed = tc.run(&["task", "log", ID]);
    followed.stderr("").status(0);
    tc.run(&["task", "wait", ID]).stdout("completed 'completed'\n").status(0);
    assert!(followed.stdout.lines().count() > 3, "{followed}");
    tc.run(&["task", "log", ID]).stdout(&followed.stdout).stderr("").status(0);
}

#[test]
fn however_often_a_live_log_is_cut_each_line_comes_once() {
    let (_sandbox, tc) = running(4, "truncate=70%:500,no-range=30%,only=/log/".parse().unwrap());
    let followed = tc.run(&["task", "log", ID]);
    followed.stderr("").status(0);
    tc.run(&["task", "wait", ID]).stdout("completed 'completed'\n").status(0);
    assert!(followed.stdout.len() > 1000, "{followed}");
    tc.run(&["task", "log", ID, "--retries", "20"]).stdout(&followed.stdout).stderr("").status(0);
}
