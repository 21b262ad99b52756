//! Results as JSON, filtered by `--jq`.

use std::io::Write;
use std::sync::Arc;

use bytes::Bytes;

use super::{Context, blocking};
use crate::error::{Error, Result};
use crate::ui::Ui;
use crate::ui::jq::Program;
use crate::ui::json::Layout;

impl Context {
    /// Whether the result is to be JSON: `--json`, or `--jq`, which needs it.
    pub fn wants_json(&self) -> bool {
        self.globals.json || self.globals.jq.is_some()
    }

    /// The program of `--jq`, if there is one.
    ///
    /// # Errors
    /// When it does not compile.
    pub fn jq(&self) -> Result<Option<Program>> {
        self.globals.jq.as_deref().map(Program::compile).transpose().map_err(Error::from)
    }

    /// Runs a jq program over one document and writes its results, one a line (laid out, on a terminal).
    ///
    /// # Errors
    /// When the program fails or the output cannot be written.
    pub fn filter(&self, program: &Program, json: &[u8], terminal: bool, out: &mut dyn Write) -> Result<()> {
        filter(&self.ui, program, json, terminal, out)
    }

    /// Prints a JSON document as the result: filtered by `--jq`, else indented.
    ///
    /// # Errors
    /// When the filter fails or the output cannot be written.
    pub async fn print_json(&self, json: impl Into<Bytes>) -> Result<()> {
        let (ui, json, code) = (Arc::clone(&self.ui), json.into(), self.globals.jq.clone());
        blocking(move || print(&ui, &json, code.as_deref())).await
    }

    /// Prints a JSON document as the result, where `--jq` chooses what the command acts on.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub async fn print_unfiltered(&self, json: impl Into<Bytes>) -> Result<()> {
        let (ui, json) = (Arc::clone(&self.ui), json.into());
        blocking(move || print(&ui, &json, None)).await
    }
}

fn print(ui: &Ui, json: &[u8], code: Option<&str>) -> Result<()> {
    let program = code.map(Program::compile).transpose()?;
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

fn filter(ui: &Ui, program: &Program, json: &[u8], terminal: bool, out: &mut dyn Write) -> Result<()> {
    let layout = if terminal { Layout::indented(ui.color(), true) } else { Layout::COMPACT };
    program.run(json, |output| -> Result<()> {
        out.write_all(&output.render(layout))?;
        out.write_all(b"\n")?;
        Ok(())
    })
}
