//! Running tasks for real takes process groups, which only Unix has.

use std::ffi::OsStr;
use std::sync::Arc;

use super::run::Claim;
use crate::domain::Secret;
use crate::error::{Error, Result};
use crate::sandbox::shared::Shared;

/// What a worker would take over from its environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Host(());

impl Host {
    pub(in crate::sandbox) fn new<N: AsRef<OsStr>, V: AsRef<OsStr>>(
        _variables: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        Self(())
    }
}

/// There is none on this system.
pub(in crate::sandbox) enum Executor {}

impl Executor {
    /// # Errors
    /// Always.
    pub(in crate::sandbox) fn new(_host: Host, _access_token: &Secret) -> Result<Self> {
        Err(Error::usage("the sandbox can run tasks on Linux and macOS only")
            .hint("Simulate workers instead; that works on any system."))
    }

    pub(in crate::sandbox) fn public_key(&self) -> String {
        match *self {}
    }

    pub(in crate::sandbox) fn stop(&self) {
        match *self {}
    }
}

pub(super) async fn run(_shared: &Arc<Shared>, executor: &Executor, _claim: Claim) {
    match *executor {}
}
