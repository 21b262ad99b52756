//! Which kinds of failure are meant.

use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::diagnosis::log::FailureKind;

/// Which kinds of failure are meant.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct OnlyArgs {
    /// Only failures of these kinds, or all of infrastructure or of code; separated by commas
    #[arg(long, value_name = "KIND", value_delimiter = ',', value_parser = kinds())]
    only: Vec<Only>,
}

fn kinds() -> impl TypedValueParser<Value = Only> {
    let names = ["infrastructure", "code"].into_iter().chain(FailureKind::ALL.map(FailureKind::as_str));
    PossibleValuesParser::new(names).try_map(|name| only(&name).ok_or("no such kind"))
}

/// A kind of failure, or all of a side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Only {
    Infrastructure,
    Code,
    Kind(FailureKind),
}

fn only(name: &str) -> Option<Only> {
    match name {
        "infrastructure" => Some(Only::Infrastructure),
        "code" => Some(Only::Code),
        name => FailureKind::parse(name).map(Only::Kind),
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
        assert_eq!(only("flux"), None);
    }
}
