//! One message to the notify service.

use serde_json::Value;

use crate::client::Client;
use crate::domain::Recipient;
use crate::error::{Error, Result};
use crate::schema::Validator;

/// The status of a message that the service has sent already, a short while ago.
const DUPLICATE_STATUS: u16 = 204;

/// Sends a message, once: a failure after which it may have been sent is not tried again. False when the service found
/// that it had sent the same shortly before.
///
/// # Errors
/// [`crate::error::Kind::Usage`] when the service would not take the message.
pub(crate) async fn post(client: &Client, to: &Recipient, body: &Value) -> Result<bool> {
    let (service, method) = client.catalogue().method("notify", to.method())?;
    if let Some(schema) = &method.input {
        let faults = Validator::new(service, schema)?.faults(body);
        if !faults.is_empty() {
            let error = Error::usage(format!("the notify service does not take such a message to {}", to.address()));
            return Err(faults.iter().fold(error, |error, fault| error.hint(fault.to_string())));
        }
    }
    let answer = client.call("notify", to.method()).json(body).send().await?;
    // The method for Slack has no answer but this one.
    Ok(answer.status != DUPLICATE_STATUS || matches!(to, Recipient::Slack(_)))
}
