//! Compiled bytecode beside the sources of the standard library and of the
//! package, made by the component's own Python.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use pipeline_host::types::{Data, Value, ValueNode};
use pipeline_host::{Directories, Engine, EngineOptions, Limits, Sandbox};

use crate::stamp::{self, Inputs};

/// The pipeline that compiles.
const MANIFEST: &str =
    r#"{"version": "v1", "nodes": [{"id": "compile", "node_type": "bytecode:Compile"}]}"#;

/// What CPython 3.14 puts before `.pyc`.
const TAG: &str = "cpython-314";

/// Compiles all of `stdlib` and `python`.
///
/// # Errors
/// Where the component can't run, or a file can't be written.
pub(crate) fn compile(component: &Path, stdlib: &Path, python: &Path, work: &Path) -> Result<()> {
    let program = crate::root().join("xtask/bytecode");
    let present = stdlib.join("__pycache__").is_dir();
    let inputs = Inputs::new("bytecode", 1)
        .text(&present.to_string())
        .tree(&program)?
        .tree(stdlib)?
        .tree(python)?;
    let done = work.join("bytecode");
    stamp::unless_done("compile Python's bytecode", inputs, &done, || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let count = runtime.block_on(write_all(component, stdlib, python, &program))?;
        fs::write(&done, count.to_string())?;
        Ok(())
    })
}

async fn write_all(
    component: &Path,
    stdlib: &Path,
    python: &Path,
    program: &Path,
) -> Result<usize> {
    let sources: Vec<(PathBuf, Data)> = [(stdlib, "/stdlib"), (python, "/python")]
        .into_iter()
        .map(|(directory, guest)| -> Result<_> {
            let files = stamp::files_below(directory)?;
            let python = files
                .into_iter()
                .filter(|file| file.extension().is_some_and(|end| end == "py"));
            python
                .map(|file| {
                    let inside = file.strip_prefix(directory)?.to_string_lossy();
                    let path = format!("{guest}/{}", inside.replace('\\', "/"));
                    let item = Value {
                        nodes: vec![ValueNode::Text(path)],
                        root: 0,
                    };
                    Ok((file, Data::Value(item)))
                })
                .collect::<Result<Vec<_>>>()
        })
        .collect::<Result<Vec<_>>>()?
        .concat();

    let engine = Engine::new(&EngineOptions::default())?;
    let component = engine.load(component, &mut |_| {})?;
    let mut directories = Directories::new(stdlib, python)?;
    directories.add_nodes(program)?;
    let sandbox = Sandbox::new(&engine, &component, directories)?;
    let mut instance = sandbox.instantiate(&Limits::default()).await?;
    let Ok(parsed) = instance.parse(MANIFEST).await? else {
        bail!("the manifest is not valid");
    };
    let inputs: Vec<_> = sources.iter().map(|(_, item)| item.clone()).collect();
    let result = match instance.execute(&parsed.manifest, Some(&inputs)).await? {
        Ok(result) => result,
        Err(error) => bail!("{}\n{}", error.message, error.traceback.unwrap_or_default()),
    };
    if result.outputs.len() != sources.len() {
        bail!(
            "{} files gave {} outputs",
            sources.len(),
            result.outputs.len()
        );
    }
    let mut count = 0;
    for ((source, _), output) in sources.iter().zip(result.outputs) {
        let Data::Value(Value { nodes, .. }) = output else {
            continue;
        };
        if let [ValueNode::Bytes(code)] = nodes.as_slice()
            && !code.is_empty()
        {
            write(source, code)?;
            count += 1;
        }
    }
    Ok(count)
}

fn write(source: &Path, code: &[u8]) -> Result<()> {
    let directory = source
        .parent()
        .context("a file is in a directory")?
        .join("__pycache__");
    fs::create_dir_all(&directory)?;
    let name = source.file_stem().unwrap_or_default().to_string_lossy();
    fs::write(directory.join(format!("{name}.{TAG}.pyc")), code)?;
    Ok(())
}
