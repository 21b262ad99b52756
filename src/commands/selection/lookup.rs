//! What a task is and where it stands, asked at once.

use crate::client::{Client, Response};
use crate::error::Result;

/// The answers of `queue.status` and `queue.task`, asked for at once.
///
/// # Errors
/// Those of the calls. Of two failures the first call's is returned, whichever came first: advice on scopes takes what
/// is called before a refused call for allowed.
pub(crate) async fn status_and_definition(client: &Client, id: &str) -> Result<(Response, Response)> {
    let status = client.call("queue", "status").arg(id).send();
    let definition = client.call("queue", "task").arg(id).send();
    let (status, definition) = futures::future::join(status, definition).await;
    Ok((status?, definition?))
}
