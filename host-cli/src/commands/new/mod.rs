//! `pipeline new`: a project that works, and passes its tests.

use std::fs;
use std::io;
use std::path::Path;

use pipeline_host::codec::schema;
use pipeline_host::files::{self, Existing};

use super::nodes;
use crate::cli;
use crate::failure::Failure;
use crate::outputs;
use crate::workspace::reason;

/// The files of a project, and what is in them.
const FILES: &[(&str, &str)] = &[
    ("pipeline.yaml", include_str!("project/pipeline.yaml")),
    ("nodes/shout.py", include_str!("project/shout.py")),
    (
        "pipeline.cases.json",
        include_str!("project/pipeline.cases.json"),
    ),
    ("tests/test_shout.py", include_str!("project/test_shout.py")),
    (".gitignore", include_str!("project/gitignore")),
];

/// Makes a project.
pub(crate) fn new(arguments: &cli::New) -> Result<(), Failure> {
    let directory = &arguments.directory;
    let shown = directory.display();
    let unwritable =
        |error: &io::Error| Failure::usage(format!("`{shown}` can't be made: {}", reason(error)));
    let name = directory.file_name().map(|name| name.to_string_lossy());
    let name = name.filter(|name| !name.chars().any(char::is_control));
    let Some(name) = name else {
        let text = format!("`{shown}` is no name for a project");
        return Err(Failure::usage(text).help("give a directory that is to be made"));
    };
    if is_in_use(directory).map_err(|error| unwritable(&error))? {
        let text = format!("`{shown}` is there already, and not empty");
        return Err(Failure::usage(text).help("give a directory that is to be made"));
    }
    // Before anything is written: it is the part that can fail.
    let place = tempfile::tempdir().map_err(|error| unwritable(&error))?;
    write(place.path(), "shout.py", include_str!("project/shout.py"))
        .map_err(|error| unwritable(&error))?;
    let mut installation = arguments.installation.clone();
    installation.nodes.push(place.path().to_owned());
    let schema = schema::manifest(&nodes::listed(&installation, &arguments.limits)?);
    for (file, text) in FILES {
        let text = text.replace("NAME", &serde_json::Value::from(&*name).to_string());
        write(directory, file, &text).map_err(|error| unwritable(&error))?;
    }
    write(directory, "schema.json", &format!("{schema:#}\n"))
        .map_err(|error| unwritable(&error))?;
    let quoted = quoted(&shown.to_string());
    outputs::write_out(&format!(
        "{shown} is made. Next:\n\n  \
         pipeline test {quoted}\n  \
         pipeline run {quoted}/pipeline.yaml --nodes {quoted}/nodes --input '\"hello\"'\n"
    ))
}

fn is_in_use(directory: &Path) -> io::Result<bool> {
    match fs::read_dir(directory) {
        Ok(mut entries) => Ok(entries.next().is_some()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

fn write(directory: &Path, file: &str, text: &str) -> io::Result<()> {
    let path = directory.join(file);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    files::write(&path, text.as_bytes(), Existing::Keep)
}

/// A path as a shell takes it.
fn quoted(path: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "_-./".contains(c);
    match path.chars().all(plain) {
        true => path.to_owned(),
        false => format!("'{}'", path.replace('\'', r"'\''")),
    }
}
