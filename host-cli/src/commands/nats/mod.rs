//! Pipelines beyond one machine: workers that take their items from a stream of
//! NATS JetStream, and what feeds them.

pub(crate) mod arguments;
mod bundle;
mod connection;
mod deploy;
mod headers;
mod payload;
mod submit;
mod work;

pub(super) use self::deploy::deploy;
pub(super) use self::submit::submit;
pub(super) use self::work::work;
