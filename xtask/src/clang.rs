//! clang for what the component is linked with besides CPython: numpy and the
//! add-ons. It and LLVM's linker are those of PyPI's `ziglang`, on any Linux;
//! `xtask/clang/` has what is around them.

mod headers;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use wasmparser::{Parser, Payload};

use crate::artefacts::{self, Artefacts};
use crate::stamp::{self, Inputs};
use crate::{python, shell};

/// Where the guest sees what comes with the component.
pub(crate) const GUEST: &str = "/python";

/// What CPython calls a module for the component.
pub(crate) const SUFFIX: &str = ".cpython-314-wasm32-wasi.so";

/// What everything is compiled with. The values that begin with `_` are what
/// CPython was compiled with, too.
pub(crate) const FLAGS: &[&str] = &[
    "-fPIC",
    "-D_GNU_SOURCE",
    "-D_WASI_EMULATED_GETPID",
    "-D_WASI_EMULATED_MMAN",
    "-D_WASI_EMULATED_PROCESS_CLOCKS",
    "-D_WASI_EMULATED_SIGNAL",
    "-msimd128",
];

/// The compiler, and what it needs.
pub(crate) struct Clang {
    /// The files of the repository.
    inputs: PathBuf,
    /// Where all goes.
    folder: PathBuf,
    /// CPython's headers.
    pub(crate) headers: PathBuf,
    /// The libraries of the component that modules are linked with.
    libraries: Vec<PathBuf>,
}

impl Clang {
    /// Installs it, where that has not been done.
    ///
    /// # Errors
    /// Names the command that failed.
    pub(crate) fn prepare(artefacts: &Artefacts, target: &Path) -> Result<Self> {
        let folder = target.join("clang");
        fs::create_dir_all(&folder)?;
        let libraries = artefacts.libraries(true);
        let clang = Self {
            inputs: crate::root().join("xtask/clang"),
            headers: headers::prepare(&folder, &artefacts.stdlib)?,
            libraries: libraries.into_iter().map(|(_, path)| path).collect(),
            folder,
        };
        clang.tools()?;
        let done = clang.libraries();
        let inputs = clang.add_to(Inputs::new("clang's libraries", &[]))?;
        stamp::unless_done("prepare clang", inputs, &done, || clang.prepare_libraries())?;
        Ok(clang)
    }

    /// Adds all that the compiler's output depends on.
    ///
    /// # Errors
    /// Where a file can't be read.
    pub(crate) fn add_to(&self, inputs: Inputs) -> Result<Inputs> {
        let mut inputs = inputs
            .text(include_str!("clang.rs"))
            .text(&self.folder.display().to_string())
            .tree(&self.inputs)?
            .tree(&self.headers)?;
        for library in &self.libraries {
            inputs = inputs.file(library)?;
        }
        Ok(inputs)
    }

    /// The folder with the libraries that modules are linked with.
    pub(crate) fn libraries(&self) -> PathBuf {
        self.folder.join("lib")
    }

    /// The programs that PyPI has.
    pub(crate) fn bin(&self) -> PathBuf {
        self.folder.join("tools/bin")
    }

    /// The script that is called as compiler and linker.
    pub(crate) fn script(&self) -> PathBuf {
        self.folder.join("cc.py")
    }

    /// Installs the programs.
    fn tools(&self) -> Result<()> {
        let environment = self.folder.join("tools");
        let requirements = self.inputs.join("tools.txt");
        let inputs =
            Inputs::new("clang's tools", &[include_str!("clang.rs")]).file(&requirements)?;
        stamp::unless_done("install clang", inputs, &environment, || {
            python::make_empty(&environment)?;
            let options = ["install", "--only-binary=:all:", "--no-compile"];
            self.pip(&options, &requirements, &self.folder)
        })
    }

    /// Downloads a package's source, whose hash is known, and unpacks it below a
    /// folder that is its own; gives where.
    ///
    /// # Errors
    /// Where it can't be had.
    pub(crate) fn download(&self, requirements: &Path, into: &Path) -> Result<PathBuf> {
        artefacts::recreate(into)?;
        let options = [
            "download",
            "--no-binary=:all:",
            "--no-build-isolation",
            // The Python that is asked for is not the one that runs it.
            "--ignore-requires-python",
            "--dest=.",
        ];
        self.pip(&options, requirements, into)?;
        let packed = only_entry(into)?;
        let unpacked = shell::command(self.bin().join("python"), into)
            .args(["-m", "tarfile", "-e"])
            .arg(&packed)
            .status();
        ensure!(unpacked?.success(), "can't unpack {}", packed.display());
        fs::remove_file(packed)?;
        only_entry(into)
    }

    /// Runs pip for packages whose content is known.
    fn pip(&self, options: &[&str], requirements: &Path, directory: &Path) -> Result<()> {
        shell::output(
            shell::command(self.bin().join("python"), directory)
                .args(["-m", "pip", "--quiet", "--disable-pip-version-check"])
                .args(options)
                .args(["--no-deps", "--require-hashes", "--requirement"])
                .arg(requirements)
                .env("PYTHONPATH", self.inputs.join("backend")),
        )
        .map(drop)
    }

    /// The program `zig`, which is clang and LLVM's linker as well.
    ///
    /// # Errors
    /// Where the package has none.
    pub(crate) fn zig(&self) -> Result<PathBuf> {
        let ask = "import ziglang, pathlib; print(pathlib.Path(ziglang.__file__).with_name('zig'))";
        let python = self.bin().join("python");
        let printed = shell::output(shell::command(python, &self.folder).args(["-c", ask]))?;
        Ok(PathBuf::from(String::from_utf8(printed)?.trim()))
    }

    /// What modules are linked with: the component's libraries, and functions
    /// that clang calls. A list of the symbols is for meson's probes.
    fn prepare_libraries(&self) -> Result<()> {
        let folder = self.libraries();
        artefacts::recreate(&folder)?;
        let mut symbols = BTreeSet::new();
        for path in &self.libraries {
            let library = fs::read(path)?;
            for payload in Parser::new(0).parse_all(&library) {
                if let Payload::ExportSection(exports) = payload? {
                    for export in exports {
                        symbols.insert(export?.name.to_owned());
                    }
                }
            }
            fs::write(
                folder.join(path.file_name().context("a library has a name")?),
                library,
            )?;
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
        let script = fs::read_to_string(self.inputs.join("cc.py"))?
            .replace("@ZIG@", &zig.display().to_string())
            .replace("@LIBRARIES@", &folder.display().to_string());
        fs::write(self.script(), script)?;
        self.compile_c(&self.inputs.join("cxxabi.c"), &folder.join("cxxabi.o"), &[])
    }

    /// Compiles a file, of C unless its name ends as C++'s do.
    ///
    /// # Errors
    /// What clang says.
    pub(crate) fn compile_c(&self, source: &Path, object: &Path, flags: &[String]) -> Result<()> {
        let is_c = source.extension().is_some_and(|end| end == "c");
        let mut clang = self.python(&self.folder);
        clang
            .arg(self.script())
            .args([if is_c { "c" } else { "c++" }, "-c", "-O2"])
            .args(FLAGS)
            .args(flags)
            .arg("-o")
            .arg(object)
            .arg(source);
        shell::output(&mut clang).map(drop)
    }

    /// Links a module of CPython's from objects and archives.
    ///
    /// # Errors
    /// What the linker says.
    pub(crate) fn link(&self, objects: &[PathBuf], module: &Path) -> Result<()> {
        let mut linker = self.python(&self.folder);
        linker.arg(self.script()).args(["c", "-o"]).arg(module);
        shell::output(linker.args(objects)).map(drop)
    }

    /// Python with the programs on its path.
    pub(crate) fn python(&self, directory: &Path) -> Command {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut folders = vec![self.bin()];
        folders.extend(std::env::split_paths(&path));
        let mut command = shell::command(self.bin().join("python"), directory);
        if let Ok(path) = std::env::join_paths(folders) {
            command.env("PATH", path);
        }
        command
    }
}

/// The one file or folder in a folder.
///
/// # Errors
/// Where there is none, or more than one.
pub(crate) fn only_entry(folder: &Path) -> Result<PathBuf> {
    let entries: Vec<_> = fs::read_dir(folder)?.collect::<Result<_, _>>()?;
    ensure!(
        entries.len() == 1,
        "{} holds not one thing",
        folder.display()
    );
    Ok(entries[0].path())
}
