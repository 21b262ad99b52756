//! What a server sends may be of any shape, and indexing it by assignment panics where it is no object.

use std::path::Path;

use regex::Regex;

use crate::support::recorded::root;

fn sources(directory: &Path, found: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() {
            // Behind the sandbox's door bodies are objects: the schemas have been checked.
            if name != "sandbox" && name != "tests" {
                sources(&path, found);
            }
        } else if name.ends_with(".rs") && !name.ends_with("tests.rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap().to_owned();
            found.push((path.display().to_string(), code));
        }
    }
}

/// Lines that assign to a member of a value that `json!({..})` did not make shortly before, or that change one in place.
fn offenders(code: &str) -> Vec<String> {
    const BEFORE: usize = 40;
    let assignment = Regex::new(r#"\b(\w+)\["[^"]*"\](\[[^\]]*\])*\s*=[^=>]"#).unwrap();
    let change = r#"\b\w+\[("[^"]*"|key|name)\](\[[^\]]*\])*\.(take|get_mut|pointer_mut|as_object_mut|as_array_mut)\("#;
    let (change, lent) = (Regex::new(change).unwrap(), Regex::new(r#"&mut \w+\["[^"]*"\]"#).unwrap());
    let lines: Vec<&str> = code.lines().collect();
    let own = |number: usize, name: &str| {
        let made = Regex::new(&format!(r"let mut {name}\b[^=]*= json!\(\{{")).unwrap();
        lines[number.saturating_sub(BEFORE)..number].iter().any(|line| made.is_match(line))
    };
    lines
        .iter()
        .enumerate()
        .filter(|(number, line)| {
            let is_changed = change.is_match(line) || lent.is_match(line);
            is_changed
                || assignment.captures(line).is_some_and(|found| found.get(2).is_some() || !own(*number, &found[1]))
        })
        .map(|(_, line)| line.trim().to_owned())
        .collect()
}

#[test]
fn nothing_foreign_is_indexed_by_assignment() {
    let mut found = Vec::new();
    sources(&root().join("src"), &mut found);
    assert!(found.len() > 100, "the sources were not found");
    let wrong: Vec<String> = found
        .iter()
        .flat_map(|(name, code)| offenders(code).into_iter().map(move |line| format!("{name}: {line}")))
        .collect();
    assert_eq!(wrong, [""; 0], "take the object apart: `let Value::Object(mut members) = value else ..`");
}

#[test]
fn an_assignment_to_what_a_server_sent_is_found() {
    assert_eq!(offenders("let mut a = answer?;\n a[\"x\"] = json!(1);"), ["a[\"x\"] = json!(1);"]);
    assert_eq!(offenders("let mut a = json!({});\n a[\"x\"][\"y\"] = 1.into();"), ["a[\"x\"][\"y\"] = 1.into();"]);
    for line in ["a[\"x\"].take()", "page[key].take()", "a[\"x\"][0].as_array_mut()", "f(&mut a[\"x\"])"] {
        assert_eq!(offenders(line), [line]);
    }
    assert_eq!(offenders("let mut a = json!({\"b\": 1});\n a[\"x\"] = 1.into();\n if a[\"x\"] == 1 {}"), [""; 0]);
}
