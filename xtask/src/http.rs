//! The component that serves pipelines over HTTP: one that answers requests, and
//! the pipeline component behind it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use wac_graph::types::Package;
use wac_graph::{CompositionGraph, EncodeOptions, PackageId};

use crate::artefacts::Artefacts;
use crate::flatten::Flat;
use crate::guest;
use crate::stamp::{self, Inputs};
use crate::toolchain::Toolchain;

/// Builds the component that answers requests.
///
/// # Errors
/// Says which command failed.
pub(crate) fn build(toolchain: &Toolchain, artefacts: &Artefacts, work: &Path) -> Result<PathBuf> {
    let library = guest::build(&guest::HTTP, toolchain, artefacts, work)?;
    let libc = artefacts.library("libc.so");
    let output = work.join("http.wasm");
    let inputs = Inputs::new("http", &[include_str!("http.rs")])
        .file(&library)?
        .file(&libc)?;
    stamp::unless_done("link the HTTP component", inputs, &output, || {
        let mut linker = wit_component::Linker::default();
        linker.use_built_in_libdl(true);
        linker.library("libhttp.so", &fs::read(&library)?, false)?;
        linker.library("libc.so", &fs::read(&libc)?, false)?;
        Ok(fs::write(&output, Flat::new(&linker.encode()?)?.encode()?)?)
    })?;
    Ok(output)
}

/// Puts the pipeline component behind it.
///
/// # Errors
/// Where they don't fit together.
pub(crate) fn compose(http: &Path, pipeline: &Path, work: &Path) -> Result<PathBuf> {
    let output = work.join("pipeline-http.wasm");
    let inputs = Inputs::new("compose", &[include_str!("http.rs")])
        .file(http)?
        .file(pipeline)?;
    stamp::unless_done("compose the HTTP component", inputs, &output, || {
        Ok(fs::write(&output, plug(http, pipeline)?)?)
    })?;
    Ok(output)
}

/// A component whose imports the pipeline component fulfils, and that component in
/// one: `wac plug SOCKET --plug PIPELINE`.
///
/// # Errors
/// Where they don't fit together.
pub(crate) fn plug(socket: &Path, pipeline: &Path) -> Result<Vec<u8>> {
    let mut graph = CompositionGraph::new();
    let socket = register(&mut graph, "remotemedia:socket", socket)?;
    let pipeline = register(&mut graph, "remotemedia:pipeline", pipeline)?;
    wac_graph::plug(&mut graph, vec![pipeline], socket)?;
    Ok(graph.encode(EncodeOptions::default())?)
}

fn register(graph: &mut CompositionGraph, name: &str, path: &Path) -> Result<PackageId> {
    let package = Package::from_file(name, None, path, graph.types_mut())
        .with_context(|| format!("{}", path.display()))?;
    Ok(graph.register_package(package)?)
}
