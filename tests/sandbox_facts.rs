//! The sandbox answers as the real services do: a table of calls with status, error code and keys of the real answers.
//!
//! `data/sandbox-facts.json` has one call a line, in the order in which they are sent to one sandbox. `{now+1h}` stands for
//! a time, `{id:x}` for a slugid that is the same wherever it stands, `{saved:x/y}` for a part of an earlier answer.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use regex::Regex;
use serde::Deserialize;
use serde_json::Value;
use tc::sandbox::{Options, Sandbox};

use crate::support::task::stamp;
use crate::support::wire::{Reply, Wire};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Fact {
    /// What the call is about.
    note: String,
    /// Verb and target.
    call: String,
    /// Who calls: `anonymous`, or saved credentials; the client that may do anything where nobody is named.
    #[serde(rename = "as")]
    caller: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    body: Option<Value>,
    status: u16,
    /// `code` of the error.
    code: Option<String>,
    /// The members of the answer, sorted; all of them.
    keys: Option<Vec<String>>,
    /// Values by JSON pointer (RFC 6901).
    #[serde(default)]
    has: BTreeMap<String, Value>,
    /// JSON pointers that lead nowhere.
    #[serde(default)]
    lacks: Vec<String>,
    /// Text of the body, as it is sent.
    contains: Option<String>,
    /// Headers of the answer: a value, `*` for any, null for none.
    #[serde(default)]
    header: BTreeMap<String, Option<String>>,
    /// Parts of the answer, by JSON pointer, that later calls use.
    #[serde(default)]
    save: BTreeMap<String, String>,
}

struct Table {
    sandbox: Sandbox,
    now: DateTime<Utc>,
    ids: BTreeMap<String, String>,
    saved: BTreeMap<String, Value>,
    placeholder: Regex,
}

impl Table {
    fn fill(&mut self, text: &str) -> String {
        let pattern = self.placeholder.clone();
        pattern
            .replace_all(text, |found: &regex::Captures<'_>| match (&found[1], &found[2]) {
                ("now", offset) => stamp(self.now + offset_of(offset)),
                ("id:", name) => self.ids.entry(name.to_owned()).or_insert_with(slugid::nice).clone(),
                (_, path) => {
                    let (name, pointer) = path.split_once('/').unwrap();
                    self.saved[name].pointer(&format!("/{pointer}")).unwrap().as_str().unwrap().to_owned()
                }
            })
            .into_owned()
    }

    fn send(&mut self, fact: &Fact) -> Reply {
        let call = self.fill(&fact.call);
        let (verb, target) = call.split_once(' ').unwrap();
        let mut wire = Wire::new(&self.sandbox, verb, target);
        wire = match fact.caller.as_deref() {
            None | Some("root") => wire,
            Some("anonymous") => wire.anonymous(),
            Some(name) => wire.signed_with(&self.saved[name]),
        };
        for (name, value) in &fact.headers {
            wire = wire.header(name, value);
        }
        match &fact.body {
            None => wire,
            // What is no JSON stands in the table as text.
            Some(Value::String(text)) => wire.body("application/json", text),
            Some(body) => wire.body("application/json", &self.fill(&body.to_string())),
        }
        .send()
    }

    /// What differs from the fact.
    fn check(&mut self, fact: &Fact) -> Vec<String> {
        let reply = self.send(fact);
        let body = reply.value();
        let mut differs = Vec::new();
        let mut expect = |what: &str, found: String, expected: String| {
            if found != expected {
                differs.push(format!("{what} is {found}, not {expected}"));
            }
        };
        let code = body["code"].as_str().unwrap_or_default();
        expect("status and code", format!("{} {code}", reply.status), {
            format!("{} {}", fact.status, fact.code.as_deref().unwrap_or_default())
        });
        if let Some(keys) = &fact.keys {
            let mut found: Vec<&String> = body.as_object().map(|body| body.keys().collect()).unwrap_or_default();
            found.sort();
            expect("the list of keys", format!("{found:?}"), format!("{keys:?}"));
        }
        for (pointer, value) in &fact.has {
            let value = self.fill(&value.to_string());
            expect(pointer, body.pointer(pointer).map_or_else(String::new, Value::to_string), value);
        }
        for pointer in &fact.lacks {
            expect(pointer, body.pointer(pointer).unwrap_or(&Value::Null).to_string(), "null".into());
        }
        if let Some(text) = &fact.contains {
            let text = self.fill(text);
            let found = if reply.text().contains(&text) { text.clone() } else { "missing".into() };
            expect("a part of the body", found, text);
        }
        for (name, value) in &fact.header {
            let found = reply.header(name);
            let is_so = match value.as_deref() {
                Some("*") => found.is_some(),
                value => found == value,
            };
            expect(&format!("header {name}"), if is_so { String::new() } else { format!("{found:?}") }, String::new());
        }
        if !differs.is_empty() {
            differs.push(body.to_string());
        }
        for (name, pointer) in &fact.save {
            self.saved.insert(name.clone(), body.pointer(pointer).cloned().unwrap_or_default());
        }
        differs
    }
}

/// `+1h` as a span.
fn offset_of(text: &str) -> TimeDelta {
    let Some(unit) = text.chars().last() else { return TimeDelta::zero() };
    let count: i64 = text.trim_end_matches(unit).parse().unwrap();
    match unit {
        'm' => TimeDelta::minutes(count),
        'h' => TimeDelta::hours(count),
        'd' => TimeDelta::days(count),
        other => panic!("no unit of time: {other}"),
    }
}

#[test]
fn sandbox_answers_as_the_real_services_did() {
    let facts: Vec<Fact> = serde_json::from_str(include_str!("data/sandbox-facts.json")).unwrap();
    let mut table = Table {
        sandbox: Sandbox::start(Options::default()).unwrap(),
        now: Utc::now(),
        ids: BTreeMap::new(),
        saved: BTreeMap::new(),
        placeholder: Regex::new(r"\{(now|id:|saved:)([^{}]*)\}").unwrap(),
    };
    let mut failed = Vec::new();
    for fact in &facts {
        let differs = table.check(fact);
        if !differs.is_empty() {
            failed.push(format!("{} ({})\n    {}", fact.note, fact.call, differs.join("\n    ")));
        }
    }
    println!("{} of {} calls are answered as by the real services", facts.len() - failed.len(), facts.len());
    assert!(failed.is_empty(), "{} calls are answered differently:\n{}", failed.len(), failed.join("\n"));
}
