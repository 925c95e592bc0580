//! Node types written in Rust.

mod add;
mod arithmetic;
mod calculator;
mod echo;
mod multiply;
mod numbers;
mod params;
mod pass_through;

use crate::registry::Factory;

/// All of them.
#[must_use]
pub fn factories() -> Vec<Factory> {
    let mut all = vec![
        add::node(),
        calculator::node(),
        echo::node(),
        multiply::node(),
    ];
    all.extend(pass_through::factories());
    all
}
