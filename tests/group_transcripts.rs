//! The Go tool's own runs on groups, replayed.
