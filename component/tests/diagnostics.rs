//! Manifests with problems, and what is said of them: every `.json`,
//! `.yaml` and `.txt` file in `diagnostics` beside its `.expected`. With `BLESS` set, the
//! expected files are written anew.

#![allow(missing_docs)]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use pipeline_component::manifest::{Diagnostic, Location, Severity, load};
use pipeline_component::registry::Registry;

fn place(path: &str, location: Option<Location>) -> String {
    let path = if path.is_empty() { "." } else { path };
    match location {
        Some(at) => format!("{path} at {}:{}, {} bytes", at.line, at.column, at.length),
        None => format!("{path} at no place"),
    }
}

/// What is said of a text, with the line that is meant.
fn report(text: &str) -> String {
    let (heading, diagnostics) = match load(text, &Registry::native()) {
        Ok(loaded) => ("can run", loaded.warnings),
        Err(invalid) if invalid.manifest.is_some() => ("can't run", invalid.diagnostics),
        Err(invalid) => ("can't be read", invalid.diagnostics),
    };
    let mut report = format!("{heading}\n");
    for diagnostic in &diagnostics {
        describe(text, diagnostic, &mut report);
    }
    report
}

fn describe(text: &str, diagnostic: &Diagnostic, report: &mut String) {
    let severity = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let location = diagnostic.location;
    let _ = writeln!(
        report,
        "\n{severity}[{}]: {}",
        diagnostic.code, diagnostic.message
    );
    let _ = writeln!(report, "  {}", place(&diagnostic.path, location));
    if let Some(location) = location {
        let start = location.offset as usize;
        let meant = &text[start..start + location.length as usize];
        let meant: String = meant.chars().take(60).collect();
        let _ = writeln!(report, "  text: {meant}");
    }
    if let Some(help) = &diagnostic.help {
        let _ = writeln!(report, "  help: {help}");
    }
    for related in &diagnostic.related {
        let _ = writeln!(
            report,
            "  {}: {}",
            related.message,
            place(&related.path, related.location)
        );
    }
}

#[test]
fn golden() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diagnostics");
    let mut files: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|end| end == "json" || end == "yaml" || end == "txt")
        })
        .collect();
    files.sort();
    assert!(files.len() > 20, "the cases are gone");
    let mut wrong = Vec::new();
    for path in files {
        let text = fs::read_to_string(&path).unwrap();
        let found = report(&text);
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let expected_path = folder.join(format!("{name}.expected"));
        if std::env::var_os("BLESS").is_some() {
            fs::write(&expected_path, &found).unwrap();
            continue;
        }
        let expected = fs::read_to_string(&expected_path).unwrap_or_default();
        if found != expected {
            wrong.push(format!(
                "--- {name}: expected\n{expected}--- found\n{found}"
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{}\n(set BLESS=1 to accept)",
        wrong.join("\n")
    );
}
