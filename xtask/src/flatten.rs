//! A linked component's core modules become one.
//!
//! The linker ties libraries together with imports: about two thousand of
//! them, with a table of trampolines for calls to what is instantiated later,
//! and memory and tables that are only filled while instantiating. In one
//! module, calls are direct, and memory is an image that a runtime can map.

mod calls;
mod component;
mod data;
mod facts;
mod merge;
mod module;
mod network;
mod sections;
mod simplify;
#[cfg(test)]
mod tests;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use wasmparser::{Parser, Payload};
use wit_component::{ComponentEncoder, DecodedWasm, StringEncoding};
use wit_parser::{Resolve, WorldId, WorldKey};

use self::module::Module;
use crate::optimise;
use crate::stamp::{self, Inputs};

/// What the steps here do.
const SOURCES: &[&str] = &[
    include_str!("flatten.rs"),
    include_str!("flatten/calls.rs"),
    include_str!("flatten/calls/counting.rs"),
    include_str!("flatten/calls/directing.rs"),
    include_str!("flatten/component.rs"),
    include_str!("flatten/data.rs"),
    include_str!("flatten/facts.rs"),
    include_str!("flatten/merge.rs"),
    include_str!("flatten/module.rs"),
    include_str!("flatten/network.rs"),
    include_str!("flatten/sections.rs"),
    include_str!("flatten/simplify.rs"),
    include_str!("optimise.rs"),
    PROFILE,
];

/// Where calls through the table go: written by `cargo xtask profile`.
const PROFILE: &str = include_str!("../profile/calls.txt");

/// The export that starts Python: of use only to who takes a snapshot.
pub(crate) const INITIALIZE: &str = "initialize";

/// Flattens the linked component, cuts it off from the network, and optimises
/// the module.
///
/// # Errors
/// Where the component is not one that `wit_component::Linker` makes, or
/// Binaryen is missing.
pub(crate) fn flatten(linked: &Path, into: &Path) -> Result<PathBuf> {
    let output = into.join("flat.wasm");
    let inputs = Inputs::new("flatten", SOURCES)
        .text(&optimise::version()?)
        .file(linked)?;
    stamp::unless_done(
        "flatten and optimise the component",
        inputs,
        &output,
        || {
            let flat = Flat::new(&fs::read(linked)?)?
                .without_network()?
                .direct(PROFILE)?
                .optimised()?;
            Ok(fs::write(&output, flat.encode()?)?)
        },
    )?;
    Ok(output)
}

/// Makes the component that starts Python when it is first called.
///
/// # Errors
/// Where the component can't be read or written.
pub(crate) fn plain(flat: &Path, into: &Path) -> Result<PathBuf> {
    let output = into.join("plain.wasm");
    let inputs = Inputs::new("plain", SOURCES).file(flat)?;
    stamp::unless_done(
        "make the component without a snapshot",
        inputs,
        &output,
        || {
            let flat = Flat::new(&fs::read(flat)?)?
                .without(INITIALIZE)?
                .nameless()?;
            Ok(fs::write(&output, flat.encode()?)?)
        },
    )?;
    Ok(output)
}

/// Where the calls through the table of a linked component go, as text. `train` runs
/// the component that counts them, and gives a snapshot of it.
///
/// # Errors
/// Where the component is not one that `wit_component::Linker` makes; what `train`
/// gives.
pub(crate) fn profile(
    linked: &[u8],
    train: impl FnOnce(&[u8]) -> Result<Vec<u8>>,
) -> Result<String> {
    let flat = Flat::new(linked)?.without_network()?;
    let (module, sites) = calls::counting::count(&flat.module)?;
    let counting = Flat::checked(module, flat.resolve, flat.world)?;
    let snapshot = train(&counting.encode()?)?;
    calls::counting::profile(component::Component::main(&snapshot)?, &sites)
}

/// The component without the names of its functions, which only profiles and
/// traps show.
///
/// # Errors
/// Where the component can't be read or written.
pub(crate) fn nameless(named: &Path, into: &Path) -> Result<PathBuf> {
    let output = into.join("nameless.wasm");
    let inputs = Inputs::new("nameless", SOURCES).file(named)?;
    stamp::unless_done("set the names apart", inputs, &output, || {
        let flat = Flat::new(&fs::read(named)?)?.nameless()?;
        Ok(fs::write(&output, flat.encode()?)?)
    })?;
    Ok(output)
}

/// The one core module of a component, and the component's world.
pub(crate) struct Flat {
    module: Vec<u8>,
    resolve: Resolve,
    world: WorldId,
}

impl Flat {
    /// Merges the core modules of a component.
    ///
    /// # Errors
    /// Where the component is not one that `wit_component::Linker` makes.
    pub(crate) fn new(component: &[u8]) -> Result<Self> {
        let DecodedWasm::Component(resolve, world) = wit_component::decode(component)? else {
            bail!("not a component");
        };
        let module = merge::merge(&component::Component::parse(component)?)?;
        Self::checked(simplify::simplify(&module, |_| true)?, resolve, world)
    }

    /// The same without imports of sockets.
    ///
    /// # Errors
    /// Where the module is malformed.
    fn without_network(self) -> Result<Self> {
        let module = simplify::simplify(&network::cut(&self.module)?, |_| true)?;
        Self::checked(module, self.resolve, self.world)
    }

    /// The same, that calls directly what a profile says is called most.
    ///
    /// # Errors
    /// Where the module or the profile is malformed.
    fn direct(self, profile: &str) -> Result<Self> {
        let module = calls::directing::direct(&self.module, profile)?;
        Self::checked(module, self.resolve, self.world)
    }

    /// The same, optimised.
    ///
    /// # Errors
    /// Where Binaryen is missing or does not read the module.
    fn optimised(self) -> Result<Self> {
        Self::checked(optimise::optimise(&self.module)?, self.resolve, self.world)
    }

    /// The same without the names of functions.
    ///
    /// # Errors
    /// Where the module is malformed.
    fn nameless(self) -> Result<Self> {
        let mut module = wasm_encoder::Module::new();
        for payload in Parser::new(0).parse_all(&self.module) {
            let payload = payload?;
            let is_name = matches!(&payload, Payload::CustomSection(it) if it.name() == "name");
            if let Some((id, range)) = payload.as_section()
                && !is_name
            {
                data::copy(&mut module, id, range, &self.module)?;
            }
        }
        Self::checked(module.finish(), self.resolve, self.world)
    }

    /// The same without a function that the world exports.
    ///
    /// # Errors
    /// Where the module is malformed.
    pub(crate) fn without(&self, export: &str) -> Result<Self> {
        let mut resolve = self.resolve.clone();
        let exports = &mut resolve.worlds[self.world].exports;
        exports.retain(|key, _| !matches!(key, WorldKey::Name(name) if name == export));
        let module = simplify::simplify(&self.module, |name| {
            name.strip_prefix("cabi_post_").unwrap_or(name) != export
        })?;
        Self::checked(module, resolve, self.world)
    }

    /// The same with the module of a snapshot of the component. It has
    /// started already, so nothing is done when it is instantiated.
    ///
    /// # Errors
    /// Where the snapshot is no snapshot of this component.
    pub(crate) fn snapshot(&self, component: &[u8]) -> Result<Self> {
        let snapshot = component::Component::main(component)?;
        let before = Module::parse(&self.module)?;
        let module = simplify::simplify(snapshot, |name| {
            name != merge::INITIALIZE && before.exports.iter().any(|export| export.name == name)
        })?;
        Self::checked(module, self.resolve.clone(), self.world)
    }

    fn checked(module: Vec<u8>, resolve: Resolve, world: WorldId) -> Result<Self> {
        let module = data::pack(&module)?;
        wasmparser::Validator::new()
            .validate_all(&module)
            .context("the module is invalid")?;
        Ok(Self {
            module,
            resolve,
            world,
        })
    }

    /// The component.
    ///
    /// # Errors
    /// Where the module does not fit the world.
    pub(crate) fn encode(&self) -> Result<Vec<u8>> {
        let mut module = self.module.clone();
        wit_component::embed_component_metadata(
            &mut module,
            &self.resolve,
            self.world,
            StringEncoding::UTF8,
        )?;
        ComponentEncoder::default().module(&module)?.encode()
    }
}
