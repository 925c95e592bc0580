//! `pipeline test --update`: what came out becomes what is expected. Nothing else
//! in the file changes.

use std::path::Path;

use pipeline_host::codec::names::Named as _;
use pipeline_host::codec::{Style, Writer};
use pipeline_host::files::{self, Existing};
use pipeline_host::media;
use pipeline_host::types::Data;

use super::cases::{Case, CaseFile, Place};
use super::run::Actual;
use crate::workspace::reason;

/// Writes down what came out of some cases of a file, given with their numbers.
pub(super) fn update(file: &CaseFile, found: &[(usize, Actual)]) -> Result<(), String> {
    let mut text = file.text.clone();
    let mut found: Vec<_> = found.iter().collect();
    // From the end on, so that places before stay where they are.
    found.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    for (at, actual) in found {
        let case = &file.cases[*at];
        let expect = expectation(file, case, actual)?;
        match &case.expected_at {
            Place::There(range) => text.replace_range(range.clone(), &expect),
            Place::Missing(end) => {
                let before = text[..*end].trim_end().len();
                text.replace_range(before..*end, &format!(",\n    \"expect\": {expect}\n  "));
            }
        }
    }
    files::write(&file.path, text.as_bytes(), Existing::Replace).map_err(|error| {
        format!(
            "`{}` can't be written: {}",
            file.path.display(),
            reason(&error)
        )
    })
}

fn expectation(file: &CaseFile, case: &Case, actual: &Actual) -> Result<String, String> {
    let mut writer = Writer::new(Style::Compact);
    writer.try_object(|writer| match actual {
        Actual::Outputs(items) => {
            writer.key("outputs");
            writer.try_array(|writer| {
                let mut items = items.iter().enumerate();
                items.try_for_each(|(at, item)| output(writer, file, case, at, item))
            })
        }
        Actual::Error(error) => {
            writer.key("error").object(|writer| {
                writer.key("kind").string(error.kind.name());
                writer.key("message_contains").string(&error.message);
                if let Some(node) = &error.node_id {
                    writer.key("node_id").string(node);
                }
                if let Some(item) = error.item {
                    writer.key("item").whole(item);
                }
            });
            Ok(())
        }
    })?;
    Ok(spaced(&writer.finish()))
}

/// Writes an output: a medium into a file of its own, beside the cases.
fn output(
    writer: &mut Writer,
    file: &CaseFile,
    case: &Case,
    at: usize,
    item: &Data,
) -> Result<(), String> {
    let encoded = media::encode(item).map_err(|error| error.to_string())?;
    let Some((format, bytes)) = encoded else {
        let written = writer.item(item);
        return written.map_err(|error| format!("the component gave a broken value: {error}"));
    };
    let stem = file.path.file_stem().unwrap_or_default().to_string_lossy();
    let stem = stem.trim_end_matches(".cases");
    let allowed = |c: char| {
        if c.is_alphanumeric() || c == '-' {
            c
        } else {
            '_'
        }
    };
    let name: String = case.name.chars().map(allowed).collect();
    let name = format!("{stem}.expected/{name}-{at}.{}", format.ending());
    let path = file.path.with_file_name(&name);
    let written = path
        .parent()
        .map_or(Ok(()), |parent: &Path| std::fs::create_dir_all(parent))
        .and_then(|()| files::write(&path, &bytes, Existing::Replace));
    written
        .map_err(|error| format!("`{}` can't be written: {}", path.display(), reason(&error)))?;
    writer.object(|writer| writer.key("$from").string(&name));
    Ok(())
}

/// JSON on one line, with blanks after commas and colons.
fn spaced(json: &str) -> String {
    let (mut text, mut in_string, mut escaped) = (String::new(), false, false);
    for c in json.chars() {
        text.push(c);
        if in_string {
            in_string = escaped || c != '"';
            escaped = !escaped && c == '\\';
        } else if c == '"' {
            in_string = true;
        } else if c == ',' || c == ':' {
            text.push(' ');
        }
    }
    text
}
