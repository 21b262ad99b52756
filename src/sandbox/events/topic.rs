//! Patterns of topic exchanges, as RabbitMQ matches them.

/// Whether a routing key fits a pattern: `*` stands for one word, `#` for any number of words.
pub(in crate::sandbox) fn fits(pattern: &str, key: &str) -> bool {
    let words: Vec<&str> = key.split('.').collect();
    // Which beginnings of the key, by their number of words, the pattern so far can stand for.
    let mut reached = vec![false; words.len() + 1];
    reached[0] = true;
    for part in pattern.split('.') {
        let mut next = vec![false; words.len() + 1];
        if part == "#" {
            let first = reached.iter().position(|at| *at).unwrap_or(next.len());
            next.iter_mut().skip(first).for_each(|at| *at = true);
        } else {
            for ((from, to), word) in reached.iter().zip(next.iter_mut().skip(1)).zip(&words) {
                *to = *from && (part == "*" || part == *word);
            }
        }
        reached = next;
    }
    reached.last().copied().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The definition, word by word.
    fn slowly(pattern: &[&str], key: &[&str]) -> bool {
        match (pattern.split_first(), key.split_first()) {
            (None, None) => true,
            (None, Some(_)) => false,
            (Some((&"#", rest)), None) => slowly(rest, key),
            (Some((&"#", rest)), Some((_, tail))) => slowly(rest, key) || slowly(pattern, tail),
            (Some(_), None) => false,
            (Some((part, rest)), Some((word, tail))) => (*part == "*" || part == word) && slowly(rest, tail),
        }
    }

    #[test]
    fn stars_are_one_word_and_hashes_are_any_number() {
        for (pattern, key, expected) in [
            ("#", "a.b.c", true),
            ("#", "_", true),
            ("a.*.c", "a.b.c", true),
            ("a.*", "a", false),
            ("a.#", "a", true),
            ("a.#.d", "a.b.c.d", true),
            ("#.b.#", "a.c", false),
            ("route.index.#", "route.index.rec.latest", true),
            ("primary.#", "route.x", false),
            ("*", "a.b", false),
        ] {
            assert_eq!(fits(pattern, key), expected, "{pattern} {key}");
        }
    }

    proptest! {
        #[test]
        fn patterns_match_as_they_are_defined(
            pattern in prop::collection::vec("[ab*#]", 1..7),
            key in prop::collection::vec("[ab]", 1..7),
        ) {
            let words = |of: &[String]| of.iter().map(String::as_str).collect::<Vec<_>>().join(".");
            let (p, k): (Vec<&str>, Vec<&str>) =
                (pattern.iter().map(String::as_str).collect(), key.iter().map(String::as_str).collect());
            prop_assert_eq!(fits(&words(&pattern), &words(&key)), slowly(&p, &k));
        }
    }
}
