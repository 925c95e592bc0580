//! Answers the gRPC clients of the RemoteMedia SDK: the protocol `remotemedia.v1`,
//! with its services for whole runs and for sessions, each in a fresh sandbox.
//!
//! A client may look into a session too, where that is asked for.
//!
//! The messages are the SDK's, in `proto/`; what they ask for is done by
//! `pipeline-host`. Manifests go through the component's own reader, so that what
//! is wrong with one is said here as it is everywhere.

#![forbid(unsafe_code)]

mod access;
mod control;
mod errors;
mod execution;
mod items;
mod manifest;
mod runs;
mod streaming;

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::time::Duration;

use pipeline_host::{Interrupt, Limits, Sandbox};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_stream::Stream;
use tonic::service::interceptor::InterceptorLayer;
use tonic::transport::Server;
use tonic::transport::server::Connected;

pub use self::access::{InvalidTokens, Tokens};
use self::control::Control;
use self::execution::Execution;
use self::runs::Runs;
use self::streaming::Streaming;

/// The protocol's messages, clients and servers, generated.
#[allow(missing_docs, unreachable_pub, clippy::all)]
pub mod protocol {
    tonic::include_proto!("remotemedia.v1");

    /// What reflection tells of it.
    pub(crate) const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/protocol.bin"));
}

/// What lets a run or a session begin, until it is dropped.
pub type Permit = Box<dyn Send>;

/// Too many wait for a permit already. In so many seconds there is a chance.
pub struct Busy(pub u64);

/// Gives permits: the argument says whether it is for a session, which waits for
/// its client as it runs.
pub type Admission =
    Box<dyn Fn(bool) -> Pin<Box<dyn Future<Output = Result<Permit, Busy>> + Send>> + Send + Sync>;

/// What is served, and to whom.
pub struct Options {
    /// Where pipelines run.
    pub sandbox: Sandbox,
    /// Makes what stops a run.
    pub interrupts: Box<dyn Fn() -> Interrupt + Send + Sync>,
    /// Says when a run may begin.
    pub admission: Admission,
    /// What bounds a run, and each message of a session.
    pub limits: Limits,
    /// The longest message that is read, in bytes.
    pub longest: usize,
    /// How long a session may be silent.
    pub idle: Duration,
    /// Whether clients may attach to sessions whose names they know, and look into
    /// them. All that nodes give leaves the sandbox then, not only what sinks give.
    pub control: bool,
    /// Who may ask; anybody without any.
    pub tokens: Option<Tokens>,
    /// The origins of web pages that may ask, as browsers write them.
    pub origins: Vec<http::HeaderValue>,
}

/// Answers on the connections that come in, until `ending` is done and all that
/// was begun is answered.
///
/// # Errors
/// Where connections can't be accepted any more.
pub async fn serve<S, C>(
    connections: S,
    options: Options,
    ending: impl Future<Output = ()>,
) -> Result<(), tonic::transport::Error>
where
    S: Stream<Item = io::Result<C>>,
    C: AsyncRead + AsyncWrite + Connected + Unpin + Send + 'static,
    C::ConnectInfo: Clone + Send + Sync + 'static,
{
    use protocol::pipeline_control_server::PipelineControlServer;
    use protocol::pipeline_execution_service_server::PipelineExecutionServiceServer;
    use protocol::streaming_pipeline_service_server::StreamingPipelineServiceServer;

    let (longest, origins) = (options.longest, options.origins.clone());
    let access = access::Access::new(options.tokens.clone());
    let runs = Runs::new(options);
    let (reporter, health) = tonic_health::server::health_reporter();
    let reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(protocol::DESCRIPTORS)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .build_v1();
    let execution = PipelineExecutionServiceServer::new(Execution(runs.clone()))
        .max_decoding_message_size(longest)
        .max_encoding_message_size(usize::MAX);
    let control = runs.lines().map(|lines| {
        PipelineControlServer::new(Control(lines.clone()))
            .max_decoding_message_size(longest)
            .max_encoding_message_size(usize::MAX)
    });
    let streaming = StreamingPipelineServiceServer::new(Streaming(runs))
        .max_decoding_message_size(longest)
        .max_encoding_message_size(usize::MAX);
    reporter
        .set_serving::<PipelineExecutionServiceServer<Execution>>()
        .await;
    reporter
        .set_serving::<StreamingPipelineServiceServer<Streaming>>()
        .await;
    let mut server = Server::builder()
        // gRPC-Web comes as HTTP/1.1.
        .accept_http1(true)
        .max_concurrent_streams(Some(100))
        .http2_keepalive_interval(Some(Duration::from_secs(20)))
        .http2_keepalive_timeout(Some(Duration::from_secs(20)))
        .layer(access::foreign_pages(&origins))
        .layer(access::cors(origins))
        .layer(tonic_web::GrpcWebLayer::new())
        .layer(InterceptorLayer::new(access));
    let mut routes = server.add_service(execution).add_service(streaming);
    if let Some(control) = control {
        reporter
            .set_serving::<PipelineControlServer<Control>>()
            .await;
        routes = routes.add_service(control);
    }
    routes = routes.add_service(health);
    if let Ok(reflection) = reflection {
        routes = routes.add_service(reflection);
    }
    routes
        .serve_with_incoming_shutdown(connections, ending)
        .await
}
