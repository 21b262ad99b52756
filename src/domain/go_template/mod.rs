//! The part of Go's template language that people use to format lists of tasks. Pure.
//!
//! Fields (`{{ .Status.TaskID }}`), variables, `index`, `slice`, `len`, comparisons, `and`, `or`, `not`, `print`,
//! `printf`, `urlquery`, pipelines, `if`, `range`, `with`, comments and trim markers. Fields are found by their
//! JSON names without regard to case, because the Go tool spells them in a way of its own (`TaskID`).
//! Text is not escaped for HTML.
//!
//! The crate `gtmpl` was looked at: it knows no spelling but its own of a field, finds an unknown one only when there is
//! data, panics on some templates that are wrong, and has had no release since 2021.

mod check;
mod eval;
mod format;
mod lex;
mod parse;

use serde_json::Value;
use thiserror::Error;

use self::parse::Node;

/// A template, ready to be filled in.
#[derive(Debug, Clone)]
pub(crate) struct GoTemplate(Vec<Node>);

/// What is wrong with a template.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub(crate) struct TemplateError(String);

impl TemplateError {
    fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl GoTemplate {
    /// Reads a template. `fields` are the first two levels of names that there are, such as
    /// `("status", &["taskId"])`; with them, what cannot be there is found before any data is.
    ///
    /// # Errors
    /// When it is no template, uses a part of the language that is not supported, or names a field
    /// that there is not.
    pub(crate) fn parse(text: &str, fields: &[(&str, &[&str])]) -> Result<Self, TemplateError> {
        let template = Self(parse::template(text)?);
        check::check(&template.0, fields)?;
        Ok(template)
    }

    /// Fills the template in. A field that the data lacks is empty.
    ///
    /// # Errors
    /// When a function is given what it cannot take.
    pub(crate) fn render(&self, data: &Value) -> Result<String, TemplateError> {
        let mut out = String::new();
        eval::fill(&self.0, data, &mut out)?;
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    const FIELDS: &[(&str, &[&str])] =
        &[("status", &["taskId", "state", "runs"]), ("task", &["metadata", "workerType", "tags", "dependencies"])];

    fn render(template: &str) -> Result<String, String> {
        let data = json!({
            "status": {"taskId": "abc", "state": "failed", "runs": [
                {"runId": 0, "state": "exception"}, {"runId": 1, "state": "failed", "reasonResolved": "failed"}]},
            "task": {"workerType": "linux", "metadata": {"name": "a <b> & 'c'"}, "dependencies": [],
                "tags": {"os": "linux", "kind": "test"}},
        });
        let template = GoTemplate::parse(template, FIELDS).map_err(|error| error.to_string())?;
        template.render(&data).map_err(|error| error.to_string())
    }

    #[test]
    fn fields_are_found_by_their_go_names() {
        for (template, expected) in [
            ("{{ .Status.TaskID }},{{.Task.WorkerType}}", "abc,linux"),
            ("{{ .Task.Metadata.Name }}", "a <b> & 'c'"),
            ("{{ (index .Status.Runs 1).ReasonResolved }}", "failed"),
            ("{{ (index .Status.Runs 0).ReasonResolved }}|", "|"),
            (
                "{{ .Task.Tags }} {{ .Task.Tags.kind }} {{ index .Task.Tags \"os\" }}",
                "map[kind:test os:linux] test linux",
            ),
            ("{{ len .Status.Runs }} {{ .Status.Runs | len }}", "2 2"),
        ] {
            assert_eq!(render(template).unwrap(), expected, "{template}");
        }
    }

    #[test]
    fn actions_choose_and_repeat() {
        for (template, expected) in [
            ("{{ if eq .Status.State \"failed\" }}F{{ else }}-{{ end }}", "F"),
            ("{{ if .Task.Dependencies }}d{{ else if .Status.Runs }}r{{ end }}", "r"),
            (
                "{{ range .Status.Runs }}{{ .RunID }}:{{ .State }} {{ $.Status.TaskID }};{{ end }}",
                "0:exception abc;1:failed abc;",
            ),
            ("{{ range $.Task.Dependencies }}x{{ else }}none{{ end }}", "none"),
            (
                "{{ with .Task.Metadata }}{{ .Name | printf \"%q %-3s|%d%%\" }}{{ end }}",
                "\"a <b> & 'c'\" %!s(MISSING)|%!d(MISSING)%",
            ),
            ("a  {{- /* gone */ -}}  b", "ab"),
            ("a \n{{-\n\"x\"\t-}}\n b {{-3}}", "axb -3"),
            ("{{ $x := .Status.State }}{{ if true }}{{ $x = \"new\" }}{{ end }}{{ $x }}", "new"),
            ("{{ range $i, $run := .Status.Runs }}{{ $i }}={{ $run.State }};{{ end }}", "0=exception;1=failed;"),
            ("{{ range $run := .Status.Runs }}{{ $run.RunID }}{{ end }}", "01"),
            ("{{ range $key, $value := .Task.Tags }}{{ $key }}:{{ $value }} {{ end }}", "kind:test os:linux "),
            ("{{ with $name := .Task.Metadata.Name }}{{ $name }}{{ end }}", "a <b> & 'c'"),
            ("{{ print 1 2 \"a\" \"b\" 3 true false }}|{{ println 1 \"a\" }}", "1 2ab3 true false|1 a\n"),
            (
                "{{ printf \"%5.2f|%x|%X|%T|%T|%v|%q|%t|%+d\" 3.14159 \"hi\" 255 1 \"a\" true \"q\" false 7 }}",
                " 3.14|6869|FF|int|string|true|\"q\"|false|+7",
            ),
            (
                "{{ printf \"%d|%s|%.2s\" \"a\" 1 \"abc\" }}{{ printf \"x\" 1 }}",
                "%!d(string=a)|%!s(int=1)|abx%!(EXTRA int=1)",
            ),
            ("{{ slice \"abcdef\" 1 3 }}|{{ slice \"abc\" 1 }}|{{ len (slice .Status.Runs 1) }}", "bc|bc|1"),
            ("{{ urlquery \"a b&c/~\" \"é\" }}", "a+b%26c%2F~%C3%A9"),
            ("{{ and 1 \"\" }}|{{ or \"\" 2 }}|{{ not true }}|{{ ne 1 2 }}|{{ lt 1 2 }}", "|2|false|true|true"),
            (
                "{{ printf \"%s-%05d|%-6s|%6s\" .Status.State 42 \"ab\" \"cd\" }}{{ \"\\t\" }}{{ `\\` }}",
                "failed-00042|ab    |    cd\t\\",
            ),
        ] {
            assert_eq!(render(template).unwrap(), expected, "{template}");
        }
    }

    #[test]
    fn what_cannot_be_is_said() {
        for (template, message) in [
            ("{{ .Status.TaskId", "the `{{` at character 1 has no `}}`"),
            ("{{ .Status.Taskid }}{{ .Status.Name }}", "unknown field .Status.Name; there are taskId, state, runs"),
            ("{{ .Name }}", "unknown field .Name; there are status, task"),
            ("{{ if .Status }}", "`if` has no `end`"),
            ("{{ end }}", "`end` without a block that it belongs to"),
            ("{{ $x }}", "unknown variable `$x`"),
            ("{{ if true }}{{ $x := 1 }}{{ end }}{{ $x }}", "unknown variable `$x`"),
            ("{{ $x = 1 }}", "unknown variable `$x`"),
            ("{{ .A := 1 }}", "only a variable such as `$x` can be given a value"),
            ("{{ .Task.Metadata }}", "`.Task.Metadata` has several fields, and cannot be printed: name one of them"),
            ("{{ $.Status }}", "`.Status` has several fields, and cannot be printed: name one of them"),
            ("{{ slice \"abc\" 2 1 }}", "`slice` cannot go from 2 to 1 of 3"),
            ("{{ template \"x\" }}", "unknown function `template`"),
            ("{{ index .Status.Runs 7 }}", "index 7 is out of range: there are 2"),
            ("{{ len 3 }}", "`len` cannot be applied to 3"),
            ("{{ \"x }}", "a string has no end"),
        ] {
            assert_eq!(render(template).unwrap_err(), message, "{template}");
        }
    }

    #[test]
    fn deep_templates_are_refused() {
        let parentheses = format!("{{{{ {}1{} }}}}", "(".repeat(50_000), ")".repeat(50_000));
        assert_eq!(render(&parentheses).unwrap_err(), "parentheses are nested deeper than 100 levels");
        let blocks = "{{ if 1 }}".repeat(10_000);
        assert_eq!(render(&blocks).unwrap_err(), "there are more than 500 conditions and loops");
        let chain = format!("{{{{ if 0 }}}}{}{{{{ end }}}}", "{{ else if 0 }}x".repeat(10_000));
        assert_eq!(render(&chain).unwrap_err(), "there are more than 500 conditions and loops");
        let enough = format!("{{{{ {}1{} }}}}", "(".repeat(90), ")".repeat(90));
        assert_eq!(render(&enough).unwrap(), "1");
    }

    proptest! {
        #[test]
        fn no_template_makes_it_panic(text in "[{} .a$|()\"`if rangelswith0-9-]{0,40}") {
            if let Ok(template) = GoTemplate::parse(&text, &[]) {
                drop(template.render(&json!({"a": [1, {"b": null}]})));
            }
        }
    }
}
