//! Components and modules, section by section.

use wasm_encoder::RawSection;
use wasmparser::{BinaryReader, BinaryReaderError};

/// A core module in a component, and a component in a component.
const MODULE: u8 = 1;
const COMPONENT: u8 = 4;

pub(super) type Result<T> = std::result::Result<T, BinaryReaderError>;

/// The top sections of a module or component: what they are, and what is in
/// them.
pub(super) fn sections(binary: &[u8]) -> Result<Vec<(u8, &[u8])>> {
    const HEADER: usize = 8;
    let mut reader = BinaryReader::new(binary.get(HEADER..).unwrap_or_default(), HEADER as u64);
    let mut sections = Vec::new();
    while !reader.eof() {
        let id = reader.read_u8()?;
        let length = reader.read_var_u32()? as usize;
        sections.push((id, reader.read_bytes(length)?));
    }
    Ok(sections)
}

/// Looks at each module of a component.
pub(super) fn each_module(
    component: &[u8],
    look: &mut impl FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    for (id, section) in sections(component)? {
        match id {
            MODULE => look(section)?,
            COMPONENT => each_module(section, look)?,
            _ => {}
        }
    }
    Ok(())
}

/// The component with other modules: those that `change` gives something for.
pub(super) fn with_modules(
    component: &[u8],
    change: &mut impl FnMut(&[u8]) -> Result<Option<Vec<u8>>>,
) -> Result<Vec<u8>> {
    let mut rest = wasm_encoder::Component::new();
    for (id, section) in sections(component)? {
        let changed = match id {
            MODULE => change(section)?,
            COMPONENT => Some(with_modules(section, change)?),
            _ => None,
        };
        let data = changed.as_deref().unwrap_or(section);
        rest.section(&RawSection { id, data });
    }
    Ok(rest.finish())
}
