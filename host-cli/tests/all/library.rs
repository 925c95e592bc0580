//! The library, as a server would use it.

use std::thread;
use std::time::Duration;

use pipeline_host::types::RunResult;
use pipeline_host::{
    Allocation, Directories, Engine, EngineOptions, Error, LimitError, Limits, Sandbox, codec,
};

use crate::program::dist;

const BUSY: &str = r#"{"version": "v1", "nodes": [{"id": "n", "node_type": "CodeExecutorNode",
    "params": {"code": "while True: pass"}}]}"#;

fn sandbox(instances: u32) -> (Engine, Sandbox) {
    let allocation = Allocation::Pooled { instances };
    let engine = Engine::new(&EngineOptions { allocation }).unwrap();
    let dist = dist();
    let component = engine
        .load_installed(&dist.join("pipeline.wasm"), &mut |_| {})
        .unwrap();
    let directories = Directories::new(&dist.join("stdlib"), &dist.join("python")).unwrap();
    let sandbox = Sandbox::new(&engine, &component, directories).unwrap();
    (engine, sandbox)
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap()
        .block_on(future)
}

/// Runs a manifest on an item in an instance of its own.
async fn run(
    sandbox: &Sandbox,
    source: &str,
    item: &str,
    limits: &Limits,
) -> Result<String, Error> {
    let mut instance = sandbox.instantiate(limits).await?;
    let loaded = instance.load(source).await?.expect("a manifest");
    let items = [codec::read_input(item.as_bytes()).expect("an item")];
    let result = instance.execute(&loaded.manifest, Some(&items)).await?;
    let outputs = result
        .map(RunResult::into_items)
        .map_err(|error| error.message)
        .expect("outputs");
    Ok(outputs
        .iter()
        .map(|output| codec::item_to_json(output).expect("JSON"))
        .collect())
}

#[test]
fn pooled_instances_run_at_the_same_time_and_share_nothing() {
    let (_engine, sandbox) = sandbox(4);
    let source = r#"{"version": "v1", "nodes": [{"id": "n", "node_type": "BufferNode"}]}"#;
    thread::scope(|scope| {
        for worker in 0..4 {
            let sandbox = &sandbox;
            scope.spawn(move || {
                for round in 0..25 {
                    let item = format!("{}", worker * 100 + round);
                    let got = block_on(run(sandbox, source, &item, &Limits::default()));
                    assert_eq!(got.unwrap(), format!("[{item}]"));
                }
            });
        }
    });
}

#[test]
fn each_run_has_a_deadline_of_its_own() {
    let (engine, sandbox) = sandbox(4);
    let interrupt = engine.interrupt();
    thread::scope(|scope| {
        for limit in [100, 400, 700] {
            let sandbox = &sandbox;
            scope.spawn(move || {
                let limit = Duration::from_millis(limit);
                let limits = Limits {
                    timeout: Some(limit),
                    ..Limits::default()
                };
                let start = std::time::Instant::now();
                let fault = block_on(run(sandbox, BUSY, "1", &limits)).unwrap_err();
                let expected = LimitError::Deadline { limit };
                assert!(
                    matches!(&fault, Error::Limit(met) if *met == expected),
                    "{fault}"
                );
                assert!(start.elapsed() >= limit);
            });
        }
        let limits = Limits {
            interrupt: Some(interrupt.clone()),
            ..Limits::default()
        };
        let sandbox = &sandbox;
        let stopped = scope.spawn(move || block_on(run(sandbox, BUSY, "1", &limits)));
        thread::sleep(Duration::from_millis(800));
        interrupt.raise();
        assert!(matches!(stopped.join().unwrap(), Err(Error::Interrupted)));
    });
}
