//! Direct calls in place of those through the table, where a profile says so.

use std::collections::HashMap;

use anyhow::{Context as _, Result, bail};
use wasm_encoder::reencode::Reencode;
use wasm_encoder::{BlockType, CodeSection, Instruction, ValType};
use wasmparser::{ExternalKind, FunctionBody, Operator, Parser};

use super::super::module::{Error, Module, Problem};
use super::{Locals, labels, table};

/// Targets with a smaller part of their site's calls, in percent, are not called
/// directly.
const LEAST_PERCENT: u64 = 7;

/// How many targets of a site are called directly.
const DIRECT: usize = 4;

/// Calls what a site mostly calls directly, where the table has that. What a profile
/// names and the module does not have is passed over.
///
/// # Errors
/// Where the module or the profile is malformed.
pub(in super::super) fn direct(wasm: &[u8], profile: &str) -> Result<Vec<u8>> {
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
            bail!("the profile has a line `{line}`");
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
    fn targets(&self, site: u32, ty: u32) -> Option<(Vec<Target>, Vec<ValType>, BlockType)> {
        let label = self.labels.get(self.bodies)?;
        let known = self.targets.get(&(label.as_str(), site))?;
        let signature = self.module.types.get(ty as usize)?;
        let fits = |it: &&Target| self.module.types.get(it.ty as usize) == Some(signature);
        let targets: Vec<Target> = known.iter().filter(fits).copied().collect();
        if targets.is_empty() {
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
            if table_index == 0
                && let Some((targets, parameters, result)) = self.targets(site, type_index)
            {
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
                for target in &targets {
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
