//! Standard output, written by a thread of its own.
//!
//! What is printed while the thread writes goes out together with the next call:
//! where much comes quickly there are few calls, and where little comes nothing
//! waits.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::failure::Failure;
use crate::outputs::write_out;

/// How much may wait for whoever reads it, in bytes.
const ROOM: usize = 1 << 20;

/// Prints in order, and later.
pub(crate) struct Printer {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    /// There is something to write, or nothing will come any more.
    more: Condvar,
    /// Something was written.
    written: Condvar,
    failed: Notify,
}

#[derive(Default)]
struct State {
    text: String,
    /// Whether the thread waits for more.
    idle: bool,
    closed: bool,
    /// Why nothing can be written any more; none once that was told.
    failure: Option<Failure>,
    broken: bool,
}

impl Printer {
    /// Starts the thread; it ends with the program, or when this is finished.
    pub(crate) fn start() -> Result<Self, Failure> {
        let shared = Arc::<Shared>::default();
        let writer = Arc::clone(&shared);
        std::thread::Builder::new()
            .name("output".into())
            .spawn(move || writer.write_all())
            .map_err(|error| Failure::failed(format!("no thread to write with: {error}")))?;
        Ok(Self { shared })
    }

    /// Prints a text, when all before it is printed.
    pub(crate) fn print(&self, text: &str) -> Result<(), Failure> {
        let mut state = self.shared.lock();
        while state.text.len() > ROOM && !state.broken {
            state = wait(&self.shared.written, state);
        }
        state.check()?;
        state.text.push_str(text);
        if state.idle {
            self.shared.more.notify_one();
        }
        Ok(())
    }

    /// Waits until nothing can be written any more.
    pub(crate) async fn failed(&self) -> Failure {
        loop {
            let failed = self.shared.failed.notified();
            if let Err(failure) = self.shared.lock().check() {
                return failure;
            }
            failed.await;
        }
    }

    /// Waits until all is written.
    pub(crate) fn finish(&self) -> Result<(), Failure> {
        let mut state = self.shared.lock();
        state.closed = true;
        self.shared.more.notify_one();
        while !(state.broken || state.idle && state.text.is_empty()) {
            state = wait(&self.shared.written, state);
        }
        state.check()
    }
}

impl State {
    fn check(&mut self) -> Result<(), Failure> {
        match (self.failure.take(), self.broken) {
            (Some(failure), _) => Err(failure),
            (None, true) => Err(Failure::Closed),
            (None, false) => Ok(()),
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_all(&self) {
        let mut text = String::new();
        let mut state = self.lock();
        loop {
            while state.text.is_empty() {
                state.idle = true;
                self.written.notify_all();
                if state.closed {
                    return;
                }
                state = wait(&self.more, state);
            }
            state.idle = false;
            text.clear();
            std::mem::swap(&mut text, &mut state.text);
            drop(state);
            let written = write_out(&text);
            state = self.lock();
            if let Err(failure) = written {
                state.failure = Some(failure);
                state.broken = true;
                self.written.notify_all();
                self.failed.notify_one();
                return;
            }
            self.written.notify_all();
        }
    }
}

fn wait<'s>(condition: &Condvar, state: MutexGuard<'s, State>) -> MutexGuard<'s, State> {
    condition
        .wait(state)
        .unwrap_or_else(PoisonError::into_inner)
}

/// Lines of standard input, as many together as are there.
pub(crate) struct Lines {
    /// What was read and not yet given.
    rest: Vec<u8>,
    /// How much of `rest` has no end of a line in it.
    searched: usize,
    ended: bool,
}

/// How much is read at a time.
const BLOCK: usize = 1 << 16;

impl Lines {
    pub(crate) fn new() -> Self {
        Self {
            rest: Vec::new(),
            searched: 0,
            ended: false,
        }
    }

    /// The next lines, each with its end, but for the last one; none at the end.
    /// Waits for one, and takes those along that have come too.
    pub(crate) fn next(&mut self, input: &mut impl io::Read) -> io::Result<Option<Vec<u8>>> {
        loop {
            let end = self.rest[self.searched..]
                .iter()
                .rposition(|byte| *byte == b'\n');
            if let Some(end) = end {
                let later = self.rest.split_off(self.searched + end + 1);
                self.searched = later.len();
                return Ok(Some(std::mem::replace(&mut self.rest, later)));
            }
            self.searched = self.rest.len();
            if self.ended {
                let last = std::mem::take(&mut self.rest);
                self.searched = 0;
                return Ok(Some(last).filter(|last| !last.is_empty()));
            }
            self.rest.resize(self.searched + BLOCK, 0);
            let read = loop {
                match input.read(&mut self.rest[self.searched..]) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    read => break read,
                }
            };
            self.rest
                .truncate(self.searched + *read.as_ref().unwrap_or(&0));
            self.ended = read? == 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives a few bytes at a time.
    struct Drops<'t>(&'t [u8], usize);

    impl io::Read for Drops<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = self.1.min(self.0.len()).min(buffer.len());
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    #[test]
    fn lines_come_together_where_they_are_there() {
        for text in ["", "a", "a\n", "a\nbc\n\nd", "\n\n", "abcdefgh\ni"] {
            for size in 1..10 {
                let mut input = Drops(text.as_bytes(), size);
                let mut lines = Lines::new();
                let mut all = Vec::new();
                while let Some(some) = lines.next(&mut input).unwrap() {
                    assert!(some.ends_with(b"\n") || input.0.is_empty());
                    all.extend(some);
                }
                assert_eq!(all, text.as_bytes());
            }
        }
        let mut input = Drops(b"a\nb\nc", 4);
        let first = Lines::new().next(&mut input).unwrap();
        assert_eq!(first.as_deref(), Some(&b"a\nb\n"[..]));
    }
}
