//! Scope sets: their order, their minimal form, and what roles add to them. Pure.

use std::cmp::Ordering;
use std::collections::{BTreeSet, VecDeque};

/// A role: its ID, which may end in `*`, and its scopes, which may then hold `<..>`.
#[derive(Debug, Clone, Copy)]
pub(in crate::sandbox) struct RoleRef<'a> {
    pub id: &'a str,
    pub scopes: &'a [String],
}

/// Whether one scope satisfies another: it is the same, or ends in `*` and is its beginning.
pub(in crate::sandbox) fn satisfies(have: &str, wanted: &str) -> bool {
    have == wanted || have.strip_suffix('*').is_some_and(|prefix| wanted.starts_with(prefix))
}

/// Whether a scope set satisfies all of `wanted`.
pub(in crate::sandbox) fn satisfies_all<'a>(have: &[String], wanted: impl IntoIterator<Item = &'a String>) -> bool {
    wanted.into_iter().all(|wanted| have.iter().any(|have| satisfies(have, wanted)))
}

/// Whether a text may be a scope: printable ASCII, not empty.
pub(in crate::sandbox) fn is_valid(scope: &str) -> bool {
    !scope.is_empty() && scope.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

/// The services' order of scopes: `*` stands before all else, even before the end of a shorter scope,
/// so that a scope follows the pattern that covers it.
pub(in crate::sandbox) fn compare(a: &str, b: &str) -> Ordering {
    let rank = |byte: Option<&u8>| match byte {
        Some(b'*') => (0, 0),
        None => (1, 0),
        Some(other) => (2, *other),
    };
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let differ = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    rank(a.get(differ)).cmp(&rank(b.get(differ)))
}

/// The smallest set that satisfies the same scopes, sorted.
pub(in crate::sandbox) fn normalize(mut scopes: Vec<String>) -> Vec<String> {
    scopes.sort_by(|a, b| compare(a, b));
    scopes.dedup();
    let mut kept: Vec<String> = Vec::with_capacity(scopes.len());
    for scope in scopes {
        // Patterns come right before what they cover, so the last one kept is the only candidate.
        if !kept.last().is_some_and(|last| satisfies(last, &scope)) {
            kept.push(scope);
        }
    }
    kept
}

/// Merges two sets that are each in order already; what is covered by the scope before it is dropped.
///
/// This is not [`normalize`]: sets that are not in order stay so, as the services leave them.
pub(in crate::sandbox) fn merge(a: &[String], b: &[String]) -> Vec<String> {
    let (mut a, mut b) = (a.iter().peekable(), b.iter().peekable());
    let mut merged: Vec<String> = Vec::new();
    loop {
        let next = match (a.peek(), b.peek()) {
            (Some(x), Some(y)) if compare(x, y) == Ordering::Greater => b.next(),
            (Some(_), _) => a.next(),
            (None, _) => b.next(),
        };
        let Some(next) = next else { return merged };
        if !merged.last().is_some_and(|last| satisfies(last, next)) {
            merged.push(next.clone());
        }
    }
}

/// All that a scope set amounts to once its roles are added, and their roles, in minimal form.
///
/// Roles that assume each other in a circle are refused when they are made ([`find_cycle`]), so this ends.
pub(in crate::sandbox) fn expand(scopes: &[String], roles: &[RoleRef<'_>]) -> Vec<String> {
    let mut found: BTreeSet<String> = scopes.iter().cloned().collect();
    let mut queue: VecDeque<String> = found.iter().cloned().collect();
    while let Some(scope) = queue.pop_front() {
        if scope == "*" {
            return vec![scope];
        }
        for role in roles {
            for granted in granted(&scope, role) {
                if found.insert(granted.clone()) {
                    queue.push_back(granted);
                }
            }
        }
    }
    normalize(found.into_iter().collect())
}

/// What a role adds to one scope.
fn granted(scope: &str, role: &RoleRef<'_>) -> Vec<String> {
    match assumed(scope, role.id) {
        Some(parameter) if role.id.ends_with('*') => {
            role.scopes.iter().map(|granted| fill(granted, &parameter)).collect()
        }
        // Without a star there is no parameter: `<..>` is text like any other.
        Some(_) => role.scopes.to_vec(),
        None => Vec::new(),
    }
}

/// Whether a scope assumes a role, and with which parameter: the part that stands for the role's `*`.
fn assumed(scope: &str, role: &str) -> Option<String> {
    const ASSUME: &str = "assume:";
    if let (Some(pattern), Some(prefix)) = (scope.strip_suffix('*'), role.strip_suffix('*')) {
        // `assume:rep*` can be any role that starts so: all of `repo:*`, with any parameter.
        if format!("{ASSUME}{prefix}").starts_with(pattern) {
            return Some("*".into());
        }
    }
    let id = match scope.strip_prefix(ASSUME) {
        Some(id) => id,
        // `a*` or `assum*` covers every role.
        None => return scope.strip_suffix('*').filter(|part| ASSUME.starts_with(part)).map(|_| "*".into()),
    };
    match role.strip_suffix('*') {
        Some(prefix) => id.strip_prefix(prefix).map(Into::into),
        None => (satisfies(id, role)).then(String::new),
    }
}

/// A role's scope with its parameter filled in; what follows a `*` says nothing any more.
fn fill(scope: &str, parameter: &str) -> String {
    match scope.split_once("<..>") {
        Some((before, _)) if parameter.ends_with('*') => format!("{before}{parameter}"),
        Some((before, after)) => format!("{before}{parameter}{after}"),
        None => scope.to_owned(),
    }
}

/// What is wrong with the `<..>` of a role's scopes, if anything is.
pub(in crate::sandbox) fn parameter_fault(role: &RoleRef<'_>) -> Option<String> {
    if !role.id.ends_with('*') {
        return None;
    }
    role.scopes.iter().find_map(|scope| {
        if scope.matches("<..>").count() > 1 {
            return Some(format!("scope `{scope}` of a parameterized role contains `<..>` more than once"));
        }
        scope.ends_with("*<..>").then(|| format!("scope `{scope}` of a parameterized role ends with `*<..>`"))
    })
}

/// The IDs of roles that assume each other in a circle, if there are any. A role assumes another one when some parameter
/// can make it do so, and one that holds `*` assumes them all, itself among them.
pub(in crate::sandbox) fn find_cycle(roles: &[RoleRef<'_>]) -> Option<Vec<String>> {
    let mut seen = vec![Seen::No; roles.len()];
    let cycle = (0..roles.len()).find_map(|start| visit(roles, start, &mut seen, &mut Vec::new()))?;
    Some(cycle.into_iter().filter_map(|index| Some(roles.get(index)?.id.to_owned())).collect())
}

#[derive(Clone, Copy, PartialEq)]
enum Seen {
    No,
    OnPath,
    Done,
}

/// Whether a role's scopes can assume another role.
fn depends_on(role: &RoleRef<'_>, other: &RoleRef<'_>) -> bool {
    let parameterized = role.id.ends_with('*');
    role.scopes.iter().any(|scope| {
        if parameterized { assumed(&fill(scope, "*"), other.id) } else { assumed(scope, other.id) }.is_some()
    })
}

/// Goes on to all roles that one depends on; a role that is on the way there already closes a circle.
fn visit(roles: &[RoleRef<'_>], here: usize, seen: &mut [Seen], path: &mut Vec<usize>) -> Option<Vec<usize>> {
    match seen.get(here)? {
        Seen::Done => return None,
        Seen::OnPath => {
            let start = path.iter().position(|index| *index == here).unwrap_or_default();
            return Some(path.iter().skip(start).copied().chain([here]).collect());
        }
        Seen::No => {}
    }
    let role = roles.get(here)?;
    *seen.get_mut(here)? = Seen::OnPath;
    path.push(here);
    for (index, other) in roles.iter().enumerate() {
        if depends_on(role, other)
            && let Some(cycle) = visit(roles, index, seen, path)
        {
            return Some(cycle);
        }
    }
    path.pop();
    *seen.get_mut(here)? = Seen::Done;
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Roles = Vec<(String, Vec<String>)>;

    fn strings(texts: &[&str]) -> Vec<String> {
        texts.iter().map(ToString::to_string).collect()
    }

    fn refs(roles: &Roles) -> Vec<RoleRef<'_>> {
        roles.iter().map(|(id, scopes)| RoleRef { id, scopes }).collect()
    }

    fn expanded(scopes: &[&str], roles: &[(&str, &[&str])]) -> Vec<String> {
        let roles: Roles = roles.iter().map(|(id, scopes)| ((*id).to_owned(), strings(scopes))).collect();
        expand(&strings(scopes), &refs(&roles))
    }

    #[test]
    fn patterns_stand_before_what_they_cover() {
        let mut scopes = strings(&["a:b", "a:", "a:*", "a", "b*", "*", "a:b*", "a:bc"]);
        scopes.sort_by(|a, b| compare(a, b));
        assert_eq!(scopes, ["*", "a", "a:*", "a:", "a:b*", "a:b", "a:bc", "b*"]);
        assert_eq!(normalize(scopes.split_off(1)), ["a", "a:*", "b*"]);
    }

    #[test]
    fn merging_leaves_the_order_of_what_was_not_in_order() {
        let merged = merge(&strings(&["test:*", "auth:create-client:test:*"]), &strings(&["assume:anonymous"]));
        assert_eq!(merged, ["assume:anonymous", "test:*", "auth:create-client:test:*"]);
    }

    #[test]
    fn roles_add_their_scopes_and_their_roles() {
        let roles: &[(&str, &[&str])] = &[("a", &["x", "assume:b"]), ("b", &["y"]), ("c", &["z"])];
        assert_eq!(expanded(&["assume:a"], roles), ["assume:a", "assume:b", "x", "y"]);
        assert_eq!(expanded(&["assume:*"], roles), ["assume:*", "x", "y", "z"]);
        assert_eq!(expanded(&["as*"], roles), ["as*", "x", "y", "z"]);
        assert_eq!(expanded(&["assume:d"], roles), ["assume:d"]);
        assert_eq!(expanded(&["*", "assume:a"], roles), ["*"]);
    }

    #[test]
    fn a_role_with_a_star_hands_its_parameter_on() {
        let roles: &[(&str, &[&str])] = &[("repo:*", &["push:<..>:now", "read"])];
        assert_eq!(expanded(&["assume:repo:x"], roles), ["assume:repo:x", "push:x:now", "read"]);
        assert_eq!(expanded(&["assume:repo:"], roles), ["assume:repo:", "push::now", "read"]);
        assert_eq!(expanded(&["assume:repo:x*"], roles), ["assume:repo:x*", "push:x*", "read"]);
        assert_eq!(expanded(&["assume:repo:*"], roles), ["assume:repo:*", "push:*", "read"]);
        assert_eq!(expanded(&["assume:re*"], roles), ["assume:re*", "push:*", "read"]);
        assert_eq!(expanded(&["assume:repo"], roles), ["assume:repo"]);
    }

    #[test]
    fn roles_that_assume_each_other_or_themselves_are_a_cycle() {
        let cycle = |roles: &[(&str, &[&str])]| {
            let roles: Roles = roles.iter().map(|(id, scopes)| ((*id).to_owned(), strings(scopes))).collect();
            find_cycle(&refs(&roles)).map(|cycle| cycle.join(" "))
        };
        for (roles, expected) in [
            (&[("a", &["assume:a"][..])][..], Some("a a")),
            (&[("x", &["assume:y"][..]), ("y", &["assume:x"][..])][..], Some("x y x")),
            (&[("s*", &["assume:s*"][..])][..], Some("s* s*")),
            (&[("a*", &["assume:b<..>"][..]), ("b*", &["assume:ax<..>"][..])][..], Some("a* b* a*")),
            (&[("hook-id:x", &["*"][..])][..], Some("hook-id:x hook-id:x")),
            (&[("a*", &["assume:b<..>"][..]), ("b*", &["x:<..>"][..])][..], None),
            (&[("a", &["assume:b"][..]), ("b", &["queue:*"][..]), ("c", &["assume:a", "assume:b"][..])][..], None),
        ] {
            assert_eq!(cycle(roles).as_deref(), expected, "{roles:?}");
        }
    }

    #[test]
    fn only_a_role_with_a_star_has_a_parameter() {
        assert_eq!(expanded(&["assume:r"], &[("r", &["x<..>"])]), ["assume:r", "x<..>"]);
        let fault = |id: &str, scope: &str| parameter_fault(&RoleRef { id, scopes: &strings(&[scope]) }).is_some();
        assert!(fault("p*", "assume:q*<..>"));
        assert!(fault("d*", "assume:b<..>c<..>"));
        assert!(!fault("d", "assume:b<..>c<..>"));
        assert!(!fault("d*", "assume:b<..>c"));
    }

    fn scope() -> impl Strategy<Value = String> {
        prop_oneof![
            "[ab]{0,2}\\*?".prop_filter("a scope is not empty", |scope| !scope.is_empty()),
            "assume:[ab]{0,2}\\*?",
            "[ab]<..>[ab]?",
            "assume:[ab]{0,2}<..>",
        ]
    }

    prop_compose! {
        fn sandbox_roles()(roles in prop::collection::vec(("[ab]{1,2}\\*?", prop::collection::vec(scope(), 0..4)), 0..5)) -> Roles {
            roles
        }
    }

    proptest! {
        #[test]
        fn expansion_is_a_minimal_fixed_point(scopes in prop::collection::vec(scope(), 0..5), roles in sandbox_roles()) {
            let roles = refs(&roles);
            prop_assume!(find_cycle(&roles).is_none() && roles.iter().all(|role| parameter_fault(role).is_none()));
            let expanded = expand(&scopes, &roles);
            prop_assert!(satisfies_all(&expanded, &scopes), "it holds what went in");
            prop_assert_eq!(&expand(&expanded, &roles), &expanded, "it is a fixed point");
            prop_assert_eq!(&normalize(expanded.clone()), &expanded, "it is minimal");
        }

        #[test]
        fn normalizing_changes_nothing_but_the_form(scopes in prop::collection::vec(scope(), 0..8)) {
            let normal = normalize(scopes.clone());
            prop_assert!(satisfies_all(&normal, &scopes));
            prop_assert!(satisfies_all(&scopes, &normal));
            for (i, a) in normal.iter().enumerate() {
                prop_assert!(normal.iter().enumerate().all(|(j, b)| i == j || !satisfies(a, b)));
            }
        }
    }
}
