//! A call by name, put together step by step.

use std::fmt;

use bytes::Bytes;
use serde::Serialize;

use super::{Client, Pages, Request, Response, essential, unknown_name};
use crate::error::{Error, Result};

/// A call that is being put together; whatever is wrong with it, [`Call::send`] says.
#[must_use = "a call does nothing until it is sent"]
pub struct Call<'a> {
    client: &'a Client,
    service: String,
    method: String,
    args: Vec<String>,
    query: Vec<(String, String)>,
    body: Option<Result<Bytes>>,
    follow: bool,
}

impl fmt::Debug for Call<'_> {
    /// Without the body, which can be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("service", &self.service)
            .field("method", &self.method)
            .field("args", &self.args)
            .field("query", &self.query)
            .finish_non_exhaustive()
    }
}

impl<'a> Call<'a> {
    pub(super) fn new(client: &'a Client, service: &str, method: &str) -> Self {
        Self {
            client,
            service: service.to_owned(),
            method: method.to_owned(),
            args: Vec::new(),
            query: Vec::new(),
            body: None,
            follow: true,
        }
    }

    /// The next argument of the route.
    pub fn arg(mut self, arg: impl Into<String>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// A query argument.
    pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    /// The body: JSON that is sent byte for byte.
    pub fn body(mut self, json: impl Into<Bytes>) -> Self {
        self.body = Some(Ok(json.into()));
        self
    }

    /// The body, from a value.
    pub fn json(mut self, value: &impl Serialize) -> Self {
        let bytes = serde_json::to_vec(value).map(Bytes::from);
        self.body = Some(bytes.map_err(|source| Error::usage("the body cannot be written as JSON").caused_by(source)));
        self
    }

    /// A redirect is the answer, and not followed.
    pub fn no_follow(mut self) -> Self {
        self.follow = false;
        self
    }

    /// The call as a value, checked and not sent.
    ///
    /// # Errors
    /// [`crate::error::Kind::Usage`] for an unknown service or method and for all that
    /// [`Request::build`] objects to.
    pub fn request(self) -> Result<Request> {
        Ok(self.build()?.0)
    }

    /// The call as a value, and what it has for each parameter of the route.
    fn build(self) -> Result<(Request, Vec<(&'a str, String)>)> {
        let (service, method) =
            self.client.catalogue().method(&self.service, &self.method).map_err(|source| unknown_name(&source))?;
        let request = self.client.prepare(service, method, &self.args, &self.query, self.body.transpose()?)?;
        let arguments = method.args.iter().map(String::as_str).zip(self.args).collect();
        Ok((if self.follow { request } else { request.no_follow() }, arguments))
    }

    /// Sends the call.
    ///
    /// # Errors
    /// Those of [`Call::request`] and of [`Client::send`]; [`crate::error::Kind::Failed`] when the answer cannot be one to
    /// this call: it is not an object or a list, lacks what it is about, or is about something else.
    pub async fn send(self) -> Result<Response> {
        let client = self.client;
        let (request, arguments) = self.build()?;
        let response = client.send(&request).await?;
        let argument = |name: &str| arguments.iter().find(|(known, _)| *known == name).map(|(_, value)| &**value);
        essential::check(&request, &response, argument)?;
        Ok(response)
    }

    /// Sends the call and then, page by page, for the rest of the list.
    ///
    /// # Errors
    /// Those of [`Call::request`]; the pages have errors of their own.
    pub fn pages(self) -> Result<Pages> {
        let client = self.client;
        Ok(client.pages_of(self.request()?).checked())
    }
}
