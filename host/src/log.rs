//! What guests print.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use async_trait::async_trait;
use bytes::Bytes;
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

use crate::events::{self, Event, Events};
use crate::limits::LimitError;
use crate::stderr;
use crate::terminal::visible;

/// How much a guest may write at a time.
const AT_ONCE: usize = 8 << 10;
/// The longest line of a run with a mark; what is longer becomes several.
const LINE: usize = 8 << 10;
/// The longest line that tells something; what is longer is only printed.
const LONGEST_TOLD: usize = 64 << 20;

/// Takes what runs print, as it comes: whole lines or parts of them.
pub type Prints = Arc<dyn Fn(&[u8]) + Send + Sync>;

/// What a run prints, to either stream: both go to the host's standard error, or
/// to where the host wants them.
///
/// With a mark, each line begins with it, so that it can be told from those of
/// other runs and of the host: what a terminal would obey is made visible, and
/// half a line waits for its other half or for the end of the run. Without one,
/// all goes out as it comes, and what a terminal would obey is made visible on
/// one alone.
#[derive(Clone)]
pub(crate) struct Log {
    shared: Arc<Shared>,
}

struct Shared {
    /// Where it goes instead of to standard error.
    prints: Option<Prints>,
    /// Who is told of what begins with a mark, and of all else as printed by
    /// nobody.
    told: Option<(String, Events)>,
    mark: Option<String>,
    limit: Option<usize>,
    used: Mutex<Used>,
}

#[derive(Default)]
struct Used {
    bytes: usize,
    /// Whether something was left out, ever.
    refused: bool,
    /// Whether that was said.
    said: bool,
}

impl Log {
    pub(crate) fn new(limit: Option<usize>, mark: Option<String>, prints: Option<Prints>) -> Self {
        let shared = Shared {
            prints,
            told: None,
            mark,
            limit,
            used: Mutex::default(),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// The same, where what is printed is told of.
    pub(crate) fn telling(mut self, told: Option<(String, Events)>) -> Self {
        if let Some(shared) = Arc::get_mut(&mut self.shared) {
            shared.told = told;
        }
        self
    }

    /// The limit, where something was left out because of it.
    pub(crate) fn refusal(&self) -> Option<LimitError> {
        let limit = self.shared.limit.filter(|_| self.shared.used().refused)?;
        Some(LimitError::Log { limit })
    }

    /// Begins to count anew.
    pub(crate) fn renew(&self) {
        let mut used = self.shared.used();
        (used.bytes, used.said) = (0, false);
    }

    /// One of the two streams. Handles to it, of which a guest may have several,
    /// write to the same lines.
    pub(crate) fn stream(&self) -> Stream {
        let plain = self.shared.mark.is_none()
            && self.shared.prints.is_none()
            && self.shared.told.is_none();
        let terminal = plain && stderr::is_terminal();
        let sink = Sink {
            shared: Arc::clone(&self.shared),
            terminal,
            rest: Mutex::default(),
        };
        Stream(Arc::new(sink))
    }
}

impl Shared {
    fn used(&self) -> MutexGuard<'_, Used> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many of so many bytes may still be printed, and what is to be said
    /// where that is not all.
    fn take(&self, bytes: usize) -> (usize, Option<LimitError>) {
        let Some(limit) = self.limit else {
            return (bytes, None);
        };
        let mut used = self.used();
        let taken = bytes.min(limit - used.bytes);
        if taken == bytes {
            used.bytes += taken;
            return (taken, None);
        }
        // Nothing comes after what was left out.
        used.bytes = limit;
        used.refused = true;
        let first = !std::mem::replace(&mut used.said, true);
        (taken, first.then_some(LimitError::Log { limit }))
    }
}

struct Sink {
    shared: Arc<Shared>,
    terminal: bool,
    /// What can't be written yet: half a line, or half a character.
    rest: Mutex<Vec<u8>>,
}

impl Sink {
    fn put(&self, bytes: &[u8]) {
        if self.shared.used().said {
            return;
        }
        let mut rest = self.rest.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((mark, to)) = &self.shared.told {
            return self.tell(mark, to, &mut rest, bytes);
        }
        match &self.shared.mark {
            Some(mark) => self.lines(mark, &mut rest, bytes),
            None if self.terminal => self.characters(&mut rest, bytes),
            None => self.print(bytes),
        }
    }

    /// Tells of the lines that are whole, and of what can't be one that tells
    /// something.
    fn tell(&self, mark: &str, to: &Events, rest: &mut Vec<u8>, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            rest.extend_from_slice(piece);
            let begins = rest.len().min(mark.len());
            let may_tell = rest[..begins] == mark.as_bytes()[..begins];
            if !piece.ends_with(b"\n") && may_tell && rest.len() <= LONGEST_TOLD {
                continue;
            }
            self.told(mark, to, rest);
        }
    }

    fn told(&self, mark: &str, to: &Events, line: &mut Vec<u8>) {
        let event = match line.strip_prefix(mark.as_bytes()) {
            Some(told) => events::read(told),
            None => Some(Event::Printed {
                node: None,
                text: String::from_utf8_lossy(line).into_owned(),
            }),
        };
        let length = match &event {
            Some(Event::Printed { text, .. }) => text.len(),
            // It is no log, and bounded by whoever takes it.
            Some(Event::Gives { .. }) => 0,
            _ => line.len(),
        };
        line.clear();
        let (taken, refusal) = self.shared.take(length);
        match event {
            Some(Event::Printed { node, mut text }) => {
                text.truncate(text.floor_char_boundary(taken));
                to(Event::Printed { node, text });
            }
            Some(event) if taken == length => to(event),
            _ => {}
        }
        if let Some(refusal) = refusal {
            stderr::tell(&format!("note: {refusal}"));
        }
    }

    /// Prints the lines that are whole, each with the mark.
    fn lines(&self, mark: &str, rest: &mut Vec<u8>, bytes: &[u8]) {
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (line, ends) = match line.strip_suffix(b"\n") {
                Some(line) => (line, true),
                None => (line, false),
            };
            for piece in line.chunks(LINE) {
                if rest.len() + piece.len() > LINE {
                    self.line(mark, rest);
                }
                rest.extend_from_slice(piece);
            }
            if ends {
                self.line(mark, rest);
            }
        }
    }

    fn line(&self, mark: &str, line: &mut Vec<u8>) {
        let text = String::from_utf8_lossy(line);
        self.print(format!("{mark}{}\n", visible(&text)).as_bytes());
        line.clear();
    }

    /// Prints the characters that are whole, for a terminal.
    fn characters(&self, rest: &mut Vec<u8>, bytes: &[u8]) {
        rest.extend_from_slice(bytes);
        let whole = match std::str::from_utf8(rest) {
            // Its end may still be to come.
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            _ => rest.len(),
        };
        let text = String::from_utf8_lossy(&rest[..whole]);
        self.print(visible(&text).as_bytes());
        rest.drain(..whole);
    }

    /// Prints what the limit allows; with a mark, that is whole lines.
    fn print(&self, bytes: &[u8]) {
        let (taken, refusal) = self.shared.take(bytes.len());
        if let Some(prints) = &self.shared.prints {
            // What is left out is the host's to say: see `Instance::refusals`.
            return prints(&bytes[..taken]);
        }
        if taken == bytes.len() || self.shared.mark.is_none() {
            stderr::print(&bytes[..taken]);
        }
        if let Some(refusal) = refusal {
            // With the mark in front it could be something that the guest printed.
            stderr::tell(&match &self.shared.mark {
                Some(mark) => format!("note: {refusal} ({})", mark.trim_end_matches(" | ")),
                None => format!("note: {refusal}"),
            });
        }
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        let mut rest = std::mem::take(&mut self.rest).into_inner();
        let rest = rest.as_mut().unwrap_or_else(|poisoned| poisoned.get_mut());
        if let Some((mark, to)) = &self.shared.told
            && !rest.is_empty()
        {
            return self.told(mark, to, rest);
        }
        if let Some(mark) = &self.shared.mark
            && !rest.is_empty()
        {
            self.line(mark, rest);
        }
    }
}

/// One of the two streams of a run, or a handle to it.
#[derive(Clone)]
pub(crate) struct Stream(Arc<Sink>);

impl IsTerminal for Stream {
    fn is_terminal(&self) -> bool {
        // It could do nothing with one.
        false
    }
}

impl StdoutStream for Stream {
    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }

    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }
}

#[async_trait]
impl Pollable for Stream {
    async fn ready(&mut self) {
        stderr::room().await;
    }
}

#[async_trait]
impl OutputStream for Stream {
    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(if stderr::has_room() { AT_ONCE } else { 0 })
    }

    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.0.put(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    // Others may take the room first, any number of times.
    async fn write_ready(&mut self) -> StreamResult<usize> {
        stderr::room().await;
        Ok(AT_ONCE)
    }
}

/// For the third version of WASI, which nothing that is linked uses. It does not
/// wait for room: what is printed is bounded all the same.
impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.0.put(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_counts_bytes_of_both_streams() {
        let log = Log::new(Some(10), None, None);
        assert_eq!(log.shared.take(6), (6, None));
        let met = LimitError::Log { limit: 10 };
        assert_eq!(log.refusal(), None);
        assert_eq!(log.shared.take(6), (4, Some(met.clone())));
        assert_eq!(log.shared.take(6), (0, None));
        log.renew();
        assert_eq!(log.shared.take(10), (10, None));
        assert_eq!(log.refusal(), Some(met));
    }
}
