//! A list in pages: each is fetched while the caller handles the one before.

use std::borrow::Cow;
use std::collections::HashSet;
use std::task::Poll;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::{Client, Request, Response};
use crate::error::{Error, Result};
use crate::json::{self, Wanted};

/// The member of a page that leads to the next one (spec, section 6).
pub(crate) const TOKEN: &str = "continuationToken";

/// The pages of a list.
///
/// At most two are in memory: the one that the caller has and the one that is being fetched.
/// Fetching ahead needs a tokio runtime; it goes on during the caller's own work when the runtime
/// has a thread for it, and otherwise while the caller awaits something.
#[derive(Debug)]
pub struct Pages {
    state: State,
}

#[derive(Debug)]
enum State {
    First(Box<Source>),
    Ahead(Ahead),
    Done,
}

/// Where pages come from.
#[derive(Debug)]
struct Source {
    client: Client,
    request: Request,
    /// Tokens that were followed, by their hashes: a list has few pages, but tokens are long.
    seen: HashSet<u64>,
}

/// Pages on their way; dropping it stops the transfer.
#[derive(Debug)]
struct Ahead {
    what: String,
    /// Each is for one page.
    wishes: mpsc::Sender<Wish>,
    fetching: JoinHandle<()>,
}

/// Where a page is to be put.
type Wish = oneshot::Sender<Result<Response>>;

impl Drop for Ahead {
    fn drop(&mut self) {
        self.fetching.abort();
    }
}

impl Pages {
    pub(super) fn new(client: Client, request: Request) -> Self {
        Self { state: State::First(Box::new(Source { client, request, seen: HashSet::new() })) }
    }

    /// The next page; none after the last. After an error there are no more.
    ///
    /// # Errors
    /// Those of [`Client::send`]; [`crate::error::Kind::Failed`] when the server sends a
    /// `continuationToken` for the second time, because following it would never end.
    pub async fn next(&mut self) -> Result<Option<Response>> {
        let mut ahead = match std::mem::replace(&mut self.state, State::Done) {
            State::Done => return Ok(None),
            State::First(source) => source.ahead(),
            State::Ahead(ahead) => ahead,
        };
        let (wish, page) = oneshot::channel();
        // After the last page no wish is taken, and none is granted after a panic.
        let page = match ahead.wishes.send(wish).await {
            Ok(()) => page.await.ok(),
            Err(_) => None,
        };
        match page {
            Some(page) => {
                let page = page?;
                self.state = State::Ahead(ahead);
                Ok(Some(page))
            }
            None => {
                let cut = |source| Error::failed(format!("{} was cut short", ahead.what)).caused_by(source);
                (&mut ahead.fetching).await.map_err(cut).map(|()| None)
            }
        }
    }
}

impl Source {
    /// A page, and the request for the one behind it.
    async fn page(&mut self, request: &Request) -> Result<(Response, Option<Request>)> {
        let page = self.client.send(request).await?;
        let Some(token) = continuation_token(&page.body)? else { return Ok((page, None)) };
        if !self.remember(&token) {
            return Err(Error::failed(format!("{} repeats a page: its list would never end", request.what))
                .hint("The server did not understand its own continuationToken; start again."));
        }
        let following = self.request.with_query(TOKEN, &token);
        Ok((page, Some(following)))
    }

    fn remember(&mut self, token: &str) -> bool {
        use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
        self.seen.insert(BuildHasherDefault::<DefaultHasher>::default().hash_one(token))
    }

    /// Fetches page after page, each when the one before is there and wished for.
    fn ahead(mut self: Box<Self>) -> Ahead {
        let (wishes, mut wished) = mpsc::channel::<Wish>(1);
        let what = self.request.what.clone();
        let fetching = tokio::spawn(async move {
            let request = self.request.clone();
            let mut found = self.page(&request).await;
            // Without wishes to come there is nobody to fetch for, or to tell of a failure.
            while let Some(wish) = wished.recv().await {
                let (page, following) = match found {
                    Ok((page, Some(following))) => (page, following),
                    last => {
                        drop(wish.send(last.map(|(page, _)| page)));
                        return;
                    }
                };
                // The server is to be at work on a page before the caller is at work on the one before.
                let hand_over = async {
                    let_others().await;
                    drop(wish.send(Ok(page)));
                };
                (found, ()) = tokio::join!(biased; self.page(&following), hand_over);
            }
        });
        Ahead { what, wishes, fetching }
    }
}

/// Lets the tasks that are ready have their turn: here the connection's, which sends the request. Unlike tokio's
/// own way to yield it does not look at the network, where by then the answer may be that has to wait its turn.
async fn let_others() {
    let mut had_it = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut had_it, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
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
    let no_object = |fault: String| Error::failed("a page of the list is not a JSON object").caused_by(fault);
    let [token] = json::pick(page, Wanted::Members(&[(TOKEN, Wanted::Value(0))])).map_err(no_object)?;
    let token = token.filter(|value| *value != b"null").map(json::string).transpose().map_err(no_object)?;
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
