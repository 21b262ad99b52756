//! Taskcluster credentials.

use crate::domain::Secret;
use crate::env::{self, Environment};
use crate::error::{Error, Kind, Result};

/// Who signs: a client ID, its access token, and for temporary credentials the certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The client ID.
    pub client_id: String,
    /// The key that requests are signed with.
    pub access_token: Secret,
    /// The certificate of temporary credentials: the text of a JSON object.
    pub certificate: Option<Secret>,
    /// Scopes that calls are limited to. An empty list means no scopes at all.
    pub authorized_scopes: Option<Vec<String>>,
}

impl Credentials {
    /// Permanent credentials.
    pub fn new(client_id: impl Into<String>, access_token: impl Into<String>) -> Self {
        Self {
            client_id: client_id.into(),
            access_token: Secret::new(access_token),
            certificate: None,
            authorized_scopes: None,
        }
    }

    /// The same, temporary: with their certificate.
    #[must_use]
    pub fn with_certificate(mut self, certificate: impl Into<String>) -> Self {
        self.certificate = Some(Secret::new(certificate));
        self
    }

    /// The same, limited to these scopes.
    #[must_use]
    pub fn with_authorized_scopes(mut self, scopes: Vec<String>) -> Self {
        self.authorized_scopes = Some(scopes);
        self
    }

    /// The credentials of the environment; none when neither ID nor token is set.
    ///
    /// # Errors
    /// When only one of the two is set, or the certificate is not a JSON object.
    pub fn from_env(environment: &Environment) -> Result<Option<Self>> {
        let half = |set: env::Variable, unset: env::Variable| {
            Error::new(Kind::Auth, format!("{} is set but {} is not", set.name, unset.name))
                .hint("Set both, or neither to call without credentials.")
        };
        let mut credentials = match (environment.get(env::CLIENT_ID), environment.get(env::ACCESS_TOKEN)) {
            (None, None) => return Ok(None),
            (Some(_), None) => return Err(half(env::CLIENT_ID, env::ACCESS_TOKEN)),
            (None, Some(_)) => return Err(half(env::ACCESS_TOKEN, env::CLIENT_ID)),
            (Some(client_id), Some(access_token)) => Self::new(client_id, access_token),
        };
        if let Some(certificate) = environment.get(env::CERTIFICATE) {
            serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(certificate).map_err(|_| {
                Error::new(Kind::Auth, format!("{} is not a JSON object", env::CERTIFICATE.name))
                    .hint("Sign in again, or unset it when the credentials are permanent.")
            })?;
            credentials = credentials.with_certificate(certificate);
        }
        Ok(Some(credentials))
    }
}
