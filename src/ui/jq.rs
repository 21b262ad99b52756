//! `--jq`: a jq program over JSON.

use std::error::Error;
use std::fmt;

use jaq_core::load::{self, Arena, File, Loader};
use jaq_core::{Compiler, Ctx, Filter, Vars, compile, data};
use jaq_json::Val;

use super::json::Layout;

/// A compiled program.
pub struct Program(Filter<data::JustLut<Val>>);

/// Why a program cannot be compiled or run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JqError {
    /// It is no jq program; says where.
    Syntax(String),
    /// The input is no JSON.
    Input(String),
    /// It stopped with an error of its own.
    Run(String),
}

impl fmt::Display for JqError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(what) => write!(f, "the jq program does not compile: {what}"),
            Self::Input(what) => write!(f, "jq: the input is not JSON: {what}"),
            Self::Run(what) => write!(f, "the jq program failed: {what}"),
        }
    }
}

impl Error for JqError {}

impl Program {
    /// Compiles a program.
    ///
    /// # Errors
    /// When it is not valid jq, with the place where it goes wrong.
    pub fn compile(code: &str) -> Result<Self, JqError> {
        let definitions = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs());
        let functions = jaq_core::funs().chain(jaq_std::funs()).chain(jaq_json::funs());
        let arena = Arena::default();
        let modules = Loader::new(definitions).load(&arena, File { code, path: () }).map_err(|errors| {
            JqError::Syntax(errors.iter().map(|(_, error)| load_error(code, error)).collect::<Vec<_>>().join("; "))
        })?;
        Compiler::default()
            .with_funs(functions)
            .compile(modules)
            .map(Self)
            .map_err(|errors| JqError::Syntax(compile_errors(&errors)))
    }

    /// Runs the program over one document and hands each result to `emit`, as text.
    ///
    /// Strings come as they are, without quotes; everything else is JSON on one line.
    ///
    /// # Errors
    /// When the document is not JSON or the program fails; what was emitted before stays emitted.
    /// What `emit` returns.
    pub fn run<E: From<JqError>>(&self, json: &[u8], mut emit: impl FnMut(&Output) -> Result<(), E>) -> Result<(), E> {
        let input = jaq_json::read::parse_single(json).map_err(|error| JqError::Input(error.to_string()))?;
        let context = Ctx::<data::JustLut<Val>>::new(&self.0.lut, Vars::new([]));
        for outcome in self.0.id.run((context, input)) {
            match outcome {
                Ok(value) => emit(&Output::of(&value))?,
                Err(exception) => match exception.get_err() {
                    Ok(error) => return Err(JqError::Run(error.to_string()).into()),
                    // `halt` ends the program, not ours.
                    Err(_halt) => return Ok(()),
                },
            }
        }
        Ok(())
    }
}

/// One result of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// A string, without quotes.
    Text(Vec<u8>),
    /// Anything else, as JSON on one line.
    Json(Vec<u8>),
}

impl Output {
    fn of(value: &Val) -> Self {
        match value {
            Val::TStr(text) | Val::BStr(text) => Self::Text(text.to_vec()),
            other => Self::Json(other.to_string().into_bytes()),
        }
    }

    /// The text to print: JSON in `layout`, strings as they are.
    pub fn render(&self, layout: Layout) -> Vec<u8> {
        match self {
            Self::Text(text) => text.clone(),
            Self::Json(json) => {
                let mut rendered = Vec::with_capacity(json.len());
                // Writing to memory cannot fail.
                drop(layout.write(json, &mut rendered));
                rendered
            }
        }
    }
}

fn load_error(code: &str, error: &load::Error<&str>) -> String {
    let place = |part: &str| {
        let at = load::span(code, part).start;
        format!("at character {}", code.get(..at).map_or(at, |before| before.chars().count()) + 1)
    };
    match error {
        load::Error::Io(errors) => errors.iter().map(|(_, what)| what.clone()).collect::<Vec<_>>().join(", "),
        load::Error::Lex(errors) => errors
            .iter()
            .map(|(expected, found)| format!("expected {} {}", expected.as_str(), place(found)))
            .collect::<Vec<_>>()
            .join(", "),
        load::Error::Parse(errors) => errors
            .iter()
            .map(|(expected, found)| {
                let found = if found.is_empty() { &code[code.len()..] } else { *found };
                format!("expected {} {}", expected.as_str(), place(found))
            })
            .collect::<Vec<_>>()
            .join(", "),
    }
}

fn compile_errors(errors: &compile::Errors<&str, ()>) -> String {
    errors
        .iter()
        .flat_map(|(_, errors)| errors)
        .map(|(name, undefined)| format!("undefined {} `{name}`", undefined.as_str()))
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(code: &str, json: &str) -> Result<Vec<String>, JqError> {
        let mut results = Vec::new();
        Program::compile(code)?.run(json.as_bytes(), |output| {
            results.push(String::from_utf8(output.render(Layout::COMPACT)).unwrap());
            Ok::<_, JqError>(())
        })?;
        Ok(results)
    }

    #[test]
    fn strings_are_bare_and_the_rest_is_json() {
        let results = run(".[] | (.a, .b)", r#"[{"a":"x\ny","b":{"z":1.0,"y":[null]}}]"#).unwrap();
        assert_eq!(results, ["x\ny", r#"{"z":1.0,"y":[null]}"#]);
    }

    #[test]
    fn it_is_a_whole_language() {
        let code = r#"def f(g): [.[] | g] | add; {n: (map(.state) | unique), s: f(.n), m: (.[0].state | test("^f")),
            d: ("2026-01-01T00:00:00Z" | fromdate), r: reduce .[] as $t (0; . + $t.n)}"#;
        let results = run(code, r#"[{"state":"failed","n":1},{"state":"failed","n":2}]"#).unwrap();
        assert_eq!(results, [r#"{"n":["failed"],"s":3,"m":true,"d":1767225600,"r":3}"#]);
    }

    #[test]
    fn large_numbers_survive() {
        assert_eq!(run(".", "[9223372036854775808,1e400,1.0]").unwrap(), ["[9223372036854775808,1e400,1.0]"]);
    }

    #[test]
    fn errors_say_where() {
        assert_eq!(
            run(".a | (", "{}").unwrap_err().to_string(),
            "the jq program does not compile: expected closing parenthesis at character 7"
        );
        assert_eq!(
            run(".a | nope", "{}").unwrap_err().to_string(),
            "the jq program does not compile: undefined filter `nope`"
        );
        assert!(matches!(run(".a", "[1]"), Err(JqError::Run(_))));
        assert!(matches!(run(".a", "<html>"), Err(JqError::Input(_))));
        assert_eq!(run("1, halt, 2", "null").unwrap(), ["1"]);
    }
}
