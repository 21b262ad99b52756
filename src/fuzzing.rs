//! What fuzz targets drive: readers of what others have written, each with what must hold for any text. The targets in
//! `fuzz/` hand on their input; the tests below run some of each, so that a target that no longer compiles is noticed.

use std::ffi::OsString;
use std::io::Read as _;
use std::path::{Component, Path};

use chrono::{DateTime, Utc};
use flate2::read::MultiGzDecoder;
use serde_json::{Value, json};

use crate::cli::{Resolved, expanded, resolve};
use crate::client::{Page, expand_pieces};
use crate::definition::actions::{Actions, Target};
use crate::definition::json_e::{Context, render};
use crate::definition::places::Places;
use crate::diagnosis::fuzz::{failure_lines, report_lines};
use crate::domain::artifact_path::{Paths, flat_path, safe_path};
use crate::domain::hook_ref::HookRef;
use crate::domain::index_path::IndexPath;
use crate::domain::yaml_text::to_yaml;
use crate::domain::{RootUrl, TaskRef, page_ref, slugid, time, yaml};
use crate::sandbox::hooks::cron::Schedule;
use crate::ui::jq::Program;
use crate::ui::json::{Layout, check};

/// A Thursday, so that weekdays and months are both in the middle.
const NOW: &str = "2026-11-26T12:00:00Z";

fn now() -> DateTime<Utc> {
    NOW.parse().unwrap_or_default()
}

/// A text as a file of actions, as a hook and as a path in the index; actions are rendered.
pub fn actions(text: &str) {
    drop(HookRef::parse(text));
    drop(IndexPath::parse(text));
    let Ok(actions) = Actions::parse(text.as_bytes()) else { return };
    let target = Target { group: "VESwp9JaRo-XkFN_bemBhw", task: None };
    for action in &actions.actions {
        if let Ok(Ok(input)) = action.input(None) {
            drop(actions.render(action, input, target, "fN1SbArXTPSVFNUvaOlinQ", now()));
        }
    }
}

/// Names of artifacts: whatever they are, their paths stay below the folder, and no two are in each other's way.
pub fn artifact_paths(names: &[String]) {
    let mut paths = Paths::default();
    let mut taken: Vec<String> = Vec::new();
    for name in names {
        for found in [safe_path(name), flat_path(name)].into_iter().flatten() {
            let parts = Path::new(&found.path).components();
            assert!(parts.clone().count() > 0 && parts.clone().all(|part| matches!(part, Component::Normal(_))));
            assert!(!found.path.contains(['\\', '\0']));
            assert_eq!(safe_path(&found.path).map(|again| again.path), Ok(found.path.clone()));
            if paths.add(name, &found.path, &[".tc.part"]).is_ok() {
                let folded = found.path.to_lowercase();
                for other in &taken {
                    assert!(*other != folded);
                    assert!(!other.starts_with(&format!("{folded}/")) && !folded.starts_with(&format!("{other}/")));
                }
                taken.push(folded);
            }
        }
    }
}

/// A schedule of a hook: the next time is later than now, and the one after it later still.
pub fn cron(text: &str) {
    let Ok(schedule) = Schedule::parse(text) else { return };
    if let Some(next) = schedule.next(now()) {
        assert!(next > now());
        assert!(schedule.next(next).is_none_or(|later| later > next));
    }
}

/// Logs and reports of tasks: how they are cut into pieces does not matter.
pub fn failure_logs(bytes: &[u8]) {
    for piece in [7, 100] {
        assert_eq!(failure_lines(bytes, 1 << 16), failure_lines(bytes, piece));
        assert_eq!(report_lines(bytes, 1 << 16), report_lines(bytes, piece));
    }
}

/// A jq program, which is compiled only: it may run for ever, and is free to.
pub fn jq(text: &str) {
    drop(Program::compile(text, []));
}

/// Bytes laid out as JSON mean the same afterwards; those that are no JSON do no harm.
pub fn json_layout(bytes: &[u8]) {
    for (indented, escape) in [(false, false), (true, false), (true, true)] {
        let layout = Layout { indented, color: false, escape };
        let mut out = Vec::new();
        assert!(layout.write(bytes, &mut out).is_ok());
        if check(bytes).is_ok() {
            assert!(check(&out).is_ok());
            // Numbers may be larger, and documents deeper, than others can hold.
            if let Ok(before) = serde_json::from_slice::<Value>(bytes) {
                assert_eq!(serde_json::from_slice::<Value>(&out).ok(), Some(before));
            }
        }
    }
    let colored = Layout { indented: true, color: true, escape: true };
    assert!(colored.write(bytes, &mut Vec::new()).is_ok());
}

/// Gzip that arrives in pieces: it is the same in any, and as the library reads it that inflates.
pub fn gzip(bytes: &[u8]) {
    let whole = expand_pieces(bytes.chunks(bytes.len().max(1)), 1 << 16);
    let parts = expand_pieces(bytes.chunks(7), 64);
    assert_eq!(whole.as_ref().ok(), parts.as_ref().ok());
    let mut other = Vec::new();
    let read = MultiGzDecoder::new(bytes).read_to_end(&mut other);
    if let (Ok(whole), Ok(_)) = (whole, read) {
        assert_eq!(whole, other);
    }
}

/// A page of a list: what is taken out of it is JSON, too, and stood in it.
pub fn pages(bytes: &[u8]) {
    for list in [None, Some("tasks")] {
        let Ok(page) = Page::parse(bytes, list) else { continue };
        assert!(list.is_none_or(|name| page.list == name));
        for item in &page.items {
            assert!(check(item.get().as_bytes()).is_ok());
            assert!(item.get().len() < bytes.len());
        }
    }
}

/// A text as a template and as a file whose places are looked for.
pub fn templates(text: &str) {
    let places = Places::of(text);
    assert!(places.value("").is_none_or(|place| place.line > 0));
    let values = json!({"a": {"b": [1, "x", null]}, "n": 1.5}).as_object().cloned().unwrap_or_default();
    let context = Context { values, functions: Vec::new() };
    for template in [json!(text), json!({"$eval": text}), serde_json::from_str(text).unwrap_or(Value::Null)] {
        drop(render(&template, &context, now()));
    }
}

/// Words of a command line: root URLs, IDs or page addresses, times, slugids.
pub fn words(text: &str) {
    if let Ok(root) = RootUrl::parse(text) {
        assert_eq!(RootUrl::parse(root.as_str()).as_ref(), Ok(&root));
    }
    drop(TaskRef::parse(text));
    drop(TaskRef::parse_group(text));
    drop(page_ref::page_ref(text, &["worker-manager/{}/*", "secrets/{..}"]));
    drop(time::parse_time(text));
    drop(time::parse_duration(text));
    if let Ok(uuid) = slugid::parse_uuid(text) {
        assert_eq!(slugid::decode(&slugid::encode(&uuid)), Ok(uuid));
    }
}

/// An alias with arguments, one a line: what it stands for holds them all, each as it is, and quoting an alias keeps its words.
pub fn aliases(text: &str) {
    let mut lines = text.lines();
    let expansion = lines.next().unwrap_or_default();
    let arguments: Vec<OsString> = lines.map(OsString::from).collect();
    let words = [&["tc".into(), "mine".into()][..], &arguments].concat();
    let alias = |name: &str| Ok((name == "mine").then(|| expansion.to_owned()));
    let resolved = resolve(words, |name| name == "task", alias);
    // A line for the shell, and an alias that leads to itself, end there.
    if let Ok(Resolved::Shell { arguments: given, .. }) = &resolved {
        assert_eq!(*given, arguments);
    }
    let Ok(expanded) = expanded("mine", expansion, &arguments) else { return };
    if !expansion.contains('$') {
        assert!(expanded.ends_with(&arguments));
        let quoted = shlex::try_join(expanded.iter().filter_map(|word| word.to_str()));
        let again = quoted.ok().and_then(|line| shlex::split(&line));
        assert!(again.is_none_or(|again| again.iter().eq(expanded.iter().filter_map(|word| word.to_str()))));
    }
}

/// JSON written as YAML, by both writers of it: reading it back gives the same.
pub fn yaml_writer(text: &str) {
    for value in [
        Value::from(text),
        json!({text: [text, {"a": text}], "b": []}),
        serde_json::from_str(text).unwrap_or(Value::Null),
    ] {
        // Numbers may have more digits than others can hold, and documents may be deeper than a reader goes.
        let is_plain = |value: &Value| check_depth(value, 0) && !has_numbers(value);
        if is_plain(&value) {
            assert_eq!(yaml::parse(&to_yaml(&value)).ok(), Some(value));
        }
    }
}

fn check_depth(value: &Value, depth: usize) -> bool {
    depth < 20
        && match value {
            Value::Array(items) => items.iter().all(|item| check_depth(item, depth + 1)),
            Value::Object(members) => members.values().all(|member| check_depth(member, depth + 1)),
            _ => true,
        }
}

fn has_numbers(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(has_numbers),
        Value::Object(members) => members.values().any(has_numbers),
        other => other.is_number(),
    }
}

/// A YAML document: a fault has a place, and what can be read can be written as JSON.
pub fn yaml(text: &str) {
    match yaml::parse(text) {
        Ok(value) => assert!(check(value.to_string().as_bytes()).is_ok()),
        Err(fault) => assert!(fault.line > 0 && fault.column > 0),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;

    use super::*;

    /// Texts that get past the first check of one reader or another.
    const SAMPLES: [&str; 16] = [
        "",
        "\u{0}\u{1b}[31m\u{202e}",
        "VESwp9JaRo-XkFN_bemBhw",
        "5444b0a7-d25a-468f-9790-537f6de98187",
        "https://tc.example.com/tasks/VESwp9JaRo-XkFN_bemBhw",
        "2 days 3 hours",
        "0 0 29 2 *",
        "*/7 1-5 L * mon#2",
        "a: &a [1, *a]\n? b\n",
        "- {<<: {x: 1}, y: 0x1f}\n- 'z",
        r#"{"tasks": [{"a": 1e400}, [], "x"], "continuationToken": "y"}"#,
        r#"{"$map": {"$eval": "[1, 2]"}, "each(x)": "${x}"}"#,
        r#"{"version": 1, "variables": {}, "actions": [{"kind": "hook", "name": "n", "context": [{}], "hookGroupId": "g", "hookId": "h", "hookPayload": {"$eval": "input"}}]}"#,
        "group list '$@' --name=^$1\na b\nc d",
        "!echo $1 | wc\n'x'",
        "def f: .a[1:] | select(.b == \"\\(.c)\"); [f, ..] | map(. as {$x} | $x)",
    ];

    #[test]
    fn samples_of_all_readers_hold_what_is_asserted() {
        for sample in SAMPLES {
            all(sample);
            jq(sample);
        }
    }

    fn all(text: &str) {
        actions(text);
        aliases(text);
        artifact_paths(&text.split(' ').map(str::to_owned).collect::<Vec<_>>());
        cron(text);
        failure_logs(text.as_bytes());
        gzip(text.as_bytes());
        json_layout(text.as_bytes());
        pages(text.as_bytes());
        templates(text);
        words(text);
        yaml(text);
        yaml_writer(text);
    }

    proptest! {
        #[test]
        fn no_text_breaks_a_reader(text in any::<String>()) {
            all(&text);
        }

        #[test]
        fn no_stored_file_breaks_what_expands_it(text in any::<Vec<u8>>(), damage in any::<u16>()) {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(&text).unwrap();
            let mut stored = encoder.finish().unwrap();
            gzip(&stored);
            let place = usize::from(damage) % stored.len();
            stored[place] ^= 1;
            gzip(&stored);
        }

        #[test]
        fn no_alias_loses_an_argument(text in "(!|mine |task |[$]@|[$][1-3]|['\" a-c\\\\]){0,12}(\n[$'\" a-c]{0,4}){0,4}") {
            aliases(&text);
        }

        #[test]
        fn what_is_written_as_yaml_is_read_back(text in "([-?:&*!|>'\"%@`{},\\[\\] \n\t#a-c0-9~]|<<|no|null){0,20}") {
            yaml_writer(&text);
        }

        #[test]
        fn no_schedule_leads_back_in_time(text in "[-0-9*/,L#?a-z]{1,5}( [-0-9*/,L#?]{1,5}){0,5}") {
            cron(&text);
        }

        #[test]
        fn no_document_of_yaml_breaks_its_reader(text in "([-?:&*!|>'\"{},\\[\\] \n#a-c0-9]|<<: ){0,60}") {
            yaml(&text);
        }

        #[test]
        fn no_program_breaks_the_compiler(text in "([.|,\\[\\]{}()$a-c:;?\"0-9 ]|def |as |if |end|reduce ){0,40}") {
            jq(&text);
        }
    }
}
