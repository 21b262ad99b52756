use serde_json::json;

use crate::support::{Ran, Tc};

fn matching(assumed: &str, required: &str) -> Ran {
    Tc::new().run(&["scope", "match", "--assumed", assumed, "--required", required])
}

#[test]
fn the_status_tells_whether_scopes_satisfy() {
    matching(r#"["queue:*"]"#, r#"[["other"], ["queue:a", "queue:b"]]"#).stdout("satisfied\n").stderr("").status(0);
    matching("[]", "[[]]").stdout("satisfied\n").stderr("").status(0);
    matching(r#"["queue:a"]"#, r#"[["queue:a", "b", "c"], ["queue:*"]]"#)
        .stdout("not satisfied\nmissing: b, c\nmissing: queue:*\n")
        .stderr("")
        .status(1);
    matching(r#"["*"]"#, "[]").stdout("not satisfied\n").stderr("").status(1);
}

#[test]
fn a_program_gets_json() {
    let ran = Tc::new().run(&["scope", "match", "--assumed", r#"["a"]"#, "--required", r#"[["a", "b"]]"#, "--json"]);
    ran.stderr("").status(1);
    assert_eq!(ran.json(), json!({"satisfied": false, "missing": [["b"]]}));
}

#[test]
fn what_is_no_scope_set_is_refused() {
    let list = "error: --assumed is not a list of scopes: [\"queue:*\"]\n";
    let lists = "error: --required is not a list of lists of scopes: [[\"queue:a\", \"queue:b\"]]\n";
    for (assumed, required, message, cause) in [
        ("nope", "[]", list, "expected ident at line 1 column 2"),
        ("[\"a\",\n 1]", "[]", list, "invalid type: integer `1`, expected a string at line 2 column 2"),
        ("[]", "[\"a\"]", lists, "invalid type: string \"a\", expected a sequence at line 1 column 4"),
    ] {
        let ran = matching(assumed, required);
        ran.stdout("").stderr(&format!("{message}  caused by: {cause}\n")).status(2);
    }
    matching("[\"caf\u{e9}\"]", "[]")
        .stdout("")
        .stderr("error: \"caf\u{e9}\" is not a scope\nhint: Scopes are of printable ASCII characters.\n")
        .status(2);
    Tc::new().run(&["scope", "match", "--assumed", "[]"]).stdout("").status(2);
}
