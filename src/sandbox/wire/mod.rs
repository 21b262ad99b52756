//! How the services' database puts values on the wire: times, key order, listing order, pages.

mod indent;
mod json;
mod order;
mod page;
mod time;

pub(super) use indent::indent;
pub(super) use json::canonical;
pub(super) use order::{Name, compare};
pub(super) use page::{Page, Paged};
pub(super) use time::{parse_time, round_to_millis, stamp, stamped};
