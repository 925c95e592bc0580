//! Feeds a pipeline item by item and prints what it gives as it comes:
//!
//! ```console
//! $ cargo run --release -p pipeline-host --example stream -- target/dist examples/multiply_add.json 1 2 3
//! ```

use std::error::Error;
use std::path::Path;

use futures_util::{StreamExt as _, TryStreamExt as _, future, stream};
use pipeline_host::{Directories, Engine, EngineOptions, Limits, Sandbox, codec};

async fn run(dist: &Path, manifest: &str, items: &[String]) -> Result<(), Box<dyn Error>> {
    let engine = Engine::new(&EngineOptions::default())?;
    let component = engine.load_installed(&dist.join("pipeline.wasm"), &mut |_| {})?;
    let directories = Directories::new(&dist.join("stdlib"), &dist.join("python"))?;
    let sandbox = Sandbox::new(&engine, &component, directories)?;
    let mut instance = sandbox.instantiate(&Limits::default()).await?;
    let loaded = instance.load(&std::fs::read_to_string(manifest)?).await?;
    let loaded = loaded.map_err(|_| "the manifest can't run")?;
    let session = instance.open(&loaded.manifest).await?;
    let session = session.map_err(|error| error.message)?;

    let (inputs, outputs) = session.split();
    let items = items.iter().map(|item| codec::read_input(item.as_bytes()));
    let items: Vec<_> = items.collect::<Result<_, _>>()?;
    let feed = stream::iter(items).map(Ok).forward(inputs);
    let print = outputs.try_for_each(|given| {
        for item in given.iter().flat_map(|given| &given.items) {
            match codec::item_to_json(item) {
                Ok(json) => println!("{json}"),
                Err(error) => eprintln!("a broken value: {error}"),
            }
        }
        future::ready(Ok(()))
    });
    let ((), ()) = future::try_join(feed, print).await?;
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [dist, manifest, items @ ..] = arguments.as_slice() else {
        return Err("usage: stream DIST MANIFEST ITEM...".into());
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?;
    runtime.block_on(run(dist.as_ref(), manifest, items))
}
