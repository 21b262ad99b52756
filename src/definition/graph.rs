//! Which task comes before which.

use std::collections::{HashMap, HashSet};

/// An order in which each comes after what it depends on; what does not depend on each other stays in its order.
/// `links` are names with the names that they depend on; other names count as done.
///
/// # Errors
/// A circle: the names along it, the first again at the end.
pub(crate) fn order(links: &[(&str, Vec<&str>)]) -> Result<Vec<usize>, Vec<String>> {
    let index: HashMap<&str, usize> = links.iter().enumerate().rev().map(|(index, (name, _))| (*name, index)).collect();
    let before: Vec<Vec<usize>> = links
        .iter()
        .map(|(_, dependencies)| dependencies.iter().filter_map(|name| index.get(name).copied()).collect())
        .collect();
    let mut order = Vec::with_capacity(links.len());
    let mut done = HashSet::new();
    for start in 0..links.len() {
        // A walk without recursion: chains can be as long as a file.
        let mut path: Vec<(usize, usize)> = if done.contains(&start) { Vec::new() } else { vec![(start, 0)] };
        let mut on_path: HashSet<usize> = path.iter().map(|(node, _)| *node).collect();
        while let Some((node, next)) = path.last_mut() {
            let Some(dependency) = before.get(*node).and_then(|list| list.get(*next)).copied() else {
                done.insert(*node);
                on_path.remove(node);
                order.push(*node);
                path.pop();
                continue;
            };
            *next += 1;
            if on_path.contains(&dependency) {
                let circle = path.iter().map(|(node, _)| *node).skip_while(|node| *node != dependency);
                let names = circle.chain([dependency]).filter_map(|node| links.get(node));
                return Err(names.map(|(name, _)| (*name).to_owned()).collect());
            }
            if !done.contains(&dependency) {
                on_path.insert(dependency);
                path.push((dependency, 0));
            }
        }
    }
    Ok(order)
}

#[cfg(test)]
mod tests {
    use super::order;

    #[test]
    fn dependencies_come_first_and_the_rest_keeps_its_order() {
        let links = [("c", vec!["a", "elsewhere"]), ("b", vec![]), ("a", vec!["b"])];
        assert_eq!(order(&links), Ok(vec![1, 2, 0]));
        assert_eq!(order(&[]), Ok(vec![]));
    }

    #[test]
    fn a_circle_is_named() {
        let links = [("x", vec!["a"]), ("a", vec!["b"]), ("b", vec!["c"]), ("c", vec!["a"])];
        assert_eq!(order(&links), Err(["a", "b", "c", "a"].map(String::from).to_vec()));
        assert_eq!(order(&[("a", vec!["a"])]), Err(["a", "a"].map(String::from).to_vec()));
    }

    #[test]
    fn a_chain_may_be_long() {
        let names: Vec<String> = (0..100_000).map(|index| index.to_string()).collect();
        let links: Vec<(&str, Vec<&str>)> = names
            .iter()
            .enumerate()
            .map(|(index, name)| (name.as_str(), names.get(index + 1).map(String::as_str).into_iter().collect()))
            .collect();
        assert_eq!(order(&links).unwrap().first(), Some(&99_999));
    }
}
