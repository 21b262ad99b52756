//! Tasks and what they wait for, or what waits for them, as the lines of a tree. Pure.

use std::collections::HashMap;

use crate::domain::TaskState;

/// A task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) id: String,
    pub(super) name: String,
    /// None for a task that is not there any more.
    pub(super) state: Option<TaskState>,
    /// The tasks one step further.
    pub(super) next: Vec<String>,
}

impl Node {
    /// A task that is not there any more.
    pub(super) fn unknown(id: String) -> Self {
        Self { id, name: String::new(), state: None, next: Vec::new() }
    }
}

/// A line of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// Steps from the root, from 1.
    pub(super) depth: usize,
    /// The task one step nearer to the root.
    pub(super) via: String,
    pub(super) node: Node,
    /// It occurred before, with all that follows from it.
    pub(super) again: bool,
}

/// Tasks by ID.
#[derive(Debug, Default)]
pub(super) struct Graph(HashMap<String, Node>);

impl Graph {
    pub(super) fn has(&self, id: &str) -> bool {
        self.0.contains_key(id)
    }

    pub(super) fn add(&mut self, node: Node) {
        self.0.insert(node.id.clone(), node);
    }

    /// Sets the tasks that are one step further than this one.
    pub(super) fn connect(&mut self, id: &str, next: Vec<String>) {
        if let Some(node) = self.0.get_mut(id) {
            node.next = next;
        }
    }

    /// The tree below the root, depth first, down to `deepest`. Chains can be long, so nothing here
    /// recurses; tasks that were not reached are left out.
    pub(super) fn lines(&self, root: &str, deepest: usize) -> Vec<Line> {
        let mut seen: HashMap<&str, usize> = HashMap::from([(root, 0)]);
        let mut lines = Vec::new();
        let mut left = self.below(root, 1);
        while let Some((depth, via, node)) = left.pop() {
            // What follows was shown already, unless it was too deep there and is not here.
            let before = seen.get(node.id.as_str()).copied();
            let again = before.is_some_and(|before| before <= depth || deepest == usize::MAX);
            if !again {
                seen.insert(&node.id, depth);
            }
            lines.push(Line {
                depth,
                via: via.to_owned(),
                node: node.clone(),
                again: again && depth < deepest && !node.next.is_empty(),
            });
            if !again && depth < deepest {
                left.extend(self.below(&node.id, depth + 1));
            }
        }
        lines
    }

    /// What is one step below, the last one first.
    fn below(&self, id: &str, depth: usize) -> Vec<(usize, &str, &Node)> {
        let Some(node) = self.0.get(id) else { return Vec::new() };
        node.next.iter().rev().filter_map(|next| Some((depth, node.id.as_str(), self.0.get(next)?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(edges: &[(&str, &[&str])]) -> Graph {
        let mut graph = Graph::default();
        for (id, next) in edges {
            let next = next.iter().map(ToString::to_string).collect();
            graph.add(Node { id: id.to_string(), name: String::new(), state: None, next });
        }
        graph
    }

    fn shown(graph: &Graph, deepest: usize) -> String {
        let line = |line: Line| format!("{}{}{}", line.depth, line.node.id, if line.again { "!" } else { "" });
        graph.lines("root", deepest).into_iter().map(line).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_occurs_twice_is_followed_once() {
        let graph =
            graph(&[("root", &["a", "b"]), ("a", &["c"]), ("b", &["c", "d"]), ("c", &["e"]), ("d", &[]), ("e", &[])]);
        assert_eq!(shown(&graph, usize::MAX), "1a 2c 3e 1b 2c! 2d");
    }

    #[test]
    fn a_limited_depth_hides_nothing_that_lies_within_it() {
        let graph = graph(&[("root", &["a", "c"]), ("a", &["b"]), ("b", &["c"]), ("c", &["d"]), ("d", &[])]);
        assert_eq!(shown(&graph, 1), "1a 1c");
        assert_eq!(shown(&graph, 2), "1a 2b 1c 2d");
        assert_eq!(shown(&graph, 3), "1a 2b 3c 1c 2d");
    }

    #[test]
    fn a_circle_ends() {
        assert_eq!(shown(&graph(&[("root", &["a"]), ("a", &["root", "missing"])]), usize::MAX), "1a 2root!");
    }

    #[test]
    fn a_chain_of_any_length_is_walked() {
        let ids: Vec<String> = (0..100_000).map(|n| if n == 0 { "root".into() } else { format!("t{n}") }).collect();
        let mut graph = Graph::default();
        for (index, id) in ids.iter().enumerate() {
            let next = ids.get(index + 1).cloned().into_iter().collect();
            graph.add(Node { id: id.clone(), name: String::new(), state: None, next });
        }
        assert_eq!(graph.lines("root", usize::MAX).len(), 99_999);
    }
}
