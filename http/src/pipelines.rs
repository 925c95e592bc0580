//! Manifests in the directory that the host grants.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use crate::answer::{Answer, Wrong};
use crate::codec::{Style, Writer};

/// Where the host puts the manifests.
const DIRECTORY: &str = "/pipelines";
/// How their names end, in the order in which they are looked for.
const ENDINGS: &[&str] = &["json", "yaml", "yml"];

/// The text of a manifest.
pub(crate) fn read(name: &str) -> Result<String, Wrong> {
    if is_name(name) {
        for ending in ENDINGS {
            match fs::read_to_string(Path::new(DIRECTORY).join(format!("{name}.{ending}"))) {
                Ok(text) => return Ok(text),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => {
                    let text = format!("the manifest `{name}.{ending}` can't be read: {error}");
                    return Err(Wrong::new(500, "internal", text));
                }
            }
        }
    }
    let text = format!("there is no pipeline `{name}`; GET /v1/pipelines lists those there are");
    Err(Wrong::new(404, "not-found", text))
}

/// The names of all manifests, sorted.
pub(crate) fn names() -> Vec<String> {
    // Without the directory there are none.
    let entries = fs::read_dir(DIRECTORY).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let (name, ending) = name.rsplit_once('.')?;
            (ENDINGS.contains(&ending) && is_name(name)).then(|| name.to_owned())
        })
        .collect();
    names.sort();
    names.dedup();
    names
}

/// The list of all manifests.
pub(crate) fn list() -> Answer {
    let mut writer = Writer::new(Style::Compact);
    writer.object(|writer| {
        writer.key("pipelines").array(|writer| {
            for name in names() {
                writer.string(&name);
            }
        });
    });
    Answer::json(200, writer)
}

/// Whether a name can be a pipeline's: it can't lead out of the directory.
fn is_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with('.')
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
}
