//! Calls through the table, most of which go to the same function each time.
//!
//! CPython calls what a type does through slots. A runtime checks such a call's index
//! and signature, and no optimiser sees through it. A training run counts where each
//! site's calls go ([`count`]); then those that it mostly goes to are called directly
//! behind a comparison ([`direct`]), where they can be inlined.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use anyhow::{Context as _, Result, ensure};
use wasm_encoder::reencode::{Reencode, utils};
use wasm_encoder::{
    BlockType, CodeSection, Function, FunctionSection, Instruction, MemArg, MemorySection,
    MemoryType, TypeSection, ValType,
};
use wasmparser::{
    CodeSectionReader, DataKind, ExternalKind, FunctionBody, FunctionSectionReader,
    MemorySectionReader, Operator, Parser, TypeSectionReader,
};

use super::facts::Facts;
use super::module::{Error, Module, Problem, count as length};

/// The targets of a site that are told apart; further ones are counted together.
const TARGETS: u32 = 31;

/// The bytes of a site's counters: a slot of the table and a count for each target,
/// and for all others.
const SITE: u32 = 8 * (TARGETS + 1);

/// Sites with fewer of a million calls are left out of a profile.
const LEAST: u64 = 20;

/// Targets with a smaller part of their site's calls, in percent, are not called
/// directly.
const LEAST_PERCENT: u64 = 7;

/// How many targets of a site are called directly.
const DIRECT: usize = 4;

/// A call through the table: the function that it is in, and how many such calls
/// come before it there.
type Site = (String, u32);

/// The module that counts where calls go, in a memory of its own, and its sites in
/// the order of their counters.
///
/// # Errors
/// Where the module is malformed.
pub(super) fn count(wasm: &[u8]) -> Result<(Vec<u8>, Vec<Site>)> {
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
pub(super) fn profile(snapshot: &[u8], sites: &[Site]) -> Result<String> {
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

/// Calls what a site mostly calls directly, where the table has that. What a profile
/// names and the module does not have is passed over.
///
/// # Errors
/// Where the module or the profile is malformed.
pub(super) fn direct(wasm: &[u8], profile: &str) -> Result<Vec<u8>> {
    let module = Module::parse(wasm)?;
    let labels = labels(&module);
    let imported = module.imported(ExternalKind::Func);
    let types = module.function_types();
    let mut slots: HashMap<&str, (u32, u32)> = HashMap::new();
    for (slot, function) in table(&module)? {
        if let Some(defined) = function.checked_sub(imported)
            && let Some(label) = labels.get(defined as usize)
        {
            // The least, if there are more: the order of a map is nobody's.
            let known = slots.entry(label).or_insert((slot, function));
            *known = (*known).min((slot, function));
        }
    }
    let mut targets: HashMap<(&str, u32), Vec<Target>> = HashMap::new();
    for line in profile.lines() {
        let mut words = line.split(' ');
        let (Some(function), Some(ordinal)) = (words.next(), words.next()) else {
            anyhow::bail!("the profile has a line `{line}`");
        };
        let mut found = Vec::new();
        for word in words.skip(1) {
            let (name, percent) = word
                .rsplit_once('=')
                .with_context(|| format!("the profile has a target `{word}`"))?;
            if let Some(&(slot, function)) = slots.get(name)
                && percent.parse::<u64>()? >= LEAST_PERCENT
                && found.len() < DIRECT
            {
                let ty = types[function as usize];
                found.push(Target { slot, function, ty });
            }
        }
        targets.insert((function, ordinal.parse()?), found);
    }
    let mut directing = Directing {
        module: &module,
        labels: &labels,
        bodies: 0,
        targets,
    };
    let mut with = wasm_encoder::Module::new();
    directing.parse_core_module(&mut with, Parser::new(0), wasm)?;
    Ok(with.finish())
}

/// A name for each function that is defined here: the second and later ones of a
/// name by their number, since static functions of C often share one.
fn labels(module: &Module<'_>) -> Vec<String> {
    let imported = module.imported(ExternalKind::Func);
    let mut seen: HashMap<&str, u32> = HashMap::new();
    (imported..)
        .zip(&module.bodies)
        .map(|(function, _)| {
            let name = without_hash(module.names.get(&function).copied().unwrap_or("?"));
            let number = seen.entry(name).or_default();
            *number += 1;
            // The profile is words in lines.
            let name = name.replace(|it: char| it.is_whitespace() || it == '=', "_");
            match *number {
                1 => name,
                number => format!("{name}#{number}"),
            }
        })
        .collect()
}

/// What a function of Rust's is called in each build.
fn without_hash(name: &str) -> &str {
    match name.rsplit_once("::h") {
        Some((path, hash)) if hash.len() == 16 && hash.bytes().all(|it| it.is_ascii_hexdigit()) => {
            path
        }
        _ => name,
    }
}

/// Whether a function is Rust's, by its path.
fn is_rust(label: &str) -> bool {
    label.contains("::")
}

/// What is in the first table, by slot.
fn table(module: &Module<'_>) -> Result<HashMap<u32, u32>> {
    let facts = Facts::none(module);
    facts
        .content(module, 0)?
        .context("a table that is not known")
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

/// A function that a site often calls.
#[derive(Clone, Copy)]
struct Target {
    slot: u32,
    function: u32,
    ty: u32,
}

/// Puts direct calls before calls through the table.
struct Directing<'a> {
    module: &'a Module<'a>,
    labels: &'a [String],
    bodies: usize,
    targets: HashMap<(&'a str, u32), Vec<Target>>,
}

impl Directing<'_> {
    /// The targets of a site that can be called in its place, and the types of what
    /// they take and give: one value, or none.
    fn targets(&self, site: u32, ty: u32) -> Option<(&[Target], Vec<ValType>, BlockType)> {
        let label = self.labels.get(self.bodies)?;
        let targets = self.targets.get(&(label.as_str(), site))?;
        let signature = self.module.types.get(ty as usize)?;
        let fits = |it: &Target| self.module.types.get(it.ty as usize) == Some(signature);
        if targets.is_empty() || !targets.iter().all(fits) {
            return None;
        }
        let value = |ty: &wasmparser::ValType| ValType::try_from(*ty).ok();
        let parameters = signature
            .params()
            .iter()
            .map(value)
            .collect::<Option<_>>()?;
        let result = match signature.results() {
            [] => BlockType::Empty,
            [ty] => BlockType::Result(value(ty)?),
            _ => return None,
        };
        Some((targets, parameters, result))
    }
}

impl Reencode for Directing<'_> {
    type Error = Problem;

    fn parse_function_body(
        &mut self,
        code: &mut CodeSection,
        body: FunctionBody<'_>,
    ) -> Result<(), Error> {
        let mut locals = Locals::new(self.module, self.bodies, &body)?;
        let mut instructions = Vec::new();
        let mut site = 0;
        for operator in body.get_operators_reader()? {
            let operator = operator?;
            let Operator::CallIndirect {
                type_index,
                table_index,
            } = operator
            else {
                instructions.push(self.instruction(operator)?);
                continue;
            };
            let through = Instruction::CallIndirect {
                type_index,
                table_index,
            };
            if let Some((targets, parameters, result)) = self.targets(site, type_index) {
                // The arguments are needed on each way: Binaryen 108 has no blocks
                // that take any.
                let slot = locals.spare(ValType::I32, 0);
                let arguments: Vec<u32> = parameters
                    .iter()
                    .zip(1..)
                    .map(|(ty, position)| locals.spare(*ty, position))
                    .collect();
                instructions.push(Instruction::LocalSet(slot));
                instructions.extend(arguments.iter().rev().map(|it| Instruction::LocalSet(*it)));
                let given = || arguments.iter().map(|it| Instruction::LocalGet(*it));
                for target in targets {
                    instructions.extend([
                        Instruction::LocalGet(slot),
                        Instruction::I32Const(target.slot.cast_signed()),
                        Instruction::I32Eq,
                        Instruction::If(result),
                    ]);
                    instructions.extend(given());
                    instructions.extend([Instruction::Call(target.function), Instruction::Else]);
                }
                instructions.extend(given());
                instructions.extend([Instruction::LocalGet(slot), through]);
                instructions.extend(targets.iter().map(|_| Instruction::End));
            } else {
                instructions.push(through);
            }
            site += 1;
        }
        self.bodies += 1;
        let mut function = locals.function();
        for instruction in &instructions {
            function.instruction(instruction);
        }
        code.function(&function);
        Ok(())
    }
}

/// The locals of a function, and more.
struct Locals {
    declared: Vec<(u32, ValType)>,
    /// How many there are, with the parameters.
    count: u32,
    spare: HashMap<(ValType, u32), u32>,
}

impl Locals {
    /// Those of the body of a number.
    fn new(module: &Module<'_>, number: usize, body: &FunctionBody<'_>) -> Result<Self, Error> {
        let mut declared = Vec::new();
        for locals in body.get_locals_reader()? {
            let (count, ty) = locals?;
            let ty = ValType::try_from(ty)
                .map_err(|_| Problem::new(format_args!("a local of type {ty}")))?;
            declared.push((count, ty));
        }
        let ty = module.functions.get(number).copied().unwrap_or_default();
        let parameters = module
            .types
            .get(ty as usize)
            .map_or(0, |it| it.params().len());
        let count = length(parameters) + declared.iter().map(|(count, _)| count).sum::<u32>();
        Ok(Self {
            declared,
            count,
            spare: HashMap::new(),
        })
    }

    fn add(&mut self, ty: ValType) -> u32 {
        self.declared.push((1, ty));
        self.count += 1;
        self.count - 1
    }

    /// A local that nothing else uses than what asks for this type and position.
    fn spare(&mut self, ty: ValType, position: u32) -> u32 {
        if let Some(known) = self.spare.get(&(ty, position)) {
            return *known;
        }
        let added = self.add(ty);
        self.spare.insert((ty, position), added);
        added
    }

    fn function(self) -> Function {
        Function::new(self.declared)
    }
}
