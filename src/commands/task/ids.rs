//! The tasks that a command line names: IDs, pages, index paths.

use crate::commands::selection::{self, NamedTasks};
use crate::context::Context;
use crate::error::Result;

/// Which tasks are meant.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct IdArgs {
    /// IDs of tasks, or addresses of their pages; `-` reads more from standard input: the first word of each line
    #[arg(value_name = "TASK", required = true)]
    pub tasks: Vec<String>,
    /// Read the arguments as index paths: `project.branch.latest.build`
    #[arg(long)]
    pub index: bool,
    /// Skip, with a warning, arguments that name no task
    #[arg(long)]
    pub skip_invalid: bool,
}

impl IdArgs {
    /// Reads the tasks, and looks index paths up.
    pub(super) async fn read(&self, context: &Context) -> Result<NamedTasks> {
        let is_single = self.tasks.len() == 1 && self.tasks.iter().all(|word| word != "-");
        let words = if self.index { paths(&self.tasks, context).await? } else { self.tasks.clone() };
        let words = selection::resolve_index(words, self.index, context).await?;
        let named = selection::tasks(&words, self.skip_invalid, context).await?;
        // Index paths on standard input have taken the place of `-`.
        Ok(NamedTasks { is_single, ..named })
    }
}

/// The words, with those on standard input in place of `-`.
async fn paths(words: &[String], context: &Context) -> Result<Vec<String>> {
    let mut all = Vec::new();
    for word in words {
        if word == "-" {
            let bytes = context.read_stdin().await?;
            let text = String::from_utf8_lossy(&bytes);
            all.extend(text.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned));
        } else {
            all.push(word.clone());
        }
    }
    Ok(all)
}
