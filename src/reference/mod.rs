//! What a deployment offers, as data: services, methods, exchanges, scope expressions, schemas.
//!
//! The data is distilled from a deployment's own references into `references/*.json`, embedded,
//! and parsed only when something asks for it. Everything here is a function of values.

mod catalogue;
pub(crate) mod distill;
mod embedded;
mod idempotency;
mod model;
mod needs;
mod patterns;
mod route;
mod schemas;
mod scopes;
mod suggest;
mod summaries;
mod tables;

pub use catalogue::{Catalogue, LookupError, Source};
pub use embedded::VERSION;
pub use idempotency::is_idempotent;
pub use model::{Exchange, Method, RoutingKeyEntry, Service, Stability, Verb};
pub use needs::Needs;
pub use patterns::pattern;
pub use route::{Route, Segment};
pub(crate) use schemas::{family_schema_uris, page_list};
pub use schemas::{schema, schema_uris};
pub use scopes::ScopeExpression;
pub(crate) use suggest::{kebab_case, suggest};
pub use summaries::{Item, summary};
