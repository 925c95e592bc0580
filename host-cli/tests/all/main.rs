//! Runs the program as users do. The tests need the directory that the build
//! makes: PIPELINE_DIST names it, and `target/dist` of the workspace is used
//! without that.

#![cfg(unix)]

mod add;
mod archives;
mod arrays;
mod author;
mod bake;
mod cache;
mod cases;
mod faults;
mod grpc;
mod grpc_control;
mod jobs;
mod library;
mod live;
mod looking;
mod media;
mod media_http;
mod memory;
mod messages;
mod mistakes;
mod output;
mod program;
mod requests;
mod rmpkg;
mod runs;
mod sdk_http;
mod serve;
mod server;
mod sound;
mod streams;
#[cfg(feature = "otel")]
mod telemetry;
mod threats;
#[cfg(feature = "webrtc")]
mod webrtc;
#[cfg(feature = "nats")]
mod work;
