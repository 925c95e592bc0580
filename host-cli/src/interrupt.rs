//! Ctrl-C.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};
use std::thread;
use std::time::Duration;

use pipeline_host::{Engine, Interrupt};

use crate::failure::INTERRUPTED;
use crate::report;

/// How long a run that was stopped may take to say so. Then the program ends
/// all the same: whoever reads its output may have stopped reading.
const TO_SAY_SO: Duration = Duration::from_secs(5);

static PRESSED: AtomicU32 = AtomicU32::new(0);
static HANDLER: OnceLock<Interrupt> = OnceLock::new();
/// Directories that go away with the program.
static TEMPORARY: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// What Ctrl-C does while items are streamed.
pub(crate) struct Finish {
    /// Ends the stream: the first time.
    pub(crate) gently: Interrupt,
    /// Ends the run: the second time.
    pub(crate) at_once: Interrupt,
}

/// Lets Ctrl-C stop the run. The second one ends the program on the spot.
pub(crate) fn stop(engine: &Engine) -> Interrupt {
    let interrupt = HANDLER.get_or_init(|| engine.interrupt()).clone();
    let raised = interrupt.clone();
    on_press(move |times| match times {
        1 => raise(&raised),
        _ => leave(),
    });
    interrupt
}

/// Lets Ctrl-C end a stream, after the item that is being worked on.
pub(crate) fn finish(engine: &Engine) -> Finish {
    let (gently, at_once) = (engine.interrupt(), engine.interrupt());
    let raised = (gently.clone(), at_once.clone());
    on_press(move |times| match times {
        1 => {
            report::tell("finishing; Ctrl-C again stops at once");
            raised.0.raise();
        }
        2 => raise(&raised.1),
        _ => leave(),
    });
    Finish { gently, at_once }
}

fn on_press(act: impl Fn(u32) + Send + 'static) {
    let set = ctrlc::set_handler(move || act(PRESSED.fetch_add(1, Ordering::SeqCst) + 1));
    if let Err(error) = set {
        // The system's own way of stopping remains.
        tracing::warn!(%error, "Ctrl-C can't be handled");
    }
}

fn raise(interrupt: &Interrupt) {
    interrupt.raise();
    thread::spawn(|| {
        thread::sleep(TO_SAY_SO);
        leave();
    });
}

/// Lets a directory be cleared away where Ctrl-C ends the program on the spot.
pub(crate) fn clear_away(directory: &Path) {
    if let Ok(mut temporary) = TEMPORARY.lock() {
        temporary.push(directory.to_owned());
    }
}

fn leave() {
    if let Ok(temporary) = TEMPORARY.lock() {
        for directory in &*temporary {
            let _ = std::fs::remove_dir_all(directory);
        }
    }
    std::process::exit(i32::from(INTERRUPTED));
}
