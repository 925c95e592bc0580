//! Tests of the component as it is built, through the host library.
//! `cargo xtask test` builds it first.

mod common;
mod conformance;
mod stdlib;
mod values;
