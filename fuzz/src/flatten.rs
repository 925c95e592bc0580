//! The build's merging of a component's modules, without the tools around it.

#[path = "../../xtask/src/flatten/component.rs"]
mod component;
#[path = "../../xtask/src/flatten/data.rs"]
mod data;
#[path = "../../xtask/src/flatten/facts.rs"]
mod facts;
#[path = "../../xtask/src/flatten/merge.rs"]
mod merge;
#[path = "../../xtask/src/flatten/module.rs"]
mod module;
#[path = "../../xtask/src/flatten/network.rs"]
mod network;
#[path = "../../xtask/src/flatten/sections.rs"]
mod sections;
#[path = "../../xtask/src/flatten/simplify.rs"]
mod simplify;

use anyhow::Result;

/// The one module that a component's modules become.
///
/// # Errors
/// Where the component is none that the linker makes.
pub fn flatten(component: &[u8]) -> Result<Vec<u8>> {
    let merged = merge::merge(&component::Component::parse(component)?)?;
    finish(&merged)
}

/// A module without what it does not use.
///
/// # Errors
/// Where the module is malformed.
pub fn finish(module: &[u8]) -> Result<Vec<u8>> {
    let simple = simplify::simplify(module, |_| true)?;
    let cut = simplify::simplify(&network::cut(&simple)?, |_| true)?;
    data::pack(&cut)
}
