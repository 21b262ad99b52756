//! Scopes and sets of them. Roles are not expanded: only the server knows them.

/// Whether a scope is of the characters that the services allow: printable ASCII.
pub(crate) fn is_valid(scope: &str) -> bool {
    scope.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

/// Whether one scope satisfies another: they are the same, or `assumed` ends in `*` and `required`
/// starts with what stands before it.
pub(crate) fn covers(assumed: &str, required: &str) -> bool {
    assumed == required || assumed.strip_suffix('*').is_some_and(|prefix| required.starts_with(prefix))
}

/// Those of `required` that `assumed` does not satisfy.
pub(crate) fn missing<'a>(assumed: &[impl AsRef<str>], required: &'a [String]) -> Vec<&'a str> {
    required
        .iter()
        .map(String::as_str)
        .filter(|scope| !assumed.iter().any(|assumed| covers(assumed.as_ref(), scope)))
        .collect()
}

/// Whether `assumed` satisfies all scopes of one of the `alternatives`; of none, where there are none.
pub(crate) fn satisfies(assumed: &[impl AsRef<str>], alternatives: &[Vec<String>]) -> bool {
    alternatives.iter().any(|required| missing(assumed, required).is_empty())
}

/// The smallest set that satisfies the same: sorted, without doubles and without what another
/// scope of the set covers.
pub(crate) fn normalize(scopes: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut scopes: Vec<String> = scopes.into_iter().collect();
    scopes.sort_unstable();
    scopes.dedup();
    let all = scopes.clone();
    scopes.retain(|scope| !all.iter().any(|other| other != scope && covers(other, scope)));
    scopes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn list(scopes: &[&str]) -> Vec<String> {
        scopes.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_star_at_the_end_covers_what_starts_so() {
        assert!(covers("queue:*", "queue:cancel-task:x"));
        assert!(covers("queue:*", "queue:*"));
        assert!(covers("queue:*", "queue:"));
        assert!(covers("*", ""));
        assert!(!covers("queue:a*", "queue:*"));
        assert!(!covers("queue:*:x", "queue:y:x"), "a star elsewhere is a character");
        assert!(!covers("queue:", "queue:x"));
    }

    #[test]
    fn one_alternative_is_enough() {
        let assumed = ["a*", "b"];
        assert!(satisfies(&assumed, &[list(&["c"]), list(&["ab", "b"])]));
        assert!(!satisfies(&assumed, &[list(&["c"]), list(&["a", "bb"])]));
        assert!(satisfies(&assumed, &[list(&[])]), "nothing is required");
        assert!(!satisfies(&assumed, &[]), "there is no way");
        assert_eq!(missing(&assumed, &list(&["a", "bb"])), ["bb"]);
    }

    #[test]
    fn a_set_is_as_small_as_can_be() {
        assert_eq!(normalize(list(&["b", "a:x", "a:*", "b", "a:b*"])), ["a:*", "b"]);
        assert_eq!(normalize(list(&["x", "*"])), ["*"]);
    }

    #[test]
    fn scopes_are_printable_ascii() {
        assert!(is_valid("queue:route:index.a b~"));
        assert!(!is_valid("caf\u{e9}") && !is_valid("a\nb"));
    }

    proptest! {
        #[test]
        fn a_normal_set_satisfies_the_same(scopes in prop::collection::vec("[ab]{0,3}\\*?", 0..8), probe in "[ab]{0,4}\\*?") {
            let normal = normalize(scopes.clone());
            let probe = vec![vec![probe]];
            prop_assert_eq!(satisfies(&scopes, &probe), satisfies(&normal, &probe));
        }
    }
}
