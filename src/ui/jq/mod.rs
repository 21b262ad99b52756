//! `--jq`: a jq program over JSON.
//!
//! The language is jq 1.8's, by jaq's parser and interpreter, over values of our own ([`value`]), with a prelude of
//! definitions that jaq lacks. A program runs on a thread of its own ([`run`]).

mod access;
mod functions;
mod machine;
mod number;
mod operators;
mod paths;
mod print;
mod program;
mod run;
mod stop;
mod text;
mod traits;
mod value;

use std::error::Error;
use std::fmt;

pub(crate) use run::Program;

use super::json::Layout;

/// Why a program cannot be compiled or run, or that it ended itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JqError {
    /// The program is not valid jq; says where.
    Syntax(String),
    /// The input is not JSON, or nests too deeply.
    Input(String),
    /// It stopped with an error of its own, or was stopped.
    Run(String),
    /// It ended by `halt` or `halt_error`, with this exit status and this text for standard error.
    Halted {
        /// From 0 to 255.
        status: u8,
        /// Whole lines, or a text without a line end; often empty.
        message: Vec<u8>,
    },
}

impl fmt::Display for JqError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(what) => write!(f, "the jq program does not compile: {what}"),
            Self::Input(what) => write!(f, "jq: the input is not JSON: {what}"),
            Self::Run(what) => write!(f, "the jq program failed: {what}"),
            Self::Halted { status, .. } => write!(f, "the jq program ended with status {status}"),
        }
    }
}

impl Error for JqError {}

/// One result of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Output {
    /// A string, without quotes.
    Text(Vec<u8>),
    /// Anything else, as JSON on one line.
    Json(Vec<u8>),
    /// What `debug` and `stderr` say; it goes to standard error.
    Message(Vec<u8>),
}

impl Output {
    fn of(value: &value::Value) -> Self {
        match value {
            value::Value::Str(text) => Self::Text(text.to_vec()),
            other => Self::Json(print::json(other)),
        }
    }

    /// Whether it counts as a yes: anything but `false` and `null`.
    pub(crate) fn is_true(&self) -> bool {
        !matches!(self, Self::Json(json) if json == b"false" || json == b"null")
    }

    /// The text to print: JSON in `layout`, strings as they are.
    pub(crate) fn render(&self, layout: Layout) -> Vec<u8> {
        match self {
            Self::Text(text) | Self::Message(text) => text.clone(),
            Self::Json(json) => {
                let mut rendered = Vec::with_capacity(json.len());
                // Writing to memory cannot fail.
                drop(layout.write(json, &mut rendered));
                rendered
            }
        }
    }
}

#[cfg(test)]
mod tests;
