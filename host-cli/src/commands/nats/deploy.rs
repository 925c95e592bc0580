//! `pipeline deploy`.

use async_nats::jetstream::object_store::Config;
use pipeline_host::codec::{Style, Writer};

use super::arguments::Deploy;
use super::bundle;
use super::connection::{connect, in_full};
use crate::failure::{Failure, USAGE};
use crate::{interrupt, outputs, report, workspace};

/// Puts a manifest and its nodes where workers find them.
pub(in crate::commands) fn deploy(arguments: &Deploy) -> Result<(), Failure> {
    let source = workspace::manifest(&arguments.manifest)?;
    let (engine, sandbox) = workspace::open(&arguments.installation)?;
    let mut limits = arguments.limits.limits();
    limits.interrupt = Some(interrupt::stop(&engine));
    // What can't run is better refused here than by all workers.
    let loaded = workspace::block_on(async {
        let loaded = async {
            let mut instance = sandbox.instantiate(&limits).await?;
            instance.load(&source.text).await
        };
        loaded.await.map_err(|fault| workspace::faulted(&fault))
    });
    match loaded? {
        Ok(loaded) => report::diagnostics(&source, &loaded.warnings),
        Err(invalid) => {
            report::diagnostics(&source, &invalid.diagnostics);
            return Err(Failure::Told(USAGE));
        }
    }
    let mut archive = Vec::new();
    bundle::pack(&source, &arguments.installation.nodes, &mut archive).map_err(|error| {
        let reason = workspace::reason(&error);
        Failure::usage(format!("the nodes can't be packed: {reason}"))
    })?;
    if archive.len() as u64 > bundle::LONGEST {
        let (long, most) = (archive.len() >> 20, bundle::LONGEST >> 20);
        return Err(Failure::usage(format!(
            "manifest and nodes are {long} MiB; at most {most} can be deployed"
        ))
        .help("large files can be in a directory of each worker, which --nodes names there"));
    }
    let version = bundle::version_of(&archive);
    let runtime = super::work::runtime()?;
    runtime.block_on(put(arguments, &archive))?;
    let mut writer = Writer::new(Style::Compact);
    writer.object(|writer| {
        writer.key("name").string(&arguments.name);
        writer.key("version").string(&version);
        writer.key("bucket").string(&arguments.bucket);
        writer.key("bytes").whole(archive.len());
    });
    outputs::print(writer)
}

async fn put(arguments: &Deploy, archive: &[u8]) -> Result<(), Failure> {
    let connected = connect(&arguments.connection, "pipeline deploy").await?;
    let bucket = &arguments.bucket;
    let store = match connected.jetstream.get_object_store(bucket).await {
        Ok(store) => store,
        Err(_) => {
            let config = Config {
                bucket: bucket.clone(),
                description: Some("Manifests and nodes for pipeline work".into()),
                ..Config::default()
            };
            let made = connected.jetstream.create_object_store(config).await;
            made.map_err(|error| {
                let reason = in_full(&error);
                Failure::failed(format!("the bucket `{bucket}` can't be made: {reason}"))
                    .help("the server needs JetStream: `nats-server -js`")
            })?
        }
    };
    let put = store.put(arguments.name.as_str(), &mut &archive[..]).await;
    put.map(drop).map_err(|error| {
        let reason = in_full(&error);
        Failure::failed(format!(
            "it can't be put into the bucket `{bucket}`: {reason}"
        ))
    })
}
