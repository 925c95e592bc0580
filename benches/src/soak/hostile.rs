//! Clients that mean no good. What comes back is no concern of theirs.

use std::io::{Read, Result, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

/// What one does with a connection.
type Act = fn(TcpStream) -> Result<()>;

/// What they do, by name.
pub(crate) const ACTS: [(&str, Act); 11] = [
    ("never reads", never_reads),
    ("sends a body slowly", slow_body),
    ("sends a head slowly", slow_head),
    ("leaves its run", leaves),
    ("leaves a stream", leaves_a_stream),
    ("sends nonsense", nonsense),
    ("sends a huge head", huge_head),
    ("is silent", silent),
    ("stops in the middle", half_closes),
    ("lies about lengths", lies),
    ("comes from another page", foreign),
];

/// How long they hold on to what they have.
const HOLD: Duration = Duration::from_secs(2);

/// Connects, and does one of it.
pub(crate) fn act(which: usize, address: SocketAddr) -> Result<()> {
    let stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(HOLD))?;
    stream.set_write_timeout(Some(HOLD))?;
    ACTS[which % ACTS.len()].1(stream)
}

fn head(length: &str) -> String {
    format!(
        "POST /v1/execute HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n{length}\r\n\r\n"
    )
}

fn run(how: &str) -> String {
    let body = format!(
        r#"{{"manifest": {{"version": "v1", "nodes": [{{"id": "n", "node_type": "soak_nodes:Fails", "params": {{"how": "{how}"}}}}]}}, "inputs": [1]}}"#
    );
    format!("{}{body}", head(&format!("content-length: {}", body.len())))
}

/// Asks for more than all buffers hold, and takes nothing of it.
fn never_reads(mut stream: TcpStream) -> Result<()> {
    let ask = "GET /openapi.json HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(100);
    for _ in 0..20 {
        if stream.write_all(ask.as_bytes()).is_err() {
            break;
        }
    }
    thread::sleep(HOLD);
    Ok(())
}

fn slow_body(mut stream: TcpStream) -> Result<()> {
    stream.write_all(head("content-length: 100000").as_bytes())?;
    drip(stream, b"{\"manifest\": {\"version\": \"v1\"")
}

fn slow_head(stream: TcpStream) -> Result<()> {
    drip(stream, b"POST /v1/execute HTTP/1.1\r\nhost")
}

fn drip(mut stream: TcpStream, bytes: &[u8]) -> Result<()> {
    for byte in bytes {
        stream.write_all(&[*byte])?;
        thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}

fn leaves(mut stream: TcpStream) -> Result<()> {
    stream.write_all(run("busy").as_bytes())?;
    thread::sleep(Duration::from_millis(fastrand::u64(0..200)));
    stream.shutdown(Shutdown::Both)
}

fn leaves_a_stream(mut stream: TcpStream) -> Result<()> {
    let head = "POST /v1/pipelines/multiply_add HTTP/1.1\r\nhost: localhost\r\n\
        content-type: application/x-ndjson\r\ntransfer-encoding: chunked\r\n\r\n2\r\n5\n\r\n";
    stream.write_all(head.as_bytes())?;
    stream.read_exact(&mut [0; 64])?;
    stream.shutdown(Shutdown::Both)
}

fn nonsense(mut stream: TcpStream) -> Result<()> {
    let length = fastrand::usize(1..4096);
    let bytes: Vec<u8> = (0..length).map(|_| fastrand::u8(..)).collect();
    stream.write_all(&bytes)?;
    stream.write_all(b"\r\n\r\n")?;
    to_the_end(stream)
}

fn huge_head(mut stream: TcpStream) -> Result<()> {
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n")?;
    for number in 0..256 {
        let line = format!("x-{number}: {}\r\n", "y".repeat(8 << 10));
        stream.write_all(line.as_bytes())?;
    }
    to_the_end(stream)
}

fn silent(stream: TcpStream) -> Result<()> {
    thread::sleep(HOLD);
    drop(stream);
    Ok(())
}

fn half_closes(mut stream: TcpStream) -> Result<()> {
    let whole = run("exception");
    stream.write_all(&whole.as_bytes()[..whole.len() / 2])?;
    stream.shutdown(Shutdown::Write)?;
    to_the_end(stream)
}

fn lies(mut stream: TcpStream) -> Result<()> {
    let length = match fastrand::u8(0..4) {
        0 => "content-length: 5\r\ncontent-length: 6",
        1 => "content-length: -1",
        2 => "transfer-encoding: chunked\r\ncontent-length: 3",
        _ => "content-length: 99999999999999",
    };
    stream.write_all(head(length).as_bytes())?;
    stream.write_all(b"ffffffffffffffff\r\n{}\r\n")?;
    to_the_end(stream)
}

fn foreign(mut stream: TcpStream) -> Result<()> {
    let body = r#"{"manifest": {"version": "v1", "nodes": []}}"#;
    let request = format!(
        "POST /v1/execute HTTP/1.1\r\nhost: evil.example\r\norigin: http://evil.example\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes())?;
    to_the_end(stream)
}

fn to_the_end(mut stream: TcpStream) -> Result<()> {
    std::io::copy(&mut stream, &mut std::io::sink()).map(drop)
}
