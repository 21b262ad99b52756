//! A path in place of service and method: `tc api /queue/v1/task/ID`. Pure.

use std::ffi::OsString;

use clap::{Args as _, Command};
use percent_encoding::percent_decode_str;

use super::Flags;
use crate::cli::{Globals, UnknownOption, word_behind_options};
use crate::reference::{Catalogue, Method, Service, Verb};

/// The hidden verb that fetches what no known method does.
pub(super) const PATH_COMMAND: &str = "path";

/// The words with the path of a GET request spelled out: service, method, query and arguments. The path is the first
/// word behind `api` and its options; it may start with `/api`, as in addresses. Where it is that of no method,
/// the hidden verb for paths is put before it.
pub(crate) fn spelled_out(words: Vec<OsString>, catalogue: impl FnOnce() -> &'static Catalogue) -> Vec<OsString> {
    let Some(at) = place(&words) else { return words };
    let spelled = words.get(at).and_then(|path| path.to_str()).and_then(|path| method_of(path, catalogue()));
    let mut words = words;
    match spelled {
        Some(spelled) => drop(words.splice(at..=at, spelled.into_iter().map(OsString::from))),
        None => words.insert(at, PATH_COMMAND.into()),
    }
    words
}

fn place(words: &[OsString]) -> Option<usize> {
    let api = words.iter().position(|word| word == "api")?;
    let options = Flags::augment_args(Globals::augment_args(Command::new("api")));
    let at = word_behind_options(words, api + 1, &options, UnknownOption::Skip)?;
    words.get(at).filter(|word| word.as_encoded_bytes().starts_with(b"/")).map(|_| at)
}

fn method_of(address: &str, catalogue: &Catalogue) -> Option<Vec<String>> {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let path = path.strip_prefix("/api/").or_else(|| path.strip_prefix('/'))?;
    let mut parts = path.splitn(3, '/');
    let (name, version, rest) = (parts.next()?, parts.next()?, parts.next().unwrap_or_default());
    let service = catalogue.service(name).ok().filter(|service| service.api_version == version)?;
    let (method, arguments) = best(service, rest)?;
    let mut words = vec![service.service_name.clone(), method.name.clone()];
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        words.push(format!("--{name}={value}"));
    }
    words.extend(arguments);
    Some(words)
}

/// The method whose route fits best: the one with the most text of its own.
fn best<'s>(service: &'s Service, path: &str) -> Option<(&'s Method, Vec<String>)> {
    let gets = service.methods.iter().filter(|method| method.verb == Verb::Get);
    let fitting = gets.filter_map(|method| {
        let route = method.route.to_string();
        let arguments = fit(route.trim_start_matches('/'), path)?;
        Some((method, arguments))
    });
    fitting.min_by_key(|(_, arguments)| arguments.len())
}

/// The arguments of a route that a path fits. A name at the end may have slashes in it, as those of artifacts have.
fn fit(route: &str, path: &str) -> Option<Vec<String>> {
    let decoded = |text: &str| percent_decode_str(text).decode_utf8().ok().map(|text| text.into_owned());
    let (mut route, mut path, mut arguments) = (route, path, Vec::new());
    loop {
        let (part, route_rest) = route.split_once('/').map_or((route, None), |(part, rest)| (part, Some(rest)));
        let is_argument = part.starts_with('<') && part.ends_with('>');
        if part == "<name>" && route_rest.is_none() {
            arguments.push(decoded(path).filter(|text| !text.is_empty())?);
            return Some(arguments);
        }
        let (given, path_rest) = path.split_once('/').map_or((path, None), |(given, rest)| (given, Some(rest)));
        if is_argument {
            arguments.push(decoded(given).filter(|text| !text.is_empty())?);
        } else if part != given {
            return None;
        }
        match (route_rest, path_rest) {
            (None, None) => return Some(arguments),
            (Some(route_rest), Some(path_rest)) => (route, path) = (route_rest, path_rest),
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::Source;

    fn spelled(line: &str) -> String {
        let words = line.split(' ').map(OsString::from).collect();
        let words = spelled_out(words, || Catalogue::embedded(Source::Current));
        words.into_iter().map(|word| word.into_string().unwrap()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_path_is_the_method_that_it_leads_to() {
        for (line, expected) in [
            ("tc api /queue/v1/ping", "tc api queue ping"),
            ("tc -R x api --json /api/queue/v1/task/T1", "tc -R x api --json queue task T1"),
            ("tc api /queue/v1/task/T1/status --jq .", "tc api queue status T1 --jq ."),
            ("tc api /queue/v1/task-group/G/list?limit=5", "tc api queue listTaskGroup --limit=5 G"),
            ("tc api /queue/v1/task/T/artifacts/public%2Fa/b", "tc api queue getLatestArtifact T public/a/b"),
            ("tc api -H a:b -o /tmp/x /queue/v1/ping", "tc api -H a:b -o /tmp/x queue ping"),
            ("tc api /index/v1/task/a.b%2Ac", "tc api index findTask a.b*c"),
        ] {
            assert_eq!(spelled(line), expected);
        }
    }

    #[test]
    fn a_path_of_no_method_is_fetched_as_it_stands() {
        for path in ["/queue/v9/ping", "/nothing/v1/ping?a=b", "/queue/v1/task//status", "/queue", "/schemas/x.json"] {
            assert_eq!(spelled(&format!("tc api {path} --jq .")), format!("tc api path {path} --jq ."));
        }
    }

    #[test]
    fn a_file_that_an_option_names_is_no_path_of_the_api() {
        for line in ["tc api -o /tmp/answer queue ping", "tc api --cacert /ca.pem queue ping", "tc api -d /x auth ping"]
        {
            assert_eq!(spelled(line), line);
        }
    }

    #[test]
    fn other_words_stay_as_they_are() {
        for line in [
            "tc api queue ping",
            "tc api queue createTask T -d /queue/v1/ping",
            "tc api",
            "tc task status /queue/v1/ping",
        ] {
            assert_eq!(spelled(line), line);
        }
    }
}
