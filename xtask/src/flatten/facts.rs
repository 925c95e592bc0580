//! What holds of a module whatever happens while it runs.

use std::collections::HashMap;

use wasmparser::{
    ConstExpr, ElementItems, ElementKind, ExternalKind, FunctionBody, Operator, TableInit,
};

use super::module::{Error, Module, Problem, count};

/// Constants of a module: at first nothing is known to be one.
pub(super) struct Facts {
    types: Vec<u32>,
    /// The globals that never change, and their values.
    globals: HashMap<u32, i32>,
    /// What is in the tables that never change.
    tables: HashMap<u32, HashMap<u32, u32>>,
    /// Functions that only call another one with what they are given.
    forwards: HashMap<u32, u32>,
}

/// What reachable code uses.
#[derive(Default)]
pub(super) struct Uses {
    pub(super) functions: Vec<bool>,
    pub(super) tables: Vec<bool>,
    pub(super) globals: Vec<bool>,
    /// The globals and tables that code writes to.
    written_globals: Vec<bool>,
    written_tables: Vec<bool>,
}

impl Facts {
    /// Nothing is known.
    pub(super) fn none(module: &Module<'_>) -> Self {
        Self {
            types: module.function_types(),
            globals: HashMap::new(),
            tables: HashMap::new(),
            forwards: HashMap::new(),
        }
    }

    /// What follows from what code does and doesn't use.
    ///
    /// # Errors
    /// Where the module is malformed.
    pub(super) fn new(module: &Module<'_>, uses: &Uses) -> Result<Self, Error> {
        let mut facts = Self::none(module);
        let exported = |kind, index| {
            module
                .exports
                .iter()
                .any(|export| export.kind == kind && export.index == index)
        };
        for (global, index) in module
            .globals
            .iter()
            .zip(module.imported(ExternalKind::Global)..)
        {
            let changes = uses.written_globals[index as usize]
                || (global.ty.mutable && exported(ExternalKind::Global, index));
            if !changes && let Some(value) = facts.evaluate(&global.init_expr)? {
                facts.globals.insert(index, value);
            }
        }
        for (table, index) in module
            .tables
            .iter()
            .zip(module.imported(ExternalKind::Table)..)
        {
            let changes =
                uses.written_tables[index as usize] || exported(ExternalKind::Table, index);
            if !changes
                && matches!(table.init, TableInit::RefNull)
                && let Some(content) = facts.content(module, index)?
            {
                facts.tables.insert(index, content);
            }
        }
        for (body, index) in module
            .bodies
            .iter()
            .zip(module.imported(ExternalKind::Func)..)
        {
            if let Some(target) = facts.forward(module, index, body)? {
                facts.forwards.insert(index, target);
            }
        }
        Ok(facts)
    }

    /// The value of a constant expression, if that is an `i32` known now.
    ///
    /// # Errors
    /// Where it is malformed.
    pub(super) fn evaluate(&self, expression: &ConstExpr<'_>) -> Result<Option<i32>, Error> {
        let mut stack = Vec::new();
        for operator in expression.get_operators_reader() {
            let value = match operator? {
                Operator::I32Const { value } => Some(value),
                Operator::GlobalGet { global_index } => self.globals.get(&global_index).copied(),
                Operator::I32Add => binary(&mut stack, i32::wrapping_add),
                Operator::I32Sub => binary(&mut stack, i32::wrapping_sub),
                Operator::I32Mul => binary(&mut stack, i32::wrapping_mul),
                Operator::End => break,
                _ => None,
            };
            let Some(value) = value else { return Ok(None) };
            stack.push(value);
        }
        Ok(stack.pop())
    }

    /// The functions in a table, by slot, where all is known now.
    ///
    /// # Errors
    /// Where the module is malformed.
    pub(super) fn content(
        &self,
        module: &Module<'_>,
        table: u32,
    ) -> Result<Option<HashMap<u32, u32>>, Error> {
        let mut content = HashMap::new();
        for element in &module.elements {
            let ElementKind::Active {
                table_index,
                offset_expr,
            } = &element.kind
            else {
                continue;
            };
            if table_index.unwrap_or(0) != table {
                continue;
            }
            let (Some(offset), ElementItems::Functions(functions)) =
                (self.evaluate(offset_expr)?, &element.items)
            else {
                return Ok(None);
            };
            for (function, slot) in functions.clone().into_iter().zip(offset.cast_unsigned()..) {
                content.insert(slot, function?);
            }
        }
        Ok(Some(content))
    }

    /// What a function calls with its own arguments, if it does nothing else.
    fn forward(
        &self,
        module: &Module<'_>,
        index: u32,
        body: &FunctionBody<'_>,
    ) -> Result<Option<u32>, Error> {
        // Most functions are longer than this: not worth reading.
        let ty = self
            .types
            .get(index as usize)
            .and_then(|ty| module.types.get(*ty as usize));
        let Some(ty) = ty else { return Ok(None) };
        let parameters = count(ty.params().len());
        if body.range().end - body.range().start > 16 + 3 * u64::from(parameters)
            || body.get_locals_reader()?.get_count() > 0
        {
            return Ok(None);
        }
        let mut operators = Vec::new();
        self.operators(module, body, |operator| {
            operators.push(operator);
            Ok(())
        })?;
        let Some((Operator::End, rest)) = operators.split_last() else {
            return Ok(None);
        };
        let Some((Operator::Call { function_index }, arguments)) = rest.split_last() else {
            return Ok(None);
        };
        let same = arguments.len() == parameters as usize
            && arguments.iter().zip(0..).all(|(operator, wanted)| {
                matches!(operator, Operator::LocalGet { local_index } if *local_index == wanted)
            });
        let target = *function_index;
        let target_type = self.types.get(target as usize);
        let target_type = target_type.and_then(|ty| module.types.get(*ty as usize));
        Ok((same && target != index && target_type == Some(ty)).then_some(target))
    }

    /// The function that does the work of a function.
    pub(super) fn target(&self, mut function: u32) -> u32 {
        // Functions that forward to each other forever do not get here, but a
        // program may have them.
        for _ in 0..8 {
            match self.forwards.get(&function) {
                Some(target) => function = *target,
                None => break,
            }
        }
        function
    }

    /// Gives the operators of a function, with what is constant put in place:
    /// globals, and calls of what is known to be in a table.
    ///
    /// # Errors
    /// Where the function is malformed, and what `each` gives.
    pub(super) fn operators<'a>(
        &self,
        module: &Module<'_>,
        body: &FunctionBody<'a>,
        mut each: impl FnMut(Operator<'a>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut pending = None;
        for operator in body.get_operators_reader()? {
            let operator = match operator? {
                Operator::GlobalGet { global_index } => match self.globals.get(&global_index) {
                    Some(value) => Operator::I32Const { value: *value },
                    None => Operator::GlobalGet { global_index },
                },
                Operator::CallIndirect {
                    type_index,
                    table_index,
                } => {
                    let known = pending.and_then(|slot: i32| {
                        let function =
                            *self.tables.get(&table_index)?.get(&slot.cast_unsigned())?;
                        let actual = module
                            .types
                            .get(*self.types.get(function as usize)? as usize);
                        (actual? == module.types.get(type_index as usize)?).then_some(function)
                    });
                    match known {
                        Some(function_index) => {
                            pending = None;
                            Operator::Call { function_index }
                        }
                        None => Operator::CallIndirect {
                            type_index,
                            table_index,
                        },
                    }
                }
                other => other,
            };
            if let Some(value) = pending.take() {
                each(Operator::I32Const { value })?;
            }
            match operator {
                Operator::I32Const { value } => pending = Some(value),
                other => each(other)?,
            }
        }
        Ok(())
    }
}

fn binary(stack: &mut Vec<i32>, operation: fn(i32, i32) -> i32) -> Option<i32> {
    let right = stack.pop()?;
    Some(operation(stack.pop()?, right))
}

impl Uses {
    /// Follows what code uses from what is exported.
    ///
    /// # Errors
    /// Where the module is malformed.
    pub(super) fn new(module: &Module<'_>, facts: &Facts) -> Result<Self, Error> {
        let size = |kind| (module.imported(kind) + module.defined(kind)) as usize;
        let mut uses = Self {
            functions: vec![false; size(ExternalKind::Func)],
            tables: vec![false; size(ExternalKind::Table)],
            globals: vec![false; size(ExternalKind::Global)],
            written_globals: vec![false; size(ExternalKind::Global)],
            written_tables: vec![false; size(ExternalKind::Table)],
        };
        let mut queue = Vec::new();
        for export in &module.exports {
            match export.kind {
                ExternalKind::Func | ExternalKind::FuncExact => {
                    uses.function(facts.target(export.index), &mut queue)?;
                }
                ExternalKind::Table => uses.table(module, facts, export.index, &mut queue)?,
                ExternalKind::Global => uses.global(module, facts, export.index, &mut queue)?,
                _ => {}
            }
        }
        if let Some(start) = module.start {
            uses.function(facts.target(start), &mut queue)?;
        }
        for element in &module.elements {
            if let ElementKind::Active { table_index, .. } = &element.kind {
                // An imported table is someone else's too.
                let table = table_index.unwrap_or(0);
                if table < module.imported(ExternalKind::Table) {
                    uses.table(module, facts, table, &mut queue)?;
                }
            } else {
                uses.items(module, facts, &element.items, &mut queue)?;
            }
        }
        for data in &module.data {
            if let wasmparser::DataKind::Active { offset_expr, .. } = &data.kind {
                uses.expression(module, facts, offset_expr, &mut queue)?;
            }
        }
        for table in &module.tables {
            if let TableInit::Expr(expression) = &table.init {
                uses.expression(module, facts, expression, &mut queue)?;
            }
        }
        let imported = module.imported(ExternalKind::Func);
        while let Some(function) = queue.pop() {
            let Some(body) = function.checked_sub(imported) else {
                continue;
            };
            let Some(body) = module.bodies.get(body as usize) else {
                return Err(Problem::new(format_args!("no function {function}")));
            };
            facts.operators(module, body, |operator| {
                uses.operator(module, facts, &operator, &mut queue)
            })?;
        }
        Ok(uses)
    }

    fn operator(
        &mut self,
        module: &Module<'_>,
        facts: &Facts,
        operator: &Operator<'_>,
        queue: &mut Vec<u32>,
    ) -> Result<(), Error> {
        match *operator {
            Operator::Call { function_index }
            | Operator::ReturnCall { function_index }
            | Operator::RefFunc { function_index } => {
                self.function(facts.target(function_index), queue)?;
            }
            Operator::GlobalGet { global_index } => {
                self.global(module, facts, global_index, queue)?;
            }
            Operator::GlobalSet { global_index } => {
                mark(&mut self.written_globals, global_index)?;
                self.global(module, facts, global_index, queue)?;
            }
            Operator::CallIndirect {
                table_index: table, ..
            }
            | Operator::ReturnCallIndirect {
                table_index: table, ..
            }
            | Operator::TableGet { table }
            | Operator::TableSize { table } => self.table(module, facts, table, queue)?,
            Operator::TableSet { table }
            | Operator::TableGrow { table }
            | Operator::TableFill { table }
            | Operator::TableInit { table, .. } => {
                mark(&mut self.written_tables, table)?;
                self.table(module, facts, table, queue)?;
            }
            Operator::TableCopy {
                dst_table,
                src_table,
            } => {
                mark(&mut self.written_tables, dst_table)?;
                self.table(module, facts, dst_table, queue)?;
                self.table(module, facts, src_table, queue)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn function(&mut self, function: u32, queue: &mut Vec<u32>) -> Result<(), Error> {
        if mark(&mut self.functions, function)? {
            queue.push(function);
        }
        Ok(())
    }

    fn global(
        &mut self,
        module: &Module<'_>,
        facts: &Facts,
        global: u32,
        queue: &mut Vec<u32>,
    ) -> Result<(), Error> {
        let defined = global.checked_sub(module.imported(ExternalKind::Global));
        if mark(&mut self.globals, global)?
            && let Some(global) = defined.and_then(|index| module.globals.get(index as usize))
        {
            self.expression(module, facts, &global.init_expr, queue)?;
        }
        Ok(())
    }

    fn table(
        &mut self,
        module: &Module<'_>,
        facts: &Facts,
        table: u32,
        queue: &mut Vec<u32>,
    ) -> Result<(), Error> {
        if !mark(&mut self.tables, table)? {
            return Ok(());
        }
        for element in &module.elements {
            if let ElementKind::Active {
                table_index,
                offset_expr,
            } = &element.kind
                && table_index.unwrap_or(0) == table
            {
                self.expression(module, facts, offset_expr, queue)?;
                self.items(module, facts, &element.items, queue)?;
            }
        }
        Ok(())
    }

    fn items(
        &mut self,
        module: &Module<'_>,
        facts: &Facts,
        items: &ElementItems<'_>,
        queue: &mut Vec<u32>,
    ) -> Result<(), Error> {
        match items {
            ElementItems::Functions(functions) => {
                for function in functions.clone() {
                    self.function(facts.target(function?), queue)?;
                }
            }
            ElementItems::Expressions(_, expressions) => {
                for expression in expressions.clone() {
                    self.expression(module, facts, &expression?, queue)?;
                }
            }
        }
        Ok(())
    }

    fn expression(
        &mut self,
        module: &Module<'_>,
        facts: &Facts,
        expression: &ConstExpr<'_>,
        queue: &mut Vec<u32>,
    ) -> Result<(), Error> {
        if facts.evaluate(expression)?.is_none() {
            for operator in expression.get_operators_reader() {
                self.operator(module, facts, &operator?, queue)?;
            }
        }
        Ok(())
    }
}

/// Marks an index; gives whether it was not marked.
fn mark(marks: &mut [bool], index: u32) -> Result<bool, Error> {
    match marks.get_mut(index as usize) {
        Some(marked) => Ok(!std::mem::replace(marked, true)),
        None => Err(Problem::new(format_args!("no index {index}"))),
    }
}
