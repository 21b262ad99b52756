//! A list in pages: each is fetched while the caller handles the one before.

use std::collections::HashSet;

use tokio::task::JoinSet;

use super::page::{CONTINUATION_TOKEN, continuation_token};
use super::response::not_json;
use super::{Client, Request, Response, essential};
use crate::error::{Error, Result};

/// The pages of a list.
///
/// At most two are in memory: the one that the caller has and the one that is being fetched.
/// Fetching ahead goes on during the caller's own work when the runtime has a thread for it, and
/// otherwise while the caller awaits something. Dropping this stops the transfer.
#[derive(Debug)]
pub struct Pages {
    /// What is to be fetched and has not been asked for yet.
    next: Option<Box<Cursor>>,
    /// Whether the next page is requested while the caller still works on this one.
    fetches_ahead: bool,
    /// The page on its way, at most one.
    fetching: JoinSet<(Box<Cursor>, Result<Fetched>)>,
}

/// A place in a list.
#[derive(Debug)]
struct Cursor {
    client: Client,
    /// The call for the first page.
    first: Request,
    /// The call for the page at this place.
    request: Request,
    /// Tokens that were followed, by their hashes: a list has few pages, but tokens are long.
    seen: HashSet<u64>,
    /// Whether a page without its list is an error.
    is_checked: bool,
}

#[derive(Debug)]
struct Fetched {
    page: Response,
    is_last: bool,
}

impl Pages {
    pub(super) fn new(client: Client, request: Request) -> Self {
        let cursor = Cursor { client, first: request.clone(), request, seen: HashSet::new(), is_checked: false };
        Self { next: Some(Box::new(cursor)), fetches_ahead: true, fetching: JoinSet::new() }
    }

    /// The same, fetching no page that nobody has asked for: for lists that may not be read to their end.
    #[must_use]
    pub(crate) fn one_by_one(self) -> Self {
        Self { fetches_ahead: false, ..self }
    }

    /// A page that lacks what its method lists is an error.
    pub(super) fn checked(mut self) -> Self {
        if let Some(cursor) = &mut self.next {
            cursor.is_checked = true;
        }
        self
    }

    /// The next page; none after the last. After an error there are no more.
    ///
    /// # Errors
    /// Those of [`Client::send`]; [`crate::error::Kind::Failed`] when a page is not a JSON object, and when the
    /// server sends a `continuationToken` for the second time, because following it would never end.
    pub async fn next(&mut self) -> Result<Option<Response>> {
        self.fetch_next()?;
        let Some(fetched) = self.fetching.join_next().await else { return Ok(None) };
        let (cursor, fetched) =
            fetched.map_err(|source| Error::failed("fetching a page broke off").caused_by(source))?;
        let Fetched { page, is_last } = fetched?;
        if !is_last {
            // The server is to be at work on the next page while the caller is at work on this one.
            self.next = Some(cursor);
            if self.fetches_ahead {
                self.fetch_next()?;
            }
        }
        Ok(Some(page))
    }

    fn fetch_next(&mut self) -> Result<()> {
        if let Some(mut cursor) = self.next.take() {
            let runtime = super::runtime()?;
            self.fetching.spawn_on(
                async move {
                    let fetched = cursor.fetch().await;
                    (cursor, fetched)
                },
                &runtime,
            );
        }
        Ok(())
    }
}

impl Cursor {
    /// Fetches the page at this place, and moves on to the one behind it.
    async fn fetch(&mut self) -> Result<Fetched> {
        let (page, token) = self.client.send_and_read(&self.request, continuation_token).await?;
        if self.is_checked {
            essential::check(&self.request, &page, |_| None)?;
        }
        let not_a_page = || not_json(&page.what, page.status, &page.body);
        let Some(token) = token.ok_or_else(not_a_page)? else { return Ok(Fetched { page, is_last: true }) };
        if !self.remember(&token) {
            return Err(Error::failed(format!("{} repeats a page: its list would never end", page.what))
                .hint("The server did not understand its own continuationToken; start again."));
        }
        self.request = self.first.with_query(CONTINUATION_TOKEN, &token);
        Ok(Fetched { page, is_last: false })
    }

    fn remember(&mut self, token: &str) -> bool {
        use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
        self.seen.insert(BuildHasherDefault::<DefaultHasher>::default().hash_one(token))
    }
}
