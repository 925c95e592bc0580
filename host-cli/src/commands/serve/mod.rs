//! `pipeline serve`.

mod accept;
mod admission;
mod body;
mod connections;
mod events;
mod guard;
mod live;
mod media;
mod metrics;
mod pace;
mod pipelines;
mod responses;
mod server;
mod typed;

use std::num::NonZero;
use std::path::Path;
use std::sync::Arc;

use pipeline_host::http::HttpSandbox;
use pipeline_host::{Allocation, EngineOptions};
use tokio::net::TcpListener;
use tokio::sync::watch;

use self::admission::Admission;
use self::body::Bodies;
use self::guard::Guard;
pub(crate) use self::guard::{Origin, parse_host};
use self::metrics::Metrics;
use self::pipelines::Pipelines;
use self::server::Server;
use self::typed::Typed;
use crate::failure::Failure;
use crate::{cli, report, workspace};

/// Lets this process open as many files as it may: each run has some, and each
/// connection is one.
fn raise_open_files() {
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
    let concurrent = arguments.max_concurrent.unwrap_or_else(|| {
        let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
        2 * u32::try_from(processors).unwrap_or(1)
    });
    let waiting = (arguments.max_queue).unwrap_or_else(|| concurrent.saturating_mul(32));
    let options = EngineOptions {
        allocation: Allocation::Pooled {
            instances: concurrent,
        },
    };
    let (own, installation) = match &arguments.baked {
        Some(baked) => {
            let (source, installation) = workspace::source(baked, &arguments.installation)?;
            if installation.baked.is_none() {
                let text = format!("`{baked}` is no component with a pipeline in it");
                let help = "`pipeline bake` makes one; --pipelines takes a directory of manifests";
                return Err(Failure::usage(text).help(help));
            }
            (Some(source), installation)
        }
        None => (None, arguments.installation.clone()),
    };
    let (engine, component, directories) =
        workspace::load(&installation, "pipeline-http.wasm", &options)?;
    let pipelines = Pipelines::open(arguments.pipelines.as_deref(), own).map_err(|error| {
        let path = arguments.pipelines.as_deref().unwrap_or(Path::new(""));
        let (path, reason) = (path.display(), workspace::reason(&error));
        Failure::usage(format!(
            "the directory with pipelines, `{path}`, can't be read: {reason}"
        ))
    })?;
    let sandbox = HttpSandbox::new(&engine, &component, directories).map_err(|error| {
        Failure::usage(error.in_full()).help("--component takes the file `pipeline-http.wasm`")
    })?;
    let typed = workspace::beside(&engine, &installation, crate::installation::PIPELINE)?;
    let typed = typed.map(|sandbox| Arc::new(Typed::new(engine.clone(), sandbox)));
    let limits = arguments.limits.limits();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        // Runs have threads of their own.
        .max_blocking_threads(concurrent as usize + 4)
        .build()
        .map_err(|error| Failure::failed(format!("no threads to serve with: {error}")))?;
    let ended = runtime.block_on(async {
        let listener = TcpListener::bind(arguments.addr).await.map_err(|error| {
            Failure::usage(format!("can't listen on {}: {error}", arguments.addr))
                .help("--addr names another address or port")
        })?;
        let signals = connections::Signals::new()
            .map_err(|error| Failure::failed(format!("signals can't be handled: {error}")))?;
        if let Ok(address) = listener.local_addr() {
            report::tell(&format!("listening on http://{address}"));
        }
        let server = Server {
            sandbox,
            typed,
            limits,
            guard: Guard::new(&arguments.allow_host, &arguments.allow_origin),
            pipelines,
            bodies: Bodies::new(u64::from(arguments.max_body) << 20, arguments.idle_timeout),
            admission: Admission::new(concurrent, waiting),
            metrics: Arc::new(Metrics::new().map_err(Failure::failed)?),
            ending: watch::Sender::new(false),
        };
        let bounds = connections::Bounds {
            connections: arguments.max_connections as usize,
            idle: arguments.idle_timeout,
            drain: arguments.drain,
        };
        connections::serve(server, listener, signals, &bounds).await
    });
    // What was asked to stop at once is not waited for.
    runtime.shutdown_background();
    ended
}
