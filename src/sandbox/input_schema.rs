//! What the body of a method is filled up and checked with.

use crate::reference::{Method, Service};
use crate::schema::{Defaults, Validator};

/// The compiled schema of a method's input.
pub(super) struct InputSchema {
    /// Fills in what a body leaves out.
    pub defaults: Defaults,
    /// Checks it.
    pub validator: Validator,
}

impl InputSchema {
    /// Compiles the input schema of a method.
    ///
    /// # Errors
    /// When the embedded schema is broken.
    pub(super) fn of(service: &'static Service, method: &Method) -> Result<Self, String> {
        let file = method.input.as_deref().unwrap_or_default();
        let validator = Validator::new(service, file).map_err(|error| error.to_string())?;
        let defaults = Defaults::new(service, file).map_err(|error| error.to_string())?;
        Ok(Self { defaults, validator })
    }
}
