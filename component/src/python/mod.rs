//! The embedded CPython: its start, values and errors across the border, and
//! nodes written in Python.

mod bridge;
mod compression;
mod convert;
mod errors;
pub(crate) mod interpreter;
mod media;
mod memory;
mod node;
mod object;
mod permissions;
pub(crate) mod provider;
pub(crate) mod snapshot;
