//! Calls to a deployment's API: building, signing, retrying, paging.

mod credentials;

pub use credentials::Credentials;

use crate::domain::RootUrl;
use crate::error::Result;

/// A client of one deployment.
#[derive(Debug, Clone)]
pub struct Client {}

/// Builds a [`Client`].
#[derive(Debug)]
pub struct ClientBuilder {}

impl Client {
    /// A builder for a client of the deployment at `root`.
    pub fn builder(_root: RootUrl) -> ClientBuilder {
        ClientBuilder {}
    }
}

impl ClientBuilder {
    /// The credentials to sign with.
    #[must_use]
    pub fn credentials(self, _credentials: Option<Credentials>) -> Self {
        self
    }
    /// Builds it.
    ///
    /// # Errors
    /// x
    pub fn build(self) -> Result<Client> {
        Ok(Client {})
    }
}
