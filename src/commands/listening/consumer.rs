//! A consumer of Pulse for a command: whom to ask, what is said of gaps, and what to do about failures.

use std::sync::Arc;

use crate::context::Context;
use crate::env;
use crate::error::{Error, Result};
use crate::pulse::{BindingError, Broker, BrokerError, Consumer, ConsumerBuilder, Notice, PulseError, Trust};
use crate::reference::LookupError;
use crate::ui::{Ui, duration};

/// The broker that the environment and the settings name.
///
/// # Errors
/// [`crate::error::Kind::Auth`] without a user or a password.
pub(crate) fn broker(context: &Context) -> Result<Broker> {
    let settings = context.settings()?;
    let (url, user) = (settings.pulse_url(), settings.pulse_username());
    Broker::from_settings(&context.env, url.as_deref(), user.as_deref()).map_err(|source| {
        let is_url = matches!(source, BrokerError::Url { .. });
        let error = Error::from(source);
        if is_url {
            return error;
        }
        error.hint(
            "Set PULSE_USERNAME and PULSE_PASSWORD; for Mozilla's broker, make a user at https://pulseguardian.mozilla.org",
        )
    })
}

/// Whose certificates to trust, as for all other connections.
///
/// # Errors
/// When the settings cannot be read.
pub(crate) fn trust(context: &Context) -> Result<Trust> {
    Ok(Trust {
        extra_ca_file: context.settings()?.cacert(&context.env),
        only_ca_file: context.env.get(env::SSL_CERT_FILE).map(|file| context.env.resolve(file)),
    })
}

/// A consumer that says on standard error when there is a gap.
pub(crate) fn consumer(context: &Context) -> Result<ConsumerBuilder> {
    let ui = Arc::clone(&context.ui);
    let builder = Consumer::builder(broker(context)?)
        .trust(trust(context)?)
        .clock(Arc::clone(&context.env.clock))
        .on_notice(move |notice| tell(notice, &ui));
    Ok(match context.settings()?.retries() {
        Some(retries) => builder.retries(retries),
        None => builder,
    })
}

fn tell(notice: &Notice, ui: &Ui) {
    match notice {
        Notice::Retrying { cause } => ui.note(format_args!("{cause}; trying again.")),
        Notice::Lost { reason } => ui.note(format_args!("Lost the connection to Pulse: {reason}; connecting again.")),
        Notice::Restored { after, is_lossy } => {
            let after = duration(chrono::TimeDelta::from_std(*after).unwrap_or_default());
            if *is_lossy {
                ui.warn(format_args!("connected to Pulse again after {after}; messages sent meanwhile are lost"));
            } else {
                ui.note(format_args!(
                    "Connected to Pulse again after {after}; the queue kept what was sent meanwhile."
                ));
            }
        }
    }
}

/// A failure of Pulse, with what to do about it.
pub(crate) fn explain(source: PulseError) -> Error {
    let hint = match &source {
        PulseError::Login { .. } => {
            "Check PULSE_USERNAME and PULSE_PASSWORD; for Mozilla's broker, set the password at https://pulseguardian.mozilla.org".into()
        }
        PulseError::VirtualHost { .. } => "Check PULSE_VHOST, or the path of PULSE_URL.".into(),
        PulseError::QueueRefused { user, .. } => format!("Name it `queue/{user}/..`: Pulse gives users no other queues."),
        PulseError::QueueBusy { .. } => "End the other listener, or choose another name with --queue.".into(),
        PulseError::QueueDiffers { queue, .. } => {
            format!("Delete it with `tc pulse listen --queue {queue} --delete`, or choose another name with --queue.")
        }
        PulseError::QueueMissing { .. } => "Check the name; without `queue/<user>/` it is one of your own.".into(),
        PulseError::QueueDeleted { .. } => {
            "Read faster or bind less: Pulse deletes queues that grow too long. What was in it is lost; a new start makes a new queue.".into()
        }
        PulseError::ExchangeMissing { .. } => {
            "Check the name with `tc pulse exchanges`, and that PULSE_URL is the broker of your deployment.".into()
        }
        PulseError::ExchangeRefused { .. } => "Ask the administrators of the broker to let you read from it.".into(),
        PulseError::Certificate { .. } => "If the broker's CA is a private one, name its file with --cacert.".into(),
        PulseError::Authorities { .. } => "Name a PEM file: text with -----BEGIN CERTIFICATE----- in it.".into(),
        PulseError::Unreachable { .. } => "Check PULSE_URL and the network.".into(),
        _ => String::new(),
    };
    let error = Error::from(source);
    if hint.is_empty() { error } else { error.hint(hint) }
}

/// A binding that cannot be, with the names that can.
pub(crate) fn explain_binding(source: BindingError) -> Error {
    let hint = match &source {
        BindingError::Exchange { service, similar, exchanges, .. } => {
            match (similar.as_slice(), exchanges.as_slice()) {
                ([], []) => format!("List all with `tc pulse exchanges`: the {service} service has none."),
                ([], names) => format!("Choose one of {}.", names.join(", ")),
                (names, _) => format!("Did you mean {}?", quoted(names)),
            }
        }
        BindingError::Word { words, .. } => format!("Choose among {}.", words.join(", ")),
        BindingError::Dot { words, multiple, .. } if multiple.is_empty() => {
            format!("Choose among {}; none of them may hold a dot.", words.join(", "))
        }
        BindingError::Dot { words, multiple, .. } => {
            format!("Choose among {}; only {} may hold dots.", words.join(", "), multiple.join(", "))
        }
        BindingError::Constant { .. } => "Leave it out, or give the name of a route with --route.".into(),
        BindingError::Text { .. } => {
            "Write <service>.<exchange>?<word>=<value>, as in queue.taskFailed?taskGroupId=fN1SbArXTPSVFNUvaOlinQ"
                .into()
        }
        BindingError::Lookup(LookupError::Service { similar, .. }) => match similar.as_slice() {
            [] => "List all with `tc pulse exchanges`.".into(),
            names => format!("Did you mean {}?", quoted(names)),
        },
        _ => return source.into(),
    };
    Error::usage(source.to_string()).hint(hint)
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or ")
}
