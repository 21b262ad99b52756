//! Errors of the storage, as S3 writes them.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;

/// A refusal: status, code and message in XML.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refusal {
    pub status: u16,
    pub code: &'static str,
    pub message: &'static str,
}

impl Refusal {
    pub(super) const NO_SUCH_KEY: Self = Self::new(404, "NoSuchKey", "The specified key does not exist.");
    pub(super) const NO_SUCH_BUCKET: Self = Self::new(404, "NoSuchBucket", "The specified bucket does not exist");
    pub(super) const DENIED: Self = Self::new(403, "AccessDenied", "Access Denied");
    pub(super) const EXPIRED: Self = Self::new(403, "AccessDenied", "Request has expired");
    pub(super) const MISMATCH: Self = Self::new(
        403,
        "SignatureDoesNotMatch",
        "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
    );
    pub(super) const CREDENTIALS: Self = Self::new(
        400,
        "InvalidArgument",
        "Credentials of Taskcluster were sent to the storage, where they do not belong",
    );
    pub(super) const RANGE: Self = Self::new(416, "InvalidRange", "The requested range is not satisfiable");
    pub(super) const PRECONDITION: Self =
        Self::new(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold");
    pub(super) const METHOD: Self =
        Self::new(405, "MethodNotAllowed", "The specified method is not allowed against this resource.");
    pub(super) const LENGTH: Self =
        Self::new(411, "MissingContentLength", "You must provide the Content-Length HTTP header.");
    pub(super) const INCOMPLETE: Self = Self::new(
        400,
        "IncompleteBody",
        "You did not provide the number of bytes specified by the Content-Length HTTP header",
    );
    pub(super) const DIGEST: Self =
        Self::new(400, "BadDigest", "The Content-MD5 you specified did not match what we received.");

    const fn new(status: u16, code: &'static str, message: &'static str) -> Self {
        Self { status, code, message }
    }

    /// The answer; one to `HEAD` has no body.
    pub(super) fn answer(self, head: bool) -> Response {
        let Self { status, code, message } = self;
        let text = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>"
        );
        let mut answer = Response::new(if head { Body::empty() } else { Body::from(text) });
        *answer.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/xml"));
        answer
    }
}
