//! numpy for the component: its source from PyPI, compiled with the clang of
//! PyPI's `ziglang` to shared libraries that the component is linked with.
//! What is built, and from what, is in `xtask/numpy/`; `docs/numpy.md` says
//! why.

mod headers;
mod mended;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use wasmparser::{Parser, Payload};

use crate::artefacts::{self, Artefacts};
use crate::stamp::{self, Inputs};
use crate::{python, shell};

/// Where the guest sees the package.
const GUEST: &str = "/python";

/// What CPython calls a module for the component.
const SUFFIX: &str = ".cpython-314-wasm32-wasi.so";

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

/// What all of numpy is compiled with. The values that begin with `_` are
/// what CPython was compiled with, too.
const FLAGS: &[&str] = &[
    "-fPIC",
    "-D_GNU_SOURCE",
    "-D_WASI_EMULATED_GETPID",
    "-D_WASI_EMULATED_MMAN",
    "-D_WASI_EMULATED_PROCESS_CLOCKS",
    "-D_WASI_EMULATED_SIGNAL",
    "-DNPY_NO_SIGNAL",
    // numpy's vector loops: Highway's for WebAssembly, and those in C for SSE
    // by way of SIMDe.
    "-msimd128",
    "-DNPY_HAVE_SSE2",
    "-DNPY_HAVE_SSE41",
];

/// numpy as it was built.
pub(crate) struct Numpy {
    /// A folder with the package: Python's files, and an empty file for each
    /// module, since CPython looks for one before it asks the linker.
    pub(crate) package: PathBuf,
    /// The modules, in the same folders.
    modules: PathBuf,
}

impl Numpy {
    /// Builds numpy, where that has not been done.
    ///
    /// # Errors
    /// Names the command that failed, and how to do without numpy.
    pub(crate) fn build(artefacts: &Artefacts, target: &Path) -> Result<Self> {
        let folder = target.join("numpy");
        fs::create_dir_all(&folder)?;
        Build {
            inputs: crate::root().join("xtask/numpy"),
            bin: folder.join("tools/bin"),
            folder,
            artefacts,
        }
        .all()
        .context("numpy could not be built; `cargo xtask build --flavour small` builds without it")
    }

    /// The modules: where the guest looks for each, and its library.
    ///
    /// # Errors
    /// Where the folder can't be read.
    pub(crate) fn libraries(&self) -> Result<Vec<(String, PathBuf)>> {
        let files = stamp::files_below(&self.modules)?;
        let named = files.into_iter().map(|file| {
            let name = file.strip_prefix(&self.modules)?;
            Ok((format!("{GUEST}/{}", name.display()), file))
        });
        named.collect()
    }
}

/// Where things are while numpy is built.
struct Build<'a> {
    /// The files of the repository.
    inputs: PathBuf,
    /// The programs that PyPI has.
    bin: PathBuf,
    /// Where all goes.
    folder: PathBuf,
    artefacts: &'a Artefacts,
}

impl Build<'_> {
    /// The steps, in order.
    fn all(&self) -> Result<Numpy> {
        self.tools()?;
        let source = self.source()?;
        let headers = headers::prepare(&self.folder, &self.artefacts.stdlib)?;
        let built = Numpy {
            package: self.folder.join("package"),
            modules: self.folder.join("modules"),
        };
        let sources = [include_str!("numpy.rs"), include_str!("numpy/mended.rs")];
        let mut inputs = Inputs::new("numpy", &sources)
            .tree(&self.inputs)?
            .tree(&headers)?
            .text(&LEFT_OUT.join(" "))
            .text(&OPTIONS.join(" "))
            .text(&FLAGS.join(" "));
        for (_, library) in self.artefacts.libraries(true) {
            inputs = inputs.file(&library)?;
        }
        stamp::unless_done("compile numpy", inputs, &built.modules, || {
            self.libraries()?;
            let settings = self.settings(&headers)?;
            self.compile(&source, &settings)?;
            self.gather(&built)?;
            licences(&source, &built.package.join("numpy/LICENSES"))
        })?;
        Ok(built)
    }

    /// Installs what numpy is built with.
    fn tools(&self) -> Result<()> {
        let environment = self.folder.join("tools");
        let requirements = self.inputs.join("tools.txt");
        let inputs =
            Inputs::new("numpy's tools", &[include_str!("numpy.rs")]).file(&requirements)?;
        stamp::unless_done("install numpy's tools", inputs, &environment, || {
            python::make_empty(&environment)?;
            self.pip(
                &["install", "--only-binary=:all:", "--no-compile"],
                &requirements,
            )
        })
    }

    /// Downloads, unpacks and mends numpy's source.
    fn source(&self) -> Result<PathBuf> {
        let source = self.folder.join("source");
        let requirements = self.inputs.join("source.txt");
        let backend = self.inputs.join("backend");
        let sources = [include_str!("numpy.rs"), include_str!("numpy/mended.rs")];
        let inputs = Inputs::new("numpy's source", &sources)
            .file(&requirements)?
            .tree(&backend)?;
        stamp::unless_done("download numpy's source", inputs, &source, || {
            artefacts::recreate(&source)?;
            let options = [
                "download",
                "--no-binary=:all:",
                "--no-build-isolation",
                // The Python that is asked for is not the one that runs it.
                "--ignore-requires-python",
                "--dest=source",
            ];
            self.pip(&options, &requirements)?;
            let packed = only_entry(&source)?;
            let unpacked = shell::command(self.bin.join("python"), &source)
                .args(["-m", "tarfile", "-e"])
                .arg(&packed)
                .status();
            ensure!(unpacked?.success(), "can't unpack {}", packed.display());
            fs::remove_file(packed)?;
            mended::mend(&only_entry(&source)?)
        })?;
        only_entry(&source)
    }

    /// Runs pip for packages whose content is known.
    fn pip(&self, options: &[&str], requirements: &Path) -> Result<()> {
        shell::output(
            shell::command(self.bin.join("python"), &self.folder)
                .args(["-m", "pip", "--quiet", "--disable-pip-version-check"])
                .args(options)
                .args(["--no-deps", "--require-hashes", "--requirement"])
                .arg(requirements)
                .env("PYTHONPATH", self.inputs.join("backend")),
        )
        .map(drop)
    }

    /// The program `zig`, which is clang and LLVM's linker as well.
    fn zig(&self) -> Result<PathBuf> {
        let ask = "import ziglang, pathlib; print(pathlib.Path(ziglang.__file__).with_name('zig'))";
        let python = self.bin.join("python");
        let printed = shell::output(shell::command(python, &self.folder).args(["-c", ask]))?;
        Ok(PathBuf::from(String::from_utf8(printed)?.trim()))
    }

    /// What modules are linked with: the component's libraries, and functions
    /// that clang calls. A list of the symbols is for meson's probes.
    fn libraries(&self) -> Result<()> {
        let folder = self.folder.join("lib");
        artefacts::recreate(&folder)?;
        let mut symbols = BTreeSet::new();
        for (name, library) in self.artefacts.libraries(true) {
            let library = fs::read(library)?;
            for payload in Parser::new(0).parse_all(&library) {
                if let Payload::ExportSection(exports) = payload? {
                    for export in exports {
                        symbols.insert(export?.name.to_owned());
                    }
                }
            }
            fs::write(folder.join(name), library)?;
        }
        let symbols: Vec<_> = symbols.into_iter().collect();
        fs::write(folder.join("symbols.txt"), symbols.join("\n"))?;
        let zig = self.zig()?;
        let runtime = zig.with_file_name("lib").join("compiler_rt.zig");
        let cache = self.folder.join("zig-cache");
        shell::output(
            shell::command(&zig, &folder)
                .arg("build-lib")
                .arg(runtime)
                .args([
                    "-target",
                    "wasm32-wasi",
                    "-fPIC",
                    "-OReleaseFast",
                    "-fstrip",
                ])
                .arg("-femit-bin=libbuiltins.a")
                .arg("--cache-dir")
                .arg(&cache)
                .arg("--global-cache-dir")
                .arg(&cache),
        )?;
        Ok(())
    }

    /// Writes the files that tell meson what to build with, and gives what is
    /// in them.
    fn settings(&self, headers: &Path) -> Result<String> {
        let path = |path: PathBuf| path.display().to_string();
        let quoted = |flag: &str| format!("'{flag}'");
        let mut flags: Vec<_> = FLAGS.iter().map(|flag| quoted(flag)).collect();
        // In the packages of the tools, one folder up from Zig's.
        let simde = self.zig()?.with_file_name("../cmeel.prefix/include");
        for include in [headers.to_owned(), self.inputs.join("simd"), simde] {
            flags.push(quoted(&format!("-I{}", path(include))));
        }
        let values = [
            ("@ZIG@", path(self.zig()?)),
            ("@LIBRARIES@", path(self.folder.join("lib"))),
            ("@HEADERS@", path(headers.to_owned())),
            ("@BIN@", path(self.bin.clone())),
            ("@HERE@", path(self.folder.clone())),
            ("@INPUTS@", path(self.inputs.clone())),
            ("@FLAGS@", flags.join(", ")),
        ];
        let mut all = OPTIONS.join("\n");
        for name in ["tools.txt", "cxxabi.c"] {
            all += &fs::read_to_string(self.inputs.join(name))?;
        }
        for name in ["cc.py", "cross.ini", "build-details.json"] {
            let mut text = fs::read_to_string(self.inputs.join(name))?;
            for (key, value) in &values {
                text = text.replace(key, value);
            }
            fs::write(self.folder.join(name), &text)?;
            all += &text;
        }
        let object = self.folder.join("lib/cxxabi.o");
        let mut clang = self.python();
        clang
            .args(["cc.py", "c", "-c", "-O2", "-fPIC", "-o"])
            .arg(object)
            .arg(self.inputs.join("cxxabi.c"));
        shell::output(&mut clang)?;
        Ok(all)
    }

    /// Python with the tools on its path.
    fn python(&self) -> std::process::Command {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut folders = vec![self.bin.clone()];
        folders.extend(std::env::split_paths(&path));
        let mut command = shell::command(self.bin.join("python"), &self.folder);
        if let Ok(path) = std::env::join_paths(folders) {
            command.env("PATH", path);
        }
        command
    }

    /// Configures numpy, compiles it, and installs it into `installed`. A build
    /// with the same settings goes on where it stopped.
    fn compile(&self, source: &Path, settings: &str) -> Result<()> {
        artefacts::recreate(&self.folder.join("installed"))?;
        let meson = |arguments: &[&str]| {
            let mut command = self.python();
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
    fn gather(&self, built: &Numpy) -> Result<()> {
        artefacts::recreate(&built.package)?;
        artefacts::recreate(&built.modules)?;
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
            let place = built.package.join(name);
            fs::create_dir_all(place.parent().context("a file in a folder")?)?;
            if module.is_some() {
                fs::write(place, "")?;
                let library = built.modules.join(name);
                fs::create_dir_all(library.parent().context("a file in a folder")?)?;
                fs::copy(file, library)?;
            } else {
                fs::copy(file, place)?;
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

/// The one file or folder in a folder.
fn only_entry(folder: &Path) -> Result<PathBuf> {
    let entries: Vec<_> = fs::read_dir(folder)?.collect::<Result<_, _>>()?;
    ensure!(
        entries.len() == 1,
        "{} holds not one thing",
        folder.display()
    );
    Ok(entries[0].path())
}
