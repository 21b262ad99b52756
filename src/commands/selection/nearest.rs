//! What does not exist, and what was meant.

use std::future::Future;

use serde_json::Value;

use crate::client::Call;
use crate::error::{Error, Kind, Result};
use crate::reference::suggest;

/// All items of a list that comes in pages.
pub(crate) async fn collect(call: Call<'_>, member: &str) -> Result<Vec<Value>> {
    collect_some(call, member, usize::MAX, |_| true).await
}

/// Those of the items of a list that `keep` takes, up to so many; no page is asked for once there are enough.
pub(crate) async fn collect_some(
    call: Call<'_>,
    member: &str,
    enough: usize,
    keep: impl Fn(&Value) -> bool,
) -> Result<Vec<Value>> {
    let pages = call.pages()?;
    let mut pages = if enough == usize::MAX { pages } else { pages.one_by_one() };
    let mut found = Vec::new();
    while found.len() < enough
        && let Some(page) = pages.next().await?
    {
        let mut answer: Value = page.json()?;
        if let Some(Value::Array(items)) = answer.get_mut(member).map(Value::take) {
            found.extend(items.into_iter().filter(&keep));
        }
    }
    found.truncate(enough);
    Ok(found)
}

/// The texts among values, or under a key of them.
pub(crate) fn texts(values: &[Value], key: Option<&str>) -> Vec<String> {
    let text = |value: &Value| key.map_or(Some(value), |key| value.get(key))?.as_str().map(str::to_owned);
    values.iter().filter_map(text).collect()
}

/// An answer; where it is that there is no such thing, this is said by its name, with the names that are like it.
///
/// `known` is asked for the names that there are only then. That it may fail changes nothing: they are a kindness.
///
/// # Errors
/// That of `answer`.
pub(crate) async fn or_nearest<T>(
    answer: Result<T>,
    (noun, name): (&str, &str),
    known: impl Future<Output = Result<Vec<String>>>,
) -> Result<T> {
    match answer {
        Err(error) if error.kind() == Kind::NotFound => {
            let names = known.await.unwrap_or_default();
            Err(no_such(noun, name, &names).caused_by(error))
        }
        answer => answer,
    }
}

/// That there is no such thing, with the names that are like it.
pub(crate) fn no_such(noun: &str, name: &str, known: &[String]) -> Error {
    with_nearest(Error::unknown_name(format_args!("{noun} `{name}`")), name, known)
}

/// The error with the names that are like this one.
pub(crate) fn with_nearest(error: Error, name: &str, known: &[String]) -> Error {
    match suggest(name, known.iter().map(String::as_str)).as_slice() {
        [] => error,
        names => error.hint(format!("Did you mean `{}`?", names.join("`, `"))),
    }
}
