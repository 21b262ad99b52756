//! Which references describe the deployment in use.

use super::Context;
use crate::config::ReferenceCache;
use crate::error::Result;
use crate::reference::{Catalogue, Source};

impl Context {
    /// The references kept for the deployment in use, else the embedded ones; with `legacy` those of 2018. References that
    /// cannot be used are ignored with a warning.
    pub(crate) fn catalogue(&self, legacy: bool) -> &'static Catalogue {
        if legacy {
            return Catalogue::embedded(Source::Legacy);
        }
        self.catalogue.get_or_init(|| {
            let kept = self.kept_catalogue().unwrap_or_else(|error| {
                self.ui.warn(format_args!("the references kept for this deployment are ignored: {error}"));
                self.ui.hint("Fetch them anew with `tc references update`, or forget them with `tc references reset`.");
                None
            });
            kept.unwrap_or_else(|| Catalogue::embedded(Source::Current))
        })
    }

    fn kept_catalogue(&self) -> Result<Option<&'static Catalogue>> {
        let Some(cache) = ReferenceCache::of(&self.env).filter(|cache| !cache.is_empty()) else { return Ok(None) };
        // Without a deployment there is none whose references could be kept.
        match self.root_url() {
            Ok(root) => cache.catalogue(&root),
            Err(_) => Ok(None),
        }
    }
}
