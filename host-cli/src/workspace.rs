//! What every command needs: the component in a sandbox, a clock, the manifest.

use std::future::Future;
use std::io::Read;

use pipeline_host::bake::{self, Peeked};
pub(crate) use pipeline_host::error::reason;
use pipeline_host::{Component, Directories, Engine, EngineOptions, Error, Sandbox};

use crate::cli::Installation;
use crate::compiling::Compiling;
use crate::failure::{Failure, INTERRUPTED};
use crate::installation::{self, Installed};
use crate::report::ManifestText;

/// Loads the component into a sandbox.
pub(crate) fn open(installation: &Installation) -> Result<(Engine, Sandbox), Failure> {
    let (engine, component, directories) =
        load(installation, "pipeline.wasm", &EngineOptions::default())?;
    let sandbox = Sandbox::new(&engine, &component, directories)
        .map_err(|error| Failure::usage(error.in_full()))?;
    tracing::debug!("linked");
    Ok((engine, sandbox))
}

/// Loads the component that has `name` unless the user says otherwise.
pub(crate) fn load(
    installation: &Installation,
    name: &str,
    options: &EngineOptions,
) -> Result<(Engine, Component, Directories), Failure> {
    let places = installation::find(installation, name)?;
    let engine = Engine::new(options).map_err(|error| Failure::failed(error.in_full()))?;
    tracing::debug!("engine made");
    let component = component(&engine, &places, name)?;
    Ok((engine, component, places.directories))
}

/// Loads the component that has `name` and belongs to the one that `installation`
/// names, in a sandbox; none where that one stands alone.
pub(crate) fn beside(
    engine: &Engine,
    installation: &Installation,
    name: &str,
) -> Result<Option<Sandbox>, Failure> {
    let mut installation = installation.clone();
    if let Some(other) = &installation.component {
        let path = other.with_file_name(name);
        if !path.exists() {
            return Ok(None);
        }
        installation.component = Some(path);
    }
    let places = installation::find(&installation, name)?;
    let component = component(engine, &places, name)?;
    let sandbox = Sandbox::new(engine, &component, places.directories);
    sandbox
        .map(Some)
        .map_err(|error| Failure::usage(error.in_full()))
}

fn component(engine: &Engine, places: &Installed, name: &str) -> Result<Component, Failure> {
    let mut compiling = Compiling::default();
    let mut events = |event| compiling.show(event);
    let component = match (&places.baked, places.installed) {
        (Some(baked), _) => {
            installation::load_baked(engine, baked, &places.component, name, &mut events)
        }
        (None, true) => engine.load_installed(&places.component, &mut events),
        (None, false) => engine.load(&places.component, &mut events),
    };
    let component = component.map_err(|error| match &error {
        Error::Engine { .. } => Failure::failed(error.in_full()),
        Error::NotAComponent { .. } | Error::Component { .. } => {
            let help = format!("--component takes the file `{name}`");
            Failure::usage(error.in_full()).help(help)
        }
        _ => Failure::usage(error.in_full()),
    })?;
    tracing::debug!(component = %places.component.display(), "loaded");
    Ok(component)
}

/// Runs a future on this thread, with a clock.
pub(crate) fn block_on<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .map_err(|error| Failure::failed(format!("no clock to run with: {error}")))?;
    runtime.block_on(future)
}

/// What is to be run: a manifest's text, or a component with a manifest in it; and
/// where all is that it needs.
pub(crate) fn source(
    name: &str,
    installation: &Installation,
) -> Result<(ManifestText, Installation), Failure> {
    let mut installation = installation.clone();
    let found = match name {
        "-" => Peeked::Other,
        // What can't be read is said below.
        name => bake::peek(name.as_ref()).unwrap_or(Peeked::Other),
    };
    let Peeked::WebAssembly(found) = found else {
        return Ok((manifest(name)?, installation));
    };
    let Some(text) = found else {
        let text = format!("`{name}` is WebAssembly with no pipeline in it");
        let help = "`pipeline bake` makes a component with one; a component as it is built is \
                    named by --component, beside a manifest";
        return Err(Failure::usage(text).help(help));
    };
    if installation.component.is_some() {
        let text = format!("`{name}` is a component itself: --component can't name another one");
        return Err(Failure::usage(text));
    }
    installation.baked = Some(name.into());
    let name = name.to_owned();
    Ok((ManifestText { name, text }, installation))
}

/// Reads a manifest's text.
pub(crate) fn manifest(name: &str) -> Result<ManifestText, Failure> {
    let (name, bytes) = if name == "-" {
        let mut bytes = Vec::new();
        let read = std::io::stdin().lock().read_to_end(&mut bytes);
        ("<stdin>", read.map(|_| bytes))
    } else {
        (name, std::fs::read(name))
    };
    let bytes = bytes.map_err(|error| {
        Failure::usage(format!(
            "the manifest `{name}` can't be read: {}",
            reason(&error)
        ))
    })?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Failure::usage(format!(
            "the manifest `{name}` is not text: byte {at} is not UTF-8"
        ))
    })?;
    Ok(ManifestText {
        name: name.to_owned(),
        text,
    })
}

/// How the program ends when a run ended without a result.
pub(crate) fn faulted(fault: &Error) -> Failure {
    if let Error::Interrupted = fault {
        return Failure::code(fault.in_full(), INTERRUPTED);
    }
    let failure = Failure::failed(fault.in_full());
    match fault {
        Error::Limit(limit) => failure.help(format!("--{} sets the limit", limit.name())),
        _ => failure,
    }
}
