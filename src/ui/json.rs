//! JSON as text: indented, coloured or compacted token by token, so that nothing in it changes.
