//! A list in pages: each is fetched while the caller handles the one before.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use tokio::task::JoinHandle;

use super::{Client, Request, Response};
use crate::error::{Error, Result};

/// The pages of a list.
///
/// At most two are in memory: the one that the caller has and the one that is being fetched.
/// Fetching ahead needs a tokio runtime; it goes on during the caller's own work when the runtime
/// has a thread for it, and otherwise while the caller awaits something.
#[derive(Debug)]
pub struct Pages {
    client: Client,
    request: Request,
    state: State,
    /// Tokens that were followed, by their hashes: a list has few pages, but tokens are long.
    seen: HashSet<u64>,
}

#[derive(Debug)]
enum State {
    First,
    Fetching(Fetch),
    Done,
}

/// A page on its way; dropping it stops the transfer.
#[derive(Debug)]
struct Fetch(JoinHandle<Result<Response>>);

impl Drop for Fetch {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Pages {
    pub(super) fn new(client: Client, request: Request) -> Self {
        Self { client, request, state: State::First, seen: HashSet::new() }
    }

    /// The next page; none after the last. After an error there are no more.
    ///
    /// # Errors
    /// Those of [`Client::send`]; [`crate::error::Kind::Failed`] when the server sends a
    /// `continuationToken` for the second time, because following it would never end.
    pub async fn next(&mut self) -> Result<Option<Response>> {
        let page = match std::mem::replace(&mut self.state, State::Done) {
            State::Done => return Ok(None),
            State::First => self.client.send(&self.request).await?,
            State::Fetching(mut fetch) => (&mut fetch.0)
                .await
                .map_err(|source| Error::failed(format!("{} was cut short", self.request.what)).caused_by(source))??,
        };
        if let Some(token) = continuation_token(&page.body)? {
            if !self.remember(&token) {
                return Err(Error::failed(format!("{} repeats a page: its list would never end", self.request.what))
                    .hint("The server did not understand its own continuationToken; start again."));
            }
            let (client, request) = (self.client.clone(), self.request.with_query("continuationToken", &token));
            self.state = State::Fetching(Fetch(tokio::spawn(async move { client.send(&request).await })));
        }
        Ok(Some(page))
    }

    fn remember(&mut self, token: &str) -> bool {
        use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
        self.seen.insert(BuildHasherDefault::<DefaultHasher>::default().hash_one(token))
    }
}

/// The token of a page that is not the last, read without building the page's values.
///
/// # Errors
/// When the page is no JSON object.
fn continuation_token(page: &[u8]) -> Result<Option<Cow<'_, str>>> {
    if page.trim_ascii().is_empty() {
        return Ok(None);
    }
    if let Some(token) = token_at_the_end(page) {
        return Ok(Some(Cow::Borrowed(token)));
    }
    let Token(token) = serde_json::from_slice(page)
        .map_err(|source| Error::failed("a page of the list is not a JSON object").caused_by(source))?;
    Ok(token.filter(|token| !token.is_empty()))
}

/// The token where the services put it, as the last member of the page, found without a look at the
/// megabytes before it.
///
/// Nothing else can look like that: inside a string the quotes would have backslashes, and what
/// stands right before the last brace is a member of the outermost object.
fn token_at_the_end(page: &[u8]) -> Option<&str> {
    const NAME: &[u8] = br#""continuationToken":""#;
    let inner = page.trim_ascii_end().strip_suffix(b"\"}")?;
    let start = inner.iter().rposition(|byte| *byte == b'"')? + 1;
    let (before, token) = inner.split_at_checked(start)?;
    let before = before.strip_suffix(NAME)?;
    let is_plain = !token.is_empty() && !token.contains(&b'\\');
    (is_plain && matches!(before.last(), Some(b',' | b'{'))).then(|| std::str::from_utf8(token).ok()).flatten()
}

struct Token<'a>(Option<Cow<'a, str>>);

impl<'de> Deserialize<'de> for Token<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(TokenVisitor)
    }
}

struct TokenVisitor;

impl<'de> Visitor<'de> for TokenVisitor {
    type Value = Token<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut token = None;
        while let Some(Text(name)) = map.next_key()? {
            if name == "continuationToken" {
                token = map.next_value::<Option<Text<'de>>>()?.map(|Text(text)| text);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Token(token))
    }
}

/// A string that is borrowed where it has no escapes.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::continuation_token;

    #[test]
    fn the_token_is_found_wherever_it_stands() {
        let token = |page: &'static str| continuation_token(page.as_bytes()).unwrap().map(|token| token.into_owned());
        assert_eq!(
            token(r#"{"tasks": [{"continuationToken": "inner"}], "continuationToken": "a\"b"}"#).unwrap(),
            "a\"b"
        );
        assert_eq!(token(r#"{"continuationToken": "x", "tasks": []}"#).unwrap(), "x");
        for last in ["{}", r#"{"continuationToken": null}"#, r#"{"continuationToken": ""}"#, "", " \n"] {
            assert_eq!(token(last), None, "{last}");
        }
    }

    #[test]
    fn a_token_at_the_end_is_told_from_what_looks_like_one() {
        let at_the_end = |page: &'static str| super::token_at_the_end(page.as_bytes());
        assert_eq!(at_the_end("{\"tasks\":[],\"continuationToken\":\"abc\"}\n"), Some("abc"));
        assert_eq!(at_the_end(r#"{"continuationToken":"abc"}"#), Some("abc"));
        for page in [
            r#"{"tasks":["continuationToken\":\"abc"]}"#,
            r#"{"text":",\"continuationToken\":\"abc"}"#,
            r#"{"x-continuationToken":"abc"}"#,
            r#"{"a":1,"continuationToken":"a\"b"}"#,
            r#"{"a":1,"continuationToken":"a\\"}"#,
            r#"{"a":1,"continuationToken":""}"#,
            r#"{"tasks":[{"continuationToken":"abc"}]}"#,
            r#"{"task":{"continuationToken":"abc"}}"#,
            r#""}"#,
        ] {
            assert_eq!(at_the_end(page), None, "{page}");
        }
        assert_eq!(continuation_token(br#"{"task":{"a":1,"continuationToken":"abc"}}"#).unwrap(), None);
    }

    #[test]
    fn a_page_that_is_no_object_is_an_error() {
        for page in ["[]", r#"["x"]"#, "<html>", "{", r#"{"continuationToken": 1}"#] {
            assert!(continuation_token(page.as_bytes()).is_err(), "{page}");
        }
    }
}
