//! `--grpc`: a second door, for the SDK's gRPC clients.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::Stream;
use futures_util::stream;
use http::HeaderValue;
use pipeline_grpc::{Busy, Options, Tokens};
use pipeline_host::http::mark;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use super::connections::{self, Bounds, Place};
use super::pace::Paced;
use super::server::Server;
use crate::cli;
use crate::failure::Failure;

/// Where gRPC clients are listened for, and who is let in.
pub(super) struct Door {
    listener: TcpListener,
    tokens: Option<Tokens>,
    control: bool,
    origins: Vec<HeaderValue>,
    longest: usize,
}

impl Door {
    /// Begins to listen, where that is asked for.
    pub(super) async fn open(arguments: &cli::Serve) -> Result<Option<Self>, Failure> {
        let Some(address) = arguments.grpc else {
            return Ok(None);
        };
        let tokens = arguments.grpc_tokens.as_deref().map(Tokens::read);
        let tokens = tokens.transpose();
        let tokens = tokens.map_err(|error| Failure::usage(error.to_string()))?;
        let listener = TcpListener::bind(address).await.map_err(|error| {
            Failure::usage(format!("can't listen on {address}: {error}"))
                .help("--grpc names another address or port")
        })?;
        let origins = arguments.allow_origin.iter();
        let origins = origins.map(|origin| HeaderValue::from_str(&origin.to_string()));
        Ok(Some(Self {
            listener,
            tokens,
            control: arguments.grpc_control,
            origins: origins.filter_map(Result::ok).collect(),
            longest: (arguments.max_body as usize) << 20,
        }))
    }

    pub(super) fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Answers until the server ends, and what was begun is answered.
    pub(super) async fn serve(self, server: Arc<Server>, bounds: Bounds) {
        let Ok(typed) = server.typed(None) else {
            tracing::error!("there is no component that gRPC can be answered with");
            return;
        };
        // What nodes print can't be taken for the server's own lines.
        let sandbox = typed.sandbox().clone().mark_prints(mark("/remotemedia.v1"));
        let engine = typed.engine().clone();
        let admitting = Arc::clone(&server);
        let options = Options {
            sandbox,
            interrupts: Box::new(move || engine.interrupt()),
            admission: Box::new(move |session| {
                let server = Arc::clone(&admitting);
                Box::pin(async move {
                    let permit = server.admission.next(session).await.map_err(Busy)?;
                    Ok(Box::new(permit) as pipeline_grpc::Permit)
                })
            }),
            limits: server.limits.clone(),
            longest: self.longest,
            idle: bounds.idle,
            control: self.control,
            tokens: self.tokens,
            origins: self.origins,
        };
        let connections = accepted(self.listener, &bounds);
        let ending = async move { server.until_it_ends().await };
        if let Err(error) = pipeline_grpc::serve(connections, options, ending).await {
            tracing::error!(%error, "gRPC is not answered any more");
        }
    }
}

/// The connections that come in, as many as there may be.
fn accepted(listener: TcpListener, bounds: &Bounds) -> impl Stream<Item = io::Result<Paced>> {
    let places = Arc::new(Semaphore::new(bounds.connections));
    let idle = bounds.idle;
    stream::unfold((listener, places), move |(listener, places)| async move {
        let connection = accept(&listener, &places, idle).await;
        Some((connection, (listener, places)))
    })
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
    idle: Duration,
) -> io::Result<Paced> {
    let place = Place::take(places).await?;
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return Ok(Paced::new(stream, idle, place)),
            Err(error) if connections::is_of_one_connection(&error) => {}
            Err(error) => {
                tracing::error!(%error, "no gRPC connection can be accepted");
                tokio::time::sleep(connections::NO_FILES).await;
            }
        }
    }
}
