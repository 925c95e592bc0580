//! Standard error, which a thread of its own writes to.
//!
//! Whoever reads it may stop reading, and a write waits then for as long as that
//! lasts. So nobody writes to it but one thread, from a queue of bounded size.
//! Guests wait for room in it, in a way that a limit or an interrupt ends. The
//! host waits as long as somebody reads, and loses what it has to say where
//! nobody does, which is counted and said.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::{Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::Notify;

/// How much may wait until guests have to wait, in bytes.
const ROOM: usize = 256 << 10;
/// How much may wait until the host has to wait.
const ALL: usize = 2 * ROOM;
/// How long nothing is read until it seems that nobody reads.
const PATIENCE: Duration = Duration::from_secs(2);
/// How much is written at a time: as long as one piece after the other goes out,
/// somebody reads.
const PIECE: usize = 16 << 10;

static QUEUE: LazyLock<Queue> = LazyLock::new(Queue::default);

#[derive(Default)]
struct Queue {
    state: Mutex<State>,
    /// There is something to write.
    filled: Condvar,
    /// Something was written.
    written: Condvar,
    /// There is room again for what guests print.
    room: Notify,
}

#[derive(Default)]
struct State {
    waiting: Vec<u8>,
    /// Whether what was put in last ended in the middle of a line.
    in_line: bool,
    /// Whether the thread has something in hand.
    writing: bool,
    /// When something was written last, or when there was something to write
    /// again.
    moved: Option<Instant>,
    /// How many lines of the host's were lost.
    lost: u64,
    running: bool,
    /// Whether nobody can read any more.
    closed: bool,
}

/// Writes a line, or several, of the host's own: on a line of their own, also
/// where a guest printed half of one.
pub fn tell(text: &str) {
    QUEUE.put_line(text.as_bytes());
}

/// Writes lines as [`tell`] does, for who needs a writer. Each write is to end
/// with the end of a line.
#[derive(Clone, Copy, Debug, Default)]
pub struct Writer;

impl io::Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        QUEUE.put_line(bytes.strip_suffix(b"\n").unwrap_or(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Waits until all is written, or nobody reads it. A program calls it before it
/// ends.
pub fn flush() {
    let unwritten = |state: &State| state.writing || !state.waiting.is_empty();
    drop(QUEUE.wait_while(QUEUE.lock(), unwritten));
}

/// Whether it is a terminal.
pub(crate) fn is_terminal() -> bool {
    static IS_TERMINAL: LazyLock<bool> = LazyLock::new(|| io::stderr().is_terminal());
    *IS_TERMINAL
}

/// Whether a guest may print now.
pub(crate) fn has_room() -> bool {
    QUEUE.lock().has_room()
}

/// Waits until a guest may print.
pub(crate) async fn room() {
    loop {
        let room = QUEUE.room.notified();
        tokio::pin!(room);
        room.as_mut().enable();
        if has_room() {
            return;
        }
        room.await;
    }
}

/// Writes what a guest prints, as it is.
pub fn print(bytes: &[u8]) {
    QUEUE.put(bytes);
}

impl State {
    fn has_room(&self) -> bool {
        self.closed || self.waiting.len() < ROOM
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits while something holds and somebody reads. Gives whether it holds
    /// no more.
    fn wait_while<'a>(
        &self,
        mut state: MutexGuard<'a, State>,
        holds: impl Fn(&State) -> bool,
    ) -> (MutexGuard<'a, State>, bool) {
        while holds(&state) {
            let since = state.moved.map_or(PATIENCE, |moved| moved.elapsed());
            let Some(left) = PATIENCE.checked_sub(since).filter(|left| !left.is_zero()) else {
                return (state, false);
            };
            state = match self.written.wait_timeout(state, left) {
                Ok((state, _)) => state,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
        (state, true)
    }

    fn put(&'static self, bytes: &[u8]) {
        let Some(last) = bytes.last() else { return };
        let mut state = self.lock();
        state.waiting.extend_from_slice(bytes);
        state.in_line = *last != b'\n';
        self.start(&mut state);
    }

    fn put_line(&'static self, line: &[u8]) {
        let full = |state: &State| !state.closed && state.waiting.len() >= ALL;
        let (mut state, room) = self.wait_while(self.lock(), full);
        if !room {
            state.lost += line.split(|byte| *byte == b'\n').count() as u64;
            return;
        }
        if state.in_line {
            state.waiting.push(b'\n');
        }
        state.waiting.extend_from_slice(line);
        state.waiting.push(b'\n');
        state.in_line = false;
        self.start(&mut state);
    }

    /// Lets the thread write, which begins with the first line.
    fn start(&'static self, state: &mut State) {
        if state.closed {
            state.waiting.clear();
        } else if state.running {
            state.moved.get_or_insert_with(Instant::now);
            self.filled.notify_one();
        } else {
            let thread = thread::Builder::new().name("stderr".into());
            match thread.spawn(|| self.write()) {
                Ok(_) => {
                    state.running = true;
                    state.moved = Some(Instant::now());
                }
                // All that is left.
                Err(_) => {
                    let _ = io::stderr().write_all(&std::mem::take(&mut state.waiting));
                }
            }
        }
    }

    fn write(&self) {
        let mut taken = Vec::new();
        loop {
            let mut state = self.lock();
            while state.waiting.is_empty() {
                state = self
                    .filled
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner);
            }
            taken.clear();
            std::mem::swap(&mut taken, &mut state.waiting);
            let lost = std::mem::take(&mut state.lost);
            if lost > 0 {
                if state.in_line {
                    taken.push(b'\n');
                    state.in_line = false;
                }
                let note = format!("note: {lost} lines are lost: standard error was not read\n");
                taken.extend_from_slice(note.as_bytes());
            }
            state.writing = true;
            drop(state);
            self.room.notify_waiters();
            let mut all = Ok(());
            for piece in taken.chunks(PIECE) {
                all = all.and_then(|()| io::stderr().write_all(piece));
                self.lock().moved = Some(Instant::now());
                self.written.notify_all();
            }
            let mut state = self.lock();
            state.writing = false;
            if state.waiting.is_empty() {
                state.moved = None;
            }
            if all.is_err() {
                state.closed = true;
                state.waiting.clear();
            }
            drop(state);
            self.written.notify_all();
            self.room.notify_waiters();
        }
    }
}
