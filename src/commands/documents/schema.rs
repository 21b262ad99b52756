//! Schemas of the user's, with what they refer to.

use std::collections::BTreeMap;

use serde_json::Value;
use url::Url;

use super::Document;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::schema;

/// A schema that leads to more documents is refused.
const MAXIMUM_DOCUMENTS: usize = 100;

/// Reads a JSON schema from a file, standard input for `-`, or an `http(s)` or `file` URL, and makes one schema of it and of
/// all documents that it refers to. What comes from the network leads to the network alone, and to no file.
///
/// # Errors
/// When one of them cannot be read, or they are too many.
pub(crate) async fn open_schema(place: &str, context: &Context) -> Result<Value> {
    let root = Document::open(place, context).await?.value;
    let at = url_of(place, context)?;
    let mut others = BTreeMap::new();
    let mut wanted: Vec<(Url, Url)> = schema::outside(&root, &at).into_iter().map(|url| (at.clone(), url)).collect();
    while let Some((from, url)) = wanted.pop() {
        if url == at || others.contains_key(&url) {
            continue;
        }
        if others.len() == MAXIMUM_DOCUMENTS {
            return Err(Error::failed(format!("{place} leads to more than {MAXIMUM_DOCUMENTS} documents")));
        }
        if url.scheme() == "file" && from.scheme() != "file" {
            return Err(Error::failed(format!("{from} refers to {url}, which only a file may do")));
        }
        let unreadable = |error: Error| {
            Error::failed(format!("{from} refers to what cannot be read")).of_kind(error.kind()).caused_by(error)
        };
        let found = Document::open(url.as_str(), context).await.map_err(unreadable)?.value;
        wanted.extend(schema::outside(&found, &url).into_iter().map(|next| (url.clone(), next)));
        others.insert(url, found);
    }
    Ok(schema::bundled(root, &at, &others))
}

/// Where a document stands. What comes from standard input stands in the working directory.
fn url_of(place: &str, context: &Context) -> Result<Url> {
    if let Ok(mut url) = Url::parse(place)
        && matches!(url.scheme(), "http" | "https" | "file")
    {
        url.set_fragment(None);
        return Ok(url);
    }
    let path = context.env.resolve(place);
    let url = Url::from_file_path(&path).ok();
    // Read once more, it is without `..`, as what references lead to is.
    let url = url.and_then(|url| Url::parse(url.as_str()).ok());
    url.ok_or_else(|| Error::usage(format!("invalid path `{}`", path.display())))
}
