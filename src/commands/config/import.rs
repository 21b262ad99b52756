//! `tc config import`

use crate::client::Credentials;
use crate::config::{GoTool, Paths, SettingsFile, Slot, Store, Stored, Value, keys};
use crate::context::Context;
use crate::domain::RootUrl;
use crate::error::{Error, Kind, Result};
use crate::exit::Status;

/// Take over the settings of the Go tool
///
/// The root URL of its taskcluster.yml goes to your settings, its credentials to the store of
/// credentials. The file stays; it is no longer read once you have settings of tc.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Leave the credentials where they are
    #[arg(long)]
    settings_only: bool,
    /// Replace what is set or stored already
    #[arg(long)]
    force: bool,
}

/// Takes them over, and says what went where.
///
/// # Errors
/// [`Kind::NotFound`] when there is no such file or nothing in it, [`Kind::Conflict`] when something else
/// is set or stored already; nothing has been changed then.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let paths = Paths::required(&context.env)?;
    let from = paths.go_tool.display();
    let found = GoTool::read(&paths.go_tool)?
        .filter(|found| found.root_url.is_some() || found.credentials.is_some())
        .ok_or_else(|| Error::new(Kind::NotFound, format!("there is nothing to import in {from}")))?;
    let root = match &found.root_url {
        Some(text) => RootUrl::parse(text)
            .map_err(|fault| Error::failed(format!("{from} has an invalid root URL")).caused_by(fault))?,
        None => context.root_url().map_err(|error| {
            error.hint(format!("{from} has credentials but no root URL: name their deployment with -R."))
        })?,
    };
    let credentials = found.credentials.filter(|_| !args.settings_only);
    let store = Store::open(&context.env);
    let file = SettingsFile::at(&paths.settings);
    if !args.force {
        refuse_to_replace(&file, &store, &root, credentials.as_ref(), context)?;
    }
    if let Some(credentials) = credentials {
        let stored = Stored::new(credentials);
        let ends = match stored.expires {
            Some(expires) if expires <= context.now() => {
                return Err(Error::failed(format!("the credentials in {from} have expired"))
                    .hint("Import the rest with --settings-only, and sign in again with `tc signin`."));
            }
            Some(expires) => format!("until {}", expires.format("%F %R UTC")),
            None => "with no end".into(),
        };
        store.put(&root, &stored, context.now())?;
        context.ui.note(format_args!("Credentials for {root}: stored in {}, {ends}.", paths.credentials.display()));
    }
    if found.root_url.is_some() {
        file.change(|document| document.with(&Slot::Top(&keys::ROOT_URL), &Value::Text(root.to_string())))?;
        context.ui.note(format_args!("Root URL {root}: set in {}.", paths.settings.display()));
    }
    Ok(Status::DONE)
}

fn refuse_to_replace(
    file: &SettingsFile,
    store: &Store,
    root: &RootUrl,
    credentials: Option<&Credentials>,
    context: &Context,
) -> Result<()> {
    let conflict = |what: String| Error::new(Kind::Conflict, what).hint("Use --force to replace it.");
    if let Some(document) = file.read()?
        && let Some(Value::Text(set)) = file.contents(&document)?.get(&Slot::Top(&keys::ROOT_URL))
        && set != root.as_str()
    {
        return Err(conflict(format!("the root URL {set} is already set in {}", file.path().display())));
    }
    match (store.get(root, context.now())?, credentials) {
        (Some(stored), Some(credentials)) if stored.credentials != *credentials => {
            Err(conflict(format!("there are already credentials for {root} ({})", stored.credentials.client_id)))
        }
        _ => Ok(()),
    }
}
