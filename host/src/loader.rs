//! Loading a component: mapped where it was compiled before, compiled once
//! where it was not.

#[cfg(test)]
mod tests;

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use blake3::Hash;
use wasmtime::Engine;

use crate::cache::Cache;
use crate::compiled::{self, Component, Index};
use crate::error::{Error, reason};
use crate::trust::{self, Untrusted};

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

/// Which compiled code is used beside what the user's cache has.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Code<'a> {
    /// That which lies beside the component: it came with it, from whom the
    /// program came.
    Sibling,
    /// That of a component that came with the program, if the two differ only in
    /// what their memories hold at first.
    Of(&'a Path),
    /// None: anybody may have put it there.
    Cached,
}

pub(crate) fn load(
    engine: &Engine,
    path: &Path,
    code: Code<'_>,
    events: &mut dyn FnMut(LoadEvent),
) -> Result<Component, Error> {
    Loader {
        engine,
        cache: Cache::of_user(),
        events,
    }
    .load(path, code)
}

/// Loads a component that is in memory. `path` is for messages.
pub(crate) fn load_bytes(
    engine: &Engine,
    path: &Path,
    wasm: &[u8],
    code: Code<'_>,
    events: &mut dyn FnMut(LoadEvent),
) -> Result<Component, Error> {
    let mut loader = Loader {
        engine,
        cache: Cache::of_user(),
        events,
    };
    let source = compiled::source(wasm);
    match loader.kept(&source)? {
        Some(component) => Ok(component),
        None => loader.make(path, wasm, &source, code),
    }
}

struct Loader<'a> {
    engine: &'a Engine,
    /// Where compiled code is kept, or why it is not.
    cache: Result<Cache, String>,
    events: &'a mut dyn FnMut(LoadEvent),
}

impl Loader<'_> {
    fn load(&mut self, path: &Path, code: Code<'_>) -> Result<Component, Error> {
        if path
            .extension()
            .is_some_and(|extension| extension == "cwasm")
        {
            return match self.map(path, None) {
                Ok(component) => Ok(component),
                Err(Unusable::Missing) => Err(Error::Component {
                    path: path.to_owned(),
                    source: io::ErrorKind::NotFound.into(),
                }),
                Err(Unusable::Refused(reason)) => Err(Error::Refused {
                    path: path.to_owned(),
                    reason,
                }),
            };
        }
        let mut wasm = Wasm::open(path)?;
        if let Code::Sibling = code {
            let sibling = path.with_extension("cwasm");
            if let Some(component) = self.try_map(&sibling, Some(&mut wasm))? {
                return Ok(component);
            }
        }
        // Reading it takes longer than most runs: its name by content is noted.
        let identity = trust::identity(&wasm.file).ok();
        let cache = self.cache.clone().ok();
        let noted = identity.as_ref().zip(cache.as_ref());
        let known = noted.and_then(|(identity, cache)| cache.source_of(identity));
        if let Some(source) = &known
            && let Some(component) = self.kept(source)?
        {
            return Ok(component);
        }
        identify(wasm.bytes()?, &path.display().to_string())?;
        let source = wasm.source()?;
        if let Some((identity, cache)) = noted {
            cache.note_source(identity, &source);
        }
        // What was refused once is refused again.
        let kept = match known == Some(source) {
            true => None,
            false => self.kept(&source)?,
        };
        match kept {
            Some(component) => Ok(component),
            None => self.make(path, wasm.bytes()?, &source, code),
        }
    }

    /// What was compiled before, from what has this name.
    fn kept(&mut self, source: &Hash) -> Result<Option<Component>, Error> {
        match &self.cache {
            Ok(cache) => {
                let file = cache.file(self.engine, source);
                self.try_map(&file, None)
            }
            Err(_) => Ok(None),
        }
    }

    /// Makes compiled code, and keeps it.
    fn make(
        &mut self,
        path: &Path,
        wasm: &[u8],
        source: &Hash,
        code: Code<'_>,
    ) -> Result<Component, Error> {
        let name = path.display().to_string();
        let start = Instant::now();
        let grafted = match code {
            Code::Of(other) => grafted(other, wasm),
            Code::Sibling | Code::Cached => None,
        };
        let tells = grafted.is_none();
        let compiled = match grafted {
            Some(compiled) => compiled,
            None => {
                (self.events)(LoadEvent::Compiling {
                    path: path.to_owned(),
                });
                compile(self.engine, wasm, &name)?
            }
        };
        let cache = self.cache.clone();
        let kept = cache.and_then(|cache| cache.keep(self.engine, source, &compiled));
        let mapped = kept
            .as_ref()
            .ok()
            .and_then(|file| self.map(file, None).ok());
        if tells {
            (self.events)(LoadEvent::Compiled {
                took: start.elapsed(),
                kept,
            });
        }
        match mapped {
            Some(component) => Ok(component),
            None => compiled::adopt(self.engine, &compiled).map_err(|error| Error::Invalid {
                name,
                source: error.into(),
            }),
        }
    }

    /// Maps a file if there is one; tells where it can't be used.
    fn try_map(
        &mut self,
        path: &Path,
        wasm: Option<&mut Wasm>,
    ) -> Result<Option<Component>, Error> {
        match self.map(path, wasm) {
            Ok(component) => Ok(Some(component)),
            Err(Unusable::Missing) => Ok(None),
            Err(Unusable::Refused(reason)) => {
                (self.events)(LoadEvent::Refused {
                    path: path.to_owned(),
                    reason,
                });
                Ok(None)
            }
        }
    }

    /// Maps a file of compiled code, if it is one that may be run: one that
    /// nobody else could have written, that is whole, and that was compiled from
    /// `wasm`, if that is given.
    fn map(&self, path: &Path, wasm: Option<&mut Wasm>) -> Result<Component, Unusable> {
        // Everything from here on is about this one open file.
        let mut file = trust::open(path)?;
        let index = Index::read(&mut file)?;
        // Reading both files whole takes longer than most runs, so it is noted
        // when it was done.
        let mut files = vec![trust::identity(&file)?];
        if let Some(wasm) = &wasm {
            files.push(trust::identity(&wasm.file)?);
        }
        let cache = self.cache.as_ref().ok();
        if !cache.is_some_and(|cache| cache.was_checked(&files)) {
            if let Some(wasm) = wasm {
                let source = wasm.source().map_err(|error| error.in_full())?;
                if !index.is_of(&source) {
                    return Err(format!(
                        "it was compiled from another `{}`",
                        wasm.path.display()
                    ))?;
                }
            }
            if !index.is_whole(&mut file).map_err(|error| reason(&error))? {
                return Err("it is damaged".to_owned())?;
            }
            if let Some(cache) = cache {
                cache.note_checked(&files);
            }
        }
        // SAFETY: the code in the file is run as it is, so the file must come
        // from this program or its build. It belongs to this user or the system,
        // nobody else may write to it or put another in its place, and its
        // checksum is right; wasmtime itself checks its version, its settings
        // and the processor. Replacing it is by renaming alone, so that what is
        // mapped doesn't change.
        unsafe { index.map(self.engine, file) }.map_err(|error| {
            let error = format!("{error:#}");
            let first = error.lines().next().unwrap_or_default();
            Unusable::Refused(format!(
                "it was compiled by another version or for another processor ({first})"
            ))
        })
    }
}

/// The code of a component that came with the program, with other memories.
#[cfg(target_os = "linux")]
fn grafted(other: &Path, wasm: &[u8]) -> Option<Vec<u8>> {
    let mut code = trust::open(&other.with_extension("cwasm")).ok()?;
    compiled::graft(&mut code, &fs::read(other).ok()?, wasm)
}

#[cfg(not(target_os = "linux"))]
fn grafted(_: &Path, _: &[u8]) -> Option<Vec<u8>> {
    None
}

/// A file of compiled code is not used.
enum Unusable {
    Missing,
    Refused(String),
}

impl From<Untrusted> for Unusable {
    fn from(error: Untrusted) -> Self {
        match error {
            Untrusted::Missing => Self::Missing,
            error => Self::Refused(error.to_string()),
        }
    }
}

impl From<String> for Unusable {
    fn from(reason: String) -> Self {
        Self::Refused(reason)
    }
}

/// A component's file, opened once.
struct Wasm {
    path: PathBuf,
    file: File,
    bytes: Option<Vec<u8>>,
    source: Option<Hash>,
}

impl Wasm {
    fn open(path: &Path) -> Result<Self, Error> {
        let unreadable = |error: io::Error| Error::Component {
            path: path.to_owned(),
            source: error,
        };
        // A pipe must not be waited for, so the file is looked at first; it is
        // looked at again once it is open.
        let is_file = |metadata: &fs::Metadata| match metadata {
            it if it.is_file() => Ok(()),
            it => Err(Error::NotAComponent {
                name: path.display().to_string(),
                found: if it.is_dir() {
                    "a directory"
                } else {
                    "no file"
                }
                .into(),
            }),
        };
        is_file(&fs::metadata(path).map_err(unreadable)?)?;
        let file = File::open(path).map_err(unreadable)?;
        is_file(&file.metadata().map_err(unreadable)?)?;
        Ok(Self {
            path: path.to_owned(),
            file,
            bytes: None,
            source: None,
        })
    }

    fn bytes(&mut self) -> Result<&[u8], Error> {
        let bytes = match self.bytes.take() {
            Some(bytes) => bytes,
            None => {
                let mut bytes = Vec::new();
                self.file
                    .read_to_end(&mut bytes)
                    .map_err(|error| Error::Component {
                        path: self.path.clone(),
                        source: error,
                    })?;
                bytes
            }
        };
        Ok(self.bytes.insert(bytes))
    }

    /// Its name by content.
    fn source(&mut self) -> Result<Hash, Error> {
        let source = match self.source {
            Some(source) => source,
            None => compiled::source(self.bytes()?),
        };
        Ok(*self.source.insert(source))
    }
}

/// Compiles a component into a file's content; `name` is for messages.
pub(crate) fn compile(engine: &Engine, wasm: &[u8], name: &str) -> Result<Vec<u8>, Error> {
    identify(wasm, name)?;
    compiled::compile(engine, wasm).map_err(|error| Error::Invalid {
        name: name.to_owned(),
        source: error.into(),
    })
}

/// Says what a file is that isn't a component.
fn identify(bytes: &[u8], name: &str) -> Result<(), Error> {
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
    Err(Error::NotAComponent {
        name: name.to_owned(),
        found,
    })
}
