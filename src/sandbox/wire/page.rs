//! Pages: `limit` and `continuationToken` (spec, sections 6 and 14).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::sandbox::call::{Call, Fault};

/// The most that one page holds, and what it holds when nobody asks for less.
const MAX: usize = 1000;

/// Marks a token as one of ours, so that garbage is recognized.
const MARK: &str = "after/";

/// What part of a listing a call asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The key of the last item of the page before; none for the first page.
    pub after: Option<String>,
    limit: usize,
}

/// One page of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paged<T> {
    /// The items.
    pub items: Vec<T>,
    /// What to ask for the next page with, when there is one.
    pub token: Option<String>,
}

impl Page {
    /// Reads a call's query arguments. A token that makes no sense means the first page, as it does on the services.
    ///
    /// # Errors
    /// 400 when `limit` is no number; 500 when it is 0, as the services answer.
    pub fn of(call: &Call<'_>) -> Result<Self, Fault> {
        let limit = match call.query("limit") {
            None => MAX,
            Some(text) if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) => {
                text.parse().unwrap_or(MAX).min(MAX)
            }
            Some(text) => {
                let message =
                    format!("Query-string parameter: limit=\"{text}\" does not match regular expression: /^[0-9]+$/");
                return Err(Fault::new(400, "InvalidRequestArguments", message));
            }
        };
        if limit == 0 {
            return Err(Fault::new(500, "InternalServerError", "Internal Server Error"));
        }
        let after = call.query("continuationToken").and_then(|token| {
            let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
            text.strip_prefix(MARK).map(str::to_owned)
        });
        Ok(Self { after, limit })
    }

    /// Cuts the page from `items`, which start after [`Page::after`]; `key` names the item that a next page starts after.
    pub fn cut<T>(&self, items: impl IntoIterator<Item = T>, key: impl Fn(&T) -> String) -> Paged<T> {
        let mut items = items.into_iter();
        let page: Vec<T> = items.by_ref().take(self.limit).collect();
        let token = match (items.next(), page.last()) {
            (Some(_), Some(last)) => Some(URL_SAFE_NO_PAD.encode(format!("{MARK}{}", key(last)))),
            _ => None,
        };
        Paged { items: page, token }
    }

    /// Cuts the page from a whole listing whose order is its own; the position is the key.
    pub fn slice<T>(&self, items: impl IntoIterator<Item = T>) -> Paged<T> {
        let skip = self.after.as_deref().and_then(|after| after.parse::<usize>().ok()).map_or(0, |after| after + 1);
        let paged = self.cut(items.into_iter().enumerate().skip(skip), |(at, _)| at.to_string());
        Paged { items: paged.items.into_iter().map(|(_, item)| item).collect(), token: paged.token }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pages(limit: usize) -> Vec<Vec<u32>> {
        let mut found = Vec::new();
        let mut page = Page { after: None, limit };
        loop {
            let paged = page.slice(0..5);
            found.push(paged.items);
            let Some(token) = paged.token else { return found };
            let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).unwrap()).unwrap();
            page.after = Some(text.strip_prefix(MARK).unwrap().to_owned());
        }
    }

    #[test]
    fn pages_cover_all_once() {
        assert_eq!(pages(2), [vec![0, 1], vec![2, 3], vec![4]]);
        assert_eq!(pages(5), [vec![0, 1, 2, 3, 4]]);
        assert_eq!(pages(1).len(), 5);
    }
}
