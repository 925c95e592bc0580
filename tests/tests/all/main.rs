//! Tests of the component as it is built, through the host library.
//! `cargo xtask test` builds it first.

// The errors are those of the bindings, and these are tests.
#![allow(clippy::result_large_err)]

mod common;
#[path = "../shared/compare.rs"]
mod compare;
mod conformance;
mod imports;
mod models;
mod schema;
mod stdlib;
mod streaming;
mod values;
