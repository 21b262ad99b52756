//! JSON-schema validation and payload skeletons. Pure.
