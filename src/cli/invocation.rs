//! A method with its arguments, as the command tree of the API gives them.

use std::ffi::OsString;

use clap::ArgMatches;
use regex::Regex;

use crate::domain::slugid;
use crate::error::{Error, Result};
use crate::reference::{Method, Service, pattern};

/// What stands before the name of a route argument in the IDs of clap arguments.
pub(crate) const POSITIONAL_GROUP: &str = "argument:";
/// What stands before the name of a query argument in the IDs of clap arguments.
pub(crate) const QUERY_GROUP: &str = "query:";

/// A method with its arguments, as they were given.
#[derive(Debug)]
pub(crate) struct Invocation {
    /// The service, in any spelling.
    pub service: String,
    /// The method, in any case.
    pub method: String,
    /// Values of the route arguments that were given, in order.
    pub args: Vec<String>,
    /// The query arguments that were given. Empty ones are left out.
    pub query: Vec<(String, String)>,
}

impl Invocation {
    /// Reads what the command of a method matched.
    pub(crate) fn of(service: &str, method: &str, matches: &ArgMatches) -> Self {
        let values = |prefix: &'static str| {
            matches.ids().filter_map(move |id| {
                let name = id.as_str().strip_prefix(prefix)?;
                Some((name.to_owned(), matches.get_one::<String>(id.as_str())?.clone()))
            })
        };
        // `ids` is in the order of the command line, and so are positional values.
        let args = values(POSITIONAL_GROUP).map(|(_, value)| value).collect();
        // Scripts pass what they may not have, such as the token of a first page; an empty value asks for nothing.
        let query = values(QUERY_GROUP).filter(|(_, value)| !value.is_empty()).collect();
        Self { service: service.to_owned(), method: method.to_owned(), args, query }
    }

    /// Checks the route arguments against the patterns that the services check; `words` is the command line.
    ///
    /// # Errors
    /// [`crate::error::Kind::Usage`] when one does not match, or looks like an option that does not exist.
    pub(crate) fn check(&self, service: &Service, method: &Method, words: &[OsString]) -> Result<()> {
        let literal = words.iter().any(|word| word == "--");
        for (name, value) in method.args.iter().zip(&self.args) {
            if let Some(pattern) = pattern(&service.service_name, &method.name, name) {
                let regex = Regex::new(pattern)
                    .map_err(|source| Error::failed(format!("the pattern of <{name}> is broken")).caused_by(source))?;
                if !regex.is_match(value) {
                    return Err(mismatch(name, value, pattern));
                }
            } else if value.starts_with("--") && !literal {
                return Err(Error::usage(format!("unknown option `{value}`"))
                    .hint(format!("Put `--` before it if it is the <{name}>.")));
            }
        }
        Ok(())
    }
}

fn mismatch(name: &str, value: &str, pattern: &str) -> Error {
    let error = Error::usage(format!("invalid <{name}> `{value}`: it must match {pattern}"));
    match example(pattern) {
        Some(example) => error.hint(format!("An ID looks like {example}.")),
        None => error,
    }
}

/// Something that matches the pattern of IDs, which says less to people than that; none for another pattern.
pub(super) fn example(pattern: &str) -> Option<&'static str> {
    (pattern == slugid::PATTERN).then_some("VESwp9JaRo-XkFN_bemBhw")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By the pattern and not by the name, so that arguments of any name have it.
    #[test]
    fn an_id_that_does_not_match_has_an_example_whatever_it_is_called() {
        let pattern = pattern("queue", "task", "taskId").unwrap();
        assert!(Regex::new(pattern).unwrap().is_match(example(pattern).unwrap()));
        let error = mismatch("newTaskId", "x", pattern);
        assert_eq!(error.hints(), ["An ID looks like VESwp9JaRo-XkFN_bemBhw."]);
        assert!(mismatch("taskId", "x", "^[a-z]{2}$").hints().is_empty());
    }
}
