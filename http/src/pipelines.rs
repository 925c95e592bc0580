//! Manifests in the directory that the host grants, where it grants one.

use std::io;
use std::path::Path;

use percent_encoding::percent_decode_str;

use crate::codec::{Style, Writer};
use crate::manifests::Manifests;
use crate::response::{Response, Wrong};

/// Where the host puts the manifests.
const DIRECTORY: &str = "/pipelines";

/// The text of the manifest that a path names, as `%20` for a blank.
pub(crate) fn read(name: &str) -> Result<String, Wrong> {
    let decoded = percent_decode_str(name).decode_utf8();
    let text = match &decoded {
        Ok(name) => Manifests::new(Path::new(DIRECTORY)).read(name),
        Err(_) => Ok(None),
    };
    let shown = percent_decode_str(name).decode_utf8_lossy();
    match text {
        Ok(Some(text)) => Ok(text),
        Ok(None) => {
            let text =
                format!("there is no pipeline `{shown}`; GET /v1/pipelines lists those there are");
            Err(Wrong::new(404, "not-found", text))
        }
        Err(error) => Err(unreadable(&format!("the manifest of `{shown}`"), &error)),
    }
}

/// The names of all manifests, sorted; none without the directory.
pub(crate) fn names() -> Result<Vec<String>, Wrong> {
    match Manifests::new(Path::new(DIRECTORY)).list() {
        Ok(listing) => Ok(listing.names),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(unreadable("the directory of the pipelines", &error)),
    }
}

/// The list of all manifests.
pub(crate) fn list() -> Result<Response, Wrong> {
    let names = names()?;
    let mut writer = Writer::new(Style::Compact);
    writer.object(|writer| {
        writer.key("pipelines").array(|writer| {
            for name in &names {
                writer.string(name);
            }
        });
    });
    Ok(Response::json(200, writer))
}

fn unreadable(what: &str, error: &io::Error) -> Wrong {
    Wrong::new(500, "internal", format!("{what} can't be read: {error}"))
}
