//! Versions of a pipeline, as they are deployed.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::Context;
use async_nats::jetstream::object_store::ObjectStore;
use tokio::io::AsyncReadExt as _;

use super::pipeline::{Maker, Pipeline};
use super::worker::Worker;
use crate::commands::nats::arguments::Work;
use crate::commands::nats::bundle;
use crate::commands::nats::connection::in_full;
use crate::failure::Failure;
use crate::report;

/// How often the bucket is asked for a new version.
const EVERY: Duration = Duration::from_secs(2);

/// Where new versions of a pipeline come from.
pub(super) struct Releases {
    store: ObjectStore,
    name: String,
    maker: Maker,
    /// The object that was taken last.
    taken: String,
}

/// The pipeline to begin with, and where new versions of it come from, if they do.
pub(super) async fn first(
    jetstream: &Context,
    arguments: &Work,
    maker: Maker,
) -> Result<(Pipeline, Option<Releases>), Failure> {
    let Some(name) = &arguments.deployed else {
        let manifest = arguments.manifest.as_deref().unwrap_or("-");
        return Ok((maker.of_files(manifest).await?, None));
    };
    let bucket = &arguments.bucket;
    let missing = |reason: String| {
        Failure::usage(format!(
            "there is no pipeline `{name}` in the bucket `{bucket}`: {reason}"
        ))
        .help("pipeline deploy puts it there")
    };
    let store = jetstream
        .get_object_store(bucket)
        .await
        .map_err(|error| missing(in_full(&error)))?;
    let mut releases = Releases {
        store,
        name: name.clone(),
        maker,
        taken: String::new(),
    };
    let (object, archive) = releases.read().await.map_err(missing)?;
    let first = releases.maker.of_archive(&archive).await?;
    releases.taken = object;
    Ok((first, Some(releases)))
}

impl Releases {
    /// Takes each new version, as long as the worker lives.
    pub(super) async fn watch(mut self, worker: Arc<Worker>) {
        loop {
            tokio::time::sleep(EVERY).await;
            match self.store.info(&self.name).await {
                Ok(object) if object.nuid != self.taken => {}
                Ok(_) => continue,
                Err(error) => {
                    tracing::debug!(%error, "the bucket can't be asked");
                    continue;
                }
            }
            let (object, archive) = match self.read().await {
                Ok(read) => read,
                Err(reason) => {
                    tracing::warn!(reason, "a new version can't be read yet");
                    continue;
                }
            };
            // One that can't run is not tried again.
            self.taken = object;
            match self.maker.of_archive(&archive).await {
                Ok(pipeline) => {
                    report::tell(&format!("pipeline version {}", pipeline.version));
                    worker.take(pipeline);
                }
                Err(failure) => {
                    worker.metrics.refused();
                    let version = bundle::version_of(&archive);
                    report::tell(&format!(
                        "pipeline version {version} can't run; the one before goes on"
                    ));
                    // It says why.
                    let _ = failure.end();
                }
            }
        }
    }

    /// The archive that is there now, and which object it is.
    async fn read(&self) -> Result<(String, Vec<u8>), String> {
        let object = self.store.get(&self.name).await;
        let object = object.map_err(|error| in_full(&error))?;
        let (size, which) = (object.info().size as u64, object.info().nuid.clone());
        let mut archive = Vec::new();
        // What is said of its size need not be true.
        let mut object = object.take(bundle::LONGEST + 1);
        let read = object.read_to_end(&mut archive).await;
        read.map_err(|error| in_full(&error))?;
        if archive.len() as u64 > bundle::LONGEST {
            return Err(format!("it is longer than {} MiB", bundle::LONGEST >> 20));
        }
        if archive.len() as u64 != size {
            return Err("it is not all there".into());
        }
        Ok((which, archive))
    }
}
