//! Each test is an attack: its name says what must not come of it.

mod files;
mod server;
mod terminal;
