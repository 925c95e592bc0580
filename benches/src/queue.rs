//! What a queue costs by itself, and what runs cost without one: the two sides of
//! what benches/nats_queue.py measures.

#![forbid(unsafe_code)]

use std::num::NonZero;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};
use async_nats::HeaderMap;
use async_nats::jetstream::consumer::PullConsumer;
use async_nats::jetstream::{self, Context};
use clap::{Parser, Subcommand};
use futures_util::StreamExt as _;
use futures_util::future::{join_all, try_join_all};
use pipeline_host::{
    Allocation, Directories, Engine, EngineOptions, Instance, Limits, Sandbox, Workers, codec,
};

/// How many messages are under way at a time.
const AT_ONCE: usize = 64;

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Puts messages into a stream.
    Fill {
        url: String,
        subject: String,
        payload: String,
        count: usize,
    },
    /// Takes messages from a consumer and acknowledges them, and nothing else.
    Pull {
        url: String,
        stream: String,
        consumer: String,
        count: usize,
        /// Store each first as a message of this subject.
        subject: Option<String>,
    },
    /// Runs payloads in one process, from JSON to JSON.
    Runs {
        dist: PathBuf,
        manifest: PathBuf,
        payload: String,
        count: usize,
        threads: NonZero<usize>,
    },
}

fn main() -> Result<()> {
    let what = Arguments::parse().what;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let took = match what {
        What::Runs {
            dist,
            manifest,
            payload,
            count,
            threads,
        } => runs(&dist, &manifest, &payload, count, threads)?,
        What::Fill {
            url,
            subject,
            payload,
            count,
        } => runtime.block_on(async {
            let jetstream = connect(&url).await?;
            let start = Instant::now();
            for from in (0..count).step_by(AT_ONCE) {
                let to = (from + AT_ONCE).min(count);
                let stored = (from..to).map(|_| store(&jetstream, &subject, None, &payload));
                try_join_all(stored).await?;
            }
            anyhow::Ok(start.elapsed())
        })?,
        What::Pull {
            url,
            stream,
            consumer,
            count,
            subject,
        } => runtime.block_on(async {
            let jetstream = connect(&url).await?;
            let stream = jetstream.get_stream(stream).await?;
            let consumer: PullConsumer = stream.get_consumer(&consumer).await.map_err(anyhow)?;
            let start = Instant::now();
            pull(&jetstream, &consumer, count, subject.as_deref()).await?;
            anyhow::Ok(start.elapsed())
        })?,
    };
    println!("{}", took.as_secs_f64());
    Ok(())
}

fn anyhow(error: async_nats::Error) -> anyhow::Error {
    anyhow!("{error}")
}

async fn connect(url: &str) -> Result<Context> {
    Ok(jetstream::new(async_nats::connect(url).await?))
}

async fn store(
    jetstream: &Context,
    subject: &str,
    id: Option<String>,
    payload: &str,
) -> Result<()> {
    let mut headers = HeaderMap::new();
    if let Some(id) = id {
        headers.insert("Nats-Msg-Id", id);
    }
    let (subject, payload) = (subject.to_owned(), payload.to_owned().into());
    let sent = jetstream.publish_with_headers(subject, headers, payload);
    sent.await?.await?;
    Ok(())
}

async fn pull(
    jetstream: &Context,
    consumer: &PullConsumer,
    count: usize,
    subject: Option<&str>,
) -> Result<()> {
    let client = jetstream.client();
    let mut done = 0;
    while done < count {
        let asked = consumer.batch().max_messages(AT_ONCE.min(count - done));
        let mut messages = asked.expires(Duration::from_secs(10)).messages().await?;
        let mut some = Vec::new();
        while let Some(message) = messages.next().await {
            some.push(message.map_err(anyhow)?);
        }
        done += some.len();
        let handled = some.iter().map(|message| async {
            if let Some(subject) = subject {
                let id = message.info().map_err(anyhow)?.stream_sequence.to_string();
                let text = std::str::from_utf8(&message.payload)?;
                store(jetstream, subject, Some(id), text).await?;
            }
            // Confirmed, as workers have it.
            let reply = message.reply.clone().context("no reply")?;
            client.request(reply, "+ACK".into()).await?;
            anyhow::Ok(())
        });
        for handled in join_all(handled).await {
            handled?;
        }
    }
    Ok(())
}

fn runs(
    dist: &std::path::Path,
    manifest: &std::path::Path,
    payload: &str,
    count: usize,
    threads: NonZero<usize>,
) -> Result<Duration> {
    let allocation = Allocation::Pooled {
        instances: u32::try_from(threads.get())?,
    };
    let engine = Engine::new(&EngineOptions { allocation })?;
    let component = engine.load_installed(&dist.join("pipeline.wasm"), &mut |_| {})?;
    let directories = Directories::new(&dist.join("stdlib"), &dist.join("python"))?;
    let sandbox = Sandbox::new(&engine, &component, directories)?;
    let workers = Workers::new(&sandbox, threads)?;
    let source = std::fs::read_to_string(manifest)?;
    let loading = workers.start(Limits::default(), async move |instance: &mut Instance| {
        instance.load(&source).await
    });
    let loaded = loading
        .wait()?
        .map_err(|_| anyhow!("the manifest can't run"))?;
    let manifest = Arc::new(loaded.manifest);
    let start = Instant::now();
    let mut started = std::collections::VecDeque::new();
    for _ in 0..count {
        let (manifest, payload) = (Arc::clone(&manifest), payload.to_owned());
        started.push_back(workers.start(
            Limits::default(),
            async move |instance: &mut Instance| {
                let input = codec::read_input(payload.as_bytes());
                let input = input.map_err(|error| pipeline_host::Error::Host(error.into()))?;
                let run = instance.execute(&manifest, Some(&[input])).await?;
                let items = run.map_or_else(|_| Vec::new(), |run| run.into_items());
                let written: Result<Vec<_>, _> = items.iter().map(codec::item_to_json).collect();
                written.map_err(|error| pipeline_host::Error::Host(error.into()))
            },
        ));
        if started.len() > AT_ONCE
            && let Some(run) = started.pop_front()
        {
            run.wait()?;
        }
    }
    for run in started {
        run.wait()?;
    }
    Ok(start.elapsed())
}
