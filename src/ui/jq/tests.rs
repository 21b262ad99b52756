use super::*;

fn program(code: &str) -> Result<Program, JqError> {
    Program::compile(code, [("NAME".to_owned(), "value".to_owned())])
}

fn run(code: &str, json: &str) -> Result<Vec<String>, JqError> {
    let mut results = Vec::new();
    program(code)?.run(json.as_bytes(), |output| {
        results.push(String::from_utf8(output.render(Layout::COMPACT)).unwrap());
        Ok::<_, JqError>(())
    })?;
    Ok(results)
}

/// What the program prints, one line a result.
#[track_caller]
fn check(code: &str, json: &str, expected: &str) {
    assert_eq!(run(code, json).unwrap_or_else(|error| panic!("{code}: {error}")).join("\n"), expected, "{code}");
}

/// What the program fails with.
#[track_caller]
fn check_error(code: &str, json: &str, expected: &str) {
    assert_eq!(run(code, json).unwrap_err().to_string(), expected, "{code}");
}

#[test]
fn strings_are_bare_and_the_rest_is_json() {
    check(".[] | (.a, .b)", r#"[{"a":"x\ny","b":{"z":1.0,"y":[null]}}]"#, "x\ny\n{\"z\":1.0,\"y\":[null]}");
}

#[test]
fn it_is_a_whole_language() {
    let code = r#"def f(g): [.[] | g] | add; {n: (map(.state) | unique), s: f(.n), m: (.[0].state | test("^f")),
        d: ("2026-01-01T00:00:00Z" | fromdate), r: reduce .[] as $t (0; . + $t.n)}"#;
    let expected = r#"{"n":["failed"],"s":3,"m":true,"d":1767225600,"r":3}"#;
    check(code, r#"[{"state":"failed","n":1},{"state":"failed","n":2}]"#, expected);
}

#[test]
fn numbers_stay_as_they_were_written_until_computed_with() {
    check(".", "[9223372036854775808,1e400,1.0]", "[9223372036854775808,1e400,1.0]");
    check(
        "10/2, 7/2, 3.0 + 1, 0.1 + 0.2, 9007199254740993 + 0",
        "null",
        "5\n3.5\n4\n0.30000000000000004\n9007199254740993",
    );
    check("[1.5 * 2, 1e300 * 1e10, 5 % 3, -5 % 3, 5.9 % 2]", "null", "[3,1.7976931348623157e308,2,-2,1]");
}

#[test]
fn what_is_no_json_is_the_nearest_that_is() {
    check("[nan, infinite, -infinite]", "null", "[null,1.7976931348623157e308,-1.7976931348623157e308]");
    check_error("{(0): 1}", "null", "the jq program failed: Cannot use number (0) as object key");
    check(r#""+5", ".5", "05" | tonumber"#, "null", "5\n0.5\n5");
}

/// As jq has it: a script's filter may be empty.
#[test]
fn a_program_of_nothing_or_of_comments_gives_what_it_gets() {
    for code in ["", " ", "\n", "# nothing", "# a\n  # b\n"] {
        check(code, "[1]", "[1]");
    }
    check_error("(", "{}", "the jq program does not compile: expected closing parenthesis at character 2");
}

#[test]
fn errors_say_where_the_program_is_wrong() {
    check_error(".a | (", "{}", "the jq program does not compile: expected closing parenthesis at character 7");
    check_error(".a | nope", "{}", "the jq program does not compile: undefined filter `nope`");
    assert!(matches!(run(".a", "<html>"), Err(JqError::Input(_))));
}

#[test]
fn an_error_shows_the_beginning_of_a_value() {
    let long = format!(r#"{{"a": "{}"}}"#, "line\\n".repeat(100));
    check_error(".a.b", &long, "the jq program failed: Cannot index string with string (\"b\")");
    check_error(
        ".a | -.",
        &long,
        "the jq program failed: string (\"line\\nline\\nline\\nline\\n...\") cannot be negated",
    );
    check_error("error", &long, "the jq program failed: object ({\"a\":\"line\\nline\\nline\\nl...})");
    check_error(r#"error("one\ntwo")"#, "null", "the jq program failed: one ...");
}

#[test]
fn division_by_zero_is_an_error() {
    let message = "the jq program failed: number (1) and number (0) cannot be divided because the divisor is zero";
    check_error("1 / .", "0", message);
    check_error("1 % 0", "null", &message.replace("divided", "divided (remainder)"));
}

#[test]
fn what_is_missing_on_a_path_is_made() {
    check(".a.b = 1", "null", r#"{"a":{"b":1}}"#);
    check(".a.b |= 1", "{}", r#"{"a":{"b":1}}"#);
    check(".[2] = 1", "[]", "[null,null,1]");
    check(".a += 1", "null", r#"{"a":1}"#);
    check(r#"setpath(["a", 1]; 2)"#, "null", r#"{"a":[null,2]}"#);
    check_error(".[999999999] = 0", "null", "the jq program failed: Array index too large");
    check_error(".[-1] = 0", "[]", "the jq program failed: Out of bounds negative array index");
    check_error(".a = 1", "[]", "the jq program failed: Cannot index array with string (\"a\")");
}

#[test]
fn several_paths_are_deleted_as_they_were() {
    check("delpaths([[0],[1]])", "[0,1,2,3,4]", "[2,3,4]");
    check("del(.[0,1])", "[1,2,3]", "[3]");
    check("del(.[0,2,4])", "[0,1,2,3,4]", "[1,3]");
    check("del(.[1], .[-1], .[2:4])", "[0,1,2,3,4,5,6]", "[0,4,5]");
    check("del(.a, .b[0], .c.d.e)", r#"{"a":1,"b":[1,2],"x":3}"#, r#"{"b":[2],"x":3}"#);
    check(r#"to_entries | map(.key) | join(",")"#, r#"{"z":1,"a":2}"#, "z,a");
    check_error("delpaths(0)", "[]", "the jq program failed: Paths must be specified as an array");
}

#[test]
fn what_the_library_lacks_is_there() {
    check("IN(1, 2), ([1, 2] | IN([1], [1, 2]))", "3", "false\ntrue");
    check("INDEX(.id)", r#"[{"id":1},{"id":"b"}]"#, r#"{"1":{"id":1},"b":{"id":"b"}}"#);
    check(r#"JOIN({"1": "one"}; .id | tostring)"#, r#"[{"id":1}]"#, r#"[[{"id":1},"one"]]"#);
    check("[tostream]", r#"{"a":[1]}"#, r#"[[["a",0],1],[["a",0]],[["a"]]]"#);
    check("fromstream(tostream)", r#"{"a":[1,{}]}"#, r#"{"a":[1,{}]}"#);
    check("[1 | truncate_stream([[0],1],[[1,0],2],[[1,0]],[[1]])]", "null", "[[[0],2],[[0]]]");
    check("@csv, @tsv", r#"["a \"b\"", 1, null, "c\td"]"#, "\"a \"\"b\"\"\",1,,\"c\td\"\na \"b\"\t1\t\tc\\td");
    check("ascii, (\"xax\" | trimstr(\"x\")), (1, [2] | toarray)", "65", "A\na\n[1]\n[2]");
    check(
        "from_entries",
        r#"[{"name":"a","value":1},{"k":"b","v":2},{"key":null,"value":false}]"#,
        r#"{"a":1,"b":2,"null":false}"#,
    );
    check(r#"join(",")"#, r#"["a",null,1,true]"#, "a,,1,true");
    check("$ENV.NAME, env.NAME, $ENV.OTHER", "null", "value\nvalue\nnull");
    check("$__loc__", "null", r#"{"file":"<top-level>","line":1}"#);
    check("[inputs], input_line_number, (try input catch .)", "1", "[]\n0\nNo more inputs");
    check("limit(2; range(1e12)), first(range(5; 1e12))", "null", "0\n1\n5");
    check_error("limit(-1; 1)", "null", "the jq program failed: limit doesn't support negative count");
    check(
        "[walk(numbers += 1)], pick(.a.b)",
        r#"{"a":{"b":1},"c":2}"#,
        "[{\"a\":{\"b\":2},\"c\":3}]\n{\"a\":{\"b\":1}}",
    );
}

#[test]
fn halting_keeps_status_and_text() {
    let halted = |status, message: &str| Err(JqError::Halted { status, message: message.as_bytes().to_vec() });
    assert_eq!(run("halt_error(3)", r#""busy""#), halted(3, "busy"));
    assert_eq!(run("halt_error", r#"{"a":1}"#), halted(5, "{\"a\":1}\n"));
    assert_eq!(run("halt", "null"), halted(0, ""));
}

#[test]
fn debug_says_something_without_changing_anything() {
    let mut outputs = Vec::new();
    let keep = |output: &Output| {
        outputs.push(output.clone());
        Ok::<_, JqError>(())
    };
    program(r#"debug, debug("x")"#).unwrap().run(b"1", keep).unwrap();
    let message = |text: &str| Output::Message(text.into());
    let one = || Output::Json(b"1".to_vec());
    assert_eq!(outputs, [message("[\"DEBUG:\",1]\n"), one(), message("[\"DEBUG:\",\"x\"]\n"), one()]);
}

#[test]
fn endless_recursion_is_an_error() {
    for code in ["def f: f+1; f", "def f: [f]; f", "def f: -f; f", "def f: {a: f}; f", "def f: . as $x | f | $x; f"] {
        check_error(code, "null", "the jq program failed: its calls are nested too deeply");
    }
    // Others than the deepest are still possible after it.
    let program = program("if . then def f: [f]; f else 1 end").unwrap();
    let nothing = |_: &Output| Ok::<_, JqError>(());
    assert!(program.run(b"true", nothing).is_err());
    program.run(b"false", nothing).unwrap();
}

#[test]
fn deep_programs_are_refused() {
    let too_deep = "the jq program does not compile: it is nested deeper than 1000 levels";
    check_error(&["(".repeat(1_100), "1".into(), ")".repeat(1_100)].concat(), "null", too_deep);
    check_error(&"- ".repeat(10_000), "null", too_deep);
    check_error(&"\"\\(".repeat(2_000), "null", too_deep);
    check_error(&"(".repeat(60_000), "null", "the jq program does not compile: it is longer than 32768 bytes");
    check(&["(".repeat(900), "1".into(), ")".repeat(900)].concat(), "null", "1");
    for long in [["1".to_owned(), "+1".repeat(16_000)].concat(), ["try ".repeat(8_000), "1".into()].concat()] {
        run(&long, "null").unwrap();
    }
}

#[test]
fn deep_values_are_errors() {
    let nested = |levels: usize| ["[".repeat(levels), "]".repeat(levels)].concat();
    check("tojson | length", &nested(10_000), "20000");
    let error = run(".", &nested(10_001)).unwrap_err();
    assert_eq!(error, JqError::Input("nested deeper than 10000 levels".into()));
    check("reduce range(10000) as $_ ([]; [.]) | tojson | test(\"skipped\")", "null", "false");
    check_error(
        "reduce range(100000) as $_ ([]; [.]) | length",
        "null",
        "the jq program failed: a value is nested much deeper than 10000 levels",
    );
}

#[test]
fn strings_beyond_all_measure_are_refused() {
    for code in [r#""abc" * 1000000000"#, r#"reduce range(40) as $_ ("x"; . + .)"#] {
        check_error(code, "null", "the jq program failed: Repeat string result too long");
    }
    check(r#"("ab" * 3), ("ab" * 0), ("" * 1000000000), ("ab" * -1)"#, "null", "ababab\n\n\nnull");
}

#[test]
fn a_program_that_nobody_waits_for_stops() {
    let program = program("repeat(1)").unwrap();
    let enough = || JqError::Run("enough".into());
    let mut count = 0;
    let stopped = program.run(b"null", |_| {
        count += 1;
        if count < 1_000 { Ok(()) } else { Err(enough()) }
    });
    assert_eq!((stopped, count), (Err(enough()), 1_000));
}
