//! Actions as a tree.

use std::iter::Peekable;
use std::vec::IntoIter;

use serde_json::Value;

use super::TemplateError;
use super::lex::{Piece, Word, pieces, words};

/// A part of a template.
#[derive(Debug, Clone)]
pub(super) enum Node {
    Text(String),
    Print(Pipeline),
    If { condition: Pipeline, then: Vec<Node>, otherwise: Vec<Node> },
    Range { over: Pipeline, each: Vec<Node>, otherwise: Vec<Node> },
    With { value: Pipeline, then: Vec<Node>, otherwise: Vec<Node> },
}

/// Commands, each of which gets the result of the one before as its last argument.
pub(super) type Pipeline = Vec<Command>;

/// A value, or a function with its arguments.
#[derive(Debug, Clone)]
pub(super) struct Command {
    pub(super) function: Option<String>,
    pub(super) operands: Vec<Operand>,
}

#[derive(Debug, Clone)]
pub(super) enum Operand {
    Field(Vec<String>),
    Root(Vec<String>),
    Constant(Value),
    Group(Pipeline, Vec<String>),
}

/// Functions that there are.
pub(super) const FUNCTIONS: [&str; 14] =
    ["index", "len", "eq", "ne", "lt", "le", "gt", "ge", "and", "or", "not", "print", "println", "printf"];

type Words = Peekable<IntoIter<Word>>;

/// Parentheses within each other.
const MAX_PARENTHESES: usize = 100;
/// Actions that have an `end`, or an `else` with a condition of its own.
const MAX_BLOCKS: usize = 500;

/// Refuses what would exhaust the stack: both nest, and each level is a call.
fn check_nesting(pieces: &[Piece<'_>]) -> Result<(), TemplateError> {
    let mut blocks = 0;
    for piece in pieces {
        let Piece::Action(action) = piece else { continue };
        let opens = ["if", "range", "with", "else"].iter().any(|word| action.starts_with(word));
        blocks += usize::from(opens);
        let mut open = 0_usize;
        for byte in action.bytes() {
            match byte {
                b'(' => open += 1,
                b')' => open = open.saturating_sub(1),
                _ => {}
            }
            if open > MAX_PARENTHESES {
                return Err(TemplateError::new(format!("parentheses are nested deeper than {MAX_PARENTHESES} levels")));
            }
        }
    }
    if blocks > MAX_BLOCKS {
        return Err(TemplateError::new(format!("there are more than {MAX_BLOCKS} conditions and loops")));
    }
    Ok(())
}

pub(super) fn template(text: &str) -> Result<Vec<Node>, TemplateError> {
    let pieces = pieces(text)?;
    check_nesting(&pieces)?;
    let mut pieces = pieces.into_iter().peekable();
    let (nodes, end) = block(&mut pieces)?;
    match end {
        None => Ok(nodes),
        Some((word, _)) => Err(TemplateError::new(format!("`{word}` has no beginning"))),
    }
}

type Pieces<'a> = Peekable<IntoIter<Piece<'a>>>;
/// `end`, or `else` with what follows it.
type End<'a> = Option<(&'static str, &'a str)>;

/// Nodes up to the `end` or `else` that is not theirs.
fn block<'a>(pieces: &mut Pieces<'a>) -> Result<(Vec<Node>, End<'a>), TemplateError> {
    let mut nodes = Vec::new();
    while let Some(piece) = pieces.next() {
        let action = match piece {
            Piece::Text("") => continue,
            Piece::Text(text) => {
                nodes.push(Node::Text(text.to_owned()));
                continue;
            }
            Piece::Action(action) => action,
        };
        let (word, rest) = action.split_once(char::is_whitespace).unwrap_or((action, ""));
        match word {
            _ if action.starts_with("/*") => {}
            "end" => return Ok((nodes, Some(("end", "")))),
            "else" => return Ok((nodes, Some(("else", rest.trim())))),
            "if" | "range" | "with" => nodes.push(control(word, rest, pieces)?),
            _ => nodes.push(Node::Print(whole_pipeline(action)?)),
        }
    }
    Ok((nodes, None))
}

fn control(word: &str, rest: &str, pieces: &mut Pieces<'_>) -> Result<Node, TemplateError> {
    let subject = whole_pipeline(rest)?;
    let (then, end) = block(pieces)?;
    let otherwise = match end {
        Some(("else", "")) => match block(pieces)? {
            (nodes, Some(("end", _))) => nodes,
            _ => return Err(TemplateError::new(format!("`{word}` has no `end`"))),
        },
        // The `end` of `else if` is that of the whole.
        Some(("else", more)) => match more.split_once(char::is_whitespace) {
            Some((inner @ ("if" | "with"), rest)) => vec![control(inner, rest, pieces)?],
            _ => return Err(TemplateError::new(format!("`else {more}` is not understood"))),
        },
        Some(_) => Vec::new(),
        None => return Err(TemplateError::new(format!("`{word}` has no `end`"))),
    };
    Ok(match word {
        "if" => Node::If { condition: subject, then, otherwise },
        "range" => Node::Range { over: subject, each: then, otherwise },
        _ => Node::With { value: subject, then, otherwise },
    })
}

fn whole_pipeline(text: &str) -> Result<Pipeline, TemplateError> {
    let mut words = words(text)?.into_iter().peekable();
    let (pipeline, closed) = pipeline(&mut words)?;
    match closed {
        None => Ok(pipeline),
        Some(_) => Err(TemplateError::new("there is a `)` too many")),
    }
}

/// A pipeline up to its end or the `)` that closes it, with the fields behind that.
fn pipeline(words: &mut Words) -> Result<(Pipeline, Option<Vec<String>>), TemplateError> {
    let mut commands = Vec::new();
    let mut command = Command { function: None, operands: Vec::new() };
    let finish = |command: Command, commands: &mut Pipeline| {
        if command.function.is_none() && command.operands.len() != 1 {
            return Err(TemplateError::new("a command must be one value, or a function with its arguments"));
        }
        commands.push(command);
        Ok(())
    };
    while let Some(word) = words.next() {
        let operand = match word {
            Word::Pipe => {
                let next = Command { function: None, operands: Vec::new() };
                finish(std::mem::replace(&mut command, next), &mut commands)?;
                continue;
            }
            Word::Close(fields) => {
                finish(command, &mut commands)?;
                return Ok((commands, Some(fields)));
            }
            Word::Open => match pipeline(words)? {
                (inner, Some(fields)) => Operand::Group(inner, fields),
                (_, None) => return Err(TemplateError::new("a `(` has no `)`")),
            },
            Word::Field(path) => Operand::Field(path),
            Word::Root(path) => Operand::Root(path),
            Word::Text(text) => Operand::Constant(text.into()),
            Word::Number(number) => Operand::Constant(number.into()),
            Word::Name(name) => match name.as_str() {
                "true" | "false" => Operand::Constant((name == "true").into()),
                "nil" => Operand::Constant(Value::Null),
                known if FUNCTIONS.contains(&known) && command.function.is_none() && command.operands.is_empty() => {
                    command.function = Some(name);
                    continue;
                }
                known if FUNCTIONS.contains(&known) => {
                    return Err(TemplateError::new(format!("put `{known}` and its arguments into parentheses")));
                }
                _ => return Err(TemplateError::new(format!("there is no function `{name}`"))),
            },
        };
        command.operands.push(operand);
    }
    finish(command, &mut commands)?;
    Ok((commands, None))
}

/// Finds fields that cannot be there. Inside `range` and `with` the dot is something else, so only
/// paths from the root are looked at there.
pub(super) fn check_fields(nodes: &[Node], known: &[(&str, &[&str])]) -> Result<(), TemplateError> {
    fn check_all(nodes: &[Node], known: &[(&str, &[&str])], at_root: bool) -> Result<(), TemplateError> {
        for node in nodes {
            match node {
                Node::Text(_) => {}
                Node::Print(pipeline) => check_pipeline(pipeline, known, at_root)?,
                Node::If { condition, then, otherwise } => {
                    check_pipeline(condition, known, at_root)?;
                    check_all(then, known, at_root)?;
                    check_all(otherwise, known, at_root)?;
                }
                Node::Range { over: subject, each: then, otherwise }
                | Node::With { value: subject, then, otherwise } => {
                    check_pipeline(subject, known, at_root)?;
                    check_all(then, known, false)?;
                    check_all(otherwise, known, at_root)?;
                }
            }
        }
        Ok(())
    }
    fn check_pipeline(pipeline: &Pipeline, known: &[(&str, &[&str])], at_root: bool) -> Result<(), TemplateError> {
        for operand in pipeline.iter().flat_map(|command| &command.operands) {
            match operand {
                Operand::Field(path) if at_root => check_path(path, known)?,
                Operand::Root(path) => check_path(path, known)?,
                Operand::Group(inner, _) => check_pipeline(inner, known, at_root)?,
                Operand::Field(_) | Operand::Constant(_) => {}
            }
        }
        Ok(())
    }
    if known.is_empty() { Ok(()) } else { check_all(nodes, known, true) }
}

fn check_path(path: &[String], known: &[(&str, &[&str])]) -> Result<(), TemplateError> {
    let unknown = |path: &[String], there: Vec<&str>| {
        TemplateError::new(format!("there is no field .{}; there are {}", path.join("."), there.join(", ")))
    };
    let Some(first) = path.first() else { return Ok(()) };
    let Some((_, inner)) = known.iter().find(|(name, _)| name.eq_ignore_ascii_case(first)) else {
        return Err(unknown(&path[..1], known.iter().map(|(name, _)| *name).collect()));
    };
    match path.get(1) {
        Some(second) if !inner.iter().any(|name| name.eq_ignore_ascii_case(second)) => {
            Err(unknown(&path[..2], inner.to_vec()))
        }
        _ => Ok(()),
    }
}
