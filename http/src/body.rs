//! The body of a request.

use wasip2::http::types::{IncomingBody, IncomingRequest, InputStream};
use wasip2::io::streams::StreamError;

use crate::response::Wrong;

/// Longest body, and longest line of a stream, in bytes. Hosts have limits of
/// their own, which are lower.
const LONGEST: usize = 256 << 20;
/// How a body begins that was compressed and doesn't say so.
const GZIP: &[u8] = b"\x1f\x8b";
/// How much is asked for at a time.
const CHUNK: u64 = 1 << 20;

/// The body of a request: all of it, or line by line.
pub(crate) struct Body {
    stream: InputStream,
    /// What holds the stream, so it ends after it.
    _incoming: IncomingBody,
    /// What was read and not yet taken.
    buffer: Vec<u8>,
    /// How much of `buffer` was taken.
    taken: usize,
    ended: bool,
    /// How many lines were taken.
    pub(crate) line: usize,
}

impl Body {
    /// Begins to read.
    pub(crate) fn open(request: &IncomingRequest) -> Result<Self, Wrong> {
        let gone = |()| Wrong::new(500, "internal", "the body of the request can't be read");
        let incoming = request.consume().map_err(gone)?;
        let stream = incoming.stream().map_err(gone)?;
        Ok(Self {
            stream,
            _incoming: incoming,
            buffer: Vec::new(),
            taken: 0,
            ended: false,
            line: 0,
        })
    }

    /// A manifest that stands before what the client sent.
    pub(crate) fn manifest(&mut self, length: usize) -> Result<String, Wrong> {
        let broken = || Wrong::bad("the manifest before the body can't be read");
        while self.buffer.len() < length && self.more()? {}
        let manifest = self.buffer.get(..length).ok_or_else(broken)?.to_vec();
        self.taken = length;
        String::from_utf8(manifest).map_err(|_| broken())
    }

    /// All of it.
    pub(crate) fn whole(mut self) -> Result<Vec<u8>, Wrong> {
        while self.more()? {}
        self.buffer.drain(..self.taken);
        if self.buffer.starts_with(GZIP) {
            return Err(Wrong::bad(
                "the body is compressed by gzip; it is taken as it is only",
            ));
        }
        Ok(self.buffer)
    }

    /// The next line that is not blank, without its end.
    pub(crate) fn next_line(&mut self) -> Result<Option<Vec<u8>>, Wrong> {
        loop {
            let mut searched = 0;
            let end = loop {
                let rest = &self.buffer[self.taken..];
                match rest[searched..].iter().position(|byte| *byte == b'\n') {
                    Some(at) => break searched + at + 1,
                    None => searched = rest.len(),
                }
                if !self.more()? {
                    break searched;
                }
            };
            if end == 0 {
                return Ok(None);
            }
            let line = &self.buffer[self.taken..self.taken + end];
            self.taken += end;
            self.line += 1;
            let line = line.trim_ascii_end();
            if !line.is_empty() {
                return Ok(Some(line.to_vec()));
            }
        }
    }

    /// Reads on; false at the end.
    fn more(&mut self) -> Result<bool, Wrong> {
        if self.ended {
            return Ok(false);
        }
        if self.taken > 0 {
            self.buffer.drain(..self.taken);
            self.taken = 0;
        }
        match self.stream.blocking_read(CHUNK) {
            Ok(bytes) if self.buffer.len() + bytes.len() > LONGEST => Err(too_long()),
            Ok(bytes) => {
                self.buffer.extend_from_slice(&bytes);
                Ok(true)
            }
            Err(StreamError::Closed) => {
                self.ended = true;
                Ok(false)
            }
            Err(StreamError::LastOperationFailed(error)) => {
                self.ended = true;
                let text = format!("the body can't be read: {}", error.to_debug_string());
                Err(Wrong::bad(text))
            }
        }
    }
}

fn too_long() -> Wrong {
    let text = format!("the body is longer than {LONGEST} bytes");
    Wrong::new(413, "payload-too-large", text)
}
