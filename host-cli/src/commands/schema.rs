//! `pipeline schema`.

use pipeline_host::codec::schema;

use super::nodes;
use crate::cli::{self, Described};
use crate::failure::Failure;
use crate::outputs;

/// Prints a schema, or the reference.
pub(crate) fn schema(arguments: &cli::Schema) -> Result<(), Failure> {
    let listed = || nodes::listed(&arguments.installation, &arguments.limits);
    let schema = match arguments.what {
        Described::Manifest => schema::manifest(&listed()?),
        Described::Items => schema::items(),
        Described::Results => schema::results(),
        Described::Errors => schema::errors(),
        Described::Reference => return outputs::write_out(&schema::reference(&listed()?)),
    };
    outputs::write_out(&format!("{schema:#}\n"))
}
