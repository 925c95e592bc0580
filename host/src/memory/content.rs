//! The first content of linear memories, taken out of the modules that hold it.
//!
//! Wasmtime can map such content itself, but then also resets it itself, after
//! each run, in ways that are unsafe or slow (see [`super`]). So the modules are
//! compiled without it, and it is kept beside the code.

use wasm_encoder::RawSection;
use wasmparser::{DataKind, Encoding, Operator, Parser, Payload, TypeRef};

use super::sections::{Result, each_module, sections, with_modules};

/// A page of WebAssembly, which is a multiple of every machine's own.
pub(crate) const PAGE: u64 = 64 << 10;

/// The longest content that is kept apart, in bytes. Sparse content that spans
/// more is left to wasmtime, which copies it.
const LONGEST: u64 = 128 << 20;

/// The section of a module that holds such content.
const DATA: u8 = 11;

/// What tells the memories of a component apart: how large they are at first
/// and may become, in pages of 64 KiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kind {
    pub(crate) minimum: u64,
    pub(crate) maximum: Option<u64>,
}

/// What a memory holds at first.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) kind: Kind,
    /// Where it begins in the memory: a multiple of [`PAGE`], as is its length.
    pub(crate) offset: u64,
    pub(crate) bytes: Vec<u8>,
}

/// Takes the content of memories out of a component's modules, as far as it is
/// all there from the beginning and it is clear whose it is. Anything else, and
/// what is not well-formed, stays as it is.
pub(crate) fn split(component: &[u8]) -> (Vec<u8>, Vec<Content>) {
    let mut contents = Vec::new();
    let rest = kinds(component).and_then(|kinds| {
        with_modules(component, &mut |module| {
            let Some(content) = content(module)? else {
                return Ok(None);
            };
            // No other may be like it, since wasmtime asks for memories by kind.
            if kinds.iter().filter(|kind| **kind == content.kind).count() != 1 {
                return Ok(None);
            }
            contents.push(content);
            without_data(module).map(Some)
        })
    });
    match rest {
        Ok(rest) if !contents.is_empty() => (rest, contents),
        _ => (component.to_owned(), Vec::new()),
    }
}

/// The kinds of memories that the modules of a component define.
pub(super) fn kinds(component: &[u8]) -> Result<Vec<Kind>> {
    let mut kinds = Vec::new();
    each_module(component, &mut |module| {
        for payload in Parser::new(0).parse_all(module) {
            if let Payload::MemorySection(memories) = payload? {
                for memory in memories {
                    kinds.push(kind(&memory?));
                }
            }
        }
        Ok(())
    })?;
    Ok(kinds)
}

fn kind(memory: &wasmparser::MemoryType) -> Kind {
    Kind {
        minimum: memory.initial,
        maximum: memory.maximum,
    }
}

/// A module without the content that its memory holds at first.
fn without_data(module: &[u8]) -> Result<Vec<u8>> {
    let mut rest = wasm_encoder::Module::new();
    for (id, data) in sections(module)? {
        if id != DATA {
            rest.section(&RawSection { id, data });
        }
    }
    Ok(rest.finish())
}

/// What the one memory of a module holds at first. `None` where there is no
/// such memory, or what it holds depends on more than the module.
pub(super) fn content(module: &[u8]) -> Result<Option<Content>> {
    let mut memory = None;
    let mut segments = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::Version { encoding, .. } if encoding != Encoding::Module => return Ok(None),
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    if let TypeRef::Memory(_) = import?.ty {
                        return Ok(None);
                    }
                }
            }
            Payload::MemorySection(memories) => {
                for defined in memories {
                    let defined = defined?;
                    let plain = !defined.memory64
                        && !defined.shared
                        && defined.page_size_log2.is_none()
                        && memory.is_none();
                    if !plain {
                        return Ok(None);
                    }
                    memory = Some(kind(&defined));
                }
            }
            // Only modules whose code refers to segments have one.
            Payload::DataCountSection { .. } => return Ok(None),
            Payload::DataSection(data) => {
                for segment in data {
                    let segment = segment?;
                    let DataKind::Active {
                        memory_index: 0,
                        offset_expr,
                    } = segment.kind
                    else {
                        return Ok(None);
                    };
                    let mut operators = offset_expr.get_operators_reader();
                    let (Operator::I32Const { value }, Operator::End) =
                        (operators.read()?, operators.read()?)
                    else {
                        return Ok(None);
                    };
                    segments.push((u64::from(value.cast_unsigned()), segment.data));
                }
            }
            _ => {}
        }
    }
    Ok(memory.and_then(|kind| dense(kind, &segments)))
}

/// Segments as one piece; later ones lie over earlier ones.
fn dense(kind: Kind, segments: &[(u64, &[u8])]) -> Option<Content> {
    let ends = segments
        .iter()
        .map(|(start, bytes)| start + bytes.len() as u64);
    let end = ends.max()?.next_multiple_of(PAGE);
    let offset = segments
        .iter()
        .map(|(start, _)| start / PAGE * PAGE)
        .min()?;
    // What lies beyond the memory makes a trap when it is instantiated.
    if end > kind.minimum.checked_mul(PAGE)? || end - offset > LONGEST || end == offset {
        return None;
    }
    let mut bytes = vec![0; usize::try_from(end - offset).ok()?];
    for (start, segment) in segments {
        let start = usize::try_from(start - offset).ok()?;
        bytes[start..start + segment.len()].copy_from_slice(segment);
    }
    Some(Content {
        kind,
        offset,
        bytes,
    })
}
