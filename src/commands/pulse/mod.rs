//! `tc pulse`: what the services tell of, and how to hear it.

pub(crate) mod exchanges;
pub(crate) mod key;
pub(crate) mod listen;
pub(crate) mod show;
mod words;

use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;
use crate::reference::Source;

/// What to do with Pulse.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// List the exchanges with the words of their routing keys
    Exchanges(exchanges::Args),
    /// Show the routing key and the message of an exchange
    Show(show::Args),
    /// Print the exchange and the routing key pattern to bind a queue to
    Key(key::Args),
    /// Print the messages of the services as they arrive
    Listen(listen::Args),
}

impl Command {
    /// Runs the command.
    ///
    /// # Errors
    /// Whatever it ran into.
    pub(crate) async fn run(self, context: &Context) -> Result<Status> {
        match self {
            Self::Exchanges(args) => exchanges::run(&args, context).await,
            Self::Show(args) => show::run(&args, context).await,
            Self::Key(args) => key::run(&args, context).await,
            Self::Listen(args) => listen::run(&args, context).await,
        }
    }
}

fn source(is_legacy: bool) -> Source {
    if is_legacy { Source::Legacy } else { Source::Current }
}

/// Services with exchanges, for completion.
fn services() -> Vec<clap_complete::CompletionCandidate> {
    let services = crate::reference::Catalogue::embedded(Source::Current).services().unwrap_or_default();
    let publishing = services.into_iter().filter(|service| !service.exchanges.is_empty());
    publishing.map(|service| clap_complete::CompletionCandidate::new(&service.service_name)).collect()
}

/// `queue.taskCompleted` and the like, for completion.
fn names() -> Vec<clap_complete::CompletionCandidate> {
    let services = crate::reference::Catalogue::embedded(Source::Current).services().unwrap_or_default();
    let names = services.into_iter().flat_map(|service| {
        service.exchanges.iter().map(|exchange| format!("{}.{}", service.service_name, exchange.name))
    });
    names.map(clap_complete::CompletionCandidate::new).collect()
}
