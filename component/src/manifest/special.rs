//! Forms of values that JSON has none for.
