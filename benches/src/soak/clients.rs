//! The server, and clients that mean well.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::Built;

/// Long enough that only what hangs meets it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(600);

/// `pipeline` with the soak's nodes; its standard streams are closed.
pub(crate) fn program(built: &Built, subcommand: &str) -> Command {
    let mut command = Command::new(built.dist.join("pipeline"));
    command
        .arg(subcommand)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// `pipeline serve` on a port of its own; it is killed where this is dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Server {
    pub(crate) fn start(built: &Built, cache: Option<&Path>) -> Result<Self> {
        let mut command = program(built, "serve");
        command
            .args([
                "--addr",
                "127.0.0.1:0",
                "--timeout",
                "5",
                "--max-memory",
                "256",
            ])
            .arg("--nodes")
            .arg(&built.nodes)
            .arg("--pipelines")
            .arg(&built.pipelines);
        if let Some(cache) = cache {
            command.env("XDG_CACHE_HOME", cache);
        }
        let mut child = command.stderr(Stdio::piped()).spawn()?;
        let mut told = BufReader::new(child.stderr.take().context("a pipe")?);
        let mut first = String::new();
        told.read_line(&mut first)?;
        // Nobody reads what runs print, but somebody must take it.
        thread::spawn(move || {
            let mut nothing = [0; 1 << 16];
            while told.read(&mut nothing).is_ok_and(|read| read > 0) {}
        });
        let address = first.trim_end().strip_prefix("listening on http://");
        let address = address.with_context(|| format!("the server says {first:?}"))?;
        Ok(Self {
            address: address.parse()?,
            child,
        })
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it at once.
    pub(crate) fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Asks it to end, and waits for that.
    pub(crate) fn terminate(&mut self) -> Result<ExitStatus> {
        let id = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &id]).status()?;
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            if start.elapsed() > PATIENCE {
                bail!("the server does not end");
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}

/// How often clients had to ask again, as the protocol lets them.
#[derive(Default)]
pub(crate) struct Again {
    /// The connection was closed without an answer.
    pub(crate) closed: AtomicU64,
    /// Too many requests waited.
    pub(crate) refused: AtomicU64,
    /// The machine, or who else was served, left too little time.
    pub(crate) late: AtomicU64,
}

/// A client with a connection that it keeps.
pub(crate) struct Client<'a> {
    agent: ureq::Agent,
    address: SocketAddr,
    again: &'a Again,
}

pub(crate) const JSON: &str = "application/json";
pub(crate) const NDJSON: &str = "application/x-ndjson";

impl<'a> Client<'a> {
    pub(crate) fn new(address: SocketAddr, again: &'a Again) -> Self {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(PATIENCE))
            .build()
            .new_agent();
        Self {
            agent,
            address,
            again,
        }
    }

    /// Sends a request, once more where the server may have closed the
    /// connection or was busy: status and text. A request that is `to_be_late`
    /// has its 504 as its answer.
    pub(crate) fn post(
        &self,
        path: &str,
        media_type: &str,
        body: &str,
        to_be_late: bool,
    ) -> Result<(u16, String)> {
        let start = Instant::now();
        loop {
            let counter = match self.once(path, media_type, body) {
                Ok((429, _)) => &self.again.refused,
                Ok((504, _)) if !to_be_late => &self.again.late,
                Ok(answer) => return Ok(answer),
                Err(error) if start.elapsed() > PATIENCE => return Err(error),
                Err(_) => &self.again.closed,
            };
            counter.fetch_add(1, Ordering::Relaxed);
            if start.elapsed() > PATIENCE {
                bail!("{path} has no answer in {} s", PATIENCE.as_secs());
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn once(&self, path: &str, media_type: &str, body: &str) -> Result<(u16, String)> {
        let request = self.agent.post(format!("http://{}{path}", self.address));
        let mut answer = request.header("content-type", media_type).send(body)?;
        let text = answer.body_mut().read_to_string()?;
        Ok((answer.status().as_u16(), text))
    }

    pub(crate) fn get(&self, path: &str) -> Result<String> {
        let request = self.agent.get(format!("http://{}{path}", self.address));
        Ok(request.call()?.body_mut().read_to_string()?)
    }
}
