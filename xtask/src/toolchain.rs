//! Rust's standard library for WebAssembly, and the linker: from rustup, or
//! from Debian's packages where rustup can't fetch.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::{debian, shell};

/// The target that the guest is built for.
pub(crate) const TARGET: &str = "wasm32-wasip2";

/// Debian's packages: one version of Rust with the source of its standard
/// library, and LLVM's linker.
const DEBIAN_PACKAGES: &[&str] = &[
    "rustc-web",
    "cargo-web",
    "rust-web-src",
    "rust-web-llvm",
    "lld-22",
];
const DEBIAN_LINKER: &str = "/usr/bin/wasm-ld-22";

/// What builds the guest.
#[derive(Debug)]
pub(crate) enum Toolchain {
    /// The toolchain that runs this program, with the target added.
    Rustup {
        /// Its `wasm-ld`.
        linker: PathBuf,
    },
    /// Debian's; the standard library is built from source.
    Debian,
}

impl Toolchain {
    /// Finds a toolchain, and installs what it lacks.
    ///
    /// # Errors
    /// Says what was tried and what to do.
    pub(crate) fn find() -> Result<Self> {
        match std::env::var("PIPELINE_TOOLCHAIN").as_deref() {
            Ok("rustup") => rustup(),
            Ok("debian") => from_debian(),
            Ok(other) => bail!("PIPELINE_TOOLCHAIN is `{other}`; it can be `rustup` or `debian`"),
            Err(_) => rustup().or_else(|first| {
                shell::say(format_args!(
                    "  rustup can't help ({first:#}); trying Debian's packages"
                ));
                from_debian().with_context(|| format!("rustup could not help either: {first:#}"))
            }),
        }
    }

    /// A name for directories.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Rustup { .. } => "rustup",
            Self::Debian => "debian",
        }
    }

    /// The linker.
    pub(crate) fn linker(&self) -> &Path {
        match self {
            Self::Rustup { linker } => linker,
            Self::Debian => Path::new(DEBIAN_LINKER),
        }
    }

    /// `cargo rustc` for the target, without arguments of its own.
    pub(crate) fn cargo_rustc(&self, directory: &Path) -> Command {
        match self {
            Self::Rustup { .. } => {
                let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
                let mut command = shell::command(cargo, directory);
                command.arg("rustc");
                command
            }
            Self::Debian => {
                let mut command = shell::command("/usr/bin/cargo", directory);
                // Debian's compiler is a release; building the standard library
                // is an unstable feature of Cargo all the same.
                command
                    .env("RUSTC", "/usr/bin/rustc")
                    .env("RUSTC_BOOTSTRAP", "1")
                    .env_remove("RUSTUP_TOOLCHAIN")
                    .env_remove("CARGO")
                    .env_remove("RUSTC_WRAPPER")
                    .args(["rustc", "-Zbuild-std=std,panic_abort"]);
                command
            }
        }
    }
}

fn rustup() -> Result<Toolchain> {
    let root = crate::root();
    let sysroot = shell::output(shell::command("rustc", &root).args(["--print", "sysroot"]))?;
    let sysroot = PathBuf::from(String::from_utf8(sysroot)?.trim());
    let library = |triple: &str| sysroot.join("lib/rustlib").join(triple);
    if !library(TARGET).join("lib").is_dir() {
        if debian::is_installing_forbidden() {
            bail!("nothing may be installed; `rustup target add {TARGET}` adds what is missing");
        }
        shell::step("add Rust's WebAssembly target with rustup", || {
            shell::output(shell::command("rustup", &root).args(["target", "add", TARGET])).map(drop)
        })?;
    }
    let version = shell::output(shell::command("rustc", &root).arg("-vV"))?;
    let version = String::from_utf8(version)?;
    let host = version
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .context("`rustc -vV` names no host")?;
    let linker = library(host).join("bin/gcc-ld/wasm-ld");
    if !linker.exists() {
        bail!("the Rust toolchain has no wasm-ld at {}", linker.display());
    }
    Ok(Toolchain::Rustup { linker })
}

fn from_debian() -> Result<Toolchain> {
    let present = ["/usr/bin/rustc", "/usr/bin/cargo", DEBIAN_LINKER]
        .iter()
        .all(|path| Path::new(path).exists())
        && Path::new("/usr/lib/rustlib/src").exists();
    if !present {
        shell::say(format_args!(
            "  Debian's Rust for WebAssembly is missing, which compiles the component"
        ));
        debian::apt_get(DEBIAN_PACKAGES)?;
    }
    Ok(Toolchain::Debian)
}
