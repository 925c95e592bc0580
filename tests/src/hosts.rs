//! What a host was seen to do: `docs/hosts.md` is made of these reports by
//! `cargo xtask hosts`.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

use serde::Serialize;

/// What came of one host's tests.
#[derive(Debug, Serialize)]
pub struct HostReport {
    /// The host's name in the table.
    pub host: String,
    /// Versions, as far as they matter to who reads the table.
    pub version: String,
    /// The component's file, or what ran instead of it.
    pub component: String,
    /// What came of the conformance cases.
    pub cases: Cases,
    /// What was seen to work.
    pub works: Vec<String>,
    /// What does not work.
    pub not: Vec<Missing>,
}

/// What came of the conformance cases.
#[derive(Debug, Default, Serialize)]
pub struct Cases {
    /// How many gave what they expect.
    pub passed: usize,
    /// How many did not.
    pub failed: usize,
    /// Those that the host can't run.
    pub skipped: Vec<Skipped>,
}

/// A case that a host can't run.
#[derive(Debug, Serialize)]
pub struct Skipped {
    /// The case.
    pub case: String,
    /// Why.
    pub why: String,
}

/// Something that a host doesn't do.
#[derive(Debug, Serialize)]
pub struct Missing {
    /// What.
    pub what: String,
    /// Why, and what to do instead.
    pub why: String,
}

impl HostReport {
    /// Writes the report beside what was built, as `hosts/<name>.json`.
    ///
    /// # Errors
    /// Where the file can't be written.
    pub fn write(&self, name: &str) -> io::Result<()> {
        let directory = directory();
        fs::create_dir_all(&directory)?;
        let text = serde_json::to_string_pretty(self)?;
        fs::write(directory.join(format!("{name}.json")), text + "\n")
    }
}

/// `target/hosts`, wherever `target` is.
fn directory() -> PathBuf {
    let dist = env::var_os("PIPELINE_DIST").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/dist"),
        PathBuf::from,
    );
    dist.with_file_name("hosts")
}
