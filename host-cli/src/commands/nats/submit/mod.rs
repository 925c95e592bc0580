//! `pipeline submit`.

mod items;
mod results;
mod send;

use std::io::IsTerminal;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::{Context, Message};
use indicatif::{ProgressBar, ProgressStyle};
use tokio::sync::{Semaphore, mpsc};

use self::items::Items;
use self::results::{Answer, Results};
use self::send::{Sender, Sent};
use super::arguments::Submit;
use super::connection::{connect, in_full};
use super::headers;
use crate::failure::{FAILED, Failure, INTERRUPTED};
use crate::signals::Signals;
use crate::{outputs, report};

/// After how long without anything it is said that nobody may be there.
const SILENCE: Duration = Duration::from_secs(10);
/// How soon a consumer that failed is made anew.
const AGAIN: Duration = Duration::from_millis(500);
/// How many answers are read ahead.
const AHEAD: usize = 256;

/// Sends items, and prints what they give.
pub(in crate::commands) fn submit(arguments: &Submit) -> Result<(), Failure> {
    let items = Items::gather(arguments)?;
    let runtime = super::work::runtime()?;
    let ended = runtime.block_on(async {
        let mut signals = Signals::new()
            .map_err(|error| Failure::failed(format!("signals can't be handled: {error}")))?;
        let mut submission = Submission::open(arguments, items).await?;
        tokio::select! {
            ended = submission.run(arguments.patience) => ended,
            () = signals.next() => {
                let text = format!(
                    "interrupted; {} no result yet: what was sent is worked on all the same",
                    items_have(submission.results.under_way())
                );
                Err(Failure::code(text, INTERRUPTED))
            }
        }
    });
    runtime.shutdown_background();
    ended
}

/// Items on their way, and what has come of them.
struct Submission {
    sent: mpsc::Receiver<Sent>,
    answers: mpsc::Receiver<Message>,
    results: Results,
    progress: Progress,
}

impl Submission {
    /// Begins to listen for answers, and then to send.
    async fn open(arguments: &Submit, items: Items) -> Result<Self, Failure> {
        let connected = connect(&arguments.connection, "pipeline submit").await?;
        // The last word of an inbox is made to be unique.
        let inbox = connected.client.new_inbox();
        let id = inbox.rsplit('.').next().unwrap_or_default().to_owned();
        let (sender, answers) = mpsc::channel(AHEAD);
        for subject in [arguments.subjects.outputs(), arguments.subjects.errors()] {
            let subject = format!("{subject}.{id}");
            let stream = connected.jetstream.stream_by_subject(&subject).await;
            let stream = stream.map_err(|_| {
                Failure::usage(format!("no stream takes answers on `{subject}`")).help(
                    "`pipeline work --create` makes the streams; one of your own has the subject \
                     itself and all below it (`results` and `results.>`)",
                )
            })?;
            let jetstream = connected.jetstream.clone();
            tokio::spawn(follow(jetstream, stream, subject, sender.clone()));
        }
        let places = Arc::new(Semaphore::new(arguments.ahead.get() as usize));
        let progress = Progress::new(items.total());
        let (told, sent) = mpsc::channel(AHEAD);
        let subject = arguments.subject.clone();
        let sender = Sender {
            jetstream: connected.jetstream,
            subject: subject.unwrap_or_else(|| arguments.subjects.stream.clone()),
            id,
            headers: arguments.header.clone(),
            places: Arc::clone(&places),
        };
        tokio::spawn(sender.send_all(items, told));
        Ok(Self {
            sent,
            answers,
            results: Results::new(arguments.unordered, arguments.by_node, places),
            progress,
        })
    }

    /// Prints what comes until all has come.
    async fn run(&mut self, patience: Option<Duration>) -> Result<(), Failure> {
        let mut wrong = None;
        let mut sending = true;
        let mut told = false;
        let mut failed = 0_u64;
        while sending || self.results.under_way() > 0 {
            let wait = patience.unwrap_or(SILENCE);
            let waits = self.results.under_way() > 0;
            tokio::select! {
                // That an item was sent is known before its answer is read.
                biased;
                sent = self.sent.recv(), if sending => match sent {
                    Some(Sent::Item(number)) => self.results.sent(number),
                    Some(Sent::Wrong(number, failure)) => {
                        if let Some(number) = number {
                            self.results.unsent(number);
                        }
                        wrong = Some(failure);
                    }
                    None => sending = false,
                },
                Some(message) = self.answers.recv() => {
                    let answer = self.results.take(&message);
                    if let Answer::Failed(text) = &answer {
                        failed += 1;
                        self.progress.aside(|| report::message(text, None));
                    }
                    let lines = self.results.lines();
                    if !lines.is_empty() {
                        self.progress.aside(|| outputs::write_out(&lines))?;
                    }
                    self.progress.show(self.results.done());
                },
                () = tokio::time::sleep(wait), if waits => {
                    let under_way = self.results.under_way();
                    if patience.is_some() {
                        let text = format!(
                            "nothing came for {} s; {} no result yet",
                            wait.as_secs_f64(),
                            items_have(under_way)
                        );
                        return Err(Failure::failed(text)
                            .help("is `pipeline work` running? --patience sets how long to wait"));
                    }
                    if !told {
                        told = true;
                        self.progress.aside(|| report::tell(&format!(
                            "nothing has come for {} s; {} no result yet: is `pipeline work` \
                             running?",
                            wait.as_secs_f64(),
                            items_have(under_way)
                        )));
                    }
                },
            }
        }
        self.progress.end();
        match wrong {
            Some(failure) => Err(failure),
            None if failed > 0 => {
                let items = if failed == 1 { "item" } else { "items" };
                report::tell(&format!("{failed} {items} failed"));
                Err(Failure::Told(FAILED))
            }
            None => Ok(()),
        }
    }
}

/// Passes all messages of a subject on, through whatever happens to the server.
/// Some may come again.
async fn follow(
    jetstream: Context,
    stream: String,
    subject: String,
    sender: mpsc::Sender<Message>,
) {
    use async_nats::jetstream::consumer::pull::OrderedConfig;
    use futures_util::StreamExt as _;

    loop {
        let config = OrderedConfig {
            filter_subject: subject.clone(),
            ..OrderedConfig::default()
        };
        let made = jetstream.create_consumer_on_stream(config, &stream).await;
        let messages = match made {
            Ok(consumer) => consumer.messages().await.map_err(|error| in_full(&error)),
            Err(error) => Err(in_full(&error)),
        };
        match messages {
            Ok(mut messages) => {
                while let Some(Ok(message)) = messages.next().await {
                    if sender.send(message).await.is_err() {
                        return;
                    }
                }
            }
            Err(reason) => tracing::info!(subject, reason, "no consumer for answers yet"),
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// How far it is, on a terminal that shows nothing else.
struct Progress(Option<ProgressBar>);

impl Progress {
    fn new(total: Option<u64>) -> Self {
        let shown = std::io::stderr().is_terminal() && !std::io::stdout().is_terminal();
        Self(shown.then(|| {
            let (bar, template) = match total {
                Some(total) => (
                    ProgressBar::new(total),
                    "{bar:40} {pos}/{len} items, {per_sec}, {eta} left",
                ),
                None => (
                    ProgressBar::new_spinner(),
                    "{spinner} {pos} items, {per_sec} ({elapsed})",
                ),
            };
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        }))
    }

    fn show(&self, done: u64) {
        if let Some(bar) = &self.0 {
            bar.set_position(done);
        }
    }

    /// Prints something where the bar does not disturb it.
    fn aside<T>(&self, print: impl FnOnce() -> T) -> T {
        match &self.0 {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }

    fn end(&mut self) {
        if let Some(bar) = self.0.take() {
            bar.finish_and_clear();
        }
    }
}

fn items_have(count: usize) -> String {
    match count {
        1 => "1 item has".to_owned(),
        count => format!("{count} items have"),
    }
}

/// A number in a header.
fn number(message: &Message, name: &str) -> Option<u64> {
    headers::text(message.headers.as_ref(), name)?.parse().ok()
}
