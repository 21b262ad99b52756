//! `tc group artifacts`.

use std::path::PathBuf;

use futures::{StreamExt as _, TryStreamExt as _, stream};

use crate::client::Client;
use crate::commands::selection::{self, FilterArgs, GroupTasks, Selection};
use crate::commands::transfers::{self, DownloadArgs, DownloadItem, Manifest, NamePatterns, Placement, download};
use crate::context::Context;
use crate::domain::TaskItem;
use crate::error::{Error, Kind, Result};
use crate::exit::Status;
use crate::transfer::ContentSource;

/// Lists of artifacts that are fetched at once.
const MAX_CONCURRENT_LISTS: usize = 16;

/// Download artifacts of many tasks of a group
///
/// Files that exist are kept where the storage's answer or the manifest shows that they are right, so the same
/// command run again fetches what a group has made since. Tasks without such artifacts are skipped.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Task group: an ID or the address of its page
    group: String,
    /// Which artifacts: names, or patterns such as `public/logs/**`
    #[arg(long, value_name = "GLOB", required = true)]
    artifact: Vec<String>,
    /// Folder to write to
    #[arg(short, long, value_name = "DIR", default_value = ".")]
    output: PathBuf,
    /// Path below that folder, made of {task} (its ID), {label} (its name), {run}, {name} and {file}
    /// (the last part of {name})
    #[arg(long, value_name = "TEMPLATE", default_value = "{task}/{name}")]
    path: String,
    /// Write a record of all files: URL, size, hashes, task, run. Files that are on record there and unchanged are
    /// not requested again
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
    #[command(flatten)]
    filters: FilterArgs,
    #[command(flatten)]
    download: DownloadArgs,
}

struct Task {
    id: String,
    label: String,
    run: u32,
}

pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let group = selection::group(&args.group, context)?;
    let (patterns, options) = (NamePatterns::new(&args.artifact), args.download.options()?);
    if let Some(unknown) = unknown_placeholder(&args.path) {
        return Err(Error::usage(format!("unknown placeholder {unknown} in --path"))
            .hint("Placeholders are {task}, {label}, {run}, {name} and {file}."));
    }
    let selection = Selection { filter: args.filters.filter(&[], context.now())?, program: None };
    let (client, folder) = (group.deployment.client(context)?, context.env.resolve(&args.output));
    let mut placement = Placement::new(folder, false, context);
    let plain = args.artifact.iter().all(|name| !NamePatterns::is_pattern(name));
    let manifest = Manifest::open(args.manifest.as_deref(), context)?;
    let outcome = context
        .writing_files(async {
            let tasks = GroupTasks::of(&client, &group.id)?.selected(&selection, task);
            let (client, patterns, names) = (&client, &patterns, &args.artifact);
            let lists = tasks
                .try_filter_map(|task| std::future::ready(Ok(task)))
                .map(|task| async move {
                    let task = task?;
                    let names = if plain { names.clone() } else { listed(client, &task, patterns).await? };
                    Ok((task, names))
                })
                .buffered(MAX_CONCURRENT_LISTS);
            let items = lists.flat_map(|found: Result<(Task, Vec<String>)>| {
                let items = match found {
                    Err(error) => vec![Err(error)],
                    Ok((task, names)) => {
                        names.into_iter().map(|name| wanted(&task, name, &args.path, &mut placement)).collect()
                    }
                };
                stream::iter(items)
            });
            download(client, items, &args.download, options, &manifest, context).await
        })
        .await;
    manifest.close(outcome, context)
}

/// A task that has a run, which alone can have artifacts.
fn task(item: &TaskItem<'_>) -> Option<Task> {
    let run = item.status.last_run()?.run_id;
    Some(Task { id: item.id().to_owned(), label: item.name().to_owned(), run })
}

/// The artifacts of a task that are meant. A task without any is as good as one without artifacts.
async fn listed(client: &Client, task: &Task, patterns: &NamePatterns) -> Result<Vec<String>> {
    let all = match transfers::list(client, &task.id, Some(task.run)).await {
        Err(error) if error.kind() == Kind::NotFound => return Ok(Vec::new()),
        outcome => outcome?,
    };
    let (meant, _) = patterns.choose(&all);
    let meant = meant.into_iter().filter(|artifact| !artifact.is_error());
    Ok(meant.map(|artifact| artifact.name.clone()).collect())
}

fn wanted(task: &Task, name: String, template: &str, placement: &mut Placement<'_>) -> Result<DownloadItem> {
    let path = fill(template, task, &name);
    let target = placement.target(&path)?;
    let source = ContentSource::Artifact { task: task.id.clone(), run: Some(task.run), name };
    // Not every task of a group makes what some of them do.
    Ok(DownloadItem { may_be_missing: true, ..DownloadItem::new(source, target) })
}

/// The template with the values in place; a label is one part of the path, whatever is in it.
fn fill(template: &str, task: &Task, name: &str) -> String {
    let label: String =
        task.label.chars().map(|c| if c == '/' || c == '\\' || c.is_control() { '_' } else { c }).collect();
    let file = name.rsplit('/').next().unwrap_or(name);
    let run = task.run.to_string();
    let values =
        [("{task}", task.id.as_str()), ("{label}", &label), ("{run}", &run), ("{name}", name), ("{file}", file)];
    let (mut filled, mut rest) = (String::new(), template);
    // What a value holds is not filled in again.
    while let Some(at) = rest.find('{') {
        filled.push_str(&rest[..at]);
        rest = &rest[at..];
        let (from, to) = values.iter().find(|(from, _)| rest.starts_with(from)).copied().unwrap_or(("{", "{"));
        filled.push_str(to);
        rest = &rest[from.len()..];
    }
    filled.push_str(rest);
    filled
}

/// The first word in braces that means nothing.
fn unknown_placeholder(template: &str) -> Option<&str> {
    let mut rest = template;
    while let Some(at) = rest.find('{') {
        rest = &rest[at..];
        let end = rest.find('}').map_or(rest.len(), |end| end + 1);
        let (word, after) = rest.split_at(end);
        if !matches!(word, "{task}" | "{label}" | "{run}" | "{name}" | "{file}") {
            return Some(word);
        }
        rest = after;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_filled_once() {
        let task = Task { id: "T".into(), label: "build/{name} x".into(), run: 1 };
        assert_eq!(fill("{task}/{name}", &task, "public/a"), "T/public/a");
        assert_eq!(fill("{label}-{run}.{file}", &task, "public/{task}"), "build_{name} x-1.{task}");
        assert_eq!(fill("{x", &task, "a"), "{x");
        assert_eq!(unknown_placeholder("{task}/{nmae}"), Some("{nmae}"));
        assert_eq!(unknown_placeholder("{task"), Some("{task"));
        assert_eq!(unknown_placeholder("{task}/{name}x}"), None);
    }
}
