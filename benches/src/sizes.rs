//! (g): what is shipped.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use crate::host::Host;
use crate::record::{Bar, Row, Section};

pub(crate) fn measure(host: &Host) -> Result<Section> {
    let mut section = Section::new("g", "Sizes");
    let dist = &host.dist;
    let mut compressed = 0.0;
    for name in [
        "pipeline.wasm",
        "pipeline-plain.wasm",
        "pipeline.cwasm",
        "pipeline",
    ] {
        let size = fs::metadata(dist.join(name))?.len();
        section.row(Row::one(name, "MB", size as f64 / 1e6));
    }
    for (name, counts) in [
        ("pipeline.wasm", true),
        ("pipeline-plain.wasm", false),
        ("stdlib", true),
    ] {
        let size = xz(dist, name)?;
        section.row(Row::one(
            format!("{name}, compressed (tar, xz -6)"),
            "MB",
            size,
        ));
        if counts {
            compressed += size;
        }
    }
    section.row(Row::one(
        "stdlib, with bytecode",
        "MB",
        below(&dist.join("stdlib"))?,
    ));
    section.row(Row::one("the whole of dist", "MB", below(dist)?));
    section.bars = vec![Bar::at_most(
        "component and stdlib compressed, MB (the seed: 35)",
        compressed,
        10.0,
    )];
    Ok(section)
}

/// What a tree takes when packed, in megabytes. Bytecode is left out: it is
/// made from the source, by the component itself.
fn xz(directory: &Path, name: &str) -> Result<f64> {
    let mut tar = Command::new("tar")
        .args([
            "--exclude=__pycache__",
            "--exclude=*.pyc",
            "--sort=name",
            "-c",
            name,
        ])
        .current_dir(directory)
        .stdout(Stdio::piped())
        .spawn()
        .context("needs tar")?;
    let packed = Command::new("xz")
        .args(["-6", "-T2"])
        .stdin(tar.stdout.take().context("no pipe")?)
        .output()
        .context("needs xz")?;
    ensure!(
        tar.wait()?.success() && packed.status.success(),
        "{name} can't be packed"
    );
    Ok(packed.stdout.len() as f64 / 1e6)
}

/// Size of the files below a directory, in megabytes.
fn below(directory: &Path) -> Result<f64> {
    let mut sum = 0.0;
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            sum += below(&entry.path())?;
        } else {
            sum += entry.metadata()?.len() as f64 / 1e6;
        }
    }
    Ok(sum)
}
