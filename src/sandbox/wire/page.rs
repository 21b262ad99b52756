//! Pages: `limit` and `continuationToken`.

use data_encoding::HEXLOWER;

use crate::sandbox::call::{Call, Fault};

/// The most that one page holds, and what it holds when nobody asks for less.
const MAX_PAGE_ITEMS: usize = 1000;

/// Marks a token as one of ours, so that garbage is recognized.
const MARK: &str = "after/";

/// What part of a listing a call asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Page {
    /// The key of the last item of the page before; none for the first page.
    pub after: Option<String>,
    limit: usize,
}

/// One page of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Paged<T> {
    /// The items.
    pub items: Vec<T>,
    /// What to ask for the next page with, when there is one.
    pub token: Option<String>,
}

impl Page {
    /// Reads a call's query arguments. A token that cannot come from a service is refused; another one that makes no
    /// sense means the first page.
    ///
    /// # Errors
    /// 400 when `limit` is no number or the token has other characters than letters and digits; 500 when `limit` is 0,
    /// as the services answer.
    pub(crate) fn of(call: &Call<'_>) -> Result<Self, Fault> {
        Self::read(call, Foreign::ByCharacters, false)
    }

    /// The same for lists that take any foreign token for the first page: artifacts, pending and claimed tasks.
    ///
    /// # Errors
    /// As [`Page::of`], but for the token.
    pub(crate) fn lenient(call: &Call<'_>) -> Result<Self, Fault> {
        Self::read(call, Foreign::Ignored, false)
    }

    /// The same for lists that refuse any foreign token: roles.
    ///
    /// # Errors
    /// As [`Page::of`], and 400 `InputError` for a token that was not handed out.
    pub(crate) fn strict(call: &Call<'_>) -> Result<Self, Fault> {
        Self::read(call, Foreign::Refused, false)
    }

    /// The same for the list that answers an empty page when it is asked for one: task groups.
    ///
    /// # Errors
    /// As [`Page::of`], but for a `limit` of 0.
    pub(crate) fn or_empty(call: &Call<'_>) -> Result<Self, Fault> {
        Self::read(call, Foreign::ByCharacters, true)
    }

    fn read(call: &Call<'_>, foreign: Foreign, may_be_empty: bool) -> Result<Self, Fault> {
        let invalid = |name: &str, text: &str, pattern: &str| {
            let message =
                format!("Query-string parameter: {name}=\"{text}\" does not match regular expression: /{pattern}/");
            Err(Fault::new(400, "InvalidRequestArguments", message))
        };
        let limit = match call.query("limit") {
            None => MAX_PAGE_ITEMS,
            Some(text) if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) => {
                text.parse().unwrap_or(MAX_PAGE_ITEMS).min(MAX_PAGE_ITEMS)
            }
            Some(text) => return invalid("limit", text, "^[0-9]+$"),
        };
        if limit == 0 && !may_be_empty {
            return Err(Fault::internal("a page cannot be empty"));
        }
        let Some(token) = call.query("continuationToken") else { return Ok(Self { after: None, limit }) };
        let after = decode(token);
        match foreign {
            Foreign::Refused if after.is_none() => Err(Fault::input("Invalid continuationToken")),
            Foreign::ByCharacters if !token.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
                invalid("continuationToken", token, "^[a-zA-Z0-9]+$")
            }
            _ => Ok(Self { after, limit }),
        }
    }

    /// Cuts the page from `items`, which start after [`Page::after`]; `key` names the item that a next page starts after.
    pub(crate) fn cut<T>(&self, items: impl IntoIterator<Item = T>, key: impl Fn(&T) -> String) -> Paged<T> {
        let mut items = items.into_iter();
        let page: Vec<T> = items.by_ref().take(self.limit).collect();
        let token = match (items.next(), page.last()) {
            (Some(_), Some(last)) => Some(encode(&key(last))),
            _ => None,
        };
        Paged { items: page, token }
    }

    /// Cuts the page from a whole listing whose order is its own; the position is the key.
    pub(crate) fn slice<T>(&self, items: impl IntoIterator<Item = T>) -> Paged<T> {
        let skip = self.after.as_deref().and_then(|after| after.parse::<usize>().ok()).map_or(0, |after| after + 1);
        let paged = self.cut(items.into_iter().enumerate().skip(skip), |(at, _)| at.to_string());
        Paged { items: paged.items.into_iter().map(|(_, item)| item).collect(), token: paged.token }
    }
}

/// What becomes of a token that this sandbox did not hand out.
#[derive(Clone, Copy)]
enum Foreign {
    Ignored,
    ByCharacters,
    Refused,
}

/// A token: letters and digits only, as those of the services.
fn encode(key: &str) -> String {
    HEXLOWER.encode(format!("{MARK}{key}").as_bytes())
}

fn decode(token: &str) -> Option<String> {
    let bytes = HEXLOWER.decode(token.as_bytes()).ok();
    String::from_utf8(bytes?).ok()?.strip_prefix(MARK).map(str::to_owned)
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
            page.after = decode(&token);
        }
    }

    #[test]
    fn pages_cover_all_once() {
        assert_eq!(pages(2), [vec![0, 1], vec![2, 3], vec![4]]);
        assert_eq!(pages(5), [vec![0, 1, 2, 3, 4]]);
        assert_eq!(pages(1).len(), 5);
    }

    #[test]
    fn only_own_tokens_are_read() {
        assert_eq!(decode(&encode("a/ü b")), Some("a/ü b".to_owned()));
        for foreign in ["FOOBAR", "!!!", "", "6", "zz", "616161"] {
            assert_eq!(decode(foreign), None, "{foreign}");
        }
    }
}
