use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tc::reference::{Catalogue, Item, Source, summary};

use crate::support::Tc;
use crate::support::fake_server::{Answer, FakeServer};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A document that the project was made from, where it is at hand.
fn shared(name: &str) -> Option<PathBuf> {
    Some(root().join("../shared/data").join(name)).filter(|path| path.exists())
}

/// All files below a directory, by relative name.
fn files(directory: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            found.extend(files(&path).into_iter().map(|(inner, text)| (format!("{name}/{inner}"), text)));
        } else {
            found.insert(name, fs::read_to_string(&path).unwrap());
        }
    }
    found
}

fn small_rollup() -> Value {
    json!([{"filename": "references/login/v1/api.json", "content": {
        "serviceName": "login", "apiVersion": "v1", "title": "T", "entries": [
            {"name": "ping", "method": "get", "route": "/ping", "args": [], "stability": "stable", "description": "D"},
        ],
    }}])
}

const LOGIN: &str = r#"{
 "serviceName":"login",
 "apiVersion":"v1",
 "methods":[{"name":"ping","verb":"get","route":"/ping","args":[],"stability":"stable"}]
}
"#;

#[test]
fn every_file_of_the_directory_is_embedded() {
    let mut there: Vec<String> =
        files(&root().join("references")).into_keys().filter(|name| name.ends_with(".json")).collect();
    there.retain(|name| !name.starts_with("schemas/"));
    let names = |source, prefix: &str| -> Vec<String> {
        Catalogue::embedded(source).service_names().map(|name| format!("{prefix}{name}.json")).collect()
    };
    let mut embedded = [names(Source::Current, ""), names(Source::Legacy, "legacy/")].concat();
    embedded.sort();
    assert_eq!(there, embedded);

    let mut families: Vec<String> = files(&root().join("references/schemas")).into_keys().collect();
    let uris = tc::reference::schema_uris();
    families.retain(|name| {
        !uris.iter().any(|uri| uri.starts_with(&format!("/schemas/{}/", name.trim_end_matches(".json"))))
    });
    assert_eq!(families, [""; 0]);
}

#[test]
fn distilling_writes_facts_and_removes_what_is_gone() {
    let tc = Tc::new();
    let directory = tc.directory();
    fs::write(directory.join("rollup.json"), small_rollup().to_string()).unwrap();
    fs::create_dir_all(directory.join("out/legacy")).unwrap();
    fs::write(directory.join("out/gone.json"), r#"{"serviceName": "gone", "apiVersion": "v1"}"#).unwrap();
    fs::write(directory.join("out/notes.json"), "{}").unwrap();
    fs::write(directory.join("out/legacy/kept.json"), r#"{"serviceName": "kept", "apiVersion": "v1"}"#).unwrap();

    let arguments = ["references", "distill", "rollup.json", "-o", "out", "--taskcluster-version", "1.2.3"];
    tc.run(&arguments)
        .stdout("")
        .stderr(
            "wrote out/VERSION\nwrote out/login.json\nremoved out/gone.json\n\
             1 method and 0 exchanges: 2 files written, 0 unchanged, 1 removed\n",
        )
        .status(0);
    let out = files(&directory.join("out"));
    assert_eq!(out.keys().collect::<Vec<_>>(), ["VERSION", "legacy/kept.json", "login.json", "notes.json"]);
    assert_eq!(out["VERSION"], "1.2.3\n");
    assert_eq!(out["login.json"], LOGIN);

    tc.run(&["references", "distill", "rollup.json", "-o", "out"])
        .stdout("")
        .stderr(
            "1 method and 0 exchanges: 0 files written, 1 unchanged, 0 removed\n\
             hint: VERSION still says 1.2.3; give --taskcluster-version when these are of another one.\n",
        )
        .status(0);
    assert_eq!(files(&directory.join("out")), out);
}

#[test]
fn distilling_from_standard_input_reports_as_json() {
    let tc = Tc::new().stdin(small_rollup().to_string());
    let ran = tc.run(&["references", "distill", "-", "-o", "deep/out", "--json", "--quiet"]);
    ran.stderr("").status(0);
    assert_eq!(ran.json(), json!({"written": ["login.json"], "removed": [], "unchanged": []}));
    assert_eq!(files(&tc.directory().join("deep/out"))["login.json"], LOGIN);
}

#[test]
fn invalid_input_is_located_and_writes_nothing() {
    let broken = json!([
        small_rollup()[0],
        {"filename": "references/queue/v1/api.json", "content": {"serviceName": "queue"}},
    ]);
    for (content, cause) in [
        ("[\n  {\"filename\": }\n]".to_owned(), "line 2, column 16: expected value"),
        (broken.to_string(), "references/queue/v1/api.json: missing field `apiVersion`"),
        ("[]".to_owned(), "the roll-up of references is empty"),
        ("<html>".to_owned(), "line 1, column 1: expected value"),
    ] {
        let tc = Tc::new();
        fs::write(tc.directory().join("rollup.json"), content).unwrap();
        tc.run(&["references", "distill", "rollup.json", "-o", "out"])
            .stdout("")
            .stderr(&format!(
                "error: rollup.json is not a valid roll-up of references\n  caused by: {cause}\n\
                 hint: A deployment serves its roll-up at <root URL>/references/references.json. Nothing was written.\n"
            ))
            .status(1);
        assert!(!tc.directory().join("out").exists(), "{cause}");
    }
}

#[test]
fn a_missing_file_and_a_wrong_version_are_refused() {
    let tc = Tc::new();
    let ran = tc.run(&["references", "distill", "nowhere.json", "-o", "out"]);
    ran.stdout("").status(1);
    assert!(ran.stderr.starts_with("error: cannot read nowhere.json\n"), "{ran}");
    let ran = tc.run(&["references", "distill", "x.json", "-o", "out", "--taskcluster-version", "v106"]);
    ran.stdout("").status(2);
    assert!(ran.stderr.contains("a version looks like 106.0.0"), "{ran}");
}

/// What was found when the documents were at hand: digests of the files that distilling gave, and of the sentences that
/// summaries must not repeat. `TC_TEST_WRITE=1` writes it anew.
#[derive(serde::Serialize, serde::Deserialize, PartialEq, Debug)]
struct Checks {
    distilled: BTreeMap<String, String>,
    sentences: BTreeSet<String>,
}

impl Checks {
    fn file() -> PathBuf {
        root().join("tests/data/references-checks.json")
    }

    fn committed() -> Self {
        serde_json::from_str(&fs::read_to_string(Self::file()).unwrap()).unwrap()
    }
}

/// The first twelve digits of SHA-256: enough to tell texts apart.
fn digest(text: &str) -> String {
    Sha256::digest(text).iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn checks_are_those_of_the_documents() {
    // Without the documents, the two tests below go by what was found with them.
    let (Some(current), Some(legacy)) = (shared("references.json"), shared("legacy-references.json")) else { return };
    let tc = Tc::new();
    for document in [&current, &legacy] {
        tc.run(&["references", "distill", document.to_str().unwrap(), "-o", "out"]).stdout("").status(0);
    }
    let distilled = files(&tc.directory().join("out")).into_iter().map(|(name, text)| (name, digest(&text))).collect();
    let rollup: Value = serde_json::from_str(&fs::read_to_string(current).unwrap()).unwrap();
    let mut sentences = BTreeSet::new();
    for file in rollup.as_array().unwrap() {
        if !matches!(file["filename"].as_str().unwrap().rsplit('/').next(), Some("api.json" | "exchanges.json")) {
            continue;
        }
        let content = &file["content"];
        for entry in content["entries"].as_array().unwrap().iter().chain([content]) {
            let description = entry["description"].as_str().unwrap();
            let sentence = description.split(". ").next().unwrap().split("\n\n").next().unwrap();
            let theirs = [entry["title"].as_str().unwrap(), sentence].map(words);
            sentences.extend(theirs.iter().filter(|text| !text.is_empty()).map(|text| digest(text)));
        }
    }
    let found = Checks { distilled, sentences };
    if std::env::var_os("TC_TEST_WRITE").is_some() {
        fs::write(Checks::file(), serde_json::to_string_pretty(&found).unwrap() + "\n").unwrap();
    }
    assert_eq!(Checks::committed(), found);
}

#[test]
fn what_is_committed_is_what_distilling_gives() {
    let mut committed = files(&root().join("references"));
    committed.retain(|name, _| name.ends_with(".json"));
    let committed: BTreeMap<_, _> = committed.into_iter().map(|(name, text)| (name, digest(&text))).collect();
    assert_eq!(committed, Checks::committed().distilled, "run `tc references distill` on both documents again");
}

#[test]
fn no_prose_is_left() {
    /// Strings that read like a sentence, outside of values that a schema or a route consists of.
    fn sentences<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::String(text) if text.split(' ').count() > 4 => found.push(text),
            Value::Array(items) => items.iter().for_each(|item| sentences(item, found)),
            Value::Object(members) => members
                .iter()
                .filter(|(name, _)| !matches!(name.as_str(), "pattern" | "default" | "enum"))
                .for_each(|(_, member)| sentences(member, found)),
            _ => {}
        }
    }
    for (name, text) in files(&root().join("references")).iter().filter(|(name, _)| name.ends_with(".json")) {
        let value: Value = serde_json::from_str(text).unwrap();
        let mut found = Vec::new();
        sentences(&value, &mut found);
        assert_eq!(found, [""; 0], "{name}");
    }
}

/// Words alone, in lower case: what is left when punctuation and markup are not looked at.
fn words(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
    plain.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn summaries_are_not_the_reference_s_own_words() {
    let sentences = Checks::committed().sentences;
    let (mut compared, mut equal) = (0, Vec::new());
    for service in Catalogue::embedded(Source::Current).services().unwrap() {
        let methods = service.methods.iter().map(|method| (Item::Method, method.name.as_str()));
        let exchanges = service.exchanges.iter().map(|exchange| (Item::Exchange, exchange.name.as_str()));
        for (item, name) in methods.chain(exchanges).chain([(Item::Service, "")]) {
            let line = words(summary(Source::Current, &service.service_name, item, name).unwrap());
            if sentences.contains(&digest(&line)) {
                equal.push(format!("{} {name}", service.service_name));
            }
            compared += 1;
        }
    }
    assert_eq!(compared, 194 + 36 + 11);
    assert_eq!(equal, [""; 0], "say it in words of our own");
}

/// A method or an exchange of ours with the facts that the Python client has as well.
fn comparable(mut ours: Value) -> (String, Value) {
    let facts = ours.as_object_mut().unwrap();
    for word in facts.get_mut("routingKey").and_then(Value::as_array_mut).into_iter().flatten() {
        word.as_object_mut().unwrap().remove("required");
    }
    if facts.contains_key("verb") {
        facts.entry("query").or_insert_with(|| json!([]));
    }
    facts.remove("scopes");
    facts.remove("category");
    let name = facts.remove("name").unwrap();
    (name.as_str().unwrap().into(), ours)
}

/// What `scripts/check-references` found in the Taskcluster client for Python.
#[test]
fn the_python_client_has_the_same_methods_and_exchanges() {
    let text = fs::read_to_string(root().join("tests/data/references-python.json")).unwrap();
    let theirs: Value = serde_json::from_str(&text).unwrap();
    let mut ours = serde_json::Map::new();
    for service in Catalogue::embedded(Source::Current).services().unwrap() {
        let mut facts = json!({"apiVersion": service.api_version});
        facts["methods"] = service.methods.iter().map(|method| comparable(json!(method))).collect();
        if let Some(prefix) = &service.exchange_prefix {
            facts["exchangePrefix"] = json!(prefix);
            facts["exchanges"] = service.exchanges.iter().map(|exchange| comparable(json!(exchange))).collect();
        }
        ours.insert(service.service_name.clone(), facts);
    }
    for (service, facts) in theirs.as_object().unwrap() {
        for kind in ["methods", "exchanges"] {
            for (name, fact) in facts[kind].as_object().into_iter().flatten() {
                assert_eq!(&ours[service][kind][name], fact, "{service} {name}");
            }
        }
    }
    assert_eq!(Value::Object(ours), theirs);
}

#[test]
fn a_deployment_is_asked_without_credentials() {
    let server = FakeServer::start();
    let rollup = || Answer::json(200, small_rollup().to_string());
    server.expect("GET /references/references.json", rollup()).expect("GET /elsewhere.json?x=1", rollup());
    let tc = Tc::new()
        .env("TASKCLUSTER_ROOT_URL", "https://tc.example.com")
        .env("TASKCLUSTER_CLIENT_ID", "me")
        .env("TASKCLUSTER_ACCESS_TOKEN", "secret");
    let elsewhere = format!("{}/elsewhere.json?x=1", server.url());
    for (input, outcome) in
        [(server.url(), "1 file written, 0 unchanged"), (&elsewhere, "0 files written, 1 unchanged")]
    {
        let ran = tc.run(&["references", "distill", input, "-o", "out"]);
        ran.stdout("").status(0);
        assert!(ran.stderr.contains(outcome), "{ran}");
    }
    assert_eq!(files(&tc.directory().join("out")).keys().collect::<Vec<_>>(), ["login.json"]);
    assert!(server.requests().iter().all(|request| request.header("authorization").is_none()));
}

#[test]
fn what_a_url_refuses_or_answers_wrongly_writes_nothing() {
    let server = FakeServer::start();
    server
        .expect("GET /references/references.json", Answer::html(200, "<!DOCTYPE html><p>hello"))
        .expect("GET /gone.json", Answer::json(404, r#"{"code": "ResourceNotFound", "message": "gone"}"#))
        .expect("GET /broken.json", Answer::json(200, "[{\"filename\": }]"));
    let tc = Tc::new();
    let gone = format!("{}/gone.json", server.url());
    let broken = format!("{}/broken.json", server.url());
    for (input, status, message) in [
        (server.url(), 1, "answered 200 with HTML that is not JSON"),
        (&gone, 5, "ResourceNotFound"),
        (&broken, 1, "line 1, column 15: expected value"),
    ] {
        let ran = tc.run(&["references", "distill", input, "-o", "out"]);
        ran.stdout("").status(status);
        assert!(ran.stderr.contains(message), "{ran}");
    }
    assert!(!tc.directory().join("out").exists());
}

#[test]
fn services_are_listed_with_what_they_offer() {
    let tc = Tc::new();
    let ran = tc.run(&["references", "list"]);
    ran.stderr("").status(0);
    assert_eq!(ran.stdout.lines().count(), 11);
    assert!(ran.stdout.contains("\nsecrets\tv1\t8\t0\t2\tKeeps small JSON secrets for tasks and people\n"), "{ran}");
    let ran = Tc::new().terminal().run(&["references", "list", "--color", "never"]);
    assert!(ran.stdout.starts_with("SERVICE         VERSION  METHODS  EXCHANGES  SCHEMAS  SUMMARY\n"), "{ran}");
    assert!(ran.stdout.ends_with("\n\nThese are the references of Taskcluster 106.0.0.\n"), "{ran}");
    let legacy = tc.run(&["references", "list", "--legacy", "--json"]).json();
    let count =
        |field: &str| legacy.as_array().unwrap().iter().map(|entry| entry[field].as_u64().unwrap()).sum::<u64>();
    assert_eq!((legacy.as_array().unwrap().len(), count("methods"), count("exchanges")), (12, 123, 22));
}

#[test]
fn a_service_is_shown_as_json() {
    let tc = Tc::new();
    let ran = tc.run(&["references", "show", "WorkerManager"]);
    ran.stderr("").status(0);
    let committed = fs::read_to_string(root().join("references/worker-manager.json")).unwrap();
    assert_eq!(ran.json(), serde_json::from_str::<Value>(&committed).unwrap());
    let ran = tc.run(&["references", "show", "login", "--legacy", "--jq", ".baseUrl"]);
    ran.stdout("https://login.taskcluster.net/v1\n").stderr("").status(0);
    let ran = tc.run(&["references", "show", "quueue"]);
    ran.stdout("").status(2);
    assert!(ran.stderr.contains("unknown service `quueue`"), "{ran}");
}
