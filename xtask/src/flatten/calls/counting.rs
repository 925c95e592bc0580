//! Where calls go, counted by the module itself.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Context as _, Result, ensure};
use wasm_encoder::reencode::{Reencode, utils};
use wasm_encoder::{
    BlockType, CodeSection, Function, FunctionSection, MemArg, MemorySection, MemoryType,
    TypeSection, ValType,
};
use wasmparser::{
    CodeSectionReader, DataKind, ExternalKind, FunctionBody, FunctionSectionReader,
    MemorySectionReader, Operator, Parser, TypeSectionReader,
};

use super::super::facts::Facts;
use super::super::module::{Error, Module, Problem, count as length};
use super::{Locals, Site, is_rust, labels, table};

/// The targets of a site that are told apart; further ones are counted together.
const TARGETS: u32 = 31;

/// The bytes of a site's counters: a slot of the table and a count for each target,
/// and for all others.
const SITE: u32 = 8 * (TARGETS + 1);

/// Sites with fewer of a million calls are left out of a profile.
const LEAST: u64 = 20;

/// The module that counts where calls go, in a memory of its own, and its sites in
/// the order of their counters.
///
/// # Errors
/// Where the module is malformed.
pub(in super::super) fn count(wasm: &[u8]) -> Result<(Vec<u8>, Vec<Site>)> {
    let module = Module::parse(wasm)?;
    ensure!(
        module.memories.len() == 1,
        "the counters' memory is the second one"
    );
    let mut sites = Vec::new();
    for (body, label) in module.bodies.iter().zip(labels(&module)) {
        let calls = body.get_operators_reader()?.into_iter();
        let calls = calls.filter(|it| matches!(it, Ok(Operator::CallIndirect { .. })));
        sites.extend(calls.zip(0..).map(|(_, ordinal)| (label.clone(), ordinal)));
    }
    let mut counting = Counting {
        module: &module,
        bodies: 0,
        sites: 0,
        pages: u64::from(length(sites.len()) * SITE).div_ceil(0x1_0000),
    };
    let mut counted = wasm_encoder::Module::new();
    counting.parse_core_module(&mut counted, Parser::new(0), wasm)?;
    Ok((counted.finish(), sites))
}

/// The profile that counters in a snapshot of a counting module say, as text: a line
/// for each site that was called often, with its targets by their part of its calls.
/// The calls that Rust makes are left out: they are others with each change of it.
///
/// # Errors
/// Where the snapshot is none of such a module.
pub(in super::super) fn profile(snapshot: &[u8], sites: &[Site]) -> Result<String> {
    let module = Module::parse(snapshot)?;
    let mut memory = vec![0; sites.len() * SITE as usize];
    for data in &module.data {
        if let DataKind::Active {
            memory_index: 1,
            offset_expr,
        } = &data.kind
        {
            let offset = Facts::none(&module).evaluate(offset_expr)?;
            let offset = offset.context("a segment without a place")?.cast_unsigned() as usize;
            let place = memory.get_mut(offset..offset + data.data.len());
            place
                .context("a segment beyond the counters")?
                .copy_from_slice(data.data);
        }
    }
    let (labels, table) = (labels(&module), table(&module)?);
    let imported = module.imported(ExternalKind::Func);
    let name = |slot: u32| {
        let defined = table.get(&slot)?.checked_sub(imported)?;
        labels.get(defined as usize)
    };
    let mut lines = BTreeMap::new();
    let mut all = 0;
    for (site, counters) in sites.iter().zip(memory.chunks_exact(SITE as usize)) {
        let words: Vec<u32> = counters
            .chunks_exact(4)
            .map(|word| u32::from_le_bytes(word.try_into().unwrap_or_default()))
            .collect();
        let calls: u64 = words.chunks_exact(2).map(|it| u64::from(it[1])).sum();
        all += calls;
        let mut targets: Vec<(u64, &String)> = words[..2 * TARGETS as usize]
            .chunks_exact(2)
            .filter_map(|it| Some((u64::from(it[1]), name(it[0])?)))
            .collect();
        targets.sort_by(|a, b| b.cmp(a));
        if calls > 0 && !is_rust(&site.0) {
            lines.insert(site, (calls, targets));
        }
    }
    let mut text = String::new();
    for ((function, ordinal), (calls, targets)) in lines {
        if calls * 1_000_000 < LEAST * all {
            continue;
        }
        let _ = write!(text, "{function} {ordinal} {}", calls * 1_000_000 / all);
        for (count, target) in targets {
            let percent = 100 * count / calls;
            if percent > 0 {
                let _ = write!(text, " {target}={percent}");
            }
        }
        text.push('\n');
    }
    Ok(text)
}

/// Puts counters before calls.
struct Counting<'a> {
    module: &'a Module<'a>,
    /// How many bodies, and sites, were read.
    bodies: usize,
    sites: u32,
    /// The size of the counters' memory.
    pages: u64,
}

impl Reencode for Counting<'_> {
    type Error = Problem;

    fn parse_type_section(
        &mut self,
        types: &mut TypeSection,
        section: TypeSectionReader<'_>,
    ) -> Result<(), Error> {
        utils::parse_type_section(self, types, section)?;
        types.ty().function([ValType::I32, ValType::I32], []);
        Ok(())
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: FunctionSectionReader<'_>,
    ) -> Result<(), Error> {
        utils::parse_function_section(self, functions, section)?;
        functions.function(length(self.module.types.len()));
        Ok(())
    }

    fn parse_memory_section(
        &mut self,
        memories: &mut MemorySection,
        section: MemorySectionReader<'_>,
    ) -> Result<(), Error> {
        utils::parse_memory_section(self, memories, section)?;
        memories.memory(MemoryType {
            minimum: self.pages,
            // Wizer reads it by growing it.
            maximum: None,
            memory64: false,
            shared: false,
            page_size_log2: None,
        });
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: CodeSectionReader<'_>,
    ) -> Result<(), Error> {
        utils::parse_code_section(self, code, section)?;
        code.function(&counter());
        Ok(())
    }

    fn parse_function_body(
        &mut self,
        code: &mut CodeSection,
        body: FunctionBody<'_>,
    ) -> Result<(), Error> {
        let counter =
            self.module.imported(ExternalKind::Func) + length(self.module.functions.len());
        let mut locals = Locals::new(self.module, self.bodies, &body)?;
        self.bodies += 1;
        let slot = locals.add(ValType::I32);
        let mut function = locals.function();
        for operator in body.get_operators_reader()? {
            let operator = operator?;
            if let Operator::CallIndirect { .. } = operator {
                function
                    .instructions()
                    .local_set(slot)
                    .i32_const((self.sites * SITE).cast_signed())
                    .local_get(slot)
                    .call(counter)
                    .local_get(slot);
                self.sites += 1;
            }
            function.instruction(&self.instruction(operator)?);
        }
        code.function(&function);
        Ok(())
    }
}

/// The function that counts a call: of the site whose counters begin at its first
/// parameter, to the slot that is its second.
fn counter() -> Function {
    let place = |offset| MemArg {
        offset,
        align: 2,
        memory_index: 1,
    };
    let (at, slot, end, known) = (0, 1, 2, 3);
    let mut function = Function::new([(2, ValType::I32)]);
    function
        .instructions()
        .local_get(at)
        .i32_const((SITE - 8).cast_signed())
        .i32_add()
        .local_set(end)
        .block(BlockType::Empty)
        .loop_(BlockType::Empty)
        // The last one counts all others.
        .local_get(at)
        .local_get(end)
        .i32_eq()
        .br_if(1)
        .local_get(at)
        .i32_load(place(0))
        .local_tee(known)
        .local_get(slot)
        .i32_eq()
        .br_if(1)
        .local_get(known)
        .i32_eqz()
        .if_(BlockType::Empty)
        .local_get(at)
        .local_get(slot)
        .i32_store(place(0))
        .br(2)
        .end()
        .local_get(at)
        .i32_const(8)
        .i32_add()
        .local_set(at)
        .br(0)
        .end()
        .end()
        .local_get(at)
        .local_get(at)
        .i32_load(place(4))
        .i32_const(1)
        .i32_add()
        .i32_store(place(4))
        .end();
    function
}
