//! `tc task deps`

mod graph;

use std::io::Write as _;

use futures::stream::{self, StreamExt as _};
use serde::Deserialize;
use serde_json::json;

use super::ids::IdArgs;
use super::lookup;
use super::shown;
use crate::client::Client;
use crate::context::Context;
use crate::domain::TaskItem;
use crate::error::{Error, Kind, Result};
use crate::exit::Status;
use graph::{Graph, Line, Node};

/// Show what tasks wait for, and what waits for them
///
/// A tree in both directions. A task that occurs more than once is followed only where it occurs
/// first.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    ids: IdArgs,
    /// Only what the task waits for
    #[arg(long, conflicts_with = "down")]
    up: bool,
    /// Only what waits for the task
    #[arg(long)]
    down: bool,
    /// Follow at most this many steps
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    depth: Option<u32>,
}

/// Tasks that are asked about at once.
const MAX_CONCURRENT_LOOKUPS: usize = 32;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Up,
    Down,
}

/// Shows the trees.
///
/// # Errors
/// Those of the calls; [`Kind::NotFound`] for a task that is not there.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let named = args.ids.read(context).await?;
    let mut documents = Vec::new();
    for found in &named.tasks {
        let (root, trees) = collect(args, &found.deployment.client(context)?, &found.id).await?;
        if context.wants_json() {
            documents.push(document(&root, &trees));
        } else {
            print(&root, &trees, context)?;
        }
    }
    if context.wants_json() {
        return super::status::print_documents(&named, context, documents, Ok(Status::DONE)).await;
    }
    Ok(Status::DONE)
}

type Trees = Vec<(Direction, Vec<Line>)>;

async fn collect(args: &Args, client: &Client, id: &str) -> Result<(Node, Trees)> {
    let root = node(client, id).await?.ok_or_else(|| Error::unknown_name(format_args!("task {id}")))?;
    let mut trees = Vec::new();
    for (direction, left_out) in [(Direction::Up, args.down), (Direction::Down, args.up)] {
        if !left_out {
            let graph = explore(client, &root, direction, args.depth.unwrap_or(u32::MAX)).await?;
            let deepest = args.depth.and_then(|depth| usize::try_from(depth).ok()).unwrap_or(usize::MAX);
            trees.push((direction, graph.lines(&root.id, deepest)));
        }
    }
    Ok((root, trees))
}

/// Asks about a task and what it waits for; none where there is no such task any more.
async fn node(client: &Client, id: &str) -> Result<Option<Node>> {
    let looked_up = match lookup::status_and_definition(client, id).await {
        Ok(looked_up) => looked_up,
        Err(error) if error.kind() == Kind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let (status, definition) = (looked_up.status()?, looked_up.definition()?);
    Ok(Some(Node {
        id: id.to_owned(),
        name: definition.metadata.name.to_string(),
        state: Some(status.state),
        next: definition.dependencies.iter().map(|id| id.0.to_string()).collect(),
    }))
}

#[derive(Deserialize)]
struct Dependents<'a> {
    #[serde(borrow)]
    tasks: Vec<TaskItem<'a>>,
}

/// The tasks that wait for this one; what waits for these is not known yet.
async fn dependents(client: &Client, id: &str) -> Result<Vec<Node>> {
    let mut pages = client.call("queue", "listDependentTasks").arg(id).pages()?;
    let mut found = Vec::new();
    while let Some(page) = pages.next().await? {
        let Dependents { tasks } = serde_json::from_slice(&page.body).map_err(|source| {
            Error::failed("queue.listDependentTasks sent something that is not a list of tasks").caused_by(source)
        })?;
        found.extend(tasks.iter().map(|item| Node {
            id: item.id().to_owned(),
            name: item.name().to_owned(),
            state: Some(item.status.state),
            next: Vec::new(),
        }));
    }
    Ok(found)
}

/// Goes from the root in one direction, a step at a time, and asks about each task once.
async fn explore(client: &Client, root: &Node, direction: Direction, depth: u32) -> Result<Graph> {
    let mut graph = Graph::default();
    let mut edge = match direction {
        Direction::Up => {
            graph.add(root.clone());
            root.next.clone()
        }
        Direction::Down => {
            graph.add(Node { next: Vec::new(), ..root.clone() });
            vec![root.id.clone()]
        }
    };
    for _ in 0..depth {
        edge.retain(|id| direction == Direction::Down || !graph.has(id));
        edge.dedup();
        if edge.is_empty() {
            break;
        }
        edge = match direction {
            Direction::Up => step_up(client, &mut graph, edge).await?,
            Direction::Down => step_down(client, &mut graph, edge).await?,
        };
    }
    Ok(graph)
}

async fn step_up(client: &Client, graph: &mut Graph, edge: Vec<String>) -> Result<Vec<String>> {
    let mut answers =
        stream::iter(edge).map(|id| async { (node(client, &id).await, id) }).buffered(MAX_CONCURRENT_LOOKUPS);
    let mut next = Vec::new();
    while let Some((answer, id)) = answers.next().await {
        let node = answer?.unwrap_or_else(|| Node::unknown(id));
        next.extend(node.next.iter().cloned());
        graph.add(node);
    }
    Ok(next)
}

async fn step_down(client: &Client, graph: &mut Graph, edge: Vec<String>) -> Result<Vec<String>> {
    let mut answers =
        stream::iter(edge).map(|id| async { (dependents(client, &id).await, id) }).buffered(MAX_CONCURRENT_LOOKUPS);
    let mut next = Vec::new();
    while let Some((answer, id)) = answers.next().await {
        let found = answer?;
        graph.connect(&id, found.iter().map(|node| node.id.clone()).collect());
        for node in found {
            if !graph.has(&node.id) {
                next.push(node.id.clone());
                graph.add(node);
            }
        }
    }
    Ok(next)
}

fn print(root: &Node, trees: &Trees, context: &Context) -> Result<()> {
    let ui = &context.ui;
    let mut out = ui.out();
    let text = |node: &Node| {
        let state = match node.state {
            Some(state) => ui.paint(shown::style(state), state),
            None => "gone".to_owned(),
        };
        format!("{} {state} {}", node.id, ui.safe(&node.name)).trim_end().to_owned()
    };
    writeln!(out, "{}", text(root))?;
    for (direction, lines) in trees {
        let title = match direction {
            Direction::Up => "waits for",
            Direction::Down => "is waited for by",
        };
        writeln!(out, "{title}{}", if lines.is_empty() { " nothing" } else { ":" })?;
        for line in lines {
            let again = if line.again { " (see above)" } else { "" };
            writeln!(out, "{}{}{again}", "  ".repeat(line.depth), text(&line.node))?;
        }
    }
    Ok(())
}

/// Flat lists: `depth` and `via` say where in the tree a task is.
fn document(root: &Node, trees: &Trees) -> String {
    let mut document = json!({"taskId": root.id, "name": root.name, "state": root.state.map(|state| state.as_str())});
    for (direction, lines) in trees {
        let list: Vec<_> = lines
            .iter()
            .map(|line| {
                let state = line.node.state.map(|state| state.as_str());
                json!({"taskId": line.node.id, "name": line.node.name, "state": state, "depth": line.depth, "via": line.via})
            })
            .collect();
        let key = if *direction == Direction::Up { "dependencies" } else { "dependents" };
        document[key] = json!(list);
    }
    document.to_string()
}
