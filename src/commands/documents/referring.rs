//! A JSON schema of the user's, with the documents that it refers to.

use serde_json::Value;
use url::Url;

use super::document::Document;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::reference;
use crate::schema::Bundle;

/// So many documents may a schema lead to.
const MAX_DOCUMENTS: usize = 200;

/// Reads a schema from a path or a URL. What it refers to is read from files beside it, or from the same host, or is one of
/// the services' schemas that the references have. Nothing else is opened.
///
/// # Errors
/// When it or one of those cannot be read.
pub(crate) async fn open_schema(place: &str, context: &Context) -> Result<Value> {
    let schema = Document::open(place, context).await?.value;
    let Some(base) = url_of(place, context) else { return Ok(schema) };
    let mut bundle = Bundle::new(&base, schema);
    while let Some(url) = bundle.wanted() {
        if bundle.len() >= MAX_DOCUMENTS {
            return Err(Error::failed(format!("the schema {place} leads to more than {MAX_DOCUMENTS} documents")));
        }
        let document = referred(&url, &base, context).await?;
        bundle.add(url, document);
    }
    Ok(bundle.joined())
}

fn url_of(place: &str, context: &Context) -> Option<Url> {
    let url = Url::parse(place).ok().filter(|url| matches!(url.scheme(), "http" | "https" | "file"));
    url.or_else(|| Url::from_file_path(std::path::absolute(context.env.resolve(place)).ok()?).ok())
}

/// The document at `url` that a schema from `base` refers to; none where it is not for us to open.
async fn referred(url: &Url, base: &Url, context: &Context) -> Result<Option<Value>> {
    let is_file = url.scheme() == "file" && base.scheme() == "file";
    let exists = is_file && url.to_file_path().is_ok_and(|path| path.is_file());
    let is_near = url.origin().is_tuple() && url.origin() == base.origin();
    if exists || is_near {
        return Ok(Some(Document::open(url.as_str(), context).await?.value));
    }
    let embedded = reference::schema(url.path()).map(|text| serde_json::from_str(text.get()));
    embedded.transpose().map_err(|source| Error::failed(format!("the schema {url} is broken")).caused_by(source))
}
