//! The first content of linear memories, taken out of the modules that hold it.
//!
//! Wasmtime can map such content itself, but then also resets it itself, after
//! each run, in ways that are unsafe or slow (see [`super`]). So the modules are
//! compiled without it, and it is kept beside the code.

use wasm_encoder::RawSection;
use wasmparser::{
    BinaryReader, BinaryReaderError, DataKind, Encoding, Operator, Parser, Payload, TypeRef,
};

/// A page of WebAssembly, which is a multiple of every machine's own.
pub(crate) const PAGE: u64 = 64 << 10;

/// The longest content that is kept apart, in bytes. Sparse content that spans
/// more is left to wasmtime, which copies it.
const LONGEST: u64 = 128 << 20;

/// A core module in a component, and a component in a component.
const MODULE: u8 = 1;
const COMPONENT: u8 = 4;
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
    let mut kinds = Vec::new();
    let mut contents = Vec::new();
    match memories(component, &mut kinds)
        .and_then(|()| without_content(component, &kinds, &mut contents))
    {
        Ok(rest) if !contents.is_empty() => (rest, contents),
        _ => (component.to_owned(), Vec::new()),
    }
}

type Result<T> = std::result::Result<T, BinaryReaderError>;

/// The top sections of a module or component: what they are, and what is in
/// them.
fn sections(binary: &[u8]) -> Result<Vec<(u8, &[u8])>> {
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

/// Finds what memories the modules of a component define.
fn memories(component: &[u8], kinds: &mut Vec<Kind>) -> Result<()> {
    for (id, section) in sections(component)? {
        match id {
            MODULE => {
                for payload in Parser::new(0).parse_all(section) {
                    if let Payload::MemorySection(memories) = payload? {
                        for memory in memories {
                            kinds.push(kind(&memory?));
                        }
                    }
                }
            }
            COMPONENT => memories(section, kinds)?,
            _ => {}
        }
    }
    Ok(())
}

fn kind(memory: &wasmparser::MemoryType) -> Kind {
    Kind {
        minimum: memory.initial,
        maximum: memory.maximum,
    }
}

/// The component without the content of those memories that no other is like.
fn without_content(
    component: &[u8],
    kinds: &[Kind],
    contents: &mut Vec<Content>,
) -> Result<Vec<u8>> {
    let mut rest = wasm_encoder::Component::new();
    for (id, section) in sections(component)? {
        let changed = match id {
            MODULE => match content(section)? {
                Some(content)
                    if kinds.iter().filter(|kind| **kind == content.kind).count() == 1 =>
                {
                    contents.push(content);
                    let mut module = wasm_encoder::Module::new();
                    for (id, data) in sections(section)? {
                        if id != DATA {
                            module.section(&RawSection { id, data });
                        }
                    }
                    Some(module.finish())
                }
                _ => None,
            },
            COMPONENT => Some(without_content(section, kinds, contents)?),
            _ => None,
        };
        let data = changed.as_deref().unwrap_or(section);
        rest.section(&RawSection { id, data });
    }
    Ok(rest.finish())
}

/// What the one memory of a module holds at first. `None` where there is no
/// such memory, or what it holds depends on more than the module.
fn content(module: &[u8]) -> Result<Option<Content>> {
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
