use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::*;

fn now() -> DateTime<Utc> {
    "2026-11-26T12:00:00Z".parse().unwrap()
}

fn rendered(template: Value, values: Value) -> Result<Value, String> {
    let context = Context { values: values.as_object().unwrap().clone(), functions: Vec::new() };
    render(&template, &context, now()).map_err(|error| error.to_string())
}

fn value(expression: &str) -> Value {
    rendered(json!({"$eval": expression}), json!({"a": {"b": [1, 2, 3]}, "s": "text", "zero": 0})).unwrap()
}

fn refusal(expression: &str) -> String {
    rendered(json!({"$eval": expression}), json!({"a": {"b": [1]}, "s": "text"})).unwrap_err()
}

#[test]
fn expressions_have_their_values() {
    for (expression, expected) in [
        ("1 + 2 * 3", json!(7)),
        ("(1 + 2) * 3", json!(9)),
        ("2 ** 3 ** 2", json!(512)),
        ("7 / 2", json!(3.5)),
        ("10 - 2 - 3", json!(5)),
        ("-a.b[0] + +3", json!(2)),
        ("a.b[-1]", json!(3)),
        ("a.b[1:]", json!([2, 3])),
        ("a.b[:1]", json!([1])),
        ("a.b[0:-1]", json!([1, 2])),
        ("s[1:3]", json!("ex")),
        ("s[0]", json!("t")),
        ("a['nope']", json!(null)),
        ("'x' + \"y\"", json!("xy")),
        ("1 < 2 && 'a' < 'b'", json!(true)),
        ("1 == 1.0 || nope", json!(true)),
        ("zero || s", json!(true)),
        ("!a.b", json!(false)),
        ("[1, 2] == [1, 2]", json!(true)),
        ("{a: 1, 'b': [2]}", json!({"a": 1, "b": [2]})),
        ("2 in a.b", json!(true)),
        ("'b' in a", json!(true)),
        ("'ex' in s", json!(true)),
        ("1 != 2", json!(true)),
        ("null", json!(null)),
        ("007", json!(7)),
        ("defined('a') && !defined('nope')", json!(true)),
        ("typeof(min) + typeof(s)", json!("functionstring")),
        ("min(3, 1, 2) + max(3, 1)", json!(4)),
        ("ceil(1.2) + floor(1.8) + abs(-2) + sqrt(9)", json!(8)),
        ("uppercase('a') + lowercase('B') + strip(' c ')", json!("Abc")),
        ("lstrip(' c ') + rstrip(' c ')", json!("c  c")),
        ("str(1.5) + str(true) + str(null)", json!("1.5truenull")),
        ("number('2.5') + len(s) + len(a.b)", json!(9.5)),
        ("join(a.b, '-')", json!("1-2-3")),
        ("split('a:b', ':')", json!(["a", "b"])),
        ("range(1, 7, 2)", json!([1, 3, 5])),
        ("range(3, 0, -1)", json!([3, 2, 1])),
        ("fromNow('1 hour')", json!("2026-11-26T13:00:00.000Z")),
        ("fromNow('-1 day', '2026-01-01T00:00:00Z')", json!("2025-12-31T00:00:00.000Z")),
        ("now", json!("2026-11-26T12:00:00.000Z")),
    ] {
        assert_eq!(value(expression), expected, "{expression}");
    }
}

#[test]
fn what_cannot_be_computed_says_why() {
    for (expression, expected) in [
        ("nope", "InterpreterError: unknown context value nope"),
        ("a.nope", "InterpreterError: object has no property \"nope\""),
        ("s.nope", "InterpreterError: infix: . expects objects"),
        ("a.b[7]", "InterpreterError: index out of bounds"),
        ("a.b['x']", "InterpreterError: should only use integers to access arrays or strings"),
        ("1 + 'x'", "InterpreterError: infix: + expects numbers/strings + numbers/strings"),
        ("1 / 0", "InterpreterError: division by zero"),
        ("2 ** 100000", "InterpreterError: the number is out of range"),
        ("s()", "InterpreterError: s is not callable"),
        ("nope()", "InterpreterError: unknown context value nope"),
        ("len(1)", "InterpreterError: invalid arguments to builtin: len"),
        ("range(0, 100000000)", "InterpreterError: invalid arguments to builtin: range"),
        ("1 +", "SyntaxError: Unexpected end of input"),
        ("1 2", "SyntaxError: Found: 2 token, which cannot stand there"),
        ("'x", "SyntaxError: unterminated string"),
        ("#", "SyntaxError: unexpected character '#'"),
    ] {
        assert_eq!(refusal(expression), expected, "{expression}");
    }
}

#[test]
fn operators_render() {
    let context = json!({"list": [3, 1, 2], "object": {"k": 1, "j": 2}, "yes": true, "texts": ["b", "a"]});
    for (template, expected) in [
        (
            json!({"a": "${list[0]} and ${yes}", "b": "$${literal}", "c$": "$x"}),
            json!({"a": "3 and true", "b": "${literal}", "c$": "$x"}),
        ),
        (json!({"${texts[0]}": 1, "$$eval": 2}), json!({"b": 1, "$eval": 2})),
        (json!([{"$if": "yes", "then": 1, "else": 2}, {"$if": "!yes", "then": 1}]), json!([1])),
        (json!({"k": {"$if": "!yes", "then": 1}}), json!({})),
        (json!({"$let": {"x": {"$eval": "1 + 1"}}, "in": {"$eval": "x + list[0]"}}), json!(5)),
        (json!({"$map": {"$eval": "list"}, "each(x)": {"$eval": "x * 2"}}), json!([6, 2, 4])),
        (json!({"$map": {"$eval": "list"}, "each(x, i)": "${x}-${i}"}), json!(["3-0", "1-1", "2-2"])),
        (json!({"$map": {"$eval": "object"}, "each(x)": {"${x.key}!": {"$eval": "x.val"}}}), json!({"k!": 1, "j!": 2})),
        (json!({"$map": {"$eval": "object"}, "each(v,k)": {"${k}": {"$eval": "v + 1"}}}), json!({"k": 2, "j": 3})),
        (json!({"$find": {"$eval": "list"}, "each(x)": "x < 3"}), json!(1)),
        (json!({"$reduce": {"$eval": "list"}, "initial": 0, "each(sum, x)": {"$eval": "sum + x"}}), json!(6)),
        (json!({"$match": {"yes": 1, "list[1] == 1": 2, "!yes": 3}}), json!([2, 1])),
        (json!({"$switch": {"!yes": 1, "$default": 2}}), json!(2)),
        (json!({"$merge": [{"a": 1, "b": 1}, {"b": 2}]}), json!({"a": 1, "b": 2})),
        (json!({"$mergeDeep": [{"a": {"x": [1]}}, {"a": {"x": [2], "y": 3}}]}), json!({"a": {"x": [1, 2], "y": 3}})),
        (json!({"$flatten": [[1], [[2]], 3]}), json!([1, [2], 3])),
        (json!({"$flattenDeep": [[1], [[[2]]], 3]}), json!([1, 2, 3])),
        (json!({"$reverse": {"$eval": "list"}}), json!([2, 1, 3])),
        (json!({"$sort": {"$eval": "list"}}), json!([1, 2, 3])),
        (json!({"$sort": [{"n": 2}, {"n": 1}], "by(x)": "x.n"}), json!([{"n": 1}, {"n": 2}])),
        (json!({"$json": {"b": [1, "x"], "a": null}}), json!(r#"{"a":null,"b":[1,"x"]}"#)),
        (json!({"$fromNow": "1 day 2 hours"}), json!("2026-11-27T14:00:00.000Z")),
        (json!({"$fromNow": "1 year", "from": "2026-01-01T00:00:00Z"}), json!("2027-01-01T00:00:00.000Z")),
        (json!({"$if": "!yes", "then": 1}), json!(null)),
    ] {
        assert_eq!(rendered(template.clone(), context.clone()).as_ref(), Ok(&expected), "{template}");
    }
}

#[test]
fn an_error_says_where_in_the_template_it_is() {
    for (template, expected) in [
        (
            json!({"tasks": [{}, {"$if": "event.nope.deep", "then": {}}]}),
            "InterpreterError at template.tasks[1]: unknown context value event",
        ),
        (
            json!({"tasks": {"$let": {"head": {"$eval": "x.y"}}, "in": 1}}),
            "InterpreterError at template.tasks.head: unknown context value x",
        ),
        (
            json!({"a b": {"$let": {"x": 1}}}),
            "TemplateError at template[\"a b\"]: $let operator requires an `in` clause",
        ),
        (json!({"$if": "true", "than": 1}), "TemplateError: $if has undefined properties: than"),
        (json!({"$oops": 1}), "TemplateError: $<identifier> is reserved; use $$<identifier>"),
        (json!({"$if": "true", "$let": {}}), "TemplateError: only one operator allowed"),
        (json!({"a": "${[1]}"}), "TemplateError at template.a: interpolation of '[1]' produced an array or object"),
        (json!({"a": "${1"}), "SyntaxError at template.a: unterminated ${..} expression"),
        (json!({"$fromNow": "tomorrow"}), "TemplateError: String: 'tomorrow' isn't a time expression"),
        (json!({"$switch": {"true": 1, "1 == 1": 2}}), "TemplateError: $switch can only have one truthy condition"),
    ] {
        assert_eq!(rendered(template.clone(), json!({})).unwrap_err(), expected, "{template}");
    }
}

#[test]
fn functions_of_the_caller_can_be_called() {
    let double = |arguments: &[Value]| match arguments {
        [Value::String(text)] => Ok(Value::from(format!("{text}{text}"))),
        _ => Err("double takes a string".to_owned()),
    };
    let context = Context { values: Map::new(), functions: vec![("double", &double)] };
    let made = |template: Value| render(&template, &context, now()).map_err(|error| error.to_string());
    assert_eq!(made(json!("${double('ab')}")).unwrap(), "abab");
    assert_eq!(made(json!({"$eval": "typeof(double)"})).unwrap(), "function");
    assert_eq!(made(json!({"$eval": "double(1)"})).unwrap_err(), "InterpreterError: double takes a string");
}

#[test]
fn a_template_that_would_fill_the_memory_is_stopped() {
    let mut doubled = json!("${x}");
    for _ in 0..40 {
        doubled = json!({"$let": {"x": "${x}${x}"}, "in": doubled});
    }
    let error = rendered(doubled, json!({"x": "0123456789"})).unwrap_err();
    assert!(error.ends_with("the template makes too much data"), "{error}");
    let nested = json!({"$reduce": {"$eval": "range(0, 100000)"}, "initial": [], "each(a, x)": [{"$eval": "a"}]});
    assert_eq!(rendered(nested, json!({})).unwrap_err(), "TemplateError: the value is nested too deeply");
    let mut deep = json!(1);
    for _ in 0..1_000 {
        deep = json!([deep]);
    }
    assert!(rendered(deep, json!({})).unwrap_err().ends_with("the template is nested too deeply"));
    for source in [format!("{}1", "(".repeat(100_000)), format!("{}1", "-".repeat(100_000)), "[".repeat(100_000)] {
        assert_eq!(refusal(&source), "SyntaxError: the expression is nested too deeply");
    }
    let chain = format!("1{}", "+1".repeat(100_000));
    assert_eq!(refusal(&chain), "SyntaxError: the expression is too long");
    let chain = format!("1{}", "+1".repeat(500));
    assert_eq!(refusal(&chain), "InterpreterError: the expression is nested too deeply");
}

mod properties {
    use proptest::prelude::*;

    use super::*;

    /// Expressions over a small context, many of them wrong.
    fn expression() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just("x".to_owned()),
            Just("list".to_owned()),
            Just("object.k".to_owned()),
            Just("text".to_owned()),
            Just("true".to_owned()),
            Just("nope".to_owned()),
            "[0-9]{1,3}",
            "'[a-c]{0,3}'",
        ];
        leaf.prop_recursive(3, 12, 3, |inner| {
            prop_oneof![
                (
                    inner.clone(),
                    prop::sample::select(vec!["+", "-", "*", "==", "!=", "<", ">=", "&&", "||", "in"]),
                    inner.clone()
                )
                    .prop_map(|(left, operator, right)| format!("({left}) {operator} ({right})")),
                (inner.clone(), inner.clone()).prop_map(|(of, index)| format!("({of})[{index}]")),
                (inner.clone(), inner.clone()).prop_map(|(of, from)| format!("({of})[{from}:]")),
                inner.clone().prop_map(|operand| format!("!({operand})")),
                inner.clone().prop_map(|operand| format!("len({operand})")),
                prop::collection::vec(inner, 0..3).prop_map(|items| format!("[{}]", items.join(", "))),
            ]
        })
    }

    fn template() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(json!(1)),
            Just(json!(null)),
            expression().prop_map(|source| json!({"$eval": source})),
            expression().prop_map(|source| json!(format!("<${{{source}}}>"))),
        ];
        leaf.prop_recursive(3, 12, 3, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                prop::collection::btree_map("[a-c]", inner.clone(), 0..3).prop_map(|members| json!(members)),
                (expression(), inner.clone(), inner.clone())
                    .prop_map(|(condition, then, other)| json!({"$if": condition, "then": then, "else": other})),
                (expression(), inner.clone()).prop_map(|(condition, then)| json!({"$if": condition, "then": then})),
                (inner.clone(), inner.clone()).prop_map(|(value, within)| json!({"$let": {"x": value}, "in": within})),
                inner.clone().prop_map(|each| json!({"$map": {"$eval": "list"}, "each(y)": each})),
                inner.clone().prop_map(|value| json!({"$flatten": [value, [1]]})),
                (inner.clone(), inner).prop_map(|(one, other)| json!({"$merge": [{"a": one}, {"b": other}]})),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]
        #[test]
        fn templates_render_as_another_implementation_does(template in template()) {
            let values = json!({"x": 1, "list": [1, 2, "b"], "object": {"k": "v"}, "text": "abc"});
            let ours = rendered(template.clone(), values.clone());
            let theirs = json_e::render(&template, &values).map_err(|error| error.to_string());
            match (&ours, &theirs) {
                (Ok(ours), Ok(theirs)) => prop_assert_eq!(ours, theirs, "{}", template),
                (Err(_), Err(_)) => {}
                _ => prop_assert!(false, "{template}: {ours:?} and {theirs:?}"),
            }
        }

        #[test]
        fn no_text_makes_the_parser_panic(source in "[ -~é]{0,40}") {
            drop(rendered(json!({"$eval": source.clone()}), json!({"a": 1})));
            drop(rendered(json!(format!("${{{source}}}")), json!({"a": 1})));
        }
    }
}
