//! CPython, wasi-libc and the standard library, as the crate `componentize-py`
//! carries them. Cargo pins and downloads it; it is never compiled.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::Deserialize;

use crate::shell;
use crate::stamp::{self, Inputs};
use crate::zones;

/// The crate that carries the files.
const CRATE: &str = "componentize-py";

/// Libraries that the component is linked from, besides the guest.
const LIBRARIES: &[&str] = &[
    "libpython3.14.so",
    "libc.so",
    "libwasi-emulated-getpid.so",
    "libwasi-emulated-mman.so",
    "libwasi-emulated-process-clocks.so",
    "libwasi-emulated-signal.so",
];

/// C++'s library, which only numpy uses.
const CXX_LIBRARIES: &[&str] = &["libc++.so", "libc++abi.so"];

/// Parts of the standard library that can't work in the sandbox, or that
/// nobody runs there.
const LEFT_OUT: &[&str] = &[
    "test",
    "idlelib",
    "tkinter",
    "turtledemo",
    "ensurepip",
    "lib2to3",
    "turtle.py",
    "pydoc_data",
];

/// The unpacked files.
pub(crate) struct Artefacts {
    /// Where the libraries are.
    libraries: PathBuf,
    /// Where the standard library is.
    pub(crate) stdlib: PathBuf,
}

impl Artefacts {
    /// Unpacks the files, where that has not been done.
    ///
    /// # Errors
    /// Where Cargo can't download the crate, or a file in it can't be read.
    pub(crate) fn unpack(into: &Path) -> Result<Self> {
        let (source, version) = locate(CRATE)?;
        let libraries = into.join("lib");
        let stdlib = into.join("stdlib");
        let inputs = || {
            Inputs::new("unpack", &[include_str!("artefacts.rs")])
                .text(&version)
                .text(&LEFT_OUT.join(" "))
                .text(zones::version())
        };
        stamp::unless_done("unpack CPython and wasi-libc", inputs(), &libraries, || {
            recreate(&libraries)?;
            for name in [LIBRARIES, CXX_LIBRARIES].concat() {
                let packed = source.join(format!("{name}.zst"));
                let file = fs::File::open(&packed)
                    .with_context(|| format!("{CRATE} {version} has no {name}.zst"))?;
                zstd::stream::copy_decode(file, fs::File::create(libraries.join(name))?)?;
            }
            Ok(())
        })?;
        stamp::unless_done("unpack the standard library", inputs(), &stdlib, || {
            recreate(&stdlib)?;
            let packed = fs::File::open(source.join("python-lib.tar.zst"))?;
            tar::Archive::new(zstd::Decoder::new(packed)?).unpack(&stdlib)?;
            for name in LEFT_OUT {
                let path = stdlib.join(name);
                if path.is_dir() {
                    fs::remove_dir_all(path)?;
                } else if path.exists() {
                    fs::remove_file(path)?;
                }
            }
            zones::write(&stdlib)
        })?;
        Ok(Self { libraries, stdlib })
    }

    /// Names and paths of the libraries, with C++'s or without.
    pub(crate) fn libraries(&self, cxx: bool) -> Vec<(&'static str, PathBuf)> {
        let cxx = if cxx { CXX_LIBRARIES } else { &[] };
        let names = LIBRARIES.iter().chain(cxx);
        names
            .map(|name| (*name, self.libraries.join(name)))
            .collect()
    }

    /// The path of one of the libraries.
    pub(crate) fn library(&self, name: &str) -> PathBuf {
        self.libraries.join(name)
    }
}

/// Makes an empty directory of a path.
///
/// # Errors
/// Where what is there can't be removed.
pub(crate) fn recreate(path: &Path) -> Result<()> {
    remove(path)?;
    fs::create_dir_all(path)?;
    Ok(())
}

/// Removes a directory, where there is one.
///
/// # Errors
/// Where it can't be removed.
pub(crate) fn remove(path: &Path) -> Result<()> {
    if path.exists() {
        fs::remove_dir_all(path)?;
    }
    Ok(())
}

/// Where Cargo put a crate, and its version.
///
/// # Errors
/// Where no package here depends on it, or Cargo can't download it.
pub(crate) fn locate(name: &str) -> Result<(PathBuf, String)> {
    #[derive(Deserialize)]
    struct Metadata {
        packages: Vec<Package>,
    }
    #[derive(Deserialize)]
    struct Package {
        name: String,
        version: String,
        manifest_path: PathBuf,
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = shell::output(shell::command(cargo, &crate::root()).args([
        "metadata",
        "--format-version=1",
        "--locked",
    ]))?;
    let metadata: Metadata = serde_json::from_slice(&output).context("Cargo's metadata")?;
    let package = metadata
        .packages
        .into_iter()
        .find(|package| package.name == name)
        .with_context(|| format!("Cargo.lock does not name the crate {name}"))?;
    let directory = package
        .manifest_path
        .parent()
        .context("a manifest has a directory")?;
    Ok((directory.to_owned(), package.version))
}
