//! The program as a server, and a client that hides nothing.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStderr, Command};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use crate::program::{PATIENCE, command, end, metric, until};

/// `pipeline serve` on a port of its own; it ends when this is dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    before: String,
    told: Arc<Mutex<String>>,
}

impl Server {
    pub(crate) fn start<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Self {
        Self::start_in(&[], arguments)
    }

    /// A server with these variables in its environment.
    pub(crate) fn start_in<S: AsRef<OsStr>>(
        environment: &[(&str, &str)],
        arguments: impl IntoIterator<Item = S>,
    ) -> Self {
        let mut program = serve(arguments);
        program.envs(environment.iter().copied());
        let (server, lines) = Self::of(program);
        let kept = Arc::clone(&server.told);
        std::thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                let mut told = kept.lock().expect("no panic");
                told.push_str(&line);
                told.push('\n');
            }
        });
        server
    }

    /// A server whose standard error is read no further than to where it listens.
    pub(crate) fn unread<S: AsRef<OsStr>>(
        arguments: impl IntoIterator<Item = S>,
    ) -> (Self, BufReader<ChildStderr>) {
        Self::of(serve(arguments))
    }

    fn of(mut program: Command) -> (Self, BufReader<ChildStderr>) {
        let mut child = program.spawn().expect("it starts");
        let mut lines = BufReader::new(child.stderr.take().expect("a pipe"));
        let mut before = String::new();
        let address = loop {
            let mut line = String::new();
            let read = lines.read_line(&mut line).expect("a line");
            assert!(read > 0, "{before}");
            if let Some(address) = line.trim_end().strip_prefix("listening on http://") {
                break address.parse().expect("an address");
            }
            before.push_str(&line);
        };
        let server = Self {
            child,
            address,
            before,
            told: Arc::default(),
        };
        (server, lines)
    }

    /// What it wrote before it began to listen.
    pub(crate) fn started(&self) -> &str {
        &self.before
    }

    /// What it has written since it began to listen.
    pub(crate) fn told(&self) -> String {
        self.told.lock().expect("no panic").clone()
    }

    pub(crate) fn terminate(&self) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &pid]).status();
        assert!(sent.expect("kill runs").success());
    }

    /// Waits for its end; its exit code.
    pub(crate) fn end(&mut self) -> Option<i32> {
        end(&mut self.child)
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("a child").is_some()
    }

    pub(crate) fn get(&self, path: &str) -> Response {
        self.send("GET", path, "", b"").read()
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Response {
        self.post_text(path, &body.to_string())
    }

    pub(crate) fn post_text(&self, path: &str, body: &str) -> Response {
        self.send("POST", path, JSON, body.as_bytes()).read()
    }

    /// Sends a request as it is written.
    pub(crate) fn raw(&self, request: &str) -> Response {
        let mut exchange = self.connect();
        exchange.write(request.as_bytes());
        exchange.read()
    }

    /// Sends a whole request. The answer is still to be read.
    pub(crate) fn send(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> Exchange {
        let length = match method {
            "GET" | "HEAD" => String::new(),
            _ => format!("content-length: {}\r\n", body.len()),
        };
        let mut exchange = self.begin(method, path, &format!("{headers}{length}"));
        exchange.write(body);
        exchange
    }

    /// Sends the head of a request.
    pub(crate) fn begin(&self, method: &str, path: &str, headers: &str) -> Exchange {
        let host = match headers.contains("host: ") {
            true => String::new(),
            false => format!("host: {}\r\n", self.address),
        };
        let mut exchange = self.connect();
        let head = format!("{method} {path} HTTP/1.1\r\n{host}connection: close\r\n{headers}\r\n");
        exchange.write(head.as_bytes());
        exchange
    }

    /// A connection on which nothing was sent yet.
    pub(crate) fn connect(&self) -> Exchange {
        let stream = TcpStream::connect(self.address).expect("a connection");
        stream.set_nodelay(true).expect("a socket");
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
        Exchange {
            stream: BufReader::new(stream),
        }
    }

    /// The number of a metric; 0 where it has none.
    pub(crate) fn metric(&self, name: &str) -> u64 {
        metric(&self.get("/metrics").body, name)
    }

    /// Waits until a metric has a value.
    #[track_caller]
    pub(crate) fn until(&self, name: &str, value: u64) {
        until(&format!("{name} {value}"), || self.metric(name) == value);
    }

    /// Waits until it has written something.
    #[track_caller]
    pub(crate) fn until_told(&self, text: &str) {
        until(text, || self.told().contains(text));
    }
}

fn serve<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Command {
    let mut program = command(["serve", "--addr", "127.0.0.1:0"]);
    program.args(arguments);
    program
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) const JSON: &str = "content-type: application/json\r\n";
pub(crate) const NDJSON: &str = "content-type: application/x-ndjson\r\n";

/// A request and its answer.
pub(crate) struct Exchange {
    stream: BufReader<TcpStream>,
}

impl Exchange {
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        // The server may answer and go before it has read all.
        let _ = self.stream.get_mut().write_all(bytes);
    }

    /// Sends a piece of a chunked body.
    pub(crate) fn chunk(&mut self, text: &str) {
        self.write(format!("{:x}\r\n{text}\r\n", text.len()).as_bytes());
    }

    /// The head of the answer.
    pub(crate) fn head(&mut self) -> (u16, String) {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            let read = self.stream.read_line(&mut head).expect("an answer");
            assert!(read > 0, "the answer ends in its head: {head:?}");
        }
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
        (status.expect("a status"), head.to_ascii_lowercase())
    }

    /// The next piece of a chunked body; none at its end.
    pub(crate) fn next_chunk(&mut self) -> Result<Option<String>, std::io::Error> {
        let mut size = String::new();
        self.stream.read_line(&mut size)?;
        let size = usize::from_str_radix(size.trim_end(), 16).map_err(std::io::Error::other)?;
        let mut text = vec![0; size + 2];
        self.stream.read_exact(&mut text)?;
        text.truncate(size);
        let text = String::from_utf8(text).map_err(std::io::Error::other)?;
        Ok((size > 0).then_some(text))
    }

    /// Whether something comes within a moment.
    pub(crate) fn is_answered(&mut self) -> bool {
        let wait = |stream: &TcpStream, seconds: f64| {
            let timeout = Some(Duration::from_secs_f64(seconds));
            stream.set_read_timeout(timeout).expect("a socket");
        };
        wait(self.stream.get_ref(), 0.3);
        let found = self.stream.fill_buf().is_ok();
        wait(self.stream.get_ref(), 60.0);
        found
    }

    /// Waits until the other side closes the connection, and gives how many bytes
    /// came before.
    pub(crate) fn closed_after(mut self) -> usize {
        let mut rest = Vec::new();
        // It may also be cut.
        let _ = self.stream.read_to_end(&mut rest);
        rest.len()
    }

    /// The whole answer, whose body may be no text: its status, head and body. A
    /// body that is cut off ends in an error.
    pub(crate) fn read_bytes(mut self) -> (u16, String, std::io::Result<Vec<u8>>) {
        let (status, head) = self.head();
        let mut body = Vec::new();
        if !head.contains("transfer-encoding: chunked") {
            let read = self.stream.read_to_end(&mut body);
            return (status, head, read.map(|_| body));
        }
        let mut read = || loop {
            let mut size = String::new();
            self.stream.read_line(&mut size)?;
            let size = usize::from_str_radix(size.trim_end(), 16).map_err(std::io::Error::other)?;
            let start = body.len();
            body.resize(start + size + 2, 0);
            self.stream.read_exact(&mut body[start..])?;
            body.truncate(start + size);
            if size == 0 {
                return Ok(());
            }
        };
        let ended = read();
        (status, head, ended.map(|()| body))
    }

    /// What is left of the connection.
    pub(crate) fn into_stream(self) -> TcpStream {
        assert!(self.stream.buffer().is_empty());
        self.stream.into_inner()
    }

    /// The whole answer.
    pub(crate) fn read(mut self) -> Response {
        let (status, head) = self.head();
        let mut body = String::new();
        if head.contains("transfer-encoding: chunked") {
            while let Some(chunk) = self.next_chunk().expect("a whole answer") {
                body.push_str(&chunk);
            }
        } else {
            self.stream.read_to_string(&mut body).expect("an answer");
        }
        Response { status, head, body }
    }
}

/// An answer.
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Response {
    #[track_caller]
    pub(crate) fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.body);
        self
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        assert!(self.head.contains("application/json"), "{}", self.head);
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// What an error says: its kind and its message.
    #[track_caller]
    pub(crate) fn error(&self) -> (String, String) {
        let json = self.json();
        assert_eq!(json["status"], "error", "{json}");
        let text = |key: &str| json["error"][key].as_str().expect("text").to_owned();
        (text("kind"), text("message"))
    }
}

/// A request that runs a node of one's own on some items.
pub(crate) fn own(inputs: Value) -> Value {
    json!({"manifest": own_manifest(), "inputs": inputs})
}

pub(crate) fn own_manifest() -> Value {
    json!({"version": "v1", "nodes": [{"id": "n", "node_type": "own:Own"}]})
}
