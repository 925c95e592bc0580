//! What `MultiplyNode`, `AddNode` and `CalculatorNode` have in common: a
//! calculation on every item.

use super::numbers::{Calculation, Number, Operation};
use crate::node::{Node, NodeError, Outputs};
use crate::value::Value;

/// A node that calculates.
pub(super) fn node(operation: Operation, operand: Number) -> Box<dyn Node> {
    Box::new(Calculate(Calculation::new(operation, operand)))
}

struct Calculate(Calculation);

impl Node for Calculate {
    fn process(&mut self, item: Value) -> Result<Outputs, NodeError> {
        let result = self.0.apply(item).map_err(NodeError::failed)?;
        Ok(Outputs::One(result))
    }
}
