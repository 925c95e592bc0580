//! The streams and the consumer of a worker.

use std::time::Duration;

use async_nats::jetstream::Context;
use async_nats::jetstream::consumer::{AckPolicy, PullConsumer, pull};
use async_nats::jetstream::context::GetStreamErrorKind;
use async_nats::jetstream::stream::{Config, RetentionPolicy, Stream};

use crate::commands::nats::arguments::Work;
use crate::commands::nats::connection::in_full;
use crate::failure::Failure;
use crate::report;

/// How long outputs are kept in a stream that is made here.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);
/// How many messages all workers may have, where the consumer is made here.
const MOST_PENDING: i64 = 100_000;
/// How soon after its last delivery to one worker a message may be with another,
/// beside the ack wait: clocks and networks are not exact.
const SLACK: Duration = Duration::from_secs(5);

/// Where a worker takes messages from and puts outputs.
pub(super) struct Streams {
    pub(super) consumer: PullConsumer,
    pub(super) ack_wait: Duration,
    /// How often a message is tried.
    pub(super) max_deliver: u16,
    /// For how long at least the streams of outputs and errors know the ids of
    /// messages.
    pub(super) window: Duration,
    pub(super) outputs: String,
    pub(super) errors: String,
    /// Whether outputs for who submitted their inputs have a place.
    pub(super) submissions: bool,
}

/// Finds the streams and the consumer, or makes them.
///
/// # Errors
/// Where something is not there and not to be made, or can't do what it is for.
pub(super) async fn prepare(jetstream: &Context, arguments: &Work) -> Result<Streams, Failure> {
    let (outputs, errors) = (arguments.subjects.outputs(), arguments.subjects.errors());
    let stream = input(jetstream, arguments).await?;
    let consumer = consumer(&stream, arguments).await?;
    let config = consumer.cached_info().config.clone();
    let needed = needed_window(arguments, config.ack_wait);
    let mut window = Duration::MAX;
    let mut submissions = true;
    for subject in [&outputs, &errors] {
        let stream = output(jetstream, arguments, subject, needed).await?;
        let config = &stream.cached_info().config;
        window = window.min(config.duplicate_window);
        let covers = |name: &str| config.subjects.iter().any(|pattern| covers(pattern, name));
        submissions &= covers(&format!("{subject}.x"));
    }
    check_window(arguments, window, config.ack_wait, needed)?;
    let max_deliver = match config.max_deliver {
        // The last one is needed to say that the others came to nothing.
        most @ 1.. => u16::try_from(most - 1)
            .unwrap_or(u16::MAX)
            .clamp(1, arguments.max_deliver.get()),
        _ => arguments.max_deliver.get(),
    };
    if config.max_deliver > 0 && max_deliver < arguments.max_deliver.get() {
        report::tell(&format!(
            "note: the consumer delivers a message at most {} times, of which the last is left \
             for saying so: messages are tried {max_deliver} times",
            config.max_deliver
        ));
    }
    Ok(Streams {
        consumer,
        ack_wait: config.ack_wait,
        max_deliver,
        window,
        outputs,
        errors,
        submissions,
    })
}

async fn input(jetstream: &Context, arguments: &Work) -> Result<Stream, Failure> {
    let name = &arguments.subjects.stream;
    match jetstream.get_stream(name).await {
        Ok(stream) => Ok(stream),
        Err(error) if is_missing(&error.kind()) && arguments.create => {
            let config = Config {
                name: name.clone(),
                subjects: vec![name.clone(), format!("{name}.>")],
                retention: RetentionPolicy::WorkQueue,
                description: Some("Made by pipeline work".into()),
                ..Config::default()
            };
            made(jetstream, config).await
        }
        Err(error) if is_missing(&error.kind()) => {
            let text = format!("there is no stream `{name}`");
            Err(Failure::usage(text).help("--create makes it, and those for outputs and errors"))
        }
        Err(error) => {
            let reason = in_full(&error);
            Err(
                Failure::failed(format!("the stream `{name}` can't be used: {reason}"))
                    .help("the server needs JetStream: `nats-server -js`"),
            )
        }
    }
}

fn is_missing(kind: &GetStreamErrorKind) -> bool {
    matches!(kind, GetStreamErrorKind::JetStream(error) if error.code() == 404)
}

async fn made(jetstream: &Context, config: Config) -> Result<Stream, Failure> {
    let name = config.name.clone();
    let stream = jetstream.get_or_create_stream(config).await;
    let stream = stream.map_err(|error| {
        let reason = in_full(&error);
        Failure::failed(format!("the stream `{name}` can't be made: {reason}"))
    })?;
    report::tell(&format!("made the stream `{name}`"));
    Ok(stream)
}

/// The stream that takes what is published on a subject.
async fn output(
    jetstream: &Context,
    arguments: &Work,
    subject: &str,
    window: Duration,
) -> Result<Stream, Failure> {
    let name = match jetstream.stream_by_subject(subject).await {
        Ok(name) => name,
        Err(_) if arguments.create => {
            let (outputs, errors) = (arguments.subjects.outputs(), arguments.subjects.errors());
            let mut subjects = vec![outputs.clone(), format!("{outputs}.>")];
            if errors != outputs {
                subjects.extend([errors.clone(), format!("{errors}.>")]);
            }
            let config = Config {
                name: format!("{}-outputs", arguments.subjects.stream),
                subjects,
                max_age: KEPT,
                duplicate_window: window.min(KEPT),
                description: Some("Made by pipeline work".into()),
                ..Config::default()
            };
            return made(jetstream, config).await;
        }
        Err(_) => {
            let text = format!("no stream takes what is published on `{subject}`");
            return Err(Failure::usage(text).help(
                "--create makes one; --output-subject and --error-subject name other subjects",
            ));
        }
    };
    if name == arguments.subjects.stream {
        let text = format!(
            "`{subject}` is a subject of the stream `{name}` itself: outputs would be inputs"
        );
        return Err(
            Failure::usage(text).help("--output-subject and --error-subject name other subjects")
        );
    }
    jetstream.get_stream(&name).await.map_err(|error| {
        let reason = in_full(&error);
        Failure::failed(format!("the stream `{name}` can't be used: {reason}"))
    })
}

async fn consumer(stream: &Stream, arguments: &Work) -> Result<PullConsumer, Failure> {
    let name = &arguments.consumer;
    let failed =
        |reason: String| Failure::failed(format!("the consumer `{name}` can't be used: {reason}"));
    let config = match stream.consumer_info(name).await {
        Ok(info) => info.config,
        Err(_) => {
            let config = pull::Config {
                durable_name: Some(name.clone()),
                ack_policy: AckPolicy::Explicit,
                ack_wait: arguments.ack_wait,
                // Workers count themselves, and say it where a message is given up.
                max_deliver: -1,
                max_ack_pending: MOST_PENDING,
                ..pull::Config::default()
            };
            // Several workers may start at the same time.
            let made = stream.get_or_create_consumer(name, config).await;
            return made.map_err(|error| failed(in_full(&error)));
        }
    };
    if config.deliver_subject.is_some() {
        return Err(failed("it is a push consumer".into()).help("name a pull consumer"));
    }
    if config.ack_policy != AckPolicy::Explicit {
        let text = "its messages are not acknowledged one by one";
        return Err(failed(text.into()).help("its ack policy must be `explicit`"));
    }
    let got = stream.get_consumer(name).await;
    got.map_err(|error| failed(error.to_string()))
}

/// How long message ids must be known, so that however often a message is
/// delivered, none of its outputs is kept twice: from the first try to the last.
fn needed_window(arguments: &Work, ack_wait: Duration) -> Duration {
    let timeout = arguments.limits.timeout.0.unwrap_or(Duration::ZERO);
    let tries = u32::from(arguments.max_deliver.get());
    let delays = arguments.retry_delay.saturating_mul(1 << tries.min(16));
    (ack_wait.saturating_add(timeout).saturating_add(SLACK))
        .saturating_mul(tries)
        .saturating_add(delays)
}

fn check_window(
    arguments: &Work,
    window: Duration,
    ack_wait: Duration,
    needed: Duration,
) -> Result<(), Failure> {
    if arguments.allow_duplicates {
        return Ok(());
    }
    let timeout = arguments.limits.timeout.0.unwrap_or(Duration::ZERO);
    let (has, least) = (window.as_secs_f64(), ack_wait + timeout + SLACK);
    if window < least {
        let text = format!(
            "the streams of `{}` and `{}` know message ids for {has} s, and a message may be \
             delivered again after {} s (ack wait, --timeout): its outputs could be kept twice",
            arguments.subjects.outputs(),
            arguments.subjects.errors(),
            least.as_secs_f64()
        );
        return Err(Failure::usage(text).help(
            "make the streams' duplicate window longer, or --timeout shorter; \
             --allow-duplicates works all the same",
        ));
    }
    if window < needed {
        report::tell(&format!(
            "note: the streams of outputs and errors know message ids for {has} s; an input that \
             is delivered {} times may take {} s, after which an output could be kept twice",
            arguments.max_deliver,
            needed.as_secs_f64()
        ));
    }
    if arguments.limits.timeout.0.is_none() {
        report::tell(&format!(
            "note: without --timeout a run may take longer than the {has} s for which message \
             ids are known: outputs of what is delivered again could be kept twice"
        ));
    }
    Ok(())
}

/// Whether a stream's subject, with its wildcards, has another within it.
fn covers(pattern: &str, subject: &str) -> bool {
    let mut words = subject.split('.');
    for word in pattern.split('.') {
        match (word, words.next()) {
            (">", Some(_)) => return true,
            ("*", Some(_)) => {}
            (word, Some(other)) if word == other => {}
            _ => return false,
        }
    }
    words.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::covers;

    #[test]
    fn wildcards_cover_words() {
        for (pattern, subject, is) in [
            ("a", "a", true),
            ("a", "b", false),
            ("a", "a.b", false),
            ("a.>", "a.b.c", true),
            ("a.>", "a", false),
            ("a.*", "a.b", true),
            ("a.*", "a.b.c", false),
            (">", "a.b", true),
            ("*.b", "a.b", true),
        ] {
            assert_eq!(covers(pattern, subject), is, "{pattern} {subject}");
        }
    }
}
