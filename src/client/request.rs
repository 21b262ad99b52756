//! One API call as a value: what will go over the wire, apart from the signature. Pure.

use std::fmt;

use bytes::Bytes;
use url::{Position, Url};

use crate::domain::RootUrl;
use crate::domain::root_url::encode_component;
use crate::error::{Error, Result};
use crate::reference::{LookupError, Method, Segment, Service, Verb, suggest};

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
            .finish()
    }
}

impl Request {
    /// Builds the call of `method` with the route's arguments in their order (spec, section 1).
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
        Ok(Self { what, verb: method.verb, url, body, follow: true })
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
pub fn unknown_name(source: &LookupError) -> Error {
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

/// A URL that can be shown: a bewit in it is as good as a password.
pub(super) fn redacted(url: &Url) -> String {
    let Some(query) = url.query().filter(|query| query.contains("bewit=")) else { return url.to_string() };
    let shown: Vec<&str> =
        query.split('&').map(|pair| if pair.starts_with("bewit=") { "bewit=(redacted)" } else { pair }).collect();
    format!("{}?{}", &url[..Position::AfterPath], shown.join("&"))
}
