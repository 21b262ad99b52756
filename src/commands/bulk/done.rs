//! What was done, in a few words, for an error that comes after it.

/// Names that are told; more are counted.
const MAX_TOLD_NAMES: usize = 10;

/// `created task A`, `created tasks A, B`: `done` with `noun`, which gets an `s` where there are several, and their names. Empty without names.
pub(crate) fn done_to<Name: AsRef<str>>(done: &str, noun: &str, names: &[Name]) -> String {
    if names.is_empty() {
        return String::new();
    }
    let plural = if names.len() == 1 { "" } else { "s" };
    let told: Vec<&str> = names.iter().take(MAX_TOLD_NAMES).map(AsRef::as_ref).collect();
    let more = match names.len().saturating_sub(MAX_TOLD_NAMES) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{done} {noun}{plural} {}{more}", told.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_names_are_told_and_many_counted() {
        assert_eq!(done_to::<&str>("created", "task", &[]), "");
        assert_eq!(done_to("created", "task", &["A"]), "created task A");
        assert_eq!(done_to("removed", "index path", &["a", "b"]), "removed index paths a, b");
        let many: Vec<String> = (0..12).map(|number| number.to_string()).collect();
        assert_eq!(done_to("rerun", "task", &many), "rerun tasks 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more");
    }
}
