//! `pipeline inspect`.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::cli::{self, Format};
use crate::failure::Failure;
use crate::outputs;
use crate::rmpkg::metadata::Metadata;
use crate::rmpkg::signature::Signed;
use crate::workspace::{self, Read};

/// Says what is in a package. Nothing of it runs.
pub(crate) fn inspect(arguments: &cli::Inspect) -> Result<(), Failure> {
    let read = workspace::package(&arguments.package, &arguments.trust.signed_by)?;
    match arguments.format {
        Format::Json => outputs::write_out(&format!("{}\n", document(&read))),
        Format::Pretty => outputs::write_out(&text(&read)),
    }
}

fn document(read: &Read) -> Value {
    let files = read.package.archive.files().iter();
    let files: Vec<Value> = files
        .map(|file| json!({"name": file.name, "size": file.size}))
        .collect();
    json!({
        "sha256": read.package.digest,
        "signature": match &read.signed {
            Signed::No => json!({"state": "none"}),
            Signed::Unchecked => json!({"state": "unchecked"}),
            Signed::By(says) => json!({"state": "verified", "says": says}),
        },
        "manifest": read.package.manifest.0,
        "metadata": read.package.metadata,
        "files": files,
    })
}

/// The same for people.
fn text(read: &Read) -> String {
    let package = &read.package;
    let Metadata {
        package_name,
        package_version,
        description,
        author,
        license,
        created_at,
        runtime_info: runtime,
        packages,
        ..
    } = &package.metadata;
    let mut text = format!("{package_name} {package_version}\n");
    if let Some(description) = description {
        let _ = writeln!(text, "{description}");
    }
    text.push('\n');
    // Writing to a string can't fail.
    let mut row = |name: &str, value: &str| {
        let _ = writeln!(text, "{name:11} {value}");
    };
    for (name, value) in [
        ("author", author),
        ("licence", license),
        ("created", created_at),
    ] {
        if let Some(value) = value {
            row(name, value);
        }
    }
    row("sha256", &package.digest);
    row(
        "signature",
        match &read.signed {
            Signed::No => "none",
            Signed::Unchecked => "there is one; --signed-by checks it",
            Signed::By(_) => "verified",
        },
    );
    if let Signed::By(says) = &read.signed {
        row("signed as", says);
    }
    let included = match runtime.included {
        true => "in it",
        false => "not in it",
    };
    let (name, version) = (&runtime.name, &runtime.version);
    row("runtime", &format!("{name} {version}, {included}"));
    let (nodes, connections) = (runtime.node_count, runtime.connection_count);
    let counted = |count: u64, what: &str| match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    };
    let (nodes, connections) = (counted(nodes, "node"), counted(connections, "connection"));
    row("pipeline", &format!("{nodes}, {connections}"));
    row("node types", &runtime.node_types.join(", "));
    if !packages.is_empty() {
        text.push_str("\npackages\n");
    }
    for package in packages {
        let license = package.license.as_deref().unwrap_or("no licence is named");
        let _ = writeln!(text, "  {} {}: {license}", package.name, package.version);
    }
    let files = package.archive.files();
    let total: u64 = files.iter().map(|file| file.size).sum();
    let _ = writeln!(text, "\n{} files, {total} bytes", files.len());
    // Packages can have thousands, which pip's own tools list.
    for file in files
        .iter()
        .filter(|file| !file.name.starts_with("packages/"))
    {
        let _ = writeln!(text, "  {:>9}  {}", file.size, file.name);
    }
    let others = files
        .iter()
        .filter(|file| file.name.starts_with("packages/"))
        .count();
    if others > 0 {
        let _ = writeln!(
            text,
            "  {others} files in packages/ (--format json lists them)"
        );
    }
    text
}
