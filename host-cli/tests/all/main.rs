//! Runs the program as users do. The tests need the directory that the build
//! makes: PIPELINE_DIST names it, and `target/dist` of the workspace is used
//! without that.

#![cfg(unix)]

mod arrays;
mod bake;
mod cases;
mod faults;
mod jobs;
mod library;
mod live;
mod media;
mod media_http;
mod memory;
mod mistakes;
mod output;
mod program;
mod requests;
mod runs;
mod serve;
mod server;
mod sound;
mod streams;
mod threats;
