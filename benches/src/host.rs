//! The component in a warm host, as a server has it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result, anyhow};
use pipeline_host::types::{Input, Manifest, RunResult};
use pipeline_host::{
    Allocation, Directories, Engine, EngineOptions, Instance, Limits, Sandbox, bytecode, codec,
};

/// What is measured, and where things are.
pub(crate) struct Host {
    pub(crate) root: PathBuf,
    pub(crate) dist: PathBuf,
    pub(crate) sandbox: Sandbox,
    /// A directory with a module that has its bytecode beside it.
    _compiled: tempfile::TempDir,
    /// The machine's own Python: the program itself, not a script that finds it.
    pub(crate) python: PathBuf,
}

impl Host {
    pub(crate) fn open(root: &Path, dist: &Path, instances: u32) -> Result<Self> {
        let mut directories = Directories::new(&dist.join("stdlib"), &dist.join("python"))?;
        let programs = root.join("benches/programs");
        directories.add_nodes(&programs)?;
        let compiled = tempfile::tempdir()?;
        let module = compiled.path().join("compiled_nodes.py");
        std::fs::copy(programs.join("bench_nodes.py"), &module)?;
        directories.add_nodes(compiled.path())?;
        // Elsewhere: the pool must not have seen other pipelines.
        let apart = sandbox(dist, EngineOptions::default(), directories.clone())?;
        block_on(bytecode::compile(&apart, &limits(), &[module], true))?;
        Ok(Self {
            root: root.to_owned(),
            dist: dist.to_owned(),
            sandbox: sandbox(dist, pooled(instances), directories)?,
            _compiled: compiled,
            python: python()?,
        })
    }

    /// The same with a pool of its own, which has seen no pipelines.
    pub(crate) fn fresh_pool(&self, instances: u32) -> Result<Sandbox> {
        let directories = self.sandbox.directories().clone();
        sandbox(&self.dist, pooled(instances), directories)
    }

    /// A job whose manifest is parsed, as a server keeps it.
    pub(crate) fn job(&self, nodes: &str, items: &str) -> Result<Job> {
        let source = format!(r#"{{"version": "v1", "nodes": [{nodes}], "connections": []}}"#);
        self.job_of(&source, items)
    }

    pub(crate) fn job_of(&self, source: &str, items: &str) -> Result<Job> {
        Job::read(&self.sandbox, source, items)
    }

    pub(crate) fn instance(&self) -> Result<Instance> {
        Ok(block_on(self.sandbox.instantiate(&limits()))?)
    }
}

fn pooled(instances: u32) -> EngineOptions {
    EngineOptions {
        allocation: Allocation::Pooled { instances },
    }
}

fn sandbox(dist: &Path, options: EngineOptions, directories: Directories) -> Result<Sandbox> {
    let engine = Engine::new(&options)?;
    let component = engine.load_installed(&dist.join("pipeline.wasm"), &mut |_| {})?;
    Ok(Sandbox::new(&engine, &component, directories)?)
}

/// A pipeline and its input.
pub(crate) struct Job {
    pub(crate) manifest: Arc<Manifest>,
    pub(crate) items: Vec<Input>,
}

impl Job {
    pub(crate) fn read(sandbox: &Sandbox, source: &str, items: &str) -> Result<Self> {
        let loaded = block_on(async {
            let mut instance = sandbox.instantiate(&limits()).await?;
            instance.load(source).await
        })?
        .map_err(|invalid| anyhow!("{}", invalid.diagnostics[0].message))?;
        Ok(Self {
            manifest: Arc::new(loaded.manifest),
            items: codec::read_items(items.as_bytes())?,
        })
    }

    pub(crate) async fn run(&self, instance: &mut Instance) -> Result<RunResult> {
        instance
            .execute(&self.manifest, Some(&self.items))
            .await?
            .map_err(|error| anyhow!("{}\n{}", error.message, error.traceback.unwrap_or_default()))
    }
}

/// As a server would have them.
pub(crate) fn limits() -> Limits {
    Limits {
        timeout: Some(std::time::Duration::from_secs(600)),
        ..Limits::default()
    }
}

pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime")
        .block_on(future)
}

/// The JSON of a run's only output.
pub(crate) fn output(run: &RunResult) -> Result<serde_json::Value> {
    let item = run.outputs.first().and_then(|given| given.items.first());
    let item = item.context("no output")?;
    Ok(serde_json::from_str(&codec::item_to_json(item)?)?)
}

fn python() -> Result<PathBuf> {
    let output = std::process::Command::new("python3")
        .args(["-c", "import sys; print(sys.executable)"])
        .output()
        .context("needs python3")?;
    Ok(String::from_utf8(output.stdout)?.trim().into())
}
