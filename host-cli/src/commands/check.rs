//! `pipeline check`.

use pipeline_host::Interrupt;
use pipeline_host::codec::{Style, Writer, document};
use pipeline_host::types::{Diagnostic, Loaded};

use crate::cli::{self, Format};
use crate::failure::{Failure, USAGE};
use crate::report::{self, ManifestText};
use crate::{interrupt, outputs, workspace};

/// Checks a manifest and says what is wrong with it.
pub(crate) fn check(arguments: &cli::Check) -> Result<(), Failure> {
    let source = workspace::source(&arguments.manifest, &arguments.trust.signed_by)?;
    let opened = workspace::open_for(
        &source,
        &arguments.installation,
        interrupt::stop,
        Interrupt::clone,
    )?;
    let (sandbox, source) = (&opened.sandbox, &source.text);
    let mut limits = arguments.limits.limits();
    limits.interrupt = Some(opened.handler.clone());
    workspace::block_on(async {
        let loaded = async {
            let mut instance = sandbox.instantiate(&limits).await?;
            instance.load(&source.text).await
        };
        match loaded.await {
            Ok(Ok(loaded)) => valid(arguments.format, source, &loaded),
            Ok(Err(found)) => Err(invalid(arguments.format, source, &found.diagnostics)),
            Err(fault) => Err(workspace::faulted(&fault)),
        }
    })
}

fn valid(format: Format, source: &ManifestText, loaded: &Loaded) -> Result<(), Failure> {
    let (graph, warnings) = (&loaded.graph, &loaded.warnings);
    if format == Format::Pretty {
        report::diagnostics(source, warnings);
        let nodes = if graph.node_count == 1 {
            "node"
        } else {
            "nodes"
        };
        let text = format!(
            "{} can run: {} {nodes}, in the order {}\n",
            source.name,
            graph.node_count,
            graph.execution_order.join(", ")
        );
        return outputs::write_out(&text);
    }
    let mut writer = Writer::new(Style::Compact);
    document::check(&mut writer, Some(graph), warnings);
    outputs::print(writer)
}

fn invalid(format: Format, source: &ManifestText, diagnostics: &[Diagnostic]) -> Failure {
    if format == Format::Pretty {
        report::diagnostics(source, diagnostics);
        return Failure::Told(USAGE);
    }
    let mut writer = Writer::new(Style::Compact);
    document::check(&mut writer, None, diagnostics);
    outputs::print(writer).err().unwrap_or(Failure::Told(USAGE))
}
