//! One API call as a value: what will go over the wire, apart from the signature. Pure.

use std::fmt;

use bytes::Bytes;
use url::{Position, Url};

use crate::domain::RootUrl;
use crate::domain::root_url::encode_component;
use crate::error::{Error, Result};
use crate::reference::{LookupError, Method, Segment, Service, Verb, is_idempotent, suggest};

/// A call that is ready to be signed and sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// What is called, as messages name it: `queue.status`.
    pub what: String,
    /// The HTTP verb.
    pub verb: Verb,
    /// The whole URL; its path and query are signed as they stand here.
    pub url: Url,
    /// The body: JSON, sent byte for byte.
    pub body: Option<Bytes>,
    /// Whether redirects are followed; otherwise the redirect itself is the answer.
    pub follow: bool,
    /// Whether the method answers with JSON; the content that a redirect of it leads to can be anything.
    pub answers_json: bool,
    /// Whether it leads to the same state when it is sent again: see [`is_idempotent`].
    pub idempotent: bool,
    /// Headers that the caller adds. They are sent to the deployment only, and not to hosts that it redirects to.
    pub(crate) headers: Vec<(String, String)>,
}

impl fmt::Debug for Request {
    /// Without the body, which can be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("what", &self.what)
            .field("verb", &self.verb)
            .field("url", &redacted(&self.url))
            .field("body_bytes", &self.body.as_ref().map(Bytes::len))
            .field("follow", &self.follow)
            .field("answers_json", &self.answers_json)
            .field("idempotent", &self.idempotent)
            .field("headers", &self.headers.len())
            .finish()
    }
}

impl Request {
    /// Builds the call of `method` with the route's arguments in their order.
    ///
    /// # Errors
    /// [`crate::error::Kind::Usage`] when there are too few or too many arguments, when a query
    /// argument is unknown, when a body is given to a method that takes none, and when an argument
    /// is `.` or `..` as a whole: every URL parser on the way would drop it, however it is encoded.
    pub fn build(
        root: &RootUrl,
        service: &Service,
        method: &Method,
        args: &[String],
        query: &[(String, String)],
        body: Option<Bytes>,
    ) -> Result<Self> {
        let what = format!("{}.{}", service.service_name, method.name);
        check_arguments(&what, method, args)?;
        check_query(&what, method, query)?;
        if body.is_some() && method.input.is_none() {
            return Err(Error::usage(format!("{what} takes no body")));
        }
        let location = format!("{}{}", base(root, service), path(method, args));
        let mut text = location.clone();
        for (index, (name, value)) in query.iter().enumerate() {
            text.push(if index == 0 { '?' } else { '&' });
            text.push_str(&encode_component(name));
            text.push('=');
            text.push_str(&encode_component(value));
        }
        let url = Url::parse(&text)
            .map_err(|source| Error::failed(format!("cannot build {what}'s URL")).caused_by(source))?;
        if url[..Position::AfterPath] != location {
            return Err(dot_argument(&what, method, args));
        }
        Ok(Self {
            what,
            verb: method.verb,
            url,
            follow: true,
            answers_json: method.output.is_some(),
            idempotent: is_idempotent(&service.service_name, &method.name, body.as_deref()),
            body,
            headers: Vec::new(),
        })
    }

    /// A GET of a path of the deployment, as it stands: `/api/queue/v1/ping`. Other paths than those below `/api`,
    /// `/references` and `/schemas` are taken for what comes behind `/api`.
    ///
    /// # Errors
    /// [`crate::error::Kind::Usage`] when the path is invalid, or is not one of the deployment.
    pub(crate) fn of_path(root: &RootUrl, path: &str) -> Result<Self> {
        let invalid = || Error::usage(format!("invalid path `{path}`"));
        let is_below = |folder: &str| path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
        let prefix = if ["/api", "/references", "/schemas"].into_iter().any(is_below) { "" } else { "/api" };
        let text = format!("{}{prefix}{path}", root.as_str().trim_end_matches('/'));
        let url = Url::parse(&text).map_err(|source| invalid().caused_by(source))?;
        // What a parser drops would not be what was asked for.
        let is_kept = url.as_str().len() >= text.len();
        if !path.starts_with('/') || path.starts_with("//") || !is_kept || url.fragment().is_some() {
            return Err(invalid());
        }
        Ok(Self::get(format!("GET {path}"), url))
    }

    /// A GET of something that is no method, and may be anything.
    pub(crate) fn get(what: impl Into<String>, url: Url) -> Self {
        let what = what.into();
        Self {
            what,
            verb: Verb::Get,
            url,
            body: None,
            follow: true,
            answers_json: false,
            idempotent: true,
            headers: Vec::new(),
        }
    }

    /// The same call with these headers besides its own.
    #[must_use]
    pub(crate) fn with_headers(self, headers: Vec<(String, String)>) -> Self {
        Self { headers, ..self }
    }

    /// The same call, for which a redirect is the answer.
    #[must_use]
    pub fn no_follow(mut self) -> Self {
        self.follow = false;
        self
    }

    /// The same call with this query argument, in place of one of the same name.
    pub(super) fn with_query(&self, name: &str, value: &str) -> Self {
        let mut pairs: Vec<String> = Vec::new();
        let wanted = encode_component(name);
        for pair in self.url.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
            if pair.split('=').next() != Some(wanted.as_str()) {
                pairs.push(pair.to_owned());
            }
        }
        pairs.push(format!("{wanted}={}", encode_component(value)));
        let mut request = self.clone();
        request.url.set_query(Some(&pairs.join("&")));
        request
    }
}

/// Where the service's API lives; in 2018 each service had a host of its own.
fn base(root: &RootUrl, service: &Service) -> String {
    match &service.base_url {
        Some(base) if root.is_legacy() => base.trim_end_matches('/').to_owned(),
        _ => root.api(&service.service_name, &service.api_version),
    }
}

/// The route with its parameters filled in.
fn path(method: &Method, args: &[String]) -> String {
    method
        .route
        .segments()
        .iter()
        .map(|segment| match segment {
            Segment::Literal(text) => text.clone(),
            Segment::Param(name) => {
                let position = method.args.iter().position(|arg| arg == name);
                position.and_then(|at| args.get(at)).map(|arg| encode_component(arg)).unwrap_or_default()
            }
        })
        .collect()
}

fn check_arguments(what: &str, method: &Method, args: &[String]) -> Result<()> {
    let (wanted, given) = (method.args.len(), args.len());
    if given == wanted {
        return Ok(());
    }
    let usage = match method.args.as_slice() {
        [] => format!("{what} takes no arguments."),
        names => {
            let names: Vec<String> = names.iter().map(|name| format!("<{name}>")).collect();
            format!("{what} takes {}.", names.join(" "))
        }
    };
    let message = if given < wanted {
        let missing: Vec<String> = method.args[given..].iter().map(|name| format!("<{name}>")).collect();
        format!("{what} is missing {}", missing.join(" "))
    } else {
        let excess: Vec<String> = args[wanted..].iter().map(|arg| format!("`{arg}`")).collect();
        format!("{what} got more arguments than it takes: {}", excess.join(" "))
    };
    Err(Error::usage(message).hint(usage))
}

fn check_query(what: &str, method: &Method, query: &[(String, String)]) -> Result<()> {
    for (name, _) in query {
        if method.query.contains(name) {
            continue;
        }
        let error = Error::usage(format!("{what} has no query argument `{name}`"));
        let similar = suggest(name, method.query.iter().map(String::as_str));
        return Err(match (similar.as_slice(), method.query.as_slice()) {
            ([best, ..], _) => error.hint(format!("Did you mean `{best}`?")),
            ([], []) => error.hint("It takes none."),
            ([], known) => error.hint(format!("It takes {}.", known.join(", "))),
        });
    }
    Ok(())
}

fn dot_argument(what: &str, method: &Method, args: &[String]) -> Error {
    let dots = method.args.iter().zip(args).find(|(_, arg)| matches!(arg.as_str(), "." | ".."));
    match dots {
        Some((name, arg)) => Error::usage(format!("{what}: `{arg}` cannot stand for <{name}>"))
            .hint("In a URL it would mean a directory, so no server could be asked for it."),
        None => Error::usage(format!("{what}: these arguments cannot stand in a URL: {}", args.join(" "))),
    }
}

/// A usage error for a name that the references do not have, with what was probably meant.
pub(crate) fn unknown_name(source: &LookupError) -> Error {
    let similar = match source {
        LookupError::Service { similar, .. } | LookupError::Method { similar, .. } => similar.as_slice(),
        LookupError::Broken { .. } => return Error::failed(source.to_string()),
    };
    let error = Error::usage(source.to_string());
    match similar {
        [] => error,
        names => error.hint(format!("Did you mean `{}`?", names.join("`, `"))),
    }
}

/// Query arguments that let whoever knows them in, for a while: bewits, and the signatures of
/// storage services.
const SIGNATURES: [&str; 7] =
    ["bewit", "signature", "sig", "x-amz-signature", "x-amz-security-token", "x-goog-signature", "accesstoken"];

/// A URL that can be shown: without signatures and passwords. What nobody looks at is not put together.
pub(crate) fn redacted(url: &Url) -> impl fmt::Display + fmt::Debug {
    fmt::from_fn(move |f| {
        if url.query().is_none() && url.password().is_none() {
            return f.write_str(url.as_str());
        }
        let mut shown = url.clone();
        // It fails for a URL without a host, which has no password either.
        shown.set_password(None).ok();
        if let Some(query) = url.query() {
            let pairs: Vec<String> = query.split('&').map(redacted_pair).collect();
            shown.set_query(Some(&pairs.join("&")));
        }
        f.write_str(shown.as_str())
    })
}

fn redacted_pair(pair: &str) -> String {
    match pair.split_once('=') {
        Some((name, _)) if SIGNATURES.contains(&name.to_ascii_lowercase().as_str()) => format!("{name}=(redacted)"),
        _ => pair.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;
    use crate::reference::{Catalogue, Source};
    use percent_encoding::percent_decode_str;
    use proptest::prelude::*;

    fn build(service: &str, method: &str, args: &[&str], query: &[(&str, &str)]) -> Result<Request> {
        let root = RootUrl::parse("https://tc.example.com").unwrap();
        let (service, method) = Catalogue::embedded(Source::Current).method(service, method).unwrap();
        let args: Vec<String> = args.iter().map(ToString::to_string).collect();
        let query: Vec<(String, String)> =
            query.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        Request::build(&root, service, method, &args, &query, None)
    }

    fn secret(name: &str) -> String {
        build("secrets", "get", &[name], &[]).unwrap().url.to_string()
    }

    #[test]
    fn arguments_are_encoded_as_the_services_decode_them() {
        const BASE: &str = "https://tc.example.com/api/secrets/v1/secret/";
        for (name, encoded) in [
            ("plain", "plain"),
            ("project/a b", "project%2Fa%20b"),
            ("../x", "..%2Fx"),
            ("../../", "..%2F..%2F"),
            ("...", "..."),
            ("a..b", "a..b"),
            ("", ""),
            ("größer 漢 🦀", "gr%C3%B6%C3%9Fer%20%E6%BC%A2%20%F0%9F%A6%80"),
            ("AZaz09-_.!~*'()", "AZaz09-_.!~*'()"),
            ("100%", "100%25"),
            ("%2e%2e", "%252e%252e"),
            ("a?b#c&d=e+f;g:h@i$j,k", "a%3Fb%23c%26d%3De%2Bf%3Bg%3Ah%40i%24j%2Ck"),
            ("\\..\\", "%5C..%5C"),
            ("a\tb\nc\0", "a%09b%0Ac%00"),
            ("[]{}|^`\"<>", "%5B%5D%7B%7D%7C%5E%60%22%3C%3E"),
        ] {
            assert_eq!(secret(name), format!("{BASE}{encoded}"), "{name:?}");
        }
    }

    #[test]
    fn an_argument_of_dots_is_refused_and_not_lost() {
        for dots in [".", ".."] {
            let error = build("secrets", "get", &[dots], &[]).unwrap_err();
            assert_eq!(
                (error.kind(), error.message()),
                (Kind::Usage, &*format!("secrets.get: `{dots}` cannot stand for <name>"))
            );
            assert!(build("queue", "getArtifact", &[dots, "0", "x"], &[]).is_err());
        }
    }

    #[test]
    fn a_query_stands_on_the_wire_as_it_is_signed() {
        let request = build("auth", "listClients", &[], &[("prefix", "a'b c&d"), ("limit", "5")]).unwrap();
        assert_eq!(request.url.query(), Some("prefix=a%27b%20c%26d&limit=5"));
        let next = request.with_query("continuationToken", "a+b/c==").with_query("continuationToken", "2'");
        assert_eq!(next.url.query(), Some("prefix=a%27b%20c%26d&limit=5&continuationToken=2%27"));
    }

    #[test]
    fn what_is_wrong_with_the_arguments_is_said() {
        let said = |args: &[&str], query: &[(&str, &str)]| {
            let error = build("queue", "listArtifacts", args, query).unwrap_err();
            assert_eq!(error.kind(), Kind::Usage);
            (error.message().to_owned(), error.hints().iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
        };
        let takes = "queue.listArtifacts takes <taskId> <runId>.".to_owned();
        assert_eq!(said(&["a"], &[]), ("queue.listArtifacts is missing <runId>".into(), takes.clone()));
        let excess = "queue.listArtifacts got more arguments than it takes: `c` `d`".into();
        assert_eq!(said(&["a", "b", "c", "d"], &[]), (excess, takes));
        let unknown = ("queue.listArtifacts has no query argument `limt`".into(), "Did you mean `limit`?".into());
        assert_eq!(said(&["a", "b"], &[("limt", "1")]), unknown);
    }

    #[test]
    fn a_body_needs_a_method_that_takes_one() {
        let root = RootUrl::parse("https://tc.example.com").unwrap();
        let (service, method) = Catalogue::embedded(Source::Current).method("queue", "cancelTask").unwrap();
        let error = Request::build(&root, service, method, &["x".into()], &[], Some(Bytes::from("{}"))).unwrap_err();
        assert_eq!((error.kind(), error.message()), (Kind::Usage, "queue.cancelTask takes no body"));
    }

    #[test]
    fn every_method_can_be_built() {
        let root = RootUrl::parse("https://tc.example.com").unwrap();
        for service in Catalogue::embedded(Source::Current).services().unwrap() {
            for method in &service.methods {
                let args: Vec<String> = method.args.iter().map(|name| format!("<{name}>")).collect();
                let request = Request::build(&root, service, method, &args, &[], None).unwrap();
                for name in &method.args {
                    assert!(request.url.path().contains(&format!("%3C{name}%3E")), "{}", request.what);
                }
            }
        }
    }

    #[test]
    fn a_bewit_and_a_body_are_not_shown() {
        let url = Url::parse("https://x/a?b=c&bewit=hunter2&d=e").unwrap();
        assert_eq!(redacted(&url).to_string(), "https://x/a?b=c&bewit=(redacted)&d=e");
        let storage = Url::parse("https://u:p@s3/a?X-Amz-Signature=hunter2&versionId=7").unwrap();
        assert_eq!(redacted(&storage).to_string(), "https://u@s3/a?X-Amz-Signature=(redacted)&versionId=7");
        let mut request = build("queue", "ping", &[], &[]).unwrap();
        request.body = Some(Bytes::from("hunter2"));
        request.url = url;
        assert!(!format!("{request:?}").contains("hunter2"));
    }

    proptest! {
        #[test]
        fn what_is_encoded_decodes_to_itself(name in any::<String>().prop_filter("dots", |name| name != "." && name != "..")) {
            let request = build("secrets", "get", &[&name], &[]).unwrap();
            let encoded = request.url.path().strip_prefix("/api/secrets/v1/secret/").unwrap();
            prop_assert_eq!(percent_decode_str(encoded).decode_utf8().unwrap(), name);
        }

        #[test]
        fn what_is_asked_decodes_to_itself(value in any::<String>()) {
            let request = build("auth", "listClients", &[], &[("prefix", &value)]).unwrap();
            let encoded = request.url.query().unwrap().strip_prefix("prefix=").unwrap();
            prop_assert_eq!(percent_decode_str(encoded).decode_utf8().unwrap(), value);
        }
    }
}
