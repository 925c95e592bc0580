//! Loading a component: mapped where it was compiled before, compiled once
//! where it was not.

use std::fs::{self, File, Metadata};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use thiserror::Error;
use wasmtime::component::Component;
use wasmtime::{Engine, Precompiled};

/// Something worth telling while a component is loaded.
#[derive(Debug)]
pub enum LoadEvent {
    /// Compiled code that was found is not used.
    Refused {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// A component is compiled, which takes seconds.
    Compiling {
        /// The component.
        path: PathBuf,
    },
    /// The component is compiled.
    Compiled {
        /// How long it took.
        took: Duration,
        /// Where the result is kept, or why it is not kept.
        kept: Result<PathBuf, String>,
    },
}

/// A component can't be loaded.
#[derive(Debug, Error)]
pub enum LoadError {
    /// The file can't be read.
    #[error("the component `{}` can't be read: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The file is something else.
    #[error("`{name}` is not a WebAssembly component: it is {found}")]
    NotAComponent {
        /// What was to be loaded.
        name: String,
        /// What it is instead.
        found: String,
    },
    /// The component is damaged, or uses something unknown.
    #[error("the component `{name}` is not valid: {reason}")]
    Invalid {
        /// What was to be loaded.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A file of compiled code was named, and can't be used.
    #[error("the compiled component `{}` can't be used: {reason}", path.display())]
    Refused {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// There is no engine to compile with.
    #[error("the WebAssembly engine can't start: {0}")]
    Engine(String),
}

pub(crate) fn load(
    engine: &Engine,
    path: &Path,
    events: &mut dyn FnMut(LoadEvent),
) -> Result<Component, LoadError> {
    load_with(engine, path, cache_directory(), events)
}

fn load_with(
    engine: &Engine,
    path: &Path,
    cache: Option<PathBuf>,
    events: &mut dyn FnMut(LoadEvent),
) -> Result<Component, LoadError> {
    let unreadable = |error: io::Error| LoadError::Unreadable {
        path: path.to_owned(),
        reason: reason(&error),
    };
    if path
        .extension()
        .is_some_and(|extension| extension == "cwasm")
    {
        fs::metadata(path).map_err(unreadable)?;
        return map(engine, path).map_err(|reason| LoadError::Refused {
            path: path.to_owned(),
            reason,
        });
    }

    let source = fs::metadata(path).map_err(unreadable)?;
    if source.is_dir() {
        return Err(LoadError::NotAComponent {
            name: path.display().to_string(),
            found: "a directory".into(),
        });
    }
    let sibling = path.with_extension("cwasm");
    if let Ok(compiled) = fs::metadata(&sibling) {
        let mapped = match older(&compiled, &source) {
            true => Err(format!("it is older than `{}`", path.display())),
            false => map(engine, &sibling),
        };
        match mapped {
            Ok(component) => return Ok(component),
            Err(reason) => events(LoadEvent::Refused {
                path: sibling,
                reason,
            }),
        }
    }

    let cache = Cache::new(engine, path, &source, cache);
    if let Ok(cache) = &cache
        && cache.file.exists()
    {
        match map(engine, &cache.file) {
            Ok(component) => return Ok(component),
            Err(reason) => events(LoadEvent::Refused {
                path: cache.file.clone(),
                reason,
            }),
        }
    }

    let wasm = fs::read(path).map_err(unreadable)?;
    let name = path.display().to_string();
    identify(&wasm, &name)?;
    events(LoadEvent::Compiling {
        path: path.to_owned(),
    });
    let start = Instant::now();
    let compiled = compile(engine, &wasm, &name)?;
    let kept = cache.and_then(|cache| cache.keep(&compiled).map(|()| cache.file));
    let component = match &kept {
        Ok(file) => map(engine, file).or_else(|_| adopt(engine, &compiled)),
        Err(_) => adopt(engine, &compiled),
    };
    events(LoadEvent::Compiled {
        took: start.elapsed(),
        kept,
    });
    component.map_err(|reason| LoadError::Invalid { name, reason })
}

/// Compiles a component; `name` is for messages.
pub(crate) fn compile(engine: &Engine, wasm: &[u8], name: &str) -> Result<Vec<u8>, LoadError> {
    identify(wasm, name)?;
    engine
        .precompile_component(wasm)
        .map_err(|error| LoadError::Invalid {
            name: name.to_owned(),
            reason: format!("{error:#}"),
        })
}

/// Maps a file of compiled code, if it is one that may be run.
fn map(engine: &Engine, path: &Path) -> Result<Component, String> {
    let metadata = fs::metadata(path).map_err(|error| reason(&error))?;
    trusted(&metadata)?;
    complete(path, metadata.len())?;
    // SAFETY: the code in the file is run as it is, so the file must come from
    // this program or its build. It belongs to this user or the system and
    // nobody else may write to it; wasmtime itself checks its version, its
    // settings and the processor. Replacing it is by renaming alone, so that
    // what is mapped doesn't change.
    let error = match unsafe { Component::deserialize_file(engine, path) } {
        Ok(component) => return Ok(component),
        Err(error) => format!("{error:#}"),
    };
    // Looking closer takes time, so it is done only where something is wrong.
    Err(match Engine::detect_precompiled_file(path) {
        Ok(Some(Precompiled::Component)) => {
            let first = error.lines().next().unwrap_or_default();
            format!("it was compiled by another version or for another processor ({first})")
        }
        Ok(Some(Precompiled::Module)) => "it is a compiled core module".into(),
        _ => "it is not compiled code".into(),
    })
}

/// Loads compiled code that was not kept in a file.
fn adopt(engine: &Engine, compiled: &[u8]) -> Result<Component, String> {
    // SAFETY: the bytes were made by this process just now.
    unsafe { Component::deserialize(engine, compiled) }.map_err(|error| format!("{error:#}"))
}

/// Refuses compiled code that others could have written.
#[cfg(unix)]
fn trusted(metadata: &Metadata) -> Result<(), String> {
    use std::os::unix::fs::MetadataExt;

    let own = rustix::process::geteuid().as_raw();
    if metadata.uid() != own && metadata.uid() != 0 {
        return Err("it belongs to another user".into());
    }
    if metadata.mode() & 0o022 != 0 {
        return Err("others may write to it (chmod go-w)".into());
    }
    Ok(())
}

#[cfg(not(unix))]
fn trusted(_: &Metadata) -> Result<(), String> {
    Ok(())
}

/// Refuses a file that was cut short. Compiled code is an ELF file whose table
/// of sections comes last, and says how long the file must be.
fn complete(path: &Path, length: u64) -> Result<(), String> {
    if length == 0 {
        return Err("it is empty".into());
    }
    let cut = || "it is cut short".to_owned();
    let mut header = [0; 64];
    File::open(path)
        .and_then(|mut file| file.read_exact(&mut header))
        .map_err(|_| cut())?;
    if !header.starts_with(b"\x7fELF") {
        return Err("it is not compiled code".into());
    }
    let number = |at: usize, size: usize| {
        header[at..at + size]
            .iter()
            .rev()
            .fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte))
    };
    let (table, entry, count) = (number(0x28, 8), number(0x3a, 2), number(0x3c, 2));
    match table.checked_add(entry * count) {
        Some(end) if table >= 64 && end <= length => Ok(()),
        _ => Err(cut()),
    }
}

fn older(compiled: &Metadata, source: &Metadata) -> bool {
    match (compiled.modified(), source.modified()) {
        (Ok(compiled), Ok(source)) => compiled < source,
        _ => true,
    }
}

/// Says what a file is that isn't a component.
fn identify(bytes: &[u8], name: &str) -> Result<(), LoadError> {
    let found = match bytes {
        [0, b'a', b's', b'm', _, 0, 1, 0, ..] => return Ok(()),
        [] => "empty".to_owned(),
        [0, b'a', b's', b'm', 1, 0, 0, 0, ..] => {
            "a WebAssembly core module (a component is made of it by `wasm-tools component new`)"
                .to_owned()
        }
        [0, b'a', b's', b'm', ..] => "WebAssembly of an unknown kind, or cut short".to_owned(),
        [0x7f, b'E', b'L', b'F', ..] => match Engine::detect_precompiled(bytes) {
            Some(_) => "compiled code (which is named `.cwasm`)".to_owned(),
            None => "a native program or library".to_owned(),
        },
        [b'P', b'K', 3, 4, ..] => "a ZIP archive".to_owned(),
        [0x1f, 0x8b, ..] => "compressed by gzip".to_owned(),
        [b'(', ..] => "WebAssembly in text form".to_owned(),
        _ => {
            let head = &bytes[..bytes.len().min(512)];
            let text = std::str::from_utf8(head).map_or_else(|error| error.valid_up_to(), str::len);
            // A cut through a character at the end of the sample is no fault.
            if text + 4 > head.len() && !head.contains(&0) {
                "text"
            } else {
                "something else"
            }
            .to_owned()
        }
    };
    Err(LoadError::NotAComponent {
        name: name.to_owned(),
        found,
    })
}

/// Where compiled code of a component is kept for the next time.
struct Cache {
    directory: PathBuf,
    /// What the names of all files of this component start with.
    family: String,
    file: PathBuf,
}

impl Cache {
    fn new(
        engine: &Engine,
        path: &Path,
        source: &Metadata,
        directory: Option<PathBuf>,
    ) -> Result<Self, String> {
        let directory = directory.ok_or("there is no home directory")?;
        let path = path.canonicalize().map_err(|error| reason(&error))?;
        let stem = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let family = format!("{stem}-{:016x}-", digest(&path));
        let key = digest(&(
            source.len(),
            source.modified().ok(),
            env!("CARGO_PKG_VERSION"),
            digest(&engine.precompile_compatibility_hash()),
        ));
        let file = directory.join(format!("{family}{key:016x}.cwasm"));
        Ok(Self {
            directory,
            family,
            file,
        })
    }

    /// Writes the file, all of it or nothing, and drops what it supersedes.
    fn keep(&self, compiled: &[u8]) -> Result<(), String> {
        self.write(compiled)
            .map_err(|error| format!("{}: {}", self.directory.display(), reason(&error)))?;
        for entry in fs::read_dir(&self.directory)
            .into_iter()
            .flatten()
            .flatten()
        {
            let name = entry.file_name();
            if name.to_string_lossy().starts_with(&self.family) && entry.path() != self.file {
                // Whoever maps it keeps it.
                let _ = fs::remove_file(entry.path());
            }
        }
        Ok(())
    }

    fn write(&self, compiled: &[u8]) -> io::Result<()> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&self.directory)?;
        let mut file = tempfile::Builder::new()
            .prefix(".new-")
            .suffix(".cwasm")
            .tempfile_in(&self.directory)?;
        file.write_all(compiled)?;
        file.as_file().sync_data()?;
        file.persist(&self.file).map_err(|error| error.error)?;
        Ok(())
    }
}

fn cache_directory() -> Option<PathBuf> {
    let set = |name: &str| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|p| p.is_absolute())
    };
    let base = set("XDG_CACHE_HOME").or_else(|| match cfg!(windows) {
        true => set("LOCALAPPDATA"),
        false => set("HOME").map(|home| home.join(".cache")),
    });
    base.map(|base| base.join("remotemedia-pipeline"))
}

fn digest(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "it is not there".into(),
        io::ErrorKind::PermissionDenied => "permission denied".into(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The smallest component.
    const EMPTY: &[u8] = b"\0asm\x0d\0\x01\0";

    struct Place {
        root: tempfile::TempDir,
        engine: Engine,
    }

    impl Place {
        fn new() -> Self {
            let engine = crate::Engine::new(&crate::EngineOptions::default()).unwrap();
            Self {
                root: tempfile::tempdir().unwrap(),
                engine: engine.wasmtime().clone(),
            }
        }

        fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
            let path = self.root.path().join(name);
            fs::write(&path, bytes).unwrap();
            path
        }

        /// Loads, and says what happened.
        fn load(&self, path: &Path) -> Result<Vec<String>, LoadError> {
            let mut told = Vec::new();
            let cache = self.root.path().join("cache");
            load_with(&self.engine, path, Some(cache), &mut |event| {
                told.push(match event {
                    LoadEvent::Refused { reason, .. } => reason,
                    LoadEvent::Compiling { .. } => "compiling".to_owned(),
                    LoadEvent::Compiled { kept, .. } => match kept {
                        Ok(_) => "kept".to_owned(),
                        Err(reason) => reason,
                    },
                });
            })?;
            Ok(told)
        }

        fn cached(&self) -> PathBuf {
            let mut entries = fs::read_dir(self.root.path().join("cache")).unwrap();
            let entry = entries.next().unwrap().unwrap().path();
            assert!(entries.next().is_none(), "one file is kept");
            entry
        }
    }

    #[test]
    fn compiled_once_and_again_when_it_changes() {
        let place = Place::new();
        let path = place.write("a.wasm", EMPTY);
        assert_eq!(place.load(&path).unwrap(), ["compiling", "kept"]);
        assert!(place.load(&path).unwrap().is_empty());
        // An empty custom section makes another file of it.
        place.write("a.wasm", &[EMPTY, &[0, 2, 1, b'x']].concat());
        assert_eq!(place.load(&path).unwrap(), ["compiling", "kept"]);
        place.cached();
    }

    #[test]
    fn damaged_files_are_refused() {
        let place = Place::new();
        let path = place.write("a.wasm", EMPTY);
        place.load(&path).unwrap();
        let cached = place.cached();
        let whole = fs::read(&cached).unwrap();
        for length in [0, 1, 10, 63, 64, 100, whole.len() / 2, whole.len() - 1] {
            // The old file may be mapped: it is replaced, not written over.
            fs::remove_file(&cached).unwrap();
            fs::write(&cached, &whole[..length]).unwrap();
            let told = place.load(&path).unwrap();
            assert_eq!(told.len(), 3, "{length}: {told:?}");
            assert!(place.load(&path).unwrap().is_empty());
        }
    }

    #[test]
    #[cfg(unix)]
    fn files_that_others_can_write_are_refused() {
        use std::os::unix::fs::PermissionsExt;

        let place = Place::new();
        let path = place.write("a.wasm", EMPTY);
        place.load(&path).unwrap();
        fs::set_permissions(place.cached(), fs::Permissions::from_mode(0o620)).unwrap();
        let told = place.load(&path).unwrap();
        assert_eq!(
            told,
            ["others may write to it (chmod go-w)", "compiling", "kept"]
        );
    }

    #[test]
    fn a_sibling_is_used_unless_it_is_stale() {
        let place = Place::new();
        let path = place.write("a.wasm", EMPTY);
        let compiled = compile(&place.engine, EMPTY, "it").unwrap();
        let sibling = place.write("a.cwasm", &compiled);
        assert!(place.load(&path).unwrap().is_empty());
        assert!(place.load(&sibling).unwrap().is_empty());
        let later = std::time::SystemTime::now() + Duration::from_secs(60);
        File::options()
            .write(true)
            .open(&path)
            .unwrap()
            .set_modified(later)
            .unwrap();
        let told = place.load(&path).unwrap();
        assert_eq!(told[1..], ["compiling", "kept"]);
        assert!(told[0].starts_with("it is older than"));
    }

    #[test]
    fn without_a_cache_it_still_runs() {
        let place = Place::new();
        let path = place.write("a.wasm", EMPTY);
        place.write("cache", b"a file");
        let told = place.load(&path).unwrap();
        assert_eq!(told[0], "compiling");
        assert_ne!(told[1], "kept");
    }

    #[test]
    fn other_files_are_named() {
        let place = Place::new();
        for (bytes, found) in [
            (&b""[..], "empty"),
            (b"\0asm\x01\0\0\0", "core module"),
            (b"\0asm", "cut short"),
            (b"hello", "it is text"),
            (b"(component)", "in text form"),
            (b"PK\x03\x04", "ZIP"),
            (b"\xff\xfe\0\0", "something else"),
        ] {
            let path = place.write("b.wasm", bytes);
            let error = place.load(&path).unwrap_err().to_string();
            assert!(error.contains(found), "{error}");
        }
        let broken = place.write("b.wasm", &[EMPTY, b"\x0b\xff"].concat());
        assert!(matches!(
            place.load(&broken),
            Err(LoadError::Invalid { .. })
        ));
        let text = place.write("c.cwasm", b"hello");
        assert!(matches!(place.load(&text), Err(LoadError::Refused { .. })));
    }
}
