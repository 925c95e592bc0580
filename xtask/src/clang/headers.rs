//! CPython's headers, which no registry but Debian's has: from a release that
//! comes with the same minor version, and never installed.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::stamp::{self, Inputs};
use crate::{artefacts, shell};

/// Debian's releases with the package, the more lasting one first.
const RELEASES: [&str; 2] = ["forky", "sid"];
const PACKAGE: &str = "libpython3.14-dev";

/// The values of `pyconfig.h` that the component's CPython was compiled with,
/// in its standard library.
const VALUES: &str = "_sysconfig_vars__wasi_wasm32-wasi.json";

/// Gives a folder with the headers, and a `pyconfig.h` that is the
/// component's.
///
/// # Errors
/// Where Debian's package can't be had.
pub(crate) fn prepare(folder: &Path, stdlib: &Path) -> Result<PathBuf> {
    let headers = folder.join("include");
    let values = stdlib.join(VALUES);
    let inputs = Inputs::new("CPython's headers", &[include_str!("headers.rs")]).file(&values)?;
    stamp::unless_done("fetch CPython's headers", inputs, &headers, || {
        let work = folder.join("debian");
        let unpacked = fetch(&work)?;
        let include = unpacked.join("usr/include");
        artefacts::recreate(&headers)?;
        crate::dist::copy_tree(&include.join("python3.14"), &headers)?;
        let theirs = stamp::files_below(&include)?
            .into_iter()
            .find(|path| {
                path.ends_with("python3.14/pyconfig.h")
                    && !path.starts_with(include.join("python3.14"))
            })
            .with_context(|| format!("{PACKAGE} has no pyconfig.h"))?;
        let ours = configuration(&fs::read_to_string(theirs)?, &fs::read(&values)?)?;
        fs::write(headers.join("pyconfig.h"), ours)?;
        Ok(fs::remove_dir_all(work)?)
    })?;
    Ok(headers)
}

/// Downloads and unpacks the package, with lists of packages of its own.
fn fetch(work: &Path) -> Result<PathBuf> {
    let archive = archive()?;
    let mut failures = Vec::new();
    for release in RELEASES {
        artefacts::recreate(work)?;
        match fetch_from(work, &archive, release) {
            Ok(unpacked) => return Ok(unpacked),
            Err(error) => failures.push(format!("{release}: {error:#}")),
        }
    }
    bail!("no Debian release has {PACKAGE}:\n{}", failures.join("\n"))
}

fn fetch_from(work: &Path, archive: &str, release: &str) -> Result<PathBuf> {
    let folder = |name: &str| -> Result<PathBuf> {
        let path = work.join(name);
        fs::create_dir_all(path.join("partial"))?;
        Ok(path)
    };
    let (lists, cache) = (folder("lists")?, folder("cache/archives")?);
    let sources = work.join("sources.list");
    fs::write(&sources, format!("deb {archive} {release} main\n"))?;
    let apt_get = |arguments: &[&str]| {
        let mut command = shell::command("apt-get", work);
        command.arg("--quiet").args(arguments);
        for (name, value) in [
            ("Dir::Etc::sourcelist", sources.as_path()),
            ("Dir::Etc::sourceparts", Path::new("/dev/null")),
            ("Dir::State::lists", &lists),
            ("Dir::State::status", Path::new("/dev/null")),
            ("Dir::Cache", &work.join("cache")),
            ("Dir::Cache::archives", &cache),
            // Its user for downloads can't write here.
            ("APT::Sandbox::User", Path::new("root")),
        ] {
            command.arg("-o").arg(format!("{name}={}", value.display()));
        }
        shell::output(&mut command).map(drop)
    };
    apt_get(&["update"])?;
    apt_get(&["download", PACKAGE])?;
    let package = fs::read_dir(work)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.extension().is_some_and(|end| end == "deb"))
        .context("apt-get downloaded nothing")?;
    let unpacked = work.join("unpacked");
    shell::output(
        shell::command("dpkg-deb", work)
            .arg("--extract")
            .arg(&package)
            .arg(&unpacked),
    )?;
    Ok(unpacked)
}

/// The archive that this machine has its own packages of Debian from.
fn archive() -> Result<String> {
    let system = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let release = system
        .lines()
        .find_map(|line| line.strip_prefix("VERSION_CODENAME="))
        .context("this is not Debian: CPython's headers come from its packages")?;
    let listed = shell::output(Command::new("apt-get").args([
        "indextargets",
        "--no-release-info",
        "--format",
        "$(RELEASE) $(COMPONENT) $(REPO_URI)",
    ]))?;
    let wanted = format!("{release} main ");
    String::from_utf8(listed)?
        .lines()
        .find_map(|line| line.strip_prefix(&wanted))
        .map(str::to_owned)
        .with_context(|| format!("apt-get knows no archive for `{release} main`"))
}

/// `pyconfig.h` with other values: Debian's file has the names, and the
/// component's standard library what they are.
fn configuration(names: &str, values: &[u8]) -> Result<String> {
    let values: HashMap<String, serde_json::Value> = serde_json::from_slice(values)?;
    let mut text = String::new();
    for line in names.lines() {
        let name = line
            .strip_prefix("#define ")
            .or_else(|| line.strip_prefix("/* #undef "))
            .and_then(|rest| rest.split_whitespace().next())
            .filter(|name| *name != "Py_PYCONFIG_H");
        match name.map(|name| (name, values.get(name))) {
            // Zero is how CPython's build writes down what is not defined.
            Some((name, Some(value))) if *value != 0 && *value != "" => {
                let value = value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned);
                text += &format!("#define {name} {value}\n");
            }
            Some(_) => {}
            None => {
                text += line;
                text.push('\n');
            }
        }
    }
    Ok(text)
}
