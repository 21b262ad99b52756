//! Is this request the answer of the sign-in page? Pure.
//!
//! Anything can talk to a port on loopback: other users' programs, and through the browser every web
//! page that is open. So a request must come to the random path that only the sign-in page knows, and
//! under our own name: a page that made its own host name point to loopback would send that in `Host`.

use percent_encoding::percent_decode_str;
use url::Url;

use crate::domain::Secret;

/// A client ID or an access token is never longer than this, in bytes.
const MAX_FIELD_BYTES: usize = 4096;

/// What the answer must look like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Expected {
    /// Our port.
    pub port: u16,
    /// The random path, with a slash in front.
    pub path: String,
}

/// What to do with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Decision {
    /// It is the answer.
    Accept {
        /// The client that was made.
        client_id: String,
        /// Its access token.
        access_token: Secret,
    },
    /// It is something that browsers ask for by themselves: 404, and not a word.
    Ignore,
    /// It is not the answer.
    Refuse(Refusal),
}

/// Why a request is not the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The HTTP status to answer with.
    pub status: u16,
    /// Why, in words that hold nothing of the request.
    pub why: &'static str,
}

const fn refuse(status: u16, why: &'static str) -> Decision {
    Decision::Refuse(Refusal { status, why })
}

/// The head of a request was too long.
pub(super) const TOO_LONG: Refusal = Refusal { status: 431, why: "the request is too long" };
/// The head of a request was no HTTP.
pub(super) const MALFORMED: Refusal = Refusal { status: 400, why: "the request is not HTTP" };
/// Somebody else was faster.
pub(super) const ANSWERED: Refusal = Refusal { status: 410, why: "the sign-in was answered already" };

impl Expected {
    /// Of an answer that nobody listens for, because it will be pasted.
    pub(crate) fn unheard(port: Option<u16>) -> Self {
        // Nobody should have this port: the browser asks whoever is there, with the token in the address.
        Self { port: port.unwrap_or_else(|| fastrand::u16(49152..)), path: random_path() }
    }

    /// Where the page is to send the browser.
    pub(crate) fn callback_url(&self) -> String {
        format!("http://localhost:{}{}", self.port, self.path)
    }

    /// Judges a request by its method, its target (path and query) and its `Host` headers.
    pub(crate) fn decide(&self, method: &str, target: &str, hosts: &[&[u8]]) -> Decision {
        if !matches!(hosts, [host] if self.is_us(host)) {
            return refuse(421, "it was sent to another host name than localhost");
        }
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        if path != self.path {
            let by_itself = matches!(path, "/favicon.ico" | "/robots.txt" | "/apple-touch-icon.png");
            return if by_itself { Decision::Ignore } else { refuse(404, "it came to another path") };
        }
        if method != "GET" {
            return refuse(405, "its method is not GET");
        }
        fields(query)
    }

    /// Judges an address that was pasted from the browser's address bar.
    pub(crate) fn decide_pasted(&self, text: &str) -> Decision {
        let text = text.trim();
        let Some(rest) = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://")) else {
            return refuse(400, "it is not an address that starts with http://");
        };
        let (host, _) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        // Host and path come as the browser normalized them; the query is taken as it stands.
        let Ok(url) = Url::parse(text) else { return refuse(400, "it is not an address") };
        let query = rest.split_once('?').map_or("", |(_, query)| query).split('#').next().unwrap_or_default();
        self.decide("GET", &format!("{}?{query}", url.path()), &[host.as_bytes()])
    }

    fn is_us(&self, host: &[u8]) -> bool {
        let Some(host) = std::str::from_utf8(host).ok().map(str::trim) else { return false };
        let (name, port) = host.split_once(':').unwrap_or((host, "80"));
        name.eq_ignore_ascii_case("localhost") && port.parse() == Ok(self.port)
    }
}

/// A path that nobody can guess.
pub(super) fn random_path() -> String {
    format!("/{}", uuid::Uuid::new_v4().simple())
}

/// Reads the two fields of the query.
///
/// The page writes them as they are, without encoding, so a `+` is a plus. Browsers
/// and launchers on the way encode some characters, `|` among them; no client ID has a `%` of its own,
/// so every such code can be read back.
fn fields(query: &str) -> Decision {
    let (mut client_id, mut access_token) = (None, None);
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let field = match name {
            "clientId" => &mut client_id,
            "accessToken" => &mut access_token,
            _ => continue,
        };
        if value.len() > MAX_FIELD_BYTES {
            return refuse(400, "a field is too long");
        }
        let Ok(value) = percent_decode_str(value).decode_utf8() else {
            return refuse(400, "a field is not UTF-8");
        };
        if value.chars().any(char::is_control) {
            return refuse(400, "a field has a control character");
        }
        if field.replace(value.into_owned()).is_some() {
            return refuse(400, "a field occurs twice");
        }
    }
    match (client_id, access_token) {
        (None, _) => refuse(400, "it has no clientId"),
        (_, None) => refuse(400, "it has no accessToken"),
        (Some(client_id), _) if client_id.is_empty() => refuse(400, "its clientId is empty"),
        (_, Some(access_token)) if access_token.is_empty() => refuse(400, "its accessToken is empty"),
        (Some(client_id), Some(access_token)) => {
            Decision::Accept { client_id, access_token: Secret::new(access_token) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expected() -> Expected {
        Expected { port: 4321, path: "/r4nd0m".into() }
    }

    fn get(target: &str) -> Decision {
        expected().decide("GET", target, &[b"localhost:4321"])
    }

    #[track_caller]
    fn accepted(decision: Decision, id: &str, token: &str) {
        assert_eq!(decision, Decision::Accept { client_id: id.into(), access_token: Secret::new(token) });
    }

    #[track_caller]
    fn refused(decision: Decision, status: u16, why: &str) {
        match decision {
            Decision::Refuse(refusal) => assert_eq!((refusal.status, refusal.why), (status, why)),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_answer_is_taken_as_it_stands() {
        accepted(get("/r4nd0m?clientId=me&accessToken=tok"), "me", "tok");
        accepted(get("/r4nd0m?accessToken=a=b&clientId=ad|x+y/z@w.org/tc&more=1"), "ad|x+y/z@w.org/tc", "a=b");
        accepted(get("/r4nd0m?clientId=ad%7Cx%2Fy&accessToken=t-_%"), "ad|x/y", "t-_%");
    }

    #[test]
    fn hosts_other_than_ours_are_refused() {
        let target = "/r4nd0m?clientId=me&accessToken=tok";
        for host in ["localhost:4321", "LOCALHOST:4321", " localhost:4321 "] {
            accepted(expected().decide("GET", target, &[host.as_bytes()]), "me", "tok");
        }
        for host in
            ["", "localhost", "localhost:80", "127.0.0.1:4321", "[::1]:4321", "evil.example:4321", "localhost.:4321"]
        {
            refused(
                expected().decide("GET", target, &[host.as_bytes()]),
                421,
                "it was sent to another host name than localhost",
            );
        }
        for hosts in [&[][..], &[&b"localhost:4321"[..], b"evil.example"], &[b"\xff:4321"]] {
            assert!(matches!(expected().decide("GET", target, hosts), Decision::Refuse(_)));
        }
        let on_80 = Expected { port: 80, path: "/r".into() };
        accepted(on_80.decide("GET", "/r?clientId=a&accessToken=b", &[b"localhost"]), "a", "b");
    }

    #[test]
    fn a_path_must_be_ours_to_the_letter() {
        for path in
            ["/", "", "*", "/R4nd0m", "/r4nd0m/", "//r4nd0m", "/r4nd0", "/%724nd0m", "http://localhost:4321/r4nd0m"]
        {
            refused(get(&format!("{path}?clientId=a&accessToken=b")), 404, "it came to another path");
        }
        assert_eq!(get("/favicon.ico"), Decision::Ignore);
        assert_eq!(get("/favicon.ico?clientId=a&accessToken=b"), Decision::Ignore);
    }

    #[test]
    fn fields_must_be_there_once_and_make_sense() {
        let query = |query: &str| get(&format!("/r4nd0m?{query}"));
        refused(query(""), 400, "it has no clientId");
        refused(query("clientId=a"), 400, "it has no accessToken");
        refused(query("accessToken=a"), 400, "it has no clientId");
        refused(query("clientid=a&accesstoken=b"), 400, "it has no clientId");
        refused(query("clientId=&accessToken=b"), 400, "its clientId is empty");
        refused(query("clientId=a&accessToken="), 400, "its accessToken is empty");
        refused(query("clientId=a&clientId=b&accessToken=c"), 400, "a field occurs twice");
        refused(query("clientId=a%0Ab&accessToken=c"), 400, "a field has a control character");
        refused(query("clientId=a%FF&accessToken=c"), 400, "a field is not UTF-8");
        refused(query(&format!("clientId={}&accessToken=c", "a".repeat(5000))), 400, "a field is too long");
    }

    #[test]
    fn only_get_is_an_answer() {
        for method in ["POST", "HEAD", "OPTIONS", "PUT", "get"] {
            let decision = expected().decide(method, "/r4nd0m?clientId=a&accessToken=b", &[b"localhost:4321"]);
            refused(decision, 405, "its method is not GET");
        }
    }

    #[test]
    fn a_pasted_address_is_judged_alike() {
        let paste = |text: &str| expected().decide_pasted(text);
        accepted(paste(" http://localhost:4321/r4nd0m?clientId=a|b+c&accessToken=t\n"), "a|b+c", "t");
        accepted(paste("http://localhost:4321/r4nd0m?clientId=a&accessToken=t#x"), "a", "t");
        refused(paste("http://localhost:4321/other?clientId=a&accessToken=t"), 404, "it came to another path");
        refused(
            paste("http://evil.example/r4nd0m?clientId=a&accessToken=t"),
            421,
            "it was sent to another host name than localhost",
        );
        refused(paste("http://localhost:4321/r4nd0m"), 400, "it has no clientId");
        refused(paste(""), 400, "it is not an address that starts with http://");
    }
}
