//! Which kinds of failure are meant.

use crate::diagnosis::log::FailureKind;

/// Which kinds of failure are meant.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct OnlyArgs {
    /// Only failures of these kinds: infrastructure, code, or test, crash, build, exception, timeout, memory, disk,
    /// network, worker, setup, error; separated by commas
    #[arg(long, value_name = "KIND", value_delimiter = ',', value_parser = only)]
    only: Vec<Only>,
}

/// A kind of failure, or all of a side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Only {
    Infrastructure,
    Code,
    Kind(FailureKind),
}

fn only(text: &str) -> Result<Only, String> {
    match text {
        "infrastructure" => Ok(Only::Infrastructure),
        "code" => Ok(Only::Code),
        name => FailureKind::parse(name).map(Only::Kind).ok_or_else(|| {
            let kinds: Vec<&str> = FailureKind::ALL.iter().map(|kind| kind.as_str()).collect();
            format!("there are infrastructure, code, {}", kinds.join(", "))
        }),
    }
}

impl OnlyArgs {
    /// Whether all kinds are meant.
    pub(crate) fn is_empty(&self) -> bool {
        self.only.is_empty()
    }

    /// Whether failures of this kind are meant.
    pub(crate) fn takes(&self, kind: FailureKind) -> bool {
        self.only.is_empty()
            || self.only.iter().any(|only| match only {
                Only::Infrastructure => kind.is_infrastructure(),
                Only::Code => !kind.is_infrastructure(),
                Only::Kind(wanted) => *wanted == kind,
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_on_one_of_two_sides() {
        let takes = |words: &[&str], kind| {
            OnlyArgs { only: words.iter().map(|word| only(word).unwrap()).collect() }.takes(kind)
        };
        assert!(takes(&[], FailureKind::Test) && takes(&["code"], FailureKind::Test));
        assert!(!takes(&["infrastructure"], FailureKind::Test) && takes(&["infrastructure"], FailureKind::Disk));
        assert!(takes(&["infrastructure", "test"], FailureKind::Test) && !takes(&["crash"], FailureKind::Test));
        assert!(only("flux").is_err());
    }
}
