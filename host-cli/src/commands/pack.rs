//! `pipeline pack`.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use pipeline_host::files::{self, Existing};
use pipeline_host::types::{Language, Loaded, NodeInfo};
use sha2::{Digest as _, Sha256};

use crate::failure::{Failure, USAGE};
use crate::packages::lock::Lock;
use crate::packages::{lock_of, wheel::hex};
use crate::rmpkg::metadata::{FORMAT, Metadata, RuntimeInfo};
use crate::rmpkg::pack::Contents;
use crate::rmpkg::{BOUNDS, ENDING, LOCK, MANIFESTS, METADATA, Package, RUNTIME, signature};
use crate::workspace::reason;
use crate::{cli, installation, interrupt, report, workspace};

/// Makes a package.
pub(crate) fn pack(arguments: &cli::Pack) -> Result<(), Failure> {
    let output = output(arguments)?;
    let source = workspace::manifest(&arguments.manifest)?;
    let mut contents = Contents::default();
    let failed = |error: crate::rmpkg::pack::PackError| Failure::usage(error);
    let (mut nodes, mut packages) = (Vec::new(), Vec::new());
    let mut lock = None;
    for directory in &arguments.installation.nodes {
        match Lock::read(&lock_of(directory))? {
            Some(found) if lock.is_none() => {
                packages = contents.add_packages(directory, &found).map_err(failed)?;
                contents.add(LOCK, found.text());
                lock = Some(found);
            }
            Some(_) => {
                let text = format!(
                    "`{}` is the second directory of packages",
                    directory.display()
                );
                return Err(Failure::usage(text).help("`pipeline add --into` puts all into one"));
            }
            None => nodes.push(contents.add_nodes(directory).map_err(failed)?),
        }
    }
    let (loaded, known) = load(arguments, &source)?;
    let is_json = source
        .text
        .trim_start_matches('\u{feff}')
        .trim_start()
        .starts_with('{');
    contents.add(MANIFESTS[usize::from(!is_json)], source.text.as_str());
    let runtime = runtime(arguments, &mut contents)?;
    let metadata = metadata(arguments, loaded, &known, runtime, nodes, packages);
    contents.add(METADATA, metadata.text());
    let bytes = contents.archive().map_err(failed)?;
    // What others would refuse is not made.
    let length = bytes.len() as u64;
    if length > BOUNDS.length {
        let (megabytes, most) = (length >> 20, BOUNDS.length >> 20);
        return Err(Failure::usage(format!(
            "the package has {megabytes} MiB, and at most {most} are read"
        )));
    }
    let bytes: Arc<[u8]> = bytes.into();
    let package = Package::open(bytes.clone())
        .map_err(|error| Failure::usage(format!("what is packed can't be read again: {error}")))?;
    let says = format!(
        "package:{} {}",
        metadata.package_name, metadata.package_version
    );
    let signed = arguments
        .sign
        .as_deref()
        .map(|key| signature::sign(key, &bytes, &says));
    let signed = signed.transpose()?;
    let existing = match arguments.overwrite {
        true => Existing::Replace,
        false => Existing::Keep,
    };
    let write = |path: &Path, bytes: &[u8]| {
        files::write(path, bytes, existing).map_err(|error| unwritable(path, &error))
    };
    write(&output, &bytes)?;
    if let Some(signed) = signed {
        write(&signature::beside(&output), signed.as_bytes())?;
    } else if arguments.overwrite {
        // It was of what was there before.
        let _ = fs::remove_file(signature::beside(&output));
    }
    let (shown, count) = (output.display(), package.archive.files().len());
    report::tell(&format!(
        "{shown}: {count} files, {} bytes, sha256 {}",
        bytes.len(),
        package.digest
    ));
    Ok(())
}

/// Where the package goes; where something is there, that is said before the
/// work is done.
fn output(arguments: &cli::Pack) -> Result<PathBuf, Failure> {
    let output = match (&arguments.output, &*arguments.manifest) {
        (Some(output), _) => output.clone(),
        (None, "-") => {
            return Err(Failure::usage(
                "a manifest from standard input has no name for its package",
            )
            .help("-o names it"));
        }
        (None, manifest) => {
            let stem = Path::new(manifest).file_stem().unwrap_or_default();
            Path::new(stem).with_extension(ENDING)
        }
    };
    if !arguments.overwrite {
        for path in [output.clone(), signature::beside(&output)] {
            if path.symlink_metadata().is_ok() {
                return Err(unwritable(&path, &std::io::ErrorKind::AlreadyExists.into()));
            }
        }
    }
    Ok(output)
}

fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    let shown = path.display();
    match error.kind() {
        std::io::ErrorKind::AlreadyExists => Failure::usage(format!("`{shown}` is there already"))
            .help("--overwrite replaces it, or -o names another file"),
        _ => Failure::usage(format!("`{shown}` can't be written: {}", reason(error))),
    }
}

/// Checks the manifest, with the directories that are packed.
fn load(
    arguments: &cli::Pack,
    source: &report::ManifestText,
) -> Result<(Loaded, Vec<NodeInfo>), Failure> {
    let (engine, sandbox) = workspace::open(&arguments.installation)?;
    let mut limits = arguments.limits.limits();
    limits.interrupt = Some(interrupt::stop(&engine));
    workspace::block_on(async {
        let loaded = async {
            let mut instance = sandbox.instantiate(&limits).await?;
            let loaded = instance.load(&source.text).await?;
            Ok((loaded, instance.list_nodes().await?))
        };
        match loaded.await {
            Ok((Ok(loaded), known)) => {
                report::diagnostics(source, &loaded.warnings);
                Ok((loaded, known))
            }
            Ok((Err(invalid), _)) => {
                report::diagnostics(source, &invalid.diagnostics);
                Err(Failure::Told(USAGE))
            }
            Err(fault) => Err(workspace::faulted(&fault)),
        }
    })
}

/// The component that the package is made with, which goes in where that is
/// asked for.
fn runtime(arguments: &cli::Pack, contents: &mut Contents) -> Result<RuntimeInfo, Failure> {
    let found = installation::find(&arguments.installation, RUNTIME_NAME)?;
    let path = found.component;
    let bytes = fs::read(&path).map_err(|error| {
        let (shown, why) = (path.display(), reason(&error));
        Failure::usage(format!("the component `{shown}` can't be read: {why}"))
    })?;
    let is_wasm = bytes.starts_with(b"\0asm");
    if arguments.with_runtime && !is_wasm {
        let text = format!(
            "`{}` is compiled code, which no package has",
            path.display()
        );
        return Err(Failure::usage(text).help("--component names the file pipeline.wasm"));
    }
    let info = RuntimeInfo {
        name: RUNTIME_NAME.into(),
        version: env!("CARGO_PKG_VERSION").into(),
        sha256: match is_wasm {
            true => hex(&Sha256::digest(&bytes)),
            false => String::new(),
        },
        wasm_size_bytes: if is_wasm { bytes.len() as u64 } else { 0 },
        included: arguments.with_runtime,
        ..RuntimeInfo::default()
    };
    if arguments.with_runtime {
        contents.add(RUNTIME, bytes);
    }
    Ok(info)
}

const RUNTIME_NAME: &str = "pipeline.wasm";

fn metadata(
    arguments: &cli::Pack,
    loaded: Loaded,
    known: &[NodeInfo],
    runtime: RuntimeInfo,
    nodes: Vec<String>,
    packages: Vec<crate::rmpkg::metadata::PackageInfo>,
) -> Metadata {
    let manifest = loaded.manifest;
    let mut node_types: Vec<String> = manifest
        .nodes
        .into_iter()
        .map(|node| node.node_type)
        .collect();
    node_types.sort();
    node_types.dedup();
    let is_rust = |name: &String| {
        let info = known.iter().find(|info| info.node_type == *name);
        info.is_some_and(|info| info.language == Language::Rust)
    };
    let stem = Path::new(&arguments.manifest)
        .file_stem()
        .unwrap_or_default();
    let about = manifest.metadata;
    Metadata {
        format_version: FORMAT.into(),
        package_name: (arguments.name.clone())
            .or(about.name)
            .unwrap_or_else(|| stem.to_string_lossy().into_owned()),
        package_version: (arguments.package_version.clone())
            .or(about.version)
            .unwrap_or_else(|| "0.1.0".into()),
        description: about.description,
        author: about.author,
        license: about.license,
        created_at: about.created_at,
        runtime_info: RuntimeInfo {
            has_rust_nodes: node_types.iter().any(is_rust),
            has_python_nodes: !node_types.iter().all(is_rust),
            node_types,
            node_count: u64::from(loaded.graph.node_count),
            connection_count: manifest.connections.len() as u64,
            ..runtime
        },
        nodes,
        packages,
    }
}
