//! `pipeline check`.

use pipeline_host::codec::{Style, Writer, document};
use pipeline_host::types::{Checked, Diagnostic};
use pipeline_host::{Fault, Instance};

use crate::cli::{self, Format};
use crate::failure::{Failure, USAGE};
use crate::report::{self, Source};
use crate::{interrupt, outputs, workspace};

/// Checks a manifest and says what is wrong with it.
pub(crate) fn check(arguments: &cli::Check) -> Result<(), Failure> {
    let source = workspace::manifest(&arguments.manifest)?;
    let (engine, sandbox) = workspace::open(&arguments.place)?;
    let mut limits = arguments.limits.limits();
    limits.interrupt = Some(interrupt::stop(&engine));
    workspace::block_on(async {
        let checked = async {
            let mut instance = sandbox.instantiate(&limits).await?;
            let mut found = within(&mut instance, &source).await?;
            let (Ok((_, diagnostics)) | Err(diagnostics)) = &mut found;
            sandbox.directories().put_host_paths(diagnostics);
            Ok(found)
        };
        match checked.await {
            Ok(Ok((checked, warnings))) => valid(arguments.format, &source, &checked, &warnings),
            Ok(Err(diagnostics)) => Err(invalid(arguments.format, &source, &diagnostics)),
            Err(fault) => Err(workspace::faulted(&fault)),
        }
    })
}

/// Checks a manifest; its warnings come from both steps.
async fn within(
    instance: &mut Instance,
    source: &Source,
) -> Result<Result<(Checked, Vec<Diagnostic>), Vec<Diagnostic>>, Fault> {
    let parsed = match instance.parse(&source.text).await? {
        Ok(parsed) => parsed,
        Err(mut diagnostics) => {
            report::locate(instance, source, &mut diagnostics).await?;
            return Ok(Err(diagnostics));
        }
    };
    let mut all = parsed.warnings;
    let checked = match instance.check(&parsed.manifest).await? {
        Ok(checked) => {
            all.extend(checked.warnings.iter().cloned());
            Ok(checked)
        }
        Err(diagnostics) => {
            all.extend(diagnostics);
            Err(())
        }
    };
    report::locate(instance, source, &mut all).await?;
    Ok(match checked {
        Ok(checked) => Ok((checked, all)),
        Err(()) => Err(all),
    })
}

fn valid(
    format: Format,
    source: &Source,
    checked: &Checked,
    warnings: &[Diagnostic],
) -> Result<(), Failure> {
    let graph = &checked.graph;
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
    document::check(&mut writer, Some(checked), warnings);
    outputs::print(writer)
}

fn invalid(format: Format, source: &Source, diagnostics: &[Diagnostic]) -> Failure {
    if format == Format::Pretty {
        report::diagnostics(source, diagnostics);
        return Failure::Told(USAGE);
    }
    let mut writer = Writer::new(Style::Compact);
    document::check(&mut writer, None, diagnostics);
    outputs::print(writer).err().unwrap_or(Failure::Told(USAGE))
}
