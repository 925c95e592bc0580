//! Tells the user while a component is compiled.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use pipeline_host::LoadEvent;
use pipeline_host::terminal::visible;

use crate::report;

/// Shows what happens while a component is loaded.
#[derive(Default)]
pub(crate) struct Compiling(Option<ProgressBar>);

impl Compiling {
    /// Shows an event.
    pub(crate) fn show(&mut self, event: LoadEvent) {
        match event {
            LoadEvent::Refused { path, reason } => {
                report::tell(&format!("not using `{}`: {reason}", path.display()));
            }
            LoadEvent::Compiling { path } => {
                let text = format!("compiling {}: this happens once", path.display());
                if std::io::stderr().is_terminal() {
                    let bar = ProgressBar::new_spinner();
                    bar.set_message(visible(&text).into_owned());
                    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
                        bar.set_style(style);
                    }
                    bar.enable_steady_tick(Duration::from_millis(100));
                    self.0 = Some(bar);
                } else {
                    report::tell(&text);
                }
            }
            LoadEvent::Compiled { took, kept } => {
                if let Some(bar) = self.0.take() {
                    bar.finish_and_clear();
                }
                let seconds = took.as_secs_f64();
                match kept {
                    Ok(path) => report::tell(&format!(
                        "compiled in {seconds:.1} s, kept in {}",
                        path.display()
                    )),
                    Err(reason) => report::tell(&format!(
                        "compiled in {seconds:.1} s; the result can't be kept for the next time: {reason}"
                    )),
                }
            }
        }
    }
}
