//! What every command needs: the component in a sandbox, a clock, the manifest.

use std::future::Future;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use pipeline_host::bake::{self, Peeked};
pub(crate) use pipeline_host::error::reason;
use pipeline_host::{Component, Directories, Engine, EngineOptions, Error, Interrupt, Sandbox};

use crate::cli::Installation;
use crate::compiling::Compiling;
use crate::failure::{Failure, INTERRUPTED};
use crate::installation::{self, Installed};
use crate::report::{COMMAND_LINE, ManifestText};
use crate::rmpkg::signature::{self, Key, Signed};
use crate::rmpkg::unpacked::Unpacked;
use crate::rmpkg::{self, Package};

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
/// names; none where that one stands alone.
pub(crate) fn beside(
    engine: &Engine,
    installation: &Installation,
    name: &str,
) -> Result<Option<Component>, Failure> {
    let mut installation = installation.clone();
    if let Some(other) = &installation.component {
        let path = other.with_file_name(name);
        if !path.exists() {
            return Ok(None);
        }
        installation.component = Some(path);
    }
    let places = installation::find(&installation, name)?;
    component(engine, &places, name).map(Some)
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

/// What a command is to run: a manifest, or a package that has one.
pub(crate) struct Source {
    pub(crate) text: ManifestText,
    package: Option<Package>,
    /// The component that the manifest is in.
    pub(crate) baked: Option<PathBuf>,
}

/// A package that was read, and what is known of its signature.
pub(crate) struct Read {
    pub(crate) package: Package,
    pub(crate) signed: Signed,
}

/// Reads a manifest or a package; where keys are given, nothing but a package that
/// is signed with one of them.
pub(crate) fn source(name: &str, keys: &[Key]) -> Result<Source, Failure> {
    // What comes by a pipe can be read once only, and is a manifest.
    let is_file = |name: &str| std::fs::metadata(name).is_ok_and(|metadata| metadata.is_file());
    let is_package = |name: &str| {
        let mut start = [0; 4];
        if !is_file(name) {
            return false;
        }
        let opened = std::fs::File::open(name);
        let read = opened.and_then(|mut file| file.read_exact(&mut start));
        read.is_ok() && rmpkg::is_one(&start)
    };
    if name != "-" && is_package(name) {
        let Read { package, .. } = self::package(Path::new(name), keys)?;
        let (file, text) = &package.manifest;
        let text = ManifestText {
            name: format!("{name}/{file}"),
            text: text.clone(),
        };
        let (package, baked) = (Some(package), None);
        return Ok(Source {
            text,
            package,
            baked,
        });
    }
    if !keys.is_empty() {
        let text = format!("`{name}` is not run: it is no package, and --signed-by asks for one");
        return Err(Failure::usage(text).help("`pipeline pack --sign KEY` makes one of a manifest"));
    }
    let peeked = match name {
        name if name != "-" && is_file(name) => {
            // What can't be read is said below.
            bake::peek(name.as_ref()).unwrap_or(Peeked::Other)
        }
        _ => Peeked::Other,
    };
    let (text, baked) = match peeked {
        Peeked::Other => (manifest(name)?, None),
        Peeked::WebAssembly(Some(text)) => {
            let (name, path) = (name.to_owned(), PathBuf::from(name));
            (ManifestText { name, text }, Some(path))
        }
        Peeked::WebAssembly(None) => {
            let text = format!("`{name}` is WebAssembly with no pipeline in it");
            let help = "`pipeline bake` makes a component with one; a component as it is built \
                        is named by --component, beside a manifest";
            return Err(Failure::usage(text).help(help));
        }
    };
    let package = None;
    Ok(Source {
        text,
        package,
        baked,
    })
}

/// Where all is that a source needs.
pub(crate) fn places_of(
    source: &Source,
    installation: &Installation,
) -> Result<Installation, Failure> {
    let baked = source.baked.clone();
    if baked.is_some() && installation.component.is_some() {
        let name = &source.text.name;
        let text = format!("`{name}` is a component itself: --component can't name another one");
        return Err(Failure::usage(text));
    }
    Ok(Installation {
        baked,
        ..installation.clone()
    })
}

/// Reads a package.
pub(crate) fn package(path: &Path, keys: &[Key]) -> Result<Read, Failure> {
    let shown = path.display();
    let unusable = |why: &dyn std::fmt::Display| {
        Failure::usage(format!("the package `{shown}` can't be used: {why}"))
    };
    let mut bytes = Vec::new();
    let mut read = || -> std::io::Result<()> {
        // What comes by a pipe is not waited for.
        if !std::fs::metadata(path)?.is_file() {
            return Err(std::io::Error::other("it is not a file"));
        }
        let file = std::fs::File::open(path)?;
        // One byte more than there may be says that there are too many.
        file.take(rmpkg::BOUNDS.length + 1)
            .read_to_end(&mut bytes)?;
        Ok(())
    };
    read().map_err(|error| unusable(&reason(&error)))?;
    let signed = signature::check(path, &bytes, keys)?;
    let package = Package::open(bytes.into()).map_err(|error| unusable(&error))?;
    Ok(Read { package, signed })
}

/// What a source runs in.
pub(crate) struct Opened<T> {
    pub(crate) sandbox: Sandbox,
    /// What Ctrl-C does.
    pub(crate) handler: T,
    /// What a package was unpacked to; it stays while this does.
    unpacked: Option<Unpacked>,
    /// Not before the others.
    engine: Engine,
}

impl<T> Opened<T> {
    /// Leaves all of it to the end of the program, which is near; but a temporary
    /// directory goes away.
    pub(crate) fn leave(self) {
        drop(self.unpacked);
        std::mem::forget((self.sandbox, self.engine));
    }
}

/// Loads the component into a sandbox that sees what a source needs; `handle`
/// says what Ctrl-C does, and `stop` which of it stops the program.
pub(crate) fn open_for<T>(
    source: &Source,
    installation: &Installation,
    handle: impl FnOnce(&Engine) -> T,
    stop: impl FnOnce(&T) -> Interrupt,
) -> Result<Opened<T>, Failure> {
    let installation = places_of(source, installation)?;
    let (engine, component, mut directories) =
        load(&installation, "pipeline.wasm", &EngineOptions::default())?;
    let handler = handle(&engine);
    let linked = |directories| {
        Sandbox::new(&engine, &component, directories)
            .map_err(|error| Failure::usage(error.in_full()))
    };
    let Some(package) = &source.package else {
        let sandbox = linked(directories)?;
        let unpacked = None;
        return Ok(Opened {
            sandbox,
            handler,
            unpacked,
            engine,
        });
    };
    let (name, _) = source.text.name.rsplit_once('/').unwrap_or_default();
    let unpacked = Unpacked::of(package, name)?;
    unpacked.show(&mut directories)?;
    let sandbox = linked(directories)?;
    unpacked.compile(&sandbox, &stop(&handler));
    let unpacked = Some(unpacked);
    Ok(Opened {
        sandbox,
        handler,
        unpacked,
        engine,
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
