//! Many tasks at once, and servers that misbehave.
