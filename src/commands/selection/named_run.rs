//! Which run of a task is meant.

use std::str::FromStr;

/// A run as `--run` names it: by its number, or the newest one as `-1`, which is the default of the Go tool's option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NamedRun {
    Newest,
    Number(u32),
}

impl FromStr for NamedRun {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "-1" => Ok(Self::Newest),
            text => text.parse().map(Self::Number).map_err(|_| "runs are numbered from 0, and -1 is the newest"),
        }
    }
}

impl NamedRun {
    /// The number of the run that was asked for, else of the one that the address of a page names; none is the newest.
    pub(crate) fn number(given: Option<Self>, of_page: Option<u32>) -> Option<u32> {
        match given {
            Some(Self::Number(number)) => Some(number),
            Some(Self::Newest) => None,
            None => of_page,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minus_one_is_the_newest_run_whatever_a_page_names() {
        let number = |text: &str| NamedRun::number(Some(text.parse().unwrap()), Some(7));
        assert_eq!(number("-1"), None);
        assert_eq!(number("0"), Some(0));
        assert_eq!(NamedRun::number(None, Some(7)), Some(7));
        for text in ["", "-2", "x", "4294967296", "1.0"] {
            assert!(text.parse::<NamedRun>().is_err(), "{text}");
        }
    }
}
