//! `tc alias rm`

use crate::config::{SettingsFile, Slot};
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::exit::Status;

/// Remove aliases
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Their names
    #[arg(value_name = "ALIAS", required = true)]
    names: Vec<String>,
}

/// Removes all of them, or none where one does not exist.
///
/// # Errors
/// [`Kind::NotFound`] when an alias of that name does not exist.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let contents = context.settings()?.contents();
    for name in &args.names {
        if contents.alias(name).is_none() {
            let error = Error::new(Kind::NotFound, format!("unknown alias `{name}`"));
            return Err(match contents.similar_aliases(name).first() {
                Some(similar) => error.hint(format!("Did you mean `{similar}`?")),
                None => error.hint("`tc alias list` shows all aliases."),
            });
        }
    }
    SettingsFile::of(&context.env)?.change(|document| {
        args.names.iter().try_fold(document.clone(), |document, name| document.without(&Slot::Alias(name.clone())))
    })?;
    Ok(Status::DONE)
}
