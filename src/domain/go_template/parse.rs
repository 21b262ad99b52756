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
    /// Gives variables a value: new ones, or those that there are.
    Set {
        variable: String,
        is_new: bool,
        value: Pipeline,
    },
    If {
        variables: Vec<String>,
        condition: Pipeline,
        then: Vec<Node>,
        otherwise: Vec<Node>,
    },
    /// With one variable for the item, or two for the index or key and the item.
    Range {
        variables: Vec<String>,
        over: Pipeline,
        each: Vec<Node>,
        otherwise: Vec<Node>,
    },
    With {
        variables: Vec<String>,
        value: Pipeline,
        then: Vec<Node>,
        otherwise: Vec<Node>,
    },
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
    Variable(String, Vec<String>),
    Constant(Value),
    Group(Pipeline, Vec<String>),
}

/// Functions that there are.
pub(super) const FUNCTIONS: [&str; 16] = [
    "index", "slice", "len", "eq", "ne", "lt", "le", "gt", "ge", "and", "or", "not", "print", "println", "printf",
    "urlquery",
];

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
        Some((word, _)) => Err(TemplateError::new(format!("`{word}` without a block that it belongs to"))),
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
            _ => nodes.push(single(action)?),
        }
    }
    Ok((nodes, None))
}

fn control(word: &str, rest: &str, pieces: &mut Pieces<'_>) -> Result<Node, TemplateError> {
    let (variables, is_new, subject) = assignment(rest)?;
    if !is_new && !variables.is_empty() {
        return Err(TemplateError::new(format!("`{word}` can only make new variables, with `:=`")));
    }
    if variables.len() > if word == "range" { 2 } else { 1 } {
        return Err(TemplateError::new(format!("there are too many variables after `{word}`")));
    }
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
        "if" => Node::If { variables, condition: subject, then, otherwise },
        "range" => Node::Range { variables, over: subject, each: then, otherwise },
        _ => Node::With { variables, value: subject, then, otherwise },
    })
}

/// An action that prints a value, or gives a variable one.
fn single(action: &str) -> Result<Node, TemplateError> {
    let (mut variables, is_new, value) = assignment(action)?;
    match (variables.pop(), variables.is_empty()) {
        (None, _) => Ok(Node::Print(value)),
        (Some(variable), true) => Ok(Node::Set { variable, is_new, value }),
        (Some(_), false) => Err(TemplateError::new("only `range` gives values to two variables")),
    }
}

/// A pipeline, with the variables that stand before it; whether those are new ones.
fn assignment(text: &str) -> Result<(Vec<String>, bool, Pipeline), TemplateError> {
    let mut words = words(text)?;
    let mut variables = Vec::new();
    let mut is_new = false;
    if let Some(at) = words.iter().position(|word| matches!(word, Word::Declare | Word::Assign)) {
        is_new = words[at] == Word::Declare;
        let rest = words.split_off(at + 1);
        words.truncate(at);
        for (place, word) in words.into_iter().enumerate() {
            match word {
                Word::Variable(name, path) if place % 2 == 0 && path.is_empty() => variables.push(name),
                Word::Comma if place % 2 == 1 => {}
                _ => return Err(TemplateError::new("only a variable such as `$x` can be given a value")),
            }
        }
        if variables.is_empty() {
            return Err(TemplateError::new("there is no variable before `=`"));
        }
        words = rest;
    }
    let mut words = words.into_iter().peekable();
    match pipeline(&mut words)? {
        (pipeline, None) => Ok((variables, is_new, pipeline)),
        (_, Some(_)) => Err(TemplateError::new("unexpected `)`")),
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
            Word::Variable(name, path) => Operand::Variable(name, path),
            Word::Declare | Word::Assign | Word::Comma => {
                return Err(TemplateError::new("`=` and `,` belong to variables at the start of an action"));
            }
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
                _ => return Err(TemplateError::new(format!("unknown function `{name}`"))),
            },
        };
        command.operands.push(operand);
    }
    finish(command, &mut commands)?;
    Ok((commands, None))
}
