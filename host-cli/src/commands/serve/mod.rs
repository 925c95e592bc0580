//! `pipeline serve`.

mod answers;
mod metrics;
mod server;
mod shutdown;
mod turns;

use std::num::NonZero;

use pipeline_host::http::HttpSandbox;
use pipeline_host::{Allocation, EngineOptions};
use tokio::net::TcpListener;

use self::server::Server;
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
    let (engine, component, mut directories) =
        workspace::load(&arguments.place, "pipeline-http.wasm", &options)?;
    if let Some(pipelines) = &arguments.pipelines {
        directories
            .set_pipelines(pipelines)
            .map_err(Failure::usage)?;
    }
    let sandbox = HttpSandbox::new(&engine, &component, directories).map_err(|error| {
        Failure::usage(error).help("--component takes the file `pipeline-http.wasm`")
    })?;
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
        let signals = shutdown::Signals::new()
            .map_err(|error| Failure::failed(format!("signals can't be handled: {error}")))?;
        if let Ok(address) = listener.local_addr() {
            report::tell(&format!("listening on http://{address}"));
        }
        let max_body = u64::from(arguments.max_body) << 20;
        let server = Server::new(sandbox, limits, concurrent, waiting, max_body)?;
        shutdown::serve(server, listener, signals).await
    });
    // What was asked to stop at once is not waited for.
    runtime.shutdown_background();
    ended
}
