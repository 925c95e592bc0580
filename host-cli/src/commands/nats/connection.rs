//! The connection to a server.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::{self, Context};
use async_nats::{Client, ConnectOptions, Event, ServerAddr};
use tokio::sync::Notify;

use super::arguments::Connection;
use crate::failure::Failure;
use crate::report;

/// How often a server that is silent is asked whether it is there.
const PING: Duration = Duration::from_secs(5);

/// A connection, which is made anew where it is lost.
pub(super) struct Connected {
    pub(super) client: Client,
    pub(super) jetstream: Context,
    /// Told each time that the connection is there again.
    pub(super) back: Arc<Notify>,
}

/// Connects to a server.
///
/// # Errors
/// Where the address or the credentials are wrong, or nobody answers.
pub(super) async fn connect(arguments: &Connection, name: &str) -> Result<Connected, Failure> {
    let servers: Result<Vec<ServerAddr>, _> = arguments
        .nats
        .split(',')
        .map(|server| server.trim().parse())
        .collect();
    let servers = servers
        .map_err(|error| Failure::usage(format!("--nats is no address of a server: {error}")))?;
    let shown = shown(&servers);
    let mut options = match &arguments.creds {
        Some(file) => ConnectOptions::with_credentials_file(file)
            .await
            .map_err(|error| {
                let file = file.display();
                Failure::usage(format!("the credentials `{file}` can't be used: {error}"))
            })?,
        None => ConnectOptions::new(),
    };
    if let Some(file) = &arguments.tls_ca {
        options = options.add_root_certificates(file.clone());
    }
    if let (Some(certificate), Some(key)) = (&arguments.tls_cert, &arguments.tls_key) {
        options = options.add_client_certificate(certificate.clone(), key.clone());
    }
    let back = Arc::new(Notify::new());
    let told = Arc::clone(&back);
    let client = options
        .name(name)
        .ping_interval(PING)
        .max_reconnects(None)
        .event_callback(move |event| {
            let told = Arc::clone(&told);
            async move { happened(&event, &told) }
        })
        .connect(servers)
        .await
        .map_err(|error| {
            Failure::failed(format!("can't connect to {shown}: {}", in_full(&error)))
                .help("--nats names the server; `nats-server -js` starts one")
        })?;
    let jetstream = jetstream::new(client.clone());
    Ok(Connected {
        client,
        jetstream,
        back,
    })
}

/// The servers without what is secret in their addresses.
fn shown(servers: &[ServerAddr]) -> String {
    let shown: Vec<_> = servers
        .iter()
        .map(|server| format!("{}:{}", server.host(), server.port()))
        .collect();
    shown.join(", ")
}

fn happened(event: &Event, back: &Notify) {
    match event {
        Event::Connected => back.notify_waiters(),
        Event::Disconnected => {
            report::tell("the connection to NATS is lost; trying again until it is back");
        }
        Event::SlowConsumer(_) | Event::LameDuckMode | Event::Draining | Event::Closed => {
            tracing::info!(%event, "NATS");
        }
        // That it can't be reached says each attempt.
        Event::ClientError(_) => tracing::debug!(%event, "NATS"),
        Event::ServerError(error) => report::tell(&format!("NATS says: {error}")),
    }
}

/// An error and what it comes of, in one line.
pub(super) fn in_full(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let more = error.to_string();
        // Some say what they come of themselves.
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        source = error.source();
    }
    text
}
