//! numpy for the component: its source from PyPI, compiled with the clang of
//! PyPI's `ziglang` to shared libraries that the component is linked with.
//! What is built, and from what, is in `xtask/numpy/`; `docs/numpy.md` says
//! why.

mod mended;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::clang::{self, Clang, SUFFIX};
use crate::native::Native;
use crate::stamp::{self, Inputs};
use crate::{artefacts, shell};

/// Parts of the installed package that nobody runs in the sandbox. `lapack_lite`
/// is a second copy of what `_umath_linalg` has.
const LEFT_OUT: &[&str] = &[
    "_configtool.py",
    "_core/include",
    "_core/lib",
    "_pyinstaller",
    "conftest.py",
    "f2py",
    "linalg/lapack_lite",
];

/// How numpy is configured. WebAssembly has no threads here, and no processor
/// to tell features of.
const OPTIONS: &[&str] = &[
    "--buildtype=release",
    "--prefix=/",
    "-Dpython.platlibdir=/site",
    "-Dpython.purelibdir=/site",
    "-Dallow-noblas=true",
    "-Dblas=component-cblas",
    "-Dlapack=none",
    "-Dcpu-baseline=none",
    "-Dcpu-dispatch=none",
    "-Ddisable-threading=true",
];

/// What all of numpy is compiled with, besides what everything is: its vector
/// loops are Highway's for WebAssembly, and those in C for SSE by way of SIMDe.
const FLAGS: &[&str] = &["-DNPY_NO_SIGNAL", "-DNPY_HAVE_SSE2", "-DNPY_HAVE_SSE41"];

/// Builds numpy, where that has not been done.
///
/// # Errors
/// Names the command that failed, and how to do without numpy.
pub(crate) fn build(clang: &Clang, target: &Path) -> Result<Native> {
    let folder = target.join("numpy");
    fs::create_dir_all(&folder)?;
    Build {
        inputs: crate::root().join("xtask/numpy"),
        folder,
        clang,
    }
    .all()
    .context("numpy could not be built; `cargo xtask build --flavour small` builds without it")
}

/// Where things are while numpy is built.
struct Build<'a> {
    /// The files of the repository.
    inputs: PathBuf,
    /// Where all goes.
    folder: PathBuf,
    clang: &'a Clang,
}

impl Build<'_> {
    /// The steps, in order.
    fn all(&self) -> Result<Native> {
        let source = self.source()?;
        let built = Native::below(&self.folder);
        let sources = [include_str!("numpy.rs"), include_str!("numpy/mended.rs")];
        let inputs = Inputs::new("numpy", &sources)
            .tree(&self.inputs)?
            .text(&LEFT_OUT.join(" "))
            .text(&OPTIONS.join(" "))
            .text(&FLAGS.join(" "));
        let inputs = self.clang.add_to(inputs)?;
        stamp::unless_done("compile numpy", inputs, &built.modules, || {
            let settings = self.settings()?;
            self.compile(&source, &settings)?;
            self.gather(&built)?;
            licences(&source, &built.package.join("numpy/LICENSES"))
        })?;
        Ok(built)
    }

    /// Downloads, unpacks and mends numpy's source.
    fn source(&self) -> Result<PathBuf> {
        let source = self.folder.join("source");
        let requirements = self.inputs.join("source.txt");
        let sources = [include_str!("clang.rs"), include_str!("numpy/mended.rs")];
        let inputs = Inputs::new("numpy's source", &sources).file(&requirements)?;
        stamp::unless_done("download numpy's source", inputs, &source, || {
            mended::mend(&self.clang.download(&requirements, &source)?)
        })?;
        clang::only_entry(&source)
    }

    /// Writes the files that tell meson what to build with, and gives what is
    /// in them.
    fn settings(&self) -> Result<String> {
        let path = |path: PathBuf| path.display().to_string();
        let quoted = |flag: &str| format!("'{flag}'");
        let all = clang::FLAGS.iter().chain(FLAGS);
        let mut flags: Vec<_> = all.map(|flag| quoted(flag)).collect();
        // In the packages of the tools, one folder up from Zig's.
        let zig = self.clang.zig()?;
        let simde = zig.with_file_name("../cmeel.prefix/include");
        for include in [self.clang.headers.clone(), self.inputs.join("simd"), simde] {
            flags.push(quoted(&format!("-I{}", path(include))));
        }
        let values = [
            ("@ZIG@", path(zig)),
            ("@LIBRARIES@", path(self.clang.libraries())),
            ("@HEADERS@", path(self.clang.headers.clone())),
            ("@BIN@", path(self.clang.bin())),
            ("@CC@", path(self.clang.script())),
            ("@HERE@", path(self.folder.clone())),
            ("@INPUTS@", path(self.inputs.clone())),
            ("@FLAGS@", flags.join(", ")),
        ];
        let mut all = OPTIONS.join("\n");
        for name in ["cross.ini", "build-details.json"] {
            let mut text = fs::read_to_string(self.inputs.join(name))?;
            for (key, value) in &values {
                text = text.replace(key, value);
            }
            fs::write(self.folder.join(name), &text)?;
            all += &text;
        }
        Ok(all + &fs::read_to_string(self.clang.script())?)
    }

    /// Configures numpy, compiles it, and installs it into `installed`. A build
    /// with the same settings goes on where it stopped.
    fn compile(&self, source: &Path, settings: &str) -> Result<()> {
        artefacts::recreate(&self.folder.join("installed"))?;
        let meson = |arguments: &[&str]| {
            let mut command = self.clang.python(&self.folder);
            command
                .arg(source.join("vendored-meson/meson/meson.py"))
                .args(arguments);
            command
        };
        let settings = format!("{}\n{settings}", source.display());
        let configured = self.folder.join("configured");
        if fs::read_to_string(&configured).ok().as_ref() != Some(&settings) {
            // Meson keeps what it knows of a compiler.
            artefacts::recreate(&self.folder.join("build"))?;
            let _ = fs::remove_file(&configured);
            shell::output(
                meson(&["setup", "build"])
                    .arg(source)
                    .args(["--cross-file", "cross.ini"])
                    .args(OPTIONS),
            )?;
            fs::write(&configured, settings)?;
        }
        shell::output(&mut meson(&["compile", "-C", "build"]))?;
        shell::output(
            meson(&["install", "-C", "build", "--no-rebuild", "--quiet"])
                .args(["--tags", "runtime,python-runtime", "--destdir"])
                .arg(self.folder.join("installed")),
        )
        .map(drop)
    }

    /// Sorts out what was installed.
    fn gather(&self, built: &Native) -> Result<()> {
        built.clear()?;
        let installed = self.folder.join("installed/site");
        for file in stamp::files_below(&installed)? {
            let name = file.strip_prefix(&installed)?;
            let inside = name.strip_prefix("numpy").unwrap_or(name);
            let plain = inside.to_string_lossy();
            let module = plain.strip_suffix(SUFFIX);
            let unwanted = LEFT_OUT.iter().any(|it| inside.starts_with(it))
                || inside.components().any(|part| part.as_os_str() == "tests")
                || module.is_some_and(is_for_tests);
            if unwanted || !(module.is_some() || plain.ends_with(".py")) {
                continue;
            }
            if module.is_some() {
                fs::copy(&file, built.add_module(name)?)?;
            } else {
                built.add(&file, name)?;
            }
        }
        Ok(())
    }
}

/// Copies the licences that numpy's metadata names.
fn licences(source: &Path, into: &Path) -> Result<()> {
    fs::create_dir_all(into)?;
    let metadata = fs::read_to_string(source.join("PKG-INFO"))?;
    let named = metadata
        .lines()
        .filter_map(|line| line.strip_prefix("License-File: "));
    for name in named {
        fs::copy(source.join(name), into.join(name.replace('/', "-")))
            .with_context(|| format!("numpy's source has no {name}"))?;
    }
    Ok(())
}

/// Whether only numpy's own tests import a module.
fn is_for_tests(module: &str) -> bool {
    module.ends_with("_tests") || module.ends_with("_simd") || module.ends_with("lapack_lite")
}
