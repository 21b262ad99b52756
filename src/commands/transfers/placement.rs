//! Where artifacts are written to.

use std::path::PathBuf;

use crate::context::Context;
use crate::domain::artifact_path::{NameError, Paths, SafePath, flat_path, safe_path};
use crate::error::{Error, Result};
use crate::transfer;
use crate::ui::sanitize;

/// Turns names into targets below a folder, and refuses those that cannot be.
pub(crate) struct Placement<'a> {
    folder: PathBuf,
    flat: bool,
    paths: Paths,
    context: &'a Context,
}

impl<'a> Placement<'a> {
    /// Targets below `folder`; `flat` leaves out the folders of names.
    pub(crate) fn new(folder: PathBuf, flat: bool, context: &'a Context) -> Self {
        Self { folder, flat, paths: Paths::default(), context }
    }

    /// The target of an artifact of this name.
    ///
    /// # Errors
    /// [`crate::error::Kind::Failed`] when the name stands for no path below the folder, or is in another's way.
    pub(crate) fn target(&mut self, name: &str) -> Result<PathBuf> {
        let refused = |source: NameError| {
            Error::failed(format!("cannot write it under its own name: {source}"))
                .hint("Download it alone, to a file that you name with -o.")
        };
        let found = if self.flat { flat_path(name) } else { safe_path(name) };
        let SafePath { path, escaped } = found.map_err(refused)?;
        if escaped {
            self.context.ui.note(format_args!("{} is written as {path}.", sanitize(name)));
        }
        self.paths.add(name, &path, &transfer::SUFFIXES).map_err(refused)?;
        Ok(self.folder.join(path))
    }
}
