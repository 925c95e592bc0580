//! `pipeline echo`: a manifest in its one form.

use pipeline_host::codec::{Style, Writer, document};
use pipeline_host::types::Loaded;

use crate::cli::{self, Notation};
use crate::failure::{Failure, USAGE};
use crate::report::{self, ManifestText};
use crate::{interrupt, outputs, workspace, yaml};

/// Prints a manifest as JSON or YAML, whatever it was written as.
pub(crate) fn echo(arguments: &cli::Echo) -> Result<(), Failure> {
    let source = workspace::manifest(&arguments.manifest)?;
    let loaded = load(&source, &arguments.installation, &arguments.limits)?;
    report::diagnostics(&source, &loaded.warnings);
    let style = match arguments.format {
        Notation::Json => Style::Pretty,
        Notation::Yaml => Style::Compact,
    };
    let mut writer = Writer::new(style);
    let written = document::manifest(&mut writer, &loaded.manifest, loaded.input_data.as_deref());
    written.map_err(|error| {
        Failure::failed(format!("the component gave a broken manifest: {error}"))
    })?;
    match arguments.format {
        Notation::Json => outputs::print(writer),
        Notation::Yaml => outputs::write_out(&yaml::from_json(&writer.finish())),
    }
}

/// What the component reads in a manifest; it is told what is wrong with one that
/// can't run.
pub(super) fn load(
    source: &ManifestText,
    installation: &cli::Installation,
    limits: &cli::LimitArguments,
) -> Result<Loaded, Failure> {
    let (engine, sandbox) = workspace::open(installation)?;
    let mut limits = limits.limits();
    limits.interrupt = Some(interrupt::stop(&engine));
    let loaded = workspace::block_on(async {
        let loaded = async { sandbox.instantiate(&limits).await?.load(&source.text).await };
        loaded.await.map_err(|fault| workspace::faulted(&fault))
    })?;
    loaded.map_err(|invalid| {
        report::diagnostics(source, &invalid.diagnostics);
        Failure::Told(USAGE)
    })
}
