//! Components that differ only in what their memories hold at first: one made of
//! another, and whether two are such.

use std::borrow::Cow;

use wasm_encoder::{ConstExpr, DataSection, MemorySection, MemoryType, RawSection};
use wasmparser::{BinaryReader, Operator, Parser, Payload};

use super::content::{self, PAGE};
use super::sections::{Result, sections, with_modules};

const CUSTOM: u8 = 0;
const MEMORY: u8 = 5;
const DATA: u8 = 11;

/// Zeros between two pieces of content up to which they become one.
const GAP: usize = 1024;

/// Why a component can't be given another memory.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unfit {
    /// It is malformed.
    #[error(transparent)]
    Malformed(#[from] wasmparser::BinaryReaderError),
    /// There is not one memory with content.
    #[error("{0} of its modules have a memory whose content is known, and one is needed")]
    Memories(usize),
    /// More than memory changes while it runs.
    #[error("what it keeps outside of its memory changes, too")]
    Elsewhere,
}

/// The component with another first content of its memory, and a section in front
/// that says so.
///
/// # Errors
/// Where the memory is not all that changes while the component runs.
pub(crate) fn with_memory(
    component: &[u8],
    memory: &[u8],
    (name, data): (&str, &[u8]),
) -> std::result::Result<Vec<u8>, Unfit> {
    let (mut modules, mut changes) = (0, false);
    let changed = with_modules(component, &mut |module| {
        if content::content(module)?.is_none() {
            return Ok(None);
        }
        modules += 1;
        changes |= changes_elsewhere(module)?;
        exchanged(module, memory).map(Some)
    })?;
    match (modules, changes) {
        (1, false) => {}
        (1, true) => return Err(Unfit::Elsewhere),
        (modules, _) => return Err(Unfit::Memories(modules)),
    }
    let mut marked = wasm_encoder::Component::new();
    marked.section(&wasm_encoder::CustomSection {
        name: Cow::Borrowed(name),
        data: Cow::Borrowed(data),
    });
    for (id, data) in sections(&changed)? {
        marked.section(&RawSection { id, data });
    }
    Ok(marked.finish())
}

/// Whether code changes tables or segments, or globals of which more than one
/// can be changed. One is the pointer to the stack, which each call leaves as it
/// was.
fn changes_elsewhere(module: &[u8]) -> Result<bool> {
    let mut globals = 0;
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::GlobalSection(section) => {
                for global in section {
                    globals += usize::from(global?.ty.mutable);
                }
            }
            Payload::CodeSectionEntry(body) => {
                for operator in body.get_operators_reader()? {
                    if let Operator::TableSet { .. }
                    | Operator::TableGrow { .. }
                    | Operator::TableFill { .. }
                    | Operator::TableInit { .. }
                    | Operator::TableCopy { .. }
                    | Operator::ElemDrop { .. }
                    | Operator::DataDrop { .. } = operator?
                    {
                        return Ok(true);
                    }
                }
            }
            _ => {}
        }
    }
    Ok(globals > 1)
}

/// A module whose one memory is of this size, and holds this at first.
fn exchanged(module: &[u8], memory: &[u8]) -> Result<Vec<u8>> {
    let mut new = wasm_encoder::Module::new();
    for (id, data) in sections(module)? {
        match id {
            MEMORY => new.section(&memories(module, memory.len() as u64 / PAGE)?),
            DATA => new.section(&pieces(memory)),
            _ => new.section(&RawSection { id, data }),
        };
    }
    Ok(new.finish())
}

/// The memories of a module, each with so many pages at first.
fn memories(module: &[u8], pages: u64) -> Result<MemorySection> {
    let mut section = MemorySection::new();
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::MemorySection(memories) = payload? {
            for memory in memories {
                section.memory(MemoryType {
                    minimum: pages,
                    maximum: memory?.maximum,
                    memory64: false,
                    shared: false,
                    page_size_log2: None,
                });
            }
        }
    }
    Ok(section)
}

/// All of a memory that is not zero, in few pieces: each costs hosts time.
fn pieces(memory: &[u8]) -> DataSection {
    let mut section = DataSection::new();
    let mut position = 0;
    while let Some(start) = next(memory, position, |byte| byte != 0) {
        let mut end = start;
        loop {
            end = next(memory, end, |byte| byte == 0).unwrap_or(memory.len());
            match next(memory, end, |byte| byte != 0) {
                Some(more) if more - end <= GAP => end = more,
                _ => break,
            }
        }
        let offset = ConstExpr::i32_const((start as u32).cast_signed());
        section.active(0, &offset, memory[start..end].iter().copied());
        position = end;
    }
    section
}

/// Where the first byte is, from a position on, that is as wanted.
fn next(memory: &[u8], from: usize, wanted: impl Fn(u8) -> bool) -> Option<usize> {
    let rest = memory.get(from..)?;
    rest.iter()
        .position(|byte| wanted(*byte))
        .map(|at| from + at)
}

/// All of a component that its compiled code depends on: without what memories hold
/// at first and how large they are where they hold something, and without custom
/// sections of its own. Components for which this is the same share compiled code.
///
/// # Errors
/// Where it is malformed.
pub(crate) fn skeleton(component: &[u8]) -> Result<Vec<u8>> {
    let changed = with_modules(component, &mut |module| match content::content(module)? {
        None => Ok(None),
        Some(_) => exchanged(module, &[]).map(Some),
    })?;
    without_custom(&changed)
}

fn without_custom(component: &[u8]) -> Result<Vec<u8>> {
    const COMPONENT: u8 = 4;
    let mut rest = wasm_encoder::Component::new();
    for (id, data) in sections(component)? {
        match id {
            CUSTOM => {}
            COMPONENT => {
                let data = &without_custom(data)?;
                rest.section(&RawSection { id, data });
            }
            _ => {
                rest.section(&RawSection { id, data });
            }
        }
    }
    Ok(rest.finish())
}

/// The component with another one in the place of one that is in it.
///
/// # Errors
/// Where it is malformed.
pub(crate) fn with_component(component: &[u8], old: &[u8], new: &[u8]) -> Result<Option<Vec<u8>>> {
    const COMPONENT: u8 = 4;
    let mut changed = wasm_encoder::Component::new();
    let mut found = false;
    for (id, data) in sections(component)? {
        let is_it = id == COMPONENT && data == old;
        found |= is_it;
        let data = if is_it { new } else { data };
        changed.section(&RawSection { id, data });
    }
    Ok(found.then(|| changed.finish()))
}

/// What the section of this name in front of a component holds.
pub(crate) fn mark<'a>(component: &'a [u8], name: &str) -> Option<&'a [u8]> {
    match Parser::new(0).parse_all(component).nth(1)?.ok()? {
        Payload::CustomSection(section) if section.name() == name => Some(section.data()),
        _ => None,
    }
}

/// Where the section in front of a component ends, of which only the head is there:
/// if it is one of custom content.
pub(crate) fn end_of_mark(head: &[u8]) -> Option<u64> {
    let mut reader = BinaryReader::new(head.get(8..)?, 8);
    if reader.read_u8().ok()? != CUSTOM {
        return None;
    }
    let length = u64::from(reader.read_var_u32().ok()?);
    Some(reader.original_position() + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A component of one module, whose memory holds this at first.
    fn component(pages: u64, data: &str, more: &str) -> Vec<u8> {
        let text = format!(
            r#"(component (core module
                (memory (export "memory") {pages}) (global (mut i32) (i32.const 8)) {more}
                (func (export "f") (result i32) (i32.load8_u (i32.const 1)))
                {data}))"#
        );
        wat::parse_str(text).unwrap()
    }

    #[test]
    fn another_memory_is_all_that_changes() {
        let one = component(1, r#"(data (i32.const 0) "one")"#, "");
        let mut memory = vec![0; 3 * PAGE as usize];
        memory[5] = 1;
        memory[1000] = 2;
        memory[100_000..100_003].copy_from_slice(b"two");
        let two = with_memory(&one, &memory, ("mark", b"said")).unwrap();
        assert_eq!(mark(&two, "mark"), Some(&b"said"[..]));
        assert_eq!(mark(&two, "other"), None);
        assert_eq!(mark(&one, "mark"), None);
        assert_eq!(end_of_mark(&two[..18]), Some(8 + 2 + 5 + 4));
        assert_eq!(skeleton(&one).unwrap(), skeleton(&two).unwrap());
        let (_, contents) = content::split(&two);
        let [found] = &contents[..] else {
            panic!("{contents:?}")
        };
        assert_eq!((found.kind.minimum, found.offset), (3, 0));
        let end = found.bytes.len();
        assert_eq!(found.bytes, memory[..end]);
        assert!(memory[end..].iter().all(|byte| *byte == 0));
        // The same again gives the same bytes, whatever was there before.
        assert_eq!(two, with_memory(&one, &memory, ("mark", b"said")).unwrap());
        let other = component(
            1,
            r#"(data (i32.const 0) "one")"#,
            "(func (drop (i32.const 1)))",
        );
        assert_ne!(skeleton(&one).unwrap(), skeleton(&other).unwrap());
    }

    #[test]
    fn what_changes_elsewhere_is_refused() {
        let data = r#"(data (i32.const 0) "one")"#;
        let memory = vec![0; PAGE as usize];
        for more in [
            "(global (mut i32) (i32.const 9))",
            "(table 1 funcref) (func (drop (table.grow (ref.null func) (i32.const 1))))",
        ] {
            let refused = with_memory(&component(1, data, more), &memory, ("m", b""));
            assert!(matches!(refused, Err(Unfit::Elsewhere)), "{more}");
        }
        let refused = with_memory(&component(1, "", ""), &memory, ("m", b""));
        assert!(matches!(refused, Err(Unfit::Memories(0))));
        assert!(matches!(
            with_memory(b"\0asm\x0d\0\x01\0\x01\xff", &memory, ("m", b"")),
            Err(Unfit::Malformed(_))
        ));
    }

    #[test]
    fn a_component_takes_the_place_of_one_inside_another() {
        let (one, two) = (component(1, "", ""), component(2, "", ""));
        let mut outer = wasm_encoder::Component::new();
        outer.section(&RawSection { id: 4, data: &one });
        let outer = outer.finish();
        let changed = with_component(&outer, &one, &two).unwrap().unwrap();
        assert_eq!(with_component(&changed, &two, &one).unwrap(), Some(outer));
        assert_eq!(with_component(&changed, &one, &two).unwrap(), None);
    }
}
