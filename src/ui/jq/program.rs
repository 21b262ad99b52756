//! The text of a program made into what can be run: checked, parsed, compiled with the prelude.

use jaq_core::load::{self, Arena, File, Loader, parse::Def};
use jaq_core::{Compiler, compile};

use super::JqError;
use super::functions;
use super::machine::Jq;

/// Brackets, and words that open something, within each other. The parser calls itself for each.
const MAX_NESTING: usize = 1_000;
/// Characters of a program. Some kinds of long programs nest without brackets.
const MAX_PROGRAM_BYTES: usize = 32 << 10;

/// Variables that every program has; their values are given in this order.
pub(super) const GLOBALS: [&str; 2] = ["$ENV", "$__loc__"];

/// What jq has that the library lacks or means otherwise.
const PRELUDE: &str = include_str!("prelude.jq");

/// Definitions of the library that functions written in Rust replace, and those that show the whole environment or
/// rely on a quotient of zero.
const REPLACED: [&str; 12] = [
    "nan",
    "infinite",
    "isnan",
    "isinfinite",
    "isnormal",
    "abs",
    "setpath",
    "delpaths",
    "tonumber",
    "toboolean",
    "totype",
    "halt_error",
];

fn definitions() -> impl Iterator<Item = Def<&'static str>> {
    let library = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs());
    library
        .filter(|definition| !REPLACED.contains(&definition.name))
        .chain(load::parse(PRELUDE, |parser| parser.defs()).unwrap_or_default())
}

/// Compiles a program.
pub(super) fn compile(code: &str) -> Result<jaq_core::Filter<Jq>, JqError> {
    check_nesting(code).map_err(JqError::Syntax)?;
    let library = jaq_core::funs::<Jq>().chain(jaq_std::funs::<Jq>());
    let ours: Vec<_> = functions::all().collect();
    let replaced = |name: &str, arguments: usize| {
        name == "env" || ours.iter().any(|(ours, theirs, _)| *ours == name && theirs.len() == arguments)
    };
    let library: Vec<_> = library.filter(|(name, arguments, _)| !replaced(name, arguments.len())).collect();
    let functions = library.into_iter().chain(ours);
    let arena = Arena::default();
    let modules = Loader::new(definitions()).load(&arena, File { code, path: () }).map_err(|errors| {
        JqError::Syntax(errors.iter().map(|(_, error)| load_error(code, error)).collect::<Vec<_>>().join("; "))
    })?;
    Compiler::default()
        .with_funs(functions)
        .with_global_vars(GLOBALS)
        .compile(modules)
        .map_err(|errors| JqError::Syntax(compile_errors(&errors)))
}

/// Refuses what would exhaust the parser's stack.
fn check_nesting(code: &str) -> Result<(), String> {
    if code.len() > MAX_PROGRAM_BYTES {
        return Err(format!("it is longer than {MAX_PROGRAM_BYTES} bytes"));
    }
    let (mut level, mut deepest, mut signs) = (0_usize, 0, 0);
    // Inside of strings brackets count, too: `\(` opens a program.
    for byte in code.bytes() {
        match byte {
            b'(' | b'[' | b'{' => {
                level += 1;
                deepest = deepest.max(level);
            }
            b')' | b']' | b'}' => level = level.saturating_sub(1),
            // Each negates what follows.
            b'-' => {
                signs += 1;
                deepest = deepest.max(signs);
                continue;
            }
            byte if byte.is_ascii_whitespace() => continue,
            _ => {}
        }
        signs = 0;
    }
    if deepest > MAX_NESTING { Err(format!("it is nested deeper than {MAX_NESTING} levels")) } else { Ok(()) }
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
                let found = if found.is_empty() { code.get(code.len()..).unwrap_or_default() } else { *found };
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
