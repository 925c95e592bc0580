//! The release: what users install, in `target/package`.

mod bill;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, ensure};
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};

use crate::dist::{self, copy_file};
use crate::stamp::{self, Inputs};
use crate::{npm, shell, test, wheel};

/// Of what is built, what users of the program need.
const FILES: [&str; 7] = [
    "LICENSE",
    "NOTICE",
    "pipeline",
    "pipeline.wasm",
    "pipeline.cwasm",
    "pipeline-http.wasm",
    "pipeline-http.cwasm",
];
const FOLDERS: [&str; 2] = ["stdlib", "python"];

/// The shells with completions, and what their files are called.
const SHELLS: [(&str, &str); 3] = [
    ("bash", "pipeline.bash"),
    ("zsh", "_pipeline"),
    ("fish", "pipeline.fish"),
];

/// Builds everything, then what is released: the program's archive, the wheel,
/// the npm package, a bill of materials, and the checksums of them all. Gives
/// their folder.
///
/// # Errors
/// Names the step that failed.
pub(crate) fn run() -> Result<PathBuf> {
    let dist = dist::build()?;
    make(&dist, &test::python_tools()?)
}

fn make(dist: &Path, python: &Path) -> Result<PathBuf> {
    let out = crate::target().join("package");
    let files = [
        archive(dist, &out)?,
        wheel::build(dist, python)?,
        npm(dist, &out)?,
        bill::write(dist, &out)?,
    ];
    let mut sums = String::new();
    for file in &files {
        let digest = Sha256::digest(fs::read(file)?);
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        sums += &format!("{digest}  {name}\n");
    }
    fs::write(out.join("SHA256SUMS"), sums)?;
    Ok(out)
}

/// The npm package, beside the others.
fn npm(dist: &Path, out: &Path) -> Result<PathBuf> {
    let tarball = npm::pack(dist)?;
    let copy = out.join(tarball.file_name().unwrap_or_default());
    copy_file(&tarball, &copy)?;
    Ok(copy)
}

/// The name of the program's archive, and of the folder in it.
fn name() -> String {
    format!(
        "pipeline-{}-{}-{}",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::ARCH,
        std::env::consts::OS
    )
}

/// Packs the program with all that it needs.
fn archive(dist: &Path, out: &Path) -> Result<PathBuf> {
    let archive = out.join(format!("{}.tar.gz", name()));
    let mut inputs = Inputs::new("archive", &[include_str!("package.rs")]);
    for file in FILES {
        inputs = inputs.file(&dist.join(file))?;
    }
    for folder in FOLDERS {
        inputs = inputs.tree(&dist.join(folder))?;
    }
    stamp::unless_done("pack the program", inputs, &archive, || {
        fs::create_dir_all(out)?;
        let made = tempfile::tempdir()?;
        describe(&dist.join("pipeline"), made.path())?;
        let mut files = FILES.map(|file| dist.join(file)).to_vec();
        for folder in FOLDERS {
            files.extend(every_file(&dist.join(folder))?);
        }
        let mut entries: Vec<(PathBuf, &Path)> =
            files.into_iter().map(|file| (file, dist)).collect();
        entries.extend(
            every_file(made.path())?
                .into_iter()
                .map(|file| (file, made.path())),
        );
        pack(&entries, &archive)
    })?;
    Ok(archive)
}

/// Lets the program write its manual, and what shells need to know of it.
fn describe(program: &Path, into: &Path) -> Result<()> {
    let pipeline = |arguments: &[&str]| {
        shell::output(shell::command(program, into).args(arguments).env_clear())
    };
    pipeline(&["man", "man"])?;
    let completions = into.join("completions");
    fs::create_dir(&completions)?;
    for (shell, name) in SHELLS {
        fs::write(completions.join(name), pipeline(&["completions", shell])?)?;
    }
    Ok(())
}

/// Packs files, each named as it is below the folder that is given with it: the
/// same files make the same bytes, whoever packs them when.
fn pack(files: &[(PathBuf, &Path)], archive: &Path) -> Result<()> {
    let part = archive.with_extension("part");
    let compressor = GzEncoder::new(File::create(&part)?, Compression::default());
    let mut builder = tar::Builder::new(compressor);
    for (file, folder) in files {
        let mut header = tar::Header::new_gnu();
        header.set_metadata_in_mode(&fs::metadata(file)?, tar::HeaderMode::Deterministic);
        let path = Path::new(&name()).join(file.strip_prefix(folder)?);
        builder.append_data(&mut header, path, File::open(file)?)?;
    }
    builder.into_inner()?.finish()?;
    Ok(fs::rename(part, archive)?)
}

/// The files below a folder, sorted, bytecode included.
fn every_file(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

/// Makes the release, installs the program into an empty place, and runs an
/// example there. The wheel and the npm package have tests of their own.
///
/// # Errors
/// Says what does not work.
pub(crate) fn test(dist: &Path, python: &Path) -> Result<()> {
    let out = make(dist, python)?;
    shell::output(shell::command("sha256sum", &out).args(["--check", "--quiet", "SHA256SUMS"]))?;
    let place = tempfile::tempdir()?;
    shell::output(
        shell::command("tar", place.path())
            .arg("-xzf")
            .arg(out.join(format!("{}.tar.gz", name()))),
    )?;
    let installed = place.path().join(name());
    for file in [
        "man/pipeline.1",
        "man/pipeline-run.1",
        "completions/_pipeline",
    ] {
        ensure!(installed.join(file).exists(), "the archive has no {file}");
    }
    let examples = crate::root().join("examples");
    let manifest = "text_processor.json";
    fs::copy(examples.join(manifest), place.path().join(manifest))?;
    // Neither a home nor a path: what it needs came with it.
    let given = shell::output(
        Command::new(installed.join("pipeline"))
            .args(["run", manifest])
            .current_dir(place.path())
            .env_clear(),
    )?;
    let given: serde_json::Value = serde_json::from_slice(&given)?;
    let text = &given["outputs"][0]["results"]["uppercase"];
    ensure!(
        text.as_str()
            .is_some_and(|text| !text.is_empty() && *text == text.to_uppercase()),
        "the example gives {given}"
    );
    Ok(())
}
