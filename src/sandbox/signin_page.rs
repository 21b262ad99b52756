//! `/auth/clients/create`: the page on which a person makes a client for a tool.

use std::sync::OnceLock;

use axum::http::header;
use chrono::{DateTime, Utc};
use quick_xml::escape::escape;
use regex::Regex;

use super::message::{Request, Response};
use super::refusal::not_found;
use super::shared::Shared;
use crate::domain::Secret;
use crate::domain::time::{Offset, parse_time};

/// Where the page is.
const PATH: &str = "/auth/clients/create";
/// What stands before the names of a person's own clients.
const OWNER: &str = "sandbox-user/";
/// How long a client is valid that does not say.
const DEFAULT_LIFE: &str = "1 day";

/// Answers what concerns this page; nothing for other paths.
pub(super) fn respond(shared: &Shared, request: &Request) -> Option<Response> {
    if request.path().trim_end_matches('/') != PATH {
        return None;
    }
    let now = shared.clock.now();
    let asked = match SignInRequest::read(&request.query(), now) {
        Ok(asked) => asked,
        Err(why) => return Some(refuse(400, &why)),
    };
    Some(match request.verb.as_str() {
        "GET" if shared.sign_in.auto_approve => approve(shared, &asked, now),
        "GET" | "HEAD" => {
            let granted = shared.lock().auth.sign_in_scopes(&asked.scopes, &shared.sign_in.scopes);
            html(200, &confirmation(&asked, &granted))
        }
        // Only the button of our own page may press itself.
        "POST" if request.header(header::ORIGIN).is_some_and(|origin| origin != format!("http://{}", request.host)) => {
            refuse(403, "The confirmation came from another site.")
        }
        "POST" => approve(shared, &asked, now),
        _ => not_found(),
    })
}

fn approve(shared: &Shared, asked: &SignInRequest, now: DateTime<Utc>) -> Response {
    let mut state = shared.lock();
    let scopes = state.auth.sign_in_scopes(&asked.scopes, &shared.sign_in.scopes);
    match state.auth.sign_in(&asked.client_id, &asked.description, asked.expires, scopes, now) {
        Some(access_token) => html(303, "").with(header::LOCATION, &asked.answer(&access_token)),
        None => refuse(409, "There is a client of that name already."),
    }
}

/// What the query asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
struct SignInRequest {
    client_id: String,
    description: String,
    scopes: Vec<String>,
    expires: DateTime<Utc>,
    callback: String,
}

impl SignInRequest {
    /// Reads the query.
    ///
    /// # Errors
    /// What is wrong with it, in a sentence for people.
    fn read(query: &[(String, String)], now: DateTime<Utc>) -> Result<Self, String> {
        let all = |wanted: &'static str| {
            query.iter().filter(move |(name, _)| name == wanted).map(|(_, value)| value.as_str())
        };
        let one = |name: &'static str| all(name).next().unwrap_or_default();
        let callback = one("callback_url");
        if !is_callback(callback) || callback.chars().any(char::is_control) {
            return Err("The callback_url must lead to localhost: http://localhost:PORT/PATH.".into());
        }
        let name = one("name");
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!@/:.+|_-".contains(&byte)) {
            return Err("The name is missing, or has characters that a client ID cannot have.".into());
        }
        let expires = match one("expires") {
            "" => DEFAULT_LIFE,
            expires => expires,
        };
        let offset = expires.parse::<Offset>().ok().and_then(|offset| offset.from(now).ok());
        let expires = offset.or_else(|| parse_time(expires).ok()).filter(|expires| *expires > now);
        Ok(Self {
            client_id: format!("{OWNER}{name}"),
            description: one("description").to_owned(),
            scopes: all("scope").filter(|scope| !scope.is_empty()).map(Into::into).collect(),
            expires: expires.ok_or("The time in `expires` is none that lies ahead.")?,
            callback: callback.to_owned(),
        })
    }

    /// Where the browser goes with the credentials, which stand there as they are.
    fn answer(&self, access_token: &Secret) -> String {
        format!("{}?clientId={}&accessToken={}", self.callback, self.client_id, access_token.reveal())
    }
}

fn is_callback(url: &str) -> bool {
    static RULE: OnceLock<Option<Regex>> = OnceLock::new();
    RULE.get_or_init(|| Regex::new("^https?://localhost(:[0-9]+)?(/|$)").ok())
        .as_ref()
        .is_some_and(|rule| rule.is_match(url))
}

const STYLE: &str = "body{font:1rem/1.5 system-ui,sans-serif;max-width:44rem;margin:5vh auto;padding:0 1rem;\
    color-scheme:light dark}dt{font-weight:600;margin-top:.8rem}dd{margin:0}code{overflow-wrap:anywhere}\
    s{opacity:.6}button{font:inherit;margin-top:1.6rem;padding:.5rem 1.4rem;border:0;border-radius:.4rem;\
    background:#0b57d0;color:#fff;cursor:pointer}";

fn document(title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title><style>{STYLE}</style>\
         <h1>{title}</h1>{body}</html>\n"
    )
}

fn confirmation(asked: &SignInRequest, granted: &[String]) -> String {
    let list = |scopes: &mut dyn Iterator<Item = &String>, tag: &str| -> String {
        scopes.map(|scope| format!("<dd><{tag}><code>{}</code></{tag}></dd>", escape(scope))).collect()
    };
    let mut scopes = list(&mut granted.iter(), "span");
    if granted.is_empty() {
        scopes.push_str("<dd>none</dd>");
    }
    let left_out = list(&mut asked.scopes.iter().filter(|scope| *scope != "*" && !granted.contains(scope)), "s");
    let left_out = if left_out.is_empty() { left_out } else { format!("<dt>Not yours to give</dt>{left_out}") };
    document(
        "A tool asks to sign in",
        &format!(
            "<p>It will get a client of its own in this sandbox. Go on only if you have just asked for it.</p>\
             <dl><dt>Client</dt><dd><code>{}</code></dd><dt>Description</dt><dd>{}</dd>\
             <dt>Good until</dt><dd>{}</dd><dt>Scopes</dt>{scopes}{left_out}\
             <dt>Sent to</dt><dd><code>{}</code></dd></dl>\
             <form method=\"post\"><button id=\"confirm\">Create the client</button></form>",
            escape(&asked.client_id),
            escape(&asked.description),
            asked.expires.format("%F %R UTC"),
            escape(&asked.callback),
        ),
    )
}

fn refuse(status: u16, why: &str) -> Response {
    html(status, &document("This does not work", &format!("<p>{}</p>", escape(why))))
}

/// No policy for forms: it would hold for the redirect to the tool as well. The button must tell where it
/// stands, so referrers are sent to the sandbox itself.
fn html(status: u16, body: &str) -> Response {
    Response::new(status, "text/html; charset=utf-8", body.to_owned())
        .with(header::REFERRER_POLICY, "same-origin")
        .with(header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-03-04T12:00:00Z".parse().unwrap()
    }

    fn read(query: &str) -> Result<SignInRequest, String> {
        let pairs: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        SignInRequest::read(&pairs, now())
    }

    #[test]
    fn only_localhost_is_called_back() {
        for good in ["http://localhost", "https://localhost/", "http://localhost:1/x?y", "http://localhost:65000/"] {
            assert!(is_callback(good), "{good}");
        }
        for bad in [
            "",
            "http://127.0.0.1:1/",
            "http://localhost.evil.example/",
            "http://localhost@evil.example/",
            "http://localhost:1@evil.example/",
            "ftp://localhost/",
            " http://localhost/",
            "http://[::1]:1/",
        ] {
            assert!(!is_callback(bad), "{bad}");
        }
    }

    #[test]
    fn the_query_is_read_as_the_tool_writes_it() {
        let asked = read(
            "scope=queue%3A*&scope=a&name=tc-1a2b3c&expires=15%20minutes&callback_url=http%3A%2F%2Flocalhost%3A1%2Fx\
             &description=a%20tool",
        );
        let asked = asked.unwrap();
        assert_eq!(asked.client_id, "sandbox-user/tc-1a2b3c");
        assert_eq!(asked.scopes, ["queue:*", "a"]);
        assert_eq!(asked.expires.to_rfc3339(), "2026-03-04T12:15:00+00:00");
        let answer = asked.answer(&Secret::new("tok"));
        assert_eq!(answer, "http://localhost:1/x?clientId=sandbox-user/tc-1a2b3c&accessToken=tok");
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let callback = "callback_url=http://localhost:1/";
        assert!(read("name=a").unwrap_err().contains("callback_url"));
        assert!(read(callback).unwrap_err().contains("name"));
        assert!(read(&format!("{callback}&name=a%0Ab")).unwrap_err().contains("name"));
        assert!(read(&format!("{callback}&name=a&expires=soon")).unwrap_err().contains("expires"));
        assert!(read(&format!("{callback}&name=a&expires=-1h")).unwrap_err().contains("expires"));
        assert!(read(&format!("{callback}&name=a")).is_ok());
    }

    #[test]
    fn what_is_shown_is_text() {
        let mut asked = read("callback_url=http://localhost:1/&name=a&scope=*&scope=x").unwrap();
        asked.description = "<script>alert('x')</script>".into();
        let page = confirmation(&asked, &["b".into()]);
        assert!(!page.contains("<script>") && page.contains("&lt;script&gt;"), "{page}");
        assert!(page.contains("<s><code>x</code></s>"), "{page}");
    }
}
