//! Results as JSON, filtered by `--jq`.

use std::ffi::OsStr;
use std::io::Write;
use std::sync::{Arc, PoisonError};

use bytes::Bytes;
use serde_json::Value;

use super::{Context, blocking};
use crate::cli::Form;
use crate::domain::yaml_text::to_yaml;
use crate::env::Environment;
use crate::error::{Error, Result};
use crate::ui::jq::{JqError, Output, Program};
use crate::ui::json::Layout;
use crate::ui::{Ui, sanitize};

impl Context {
    /// Whether the result is to be JSON: `--json`, or `--jq`, which needs it.
    pub(crate) fn wants_json(&self) -> bool {
        self.globals.json || self.globals.jq.is_some()
    }

    /// Whether JSON is to be printed as YAML.
    pub(crate) fn wants_yaml(&self) -> bool {
        self.globals.form == Some(Form::Yaml)
    }

    /// Compiles the program of `--jq`, so that a wrong one is refused before the verb does anything.
    ///
    /// # Errors
    /// When it does not compile.
    pub(crate) fn check_jq(&self) -> Result<()> {
        let program = self.jq()?;
        *self.program.lock().unwrap_or_else(PoisonError::into_inner) = program;
        Ok(())
    }

    /// The program of `--jq`, if there is one. What was compiled to be checked goes to the first who asks.
    ///
    /// # Errors
    /// When it does not compile.
    pub(crate) fn jq(&self) -> Result<Option<Program>> {
        if let Some(program) = self.program.lock().unwrap_or_else(PoisonError::into_inner).take() {
            return Ok(Some(program));
        }
        let program = self.globals.jq.as_deref().map(|code| compile(code, &self.env)).transpose()?;
        Ok(program)
    }

    /// Refuses `--jq` where `what` is printed, which is no JSON.
    ///
    /// # Errors
    /// When there is a program.
    pub(crate) fn refuse_jq(&self, what: &str) -> Result<()> {
        match self.globals.jq {
            Some(_) => Err(Error::usage(format!("{what} is not JSON, so --jq cannot filter it"))),
            None => Ok(()),
        }
    }

    /// Runs a jq program over one document and writes its results, one a line (laid out, on a terminal).
    ///
    /// # Errors
    /// When the program fails or the output cannot be written.
    pub(crate) fn filter(&self, program: &Program, json: &[u8], terminal: bool, out: &mut dyn Write) -> Result<()> {
        filter(&self.ui, program, json, terminal, out)
    }

    /// Prints a JSON document as the result: filtered by `--jq`, else indented; as YAML where that is asked for.
    ///
    /// # Errors
    /// When the filter fails or the output cannot be written.
    pub(crate) async fn print_json(&self, json: impl Into<Bytes>) -> Result<()> {
        let (ui, json, program, as_yaml) = (Arc::clone(&self.ui), json.into(), self.jq()?, self.wants_yaml());
        blocking(move || if as_yaml { print_yaml(&ui, &json, program) } else { print(&ui, &json, program) }).await
    }

    /// Prints a JSON document about what was `done`, such as `created task X`; a failure to print it says that, too,
    /// unless it is empty.
    ///
    /// # Errors
    /// Those of [`Self::print_json`].
    pub(crate) async fn print_done(&self, done: &str, json: impl Into<Bytes>) -> Result<()> {
        self.print_json(json).await.map_err(|error| if done.is_empty() { error } else { error.after(done) })
    }

    /// Prints a JSON document as the result, where `--jq` chooses what the command acts on.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub(crate) async fn print_unfiltered(&self, json: impl Into<Bytes>) -> Result<()> {
        let (ui, json, as_yaml) = (Arc::clone(&self.ui), json.into(), self.wants_yaml());
        blocking(move || if as_yaml { print_yaml(&ui, &json, None) } else { print(&ui, &json, None) }).await
    }
}

/// A program that sees the environment as the command sees it.
fn compile(code: &str, environment: &Environment) -> Result<Program, JqError> {
    let text = |text: &OsStr| text.to_str().map(str::to_owned);
    Program::compile(code, environment.variables().filter_map(|(name, value)| Some((text(name)?, text(value)?))))
}

fn print(ui: &Ui, json: &[u8], program: Option<Program>) -> Result<()> {
    let terminal = ui.terminal.stdout;
    let mut out = ui.out();
    match program {
        Some(program) => filter(ui, &program, json, terminal, &mut out),
        None => {
            Layout::indented(ui.color(), terminal).write(json, &mut out)?;
            Ok(out.write_all(b"\n")?)
        }
    }
}

/// A document as YAML; what a program makes of it is a document each, with `---` in between.
fn print_yaml(ui: &Ui, json: &[u8], program: Option<Program>) -> Result<()> {
    let mut out = ui.out();
    let mut is_first = true;
    let read = |json: &[u8]| {
        serde_json::from_slice::<Value>(json)
            .map_err(|source| Error::failed("cannot print the result as YAML").caused_by(source))
    };
    let mut write = |value: &Value| -> Result<()> {
        if !std::mem::take(&mut is_first) {
            out.write_all(b"---\n")?;
        }
        Ok(out.write_all(to_yaml(value).as_bytes())?)
    };
    match program {
        None => write(&read(json)?),
        Some(program) => program.run(json, |output| match output {
            Output::Message(message) => {
                ui.write_stderr(&if ui.terminal.stderr { escaped(message) } else { message.clone() });
                Ok(())
            }
            Output::Text(text) => write(&Value::from(String::from_utf8_lossy(text))),
            Output::Json(json) => write(&read(json)?),
        }),
    }
}

fn filter(ui: &Ui, program: &Program, json: &[u8], terminal: bool, out: &mut dyn Write) -> Result<()> {
    let layout = if terminal { Layout::indented(ui.color(), true) } else { Layout::COMPACT };
    program.run(json, |output| -> Result<()> {
        match output {
            Output::Message(message) => {
                ui.write_stderr(&if ui.terminal.stderr { escaped(message) } else { message.clone() });
                return Ok(());
            }
            Output::Text(text) if terminal => out.write_all(&escaped(text))?,
            output => out.write_all(&output.render(layout))?,
        }
        out.write_all(b"\n")?;
        Ok(())
    })
}

/// Text from a deployment, fit for a terminal.
fn escaped(text: &[u8]) -> Vec<u8> {
    sanitize(&String::from_utf8_lossy(text)).into_owned().into_bytes()
}
