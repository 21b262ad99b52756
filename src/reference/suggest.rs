//! Did you mean: the names nearest to one that does not exist.

/// At most three candidates that resemble `wanted`, best first.
pub(crate) fn suggest<'a>(wanted: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let wanted = wanted.to_lowercase();
    let mut scored: Vec<(f64, &str)> = candidates
        .into_iter()
        .map(|candidate| {
            let lower = candidate.to_lowercase();
            let similarity = strsim::jaro_winkler(&wanted, &lower);
            // A part of the name is a better clue than any likeness of letters.
            // A letter or two are part of too many names.
            let is_part = |part: &str, whole: &str| part.len() >= 4 && whole.contains(part);
            let contained = is_part(&wanted, &lower) || is_part(&lower, &wanted);
            // Two letters in the wrong order change much of a short word.
            let is_slip = wanted.len() >= 3 && strsim::osa_distance(&wanted, &lower) == 1;
            let least = if contained || is_slip { 0.9 } else { 0.0 };
            (similarity.max(least), candidate)
        })
        .filter(|(score, _)| *score > 0.8)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    scored.dedup_by(|a, b| a.1 == b.1);
    scored.into_iter().take(3).map(|(_, candidate)| candidate).collect()
}

/// `workerManager`, `WorkerManager` and `worker-manager` are all `worker-manager`.
pub(crate) fn kebab_case(name: &str) -> String {
    let mut kebab = String::with_capacity(name.len() + 2);
    for (i, c) in name.chars().enumerate() {
        if c.is_ascii_uppercase() && i > 0 && !kebab.ends_with('-') {
            kebab.push('-');
        }
        kebab.push(if c == '_' { '-' } else { c.to_ascii_lowercase() });
    }
    kebab
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        assert_eq!(suggest("listTaskGruop", ["listTaskGroup", "ping"]), ["listTaskGroup"]);
        assert_eq!(suggest("zzz", ["listTaskGroup", "ping"]), [""; 0]);
        assert_eq!(suggest("taskStatus", ["status", "ping"]), ["status"]);
        assert_eq!(suggest("nope", ["e", "n"]), [""; 0]);
        assert_eq!(suggest("lgo", ["list", "log", "ping"]), ["log"]);
    }

    #[test]
    fn service_names_have_three_spellings() {
        for name in ["worker-manager", "workerManager", "WorkerManager", "worker_manager"] {
            assert_eq!(kebab_case(name), "worker-manager");
        }
    }
}
