//! What every command needs: the component in a sandbox, a clock, the manifest.

use std::future::Future;
use std::io::Read;

pub(crate) use pipeline_host::error::reason;
use pipeline_host::{Component, Directories, Engine, EngineOptions, Error, Sandbox};

use crate::cli::Installation;
use crate::compiling::Compiling;
use crate::failure::{Failure, INTERRUPTED};
use crate::installation;
use crate::report::{COMMAND_LINE, ManifestText};

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
    let mut compiling = Compiling::default();
    let mut events = |event| compiling.show(event);
    let component = match places.installed {
        true => engine.load_installed(&places.component, &mut events),
        false => engine.load(&places.component, &mut events),
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
    Ok((engine, component, places.directories))
}

/// Runs a future on this thread, with a clock.
pub(crate) fn block_on<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .map_err(|error| Failure::failed(format!("no clock to run with: {error}")))?;
    runtime.block_on(future)
}

/// Reads a manifest's text: a file's, or a pipeline on one line itself.
pub(crate) fn manifest(name: &str) -> Result<ManifestText, Failure> {
    if is_one_line(name) {
        return Ok(ManifestText {
            name: COMMAND_LINE.to_owned(),
            text: name.to_owned(),
        });
    }
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

/// Whether an argument is a pipeline on one line, and no file's name: no such file
/// is there, and it neither leads through directories nor ends as manifests do.
/// What is wrong with it is for the component to say.
fn is_one_line(argument: &str) -> bool {
    let path = std::path::Path::new(argument);
    if argument == "-" || argument.is_empty() || path.exists() {
        return false;
    }
    let is_named_so = path
        .extension()
        .is_some_and(|end| ["json", "yaml", "yml"].iter().any(|known| end == *known));
    argument.contains(char::is_whitespace)
        || argument.contains('=')
        || !(is_named_so || argument.contains('/'))
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
