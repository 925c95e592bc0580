//! The part of a pipeline that is run: `--until` and `--only`.

use pipeline_host::codec::select;
use pipeline_host::types::{Input, Manifest};

use crate::cli::Looking;
use crate::failure::Failure;

/// The part that is asked for, if one is.
pub(super) fn of(
    looking: &Looking,
    manifest: &Manifest,
    items: Option<&[Input]>,
) -> Result<Option<Manifest>, Failure> {
    let (flag, id, part) = match (&looking.until, &looking.only) {
        (Some(id), _) => ("--until", id, select::until(manifest, id)),
        (None, Some(id)) => ("--only", id, select::only(manifest, id)),
        (None, None) => return Ok(None),
    };
    let Some(part) = part else {
        let ids: Vec<_> = manifest.nodes.iter().map(|node| node.id.as_str()).collect();
        let text = format!("{flag}: no node has the id `{id}`");
        return Err(Failure::usage(text).help(format!("the nodes are {}", ids.join(", "))));
    };
    // An item for a node that is left out would otherwise be an error of the run's.
    let meant = items
        .unwrap_or_default()
        .iter()
        .filter_map(|it| it.node_id.as_deref());
    let gone = meant
        .filter(|id| !part.nodes.iter().any(|node| node.id == *id))
        .next();
    match gone {
        None => Ok(Some(part)),
        Some(gone) => Err(Failure::usage(format!(
            "{flag} leaves out node `{gone}`, which an item is meant for"
        ))),
    }
}
