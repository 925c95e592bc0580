//! A line on the terminal that says that something goes on. It would disturb
//! outputs that go to the same terminal.

use std::io::IsTerminal as _;
use std::thread;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How long a run takes until it is said that it goes on.
const PATIENCE: Duration = Duration::from_secs(1);

/// The line; nothing where nobody would see it.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    items_in: u64,
    items_out: u64,
    start: Instant,
    shown: Instant,
}

impl Progress {
    /// Of a stream: how many items went in and came out.
    pub(crate) fn of_a_stream() -> Self {
        let shows = std::io::stderr().is_terminal() && !std::io::stdout().is_terminal();
        let bar = shows.then(|| {
            let bar = spinner("{spinner} {msg} ({elapsed})");
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        });
        Self::new(bar)
    }

    /// Of a run, which says nothing until it ends: how long it takes, of the time
    /// that it has.
    pub(crate) fn of_a_run(timeout: Option<Duration>) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let of = timeout.map_or(String::new(), |it| {
                format!(" of at most {} s", it.as_secs_f64())
            });
            let bar = spinner(&format!(
                "{{spinner}} running, {{elapsed}}{of}; Ctrl-C stops"
            ));
            bar.set_draw_target(ProgressDrawTarget::hidden());
            let later = bar.clone();
            thread::spawn(move || {
                thread::sleep(PATIENCE);
                if !later.is_finished() {
                    later.set_draw_target(ProgressDrawTarget::stderr());
                    later.enable_steady_tick(Duration::from_millis(200));
                }
            });
            bar
        });
        Self::new(bar)
    }

    /// The line itself, for who prints where it stands.
    pub(crate) fn bar(&self) -> Option<ProgressBar> {
        self.bar.clone()
    }

    fn new(bar: Option<ProgressBar>) -> Self {
        let now = Instant::now();
        Self {
            bar,
            items_in: 0,
            items_out: 0,
            start: now,
            shown: now,
        }
    }

    /// Items go in.
    pub(crate) fn items(&mut self, count: u64) {
        self.items_in += count;
    }

    /// More items came out.
    pub(crate) fn show(&mut self, more: usize) {
        self.items_out += more as u64;
        let Some(bar) = &self.bar else { return };
        if self.shown.elapsed() < Duration::from_millis(100) {
            return;
        }
        self.shown = Instant::now();
        let rate = self.items_in as f64 / self.start.elapsed().as_secs_f64();
        let (given, taken) = (self.items_in, self.items_out);
        bar.set_message(format!("{given} items in, {taken} out, {rate:.0} a second"));
    }

    /// Takes the line away.
    pub(crate) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn spinner(template: &str) -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}
