//! Memory's first content in few segments.
//!
//! Each segment costs a host time and memory in every instance, and wizer
//! leaves ten thousand of them, beside empty ones in place of those that the
//! module had before.

use std::ops::Range;

use anyhow::Result;
use wasm_encoder::{DataSection, RawSection, SectionId};
use wasmparser::{ConstExpr, Data, DataKind, Operator, Parser, Payload};

use super::module::Module;

/// Zeros between two segments up to which they become one.
const GAP: usize = 1024;

/// Merges the segments of a module that lie close together, and drops those
/// that nothing refers to.
///
/// # Errors
/// Where the module is malformed.
pub(super) fn pack(wasm: &[u8]) -> Result<Vec<u8>> {
    let module = Module::parse(wasm)?;
    let segments = match merge(&module.data)? {
        Some(segments) if !refers_to_data(&module)? => segments,
        _ => return Ok(wasm.to_owned()),
    };
    let mut packed = wasm_encoder::Module::new();
    for payload in Parser::new(0).parse_all(wasm) {
        match payload? {
            // What refers to no data needs no count of it.
            Payload::DataCountSection { .. } | Payload::DataSection(_) => {}
            Payload::CodeSectionStart { range, .. } => {
                copy(&mut packed, SectionId::Code as u8, range, wasm)?;
                let mut section = DataSection::new();
                for segment in &segments {
                    let offset = u32::try_from(segment.offset)?.cast_signed();
                    let bytes = segment.bytes.iter().copied();
                    section.active(0, &wasm_encoder::ConstExpr::i32_const(offset), bytes);
                }
                packed.section(&section);
            }
            other => {
                if let Some((id, range)) = other.as_section() {
                    copy(&mut packed, id, range, wasm)?;
                }
            }
        }
    }
    Ok(packed.finish())
}

/// Adds a section as it is.
///
/// # Errors
/// Where the module is larger than this machine's memory.
pub(super) fn copy(
    module: &mut wasm_encoder::Module,
    id: u8,
    range: Range<u64>,
    wasm: &[u8],
) -> Result<()> {
    let data = &wasm[usize::try_from(range.start)?..usize::try_from(range.end)?];
    module.section(&RawSection { id, data });
    Ok(())
}

/// Whether code reads or drops segments.
fn refers_to_data(module: &Module<'_>) -> Result<bool> {
    for body in &module.bodies {
        for operator in body.get_operators_reader()? {
            if let Operator::MemoryInit { .. } | Operator::DataDrop { .. } = operator? {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// What memory holds from an offset on.
struct Segment {
    offset: usize,
    bytes: Vec<u8>,
}

/// The active segments from below. `None` where it is not known where they are,
/// or some lie over others.
fn merge(data: &[Data<'_>]) -> Result<Option<Vec<Segment>>> {
    let mut active = Vec::new();
    for item in data {
        let DataKind::Active {
            memory_index,
            offset_expr,
        } = &item.kind
        else {
            continue;
        };
        let (0, Some(offset)) = (*memory_index, constant(offset_expr)?) else {
            return Ok(None);
        };
        active.push((offset, item.data));
    }
    active.retain(|(_, bytes)| !bytes.is_empty());
    active.sort_by_key(|(offset, _)| *offset);
    let mut segments: Vec<Segment> = Vec::new();
    for (offset, bytes) in active {
        let last = segments.last_mut();
        let end = last
            .as_ref()
            .map_or(0, |last| last.offset + last.bytes.len());
        match (last, offset.checked_sub(end)) {
            (_, None) => return Ok(None),
            (Some(last), Some(gap)) if gap <= GAP => {
                last.bytes.resize(last.bytes.len() + gap, 0);
                last.bytes.extend(bytes);
            }
            _ => segments.push(Segment {
                offset,
                bytes: bytes.to_owned(),
            }),
        }
    }
    Ok(Some(segments))
}

/// The value of an expression that is nothing but a constant.
fn constant(expression: &ConstExpr<'_>) -> Result<Option<usize>> {
    let mut operators = expression.get_operators_reader();
    match (operators.read()?, operators.read()?) {
        (Operator::I32Const { value }, Operator::End) => {
            Ok(Some(usize::try_from(value.cast_unsigned())?))
        }
        _ => Ok(None),
    }
}
