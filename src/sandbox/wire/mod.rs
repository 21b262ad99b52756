//! How the services' database puts values on the wire: times, key order, listing order, pages.

mod indent;
mod json;
mod order;
mod page;
mod time;

pub use indent::indent;
pub use json::{Object, canonical, write_canonical};
pub use order::{Name, compare};
pub use page::{Page, Paged};
pub use time::{parse_time, round_to_millis, stamp};
