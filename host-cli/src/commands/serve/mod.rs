//! `pipeline serve`.

#![allow(
    clippy::result_large_err,
    reason = "what refuses a request is its answer, of which each request has one"
)]

mod accept;
mod admission;
mod body;
mod connections;
mod docs;
mod events;
mod grpc;
mod guard;
mod live;
mod media;
mod metrics;
mod pace;
mod packages;
mod pipelines;
mod responses;
mod sdk;
mod server;
mod typed;
#[cfg(feature = "webrtc")]
mod webrtc;

use std::num::NonZero;
use std::sync::Arc;

use pipeline_host::http::HttpSandbox;
use pipeline_host::{Allocation, EngineOptions, Sandbox};
use tokio::net::TcpListener;
use tokio::sync::watch;

use self::admission::Admission;
use self::body::Bodies;
use self::guard::Guard;
pub(crate) use self::guard::{Origin, parse_host};
#[cfg(feature = "nats")]
pub(super) use self::metrics::MEDIA_TYPE as METRICS_TYPE;
use self::metrics::Metrics;
use self::packages::Opener;
use self::pipelines::Pipelines;
use self::server::Server;
use self::typed::Typed;
use crate::failure::Failure;
use crate::signals::Signals;
use crate::{cli, report, workspace};

/// Lets this process open as many files as it may: each run has some, and each
/// connection is one.
pub(super) fn raise_open_files() {
    use rustix::process::{Resource, getrlimit, setrlimit};

    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::warn!(%error, "no more files can be opened than before");
    }
}

/// Answers HTTP requests until a signal ends it.
pub(crate) fn serve(arguments: &cli::Serve) -> Result<(), Failure> {
    raise_open_files();
    if !arguments.trust.signed_by.is_empty() && !arguments.installation.nodes.is_empty() {
        let text =
            "--nodes names directories that nobody has signed, and --signed-by asks for that";
        return Err(Failure::usage(text).help("packages bring the directories of their nodes"));
    }
    if !arguments.trust.signed_by.is_empty()
        && (arguments.grpc.is_some() || arguments.sdk_http.is_some())
    {
        let text = "clients of the SDK send manifests that nobody has signed, and --signed-by asks \
                    for that";
        return Err(Failure::usage(text).help("leave out --grpc and --sdk-http, or --signed-by"));
    }
    let concurrent = arguments.max_concurrent.unwrap_or_else(|| {
        let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
        2 * u32::try_from(processors).unwrap_or(1)
    });
    #[cfg(feature = "webrtc")]
    let peers = arguments.webrtc.most();
    #[cfg(not(feature = "webrtc"))]
    let peers = 0;
    let waiting = (arguments.max_queue).unwrap_or_else(|| concurrent.saturating_mul(32));
    let options = EngineOptions {
        allocation: Allocation::Pooled {
            instances: concurrent + peers,
        },
    };
    let own = match &arguments.baked {
        Some(baked) => {
            let source = workspace::source(baked, &arguments.trust.signed_by)?;
            if source.baked.is_none() {
                let text = format!("`{baked}` is no component with a pipeline in it");
                let help = "`pipeline bake` makes one; --pipelines takes a directory of manifests";
                return Err(Failure::usage(text).help(help));
            }
            Some(source)
        }
        None => None,
    };
    let installation = match &own {
        Some(source) => workspace::places_of(source, &arguments.installation)?,
        None => arguments.installation.clone(),
    };
    let (engine, component, directories) =
        workspace::load(&installation, "pipeline-http.wasm", &options)?;
    let typed = workspace::beside(&engine, &installation, "pipeline.wasm")?;
    let opener = Opener {
        engine: &engine,
        component: &component,
        typed: typed.as_ref(),
        installation: &installation,
        keys: &arguments.trust.signed_by,
    };
    let pipelines = match own {
        Some(source) => Pipelines::own(source.text),
        None => Pipelines::open(arguments.pipelines.as_deref(), &opener)?,
    };
    let sandbox = HttpSandbox::new(&engine, &component, directories.clone()).map_err(|error| {
        Failure::usage(error.in_full()).help("--component takes the file `pipeline-http.wasm`")
    })?;
    let typed = match &typed {
        Some(component) => {
            let sandbox = Sandbox::new(&engine, component, directories)
                .map_err(|error| Failure::usage(error.in_full()))?;
            Some(Arc::new(Typed::new(engine.clone(), sandbox)))
        }
        None => None,
    };
    let limits = arguments.limits.limits();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        // Runs have threads of their own.
        .max_blocking_threads((concurrent + peers) as usize + 4)
        .build()
        .map_err(|error| Failure::failed(format!("no threads to serve with: {error}")))?;
    let ended = runtime.block_on(async {
        let listener = TcpListener::bind(arguments.addr).await.map_err(|error| {
            Failure::usage(format!("can't listen on {}: {error}", arguments.addr))
                .help("--addr names another address or port")
        })?;
        let signals = Signals::new()
            .map_err(|error| Failure::failed(format!("signals can't be handled: {error}")))?;
        let grpc = grpc::Door::open(arguments).await?;
        if let Some(Ok(address)) = grpc.as_ref().map(grpc::Door::address) {
            report::tell(&format!("listening for gRPC on http://{address}"));
        }
        let sdk = sdk::Door::open(arguments).await?;
        if let Some(Ok(address)) = sdk.as_ref().map(sdk::Door::address) {
            report::tell(&format!("listening for the SDK's HTTP on http://{address}"));
        }
        let metrics = Arc::new(Metrics::new().map_err(Failure::failed)?);
        #[cfg(feature = "webrtc")]
        let webrtc = webrtc::Door::open(arguments, &metrics)?;
        #[cfg(feature = "webrtc")]
        if let Some(door) = &webrtc {
            report::tell(&format!("listening for WebRTC on {}", door.address()));
        }
        if let Ok(address) = listener.local_addr() {
            report::tell(&format!("listening on http://{address}"));
        }
        let server = Arc::new(Server {
            sandbox,
            typed,
            limits,
            guard: Guard::new(&arguments.allow_host, &arguments.allow_origin),
            pipelines,
            bodies: Bodies::new(u64::from(arguments.max_body) << 20, arguments.idle_timeout),
            admission: Admission::new(concurrent, waiting),
            metrics,
            #[cfg(feature = "webrtc")]
            webrtc,
            ending: watch::Sender::new(false),
        });
        let bounds = connections::Bounds {
            connections: arguments.max_connections as usize,
            idle: arguments.idle_timeout,
            drain: arguments.drain,
        };
        let grpc = grpc.map(|door| tokio::spawn(door.serve(Arc::clone(&server), bounds)));
        let sdk = sdk.map(|door| tokio::spawn(door.serve(Arc::clone(&server), bounds)));
        let others = grpc.into_iter().chain(sdk);
        #[cfg(feature = "webrtc")]
        let others = others.chain(webrtc::ending(&server));
        connections::serve(server, listener, others.collect(), signals, &bounds).await
    });
    // What was asked to stop at once is not waited for.
    runtime.shutdown_background();
    ended
}
