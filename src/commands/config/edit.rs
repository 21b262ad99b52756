//! `tc config edit`

use std::fs;
use std::path::{Path, PathBuf};

use crate::commands::documents;
use crate::config::{Document, KEYS, SettingsFile};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::exit::Status;

/// Change your settings in an editor
///
/// The editor is that of VISUAL or EDITOR. The edited text is checked before it replaces the file.
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

/// Opens a copy in the editor, checks it, and puts it in the place of the file.
///
/// # Errors
/// When the editor fails or leaves something that is no settings file: the file stays as it is, and
/// the copy is kept.
pub(super) async fn run(_args: &Args, context: &Context) -> Result<Status> {
    let file = SettingsFile::of(&context.env)?;
    let before = file.text()?;
    let copy = copy(&before.clone().unwrap_or_else(template), &context.env.temporary_directory())?;
    documents::edit(&copy, context).await.map_err(|error| kept(error, &copy))?;
    let text = fs::read_to_string(&copy).map_err(|source| Error::io("read", copy.display(), source))?;
    if before.as_deref().unwrap_or(&template()) == text {
        context.ui.note("Nothing has changed.");
    } else {
        check(&copy, &text, context)?;
        file.replace_if_unchanged(before.as_deref(), &text).map_err(|error| kept(error, &copy))?;
    }
    fs::remove_file(&copy).map_err(|source| Error::io("remove", copy.display(), source))?;
    Ok(Status::DONE)
}

/// What someone who has no settings yet finds in the editor.
fn template() -> String {
    let mut text = String::from("# Settings of tc. Remove the # before a line to make it count.\n");
    for key in KEYS {
        text.push_str(&format!("\n# {}\n# {} = {}\n", key.meaning, key.name, key.example));
    }
    text.push_str("\n# Scopes to ask for by name: tc signin --preset relduty\n");
    text.push_str("# [presets]\n# relduty = [\"queue:rerun-task:*\", \"queue:cancel-task:*\"]\n");
    text.push_str("\n# Deployments by name: tc -R corp ..\n");
    text.push_str("# [profiles.corp]\n# root-url = \"https://tc.example.com\"\n");
    text
}

/// A copy that is not removed when something goes wrong: nobody wants to type twice.
fn copy(text: &str, directory: &Path) -> Result<PathBuf> {
    let cannot = |source: std::io::Error| Error::failed("cannot make a file for the editor").caused_by(source);
    let mut file =
        tempfile::Builder::new().prefix("tc-config-").suffix(".toml").tempfile_in(directory).map_err(cannot)?;
    std::io::Write::write_all(&mut file, text.as_bytes()).map_err(cannot)?;
    let (_, path) = file.keep().map_err(|fault| cannot(fault.error))?;
    Ok(path)
}

/// Refuses what cannot be read, and warns of keys that mean nothing.
fn check(copy: &Path, text: &str, context: &Context) -> Result<()> {
    let contents = Document::parse(text)
        .and_then(|document| document.contents())
        .map_err(|fault| kept(Error::failed("the edited settings are not valid").caused_by(fault), copy))?;
    for unknown in contents.unknown {
        context.ui.warn(unknown);
    }
    Ok(())
}

fn kept(error: Error, copy: &Path) -> Error {
    error.hint(format!("The settings are as they were; the edited text is in {}", copy.display()))
}
