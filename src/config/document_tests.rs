use proptest::prelude::*;

use super::*;

const TEXT: &str = "# Mine.
retries = 3   # three

# Where we work.
root-url = \"https://tc.example.com\"

[presets]
relduty = [\"queue:rerun-task:*\", \"queue:cancel-task:*\"]

[profiles.corp]  # at work
root-url = \"https://corp.example.com\"
";

fn slot(text: &str) -> Slot {
    Slot::parse(text).unwrap()
}

fn text(value: &str) -> Value {
    Value::Text(value.into())
}

#[test]
fn values_are_read_in_order() {
    let contents = Document::parse(TEXT).unwrap().contents().unwrap();
    let keys: Vec<String> = contents.values.iter().map(|(slot, _)| slot.to_string()).collect();
    assert_eq!(keys, ["retries", "root-url", "presets.relduty", "profiles.corp.root-url"]);
    assert_eq!((contents.profiles, contents.unknown), (vec!["corp".into()], vec![]));
}

#[test]
fn a_change_leaves_everything_else_alone() {
    let document = Document::parse(TEXT).unwrap();
    let changed = document.with(&slot("retries"), &Value::Count(7)).unwrap();
    assert_eq!(changed.text(), TEXT.replace("= 3 ", "= 7 "));
    let changed = changed.with(&slot("retries"), &Value::Count(3)).unwrap();
    assert_eq!(changed.text(), TEXT);
    let changed = document.with(&slot("timeout"), &text("2m")).unwrap();
    assert_eq!(changed.text(), TEXT.replace(".com\"\n\n[pre", ".com\"\ntimeout = \"2m\"\n\n[pre"));
    assert_eq!(changed.without(&slot("timeout")).unwrap().text(), TEXT);
}

#[test]
fn tables_are_made_where_they_are_missing() {
    let document = Document::parse("").unwrap();
    let document = document.with(&slot("profiles.a.root-url"), &text("https://a.example.com")).unwrap();
    let document = document.with(&slot("presets.p"), &Value::List(vec!["x".into(), "y".into()])).unwrap();
    assert_eq!(
        document.text(),
        "[profiles.a]\nroot-url = \"https://a.example.com\"\n\n[presets]\np = [\"x\", \"y\"]\n"
    );
    assert_eq!(document.without_profile("a").unwrap().contents().unwrap().profiles, [""; 0]);
}

#[test]
fn inline_tables_are_tables_too() {
    let document = Document::parse("profiles = { a = { retries = 1 } }\n").unwrap();
    let changed = document.with(&slot("profiles.a.retries"), &Value::Count(2)).unwrap();
    assert_eq!(changed.text(), "profiles = { a = { retries = 2 } }\n");
}

#[test]
fn faults_have_a_place() {
    for (toml, expected) in [
        ("retries = 3\nroot-url = https://x\n", (2, 12)),
        ("profiles = { a = { cacert = \"é\", retries = \"3\" } }", (1, 44)),
        ("retries = 101", (1, 11)),
        ("profiles = 3", (1, 12)),
        ("[profiles]\na = 3", (2, 5)),
        ("[profiles.a]\nroot-url = \"x\"", (2, 12)),
        ("[presets]\na = \"x\"", (2, 5)),
        ("[retries]\na = 1", (1, 1)),
        ("retries = 1\nretries = 2", (2, 1)),
    ] {
        let fault = Document::parse(toml).and_then(|document| document.contents()).unwrap_err();
        assert_eq!((fault.line, fault.column), expected, "{toml}: {fault}");
        assert!(!fault.message.is_empty());
    }
    let fault = Document::parse("timeout = \"soon\"").unwrap().contents().unwrap_err();
    assert_eq!(fault.to_string(), "line 1, column 11: `timeout` must be a time such as 30s, 2m or 500ms");
}

#[test]
fn unknown_keys_are_named_with_their_line() {
    let document = Document::parse("a = 1\n[profiles.x]\nretry = 1\n[other]\ny = 2\n").unwrap();
    let unknown = document.contents().unwrap().unknown;
    let shown: Vec<_> = unknown.iter().map(|one| (one.key.as_str(), one.line)).collect();
    assert_eq!(shown, [("a", 1), ("profiles.x.retry", 3), ("other", 4)]);
    assert_eq!(
        unknown[1].to_string(),
        "line 3: unknown setting `profiles.x.retry`; did you mean `profiles.x.retries`?"
    );
    assert_eq!(unknown[0].to_string(), "line 1: unknown setting `a`.");
}

#[test]
fn a_wrong_value_can_be_set_right() {
    let document = Document::parse("retries = \"many\" # oh\n").unwrap();
    assert!(document.contents().is_err());
    assert_eq!(document.with(&slot("retries"), &Value::Count(9)).unwrap().text(), "retries = 9 # oh\n");
    assert!(document.has(&slot("retries")) && !document.has(&slot("presets.x")));
    assert_eq!(document.without(&slot("retries")).unwrap().contents().unwrap(), Contents::default());
}

#[test]
fn a_value_in_the_place_of_a_table_is_not_replaced() {
    let document = Document::parse("profiles = 3\n").unwrap();
    assert!(document.with(&slot("profiles.a.retries"), &Value::Count(2)).is_err());
}

proptest! {
    #[test]
    fn what_is_set_is_read_whatever_stood_there(
        file in "[a-z]{0,4}", retries in 0_u32..=100, path in "\\PC{1,30}", name in "[a-z0-9][a-z0-9_-]{0,9}",
    ) {
        let document = Document::parse(&format!("# {file}\n")).unwrap();
        let document = document.with(&slot("retries"), &Value::Count(retries)).unwrap();
        let document = document.with(&slot(&format!("profiles.{name}.cacert")), &text(&path)).unwrap();
        let values = document.contents().unwrap().values;
        prop_assert_eq!(&values[0].1, &Value::Count(retries));
        prop_assert_eq!(&values[1].1, &text(&path));
    }

    #[test]
    fn no_text_is_a_panic(file in "(\\[|\\]|=|\"|a|retries|profiles|\\.|\n| |1|#|é){0,20}") {
        drop(Document::parse(&file).and_then(|document| document.contents()));
    }
}
