//! Reading a node's parameters.

use super::numbers::Number;
use crate::manifest::{did_you_mean, enumerate};
use crate::registry::{Factory, Language, Make, NodeInfo, ParamInfo, ParamProblem};
use crate::value::Value;

/// A node type that takes items one by one.
pub(super) fn factory(
    node_type: &str,
    summary: &str,
    params: Vec<ParamInfo>,
    make: Make,
) -> Factory {
    Factory {
        info: NodeInfo {
            node_type: node_type.to_owned(),
            language: Language::Rust,
            summary: summary.to_owned(),
            params,
            streaming: false,
            source: false,
            unavailable: None,
        },
        make,
    }
}

/// A parameter that has a default, or may be left out.
pub(super) fn optional(
    name: &str,
    param_type: &str,
    default: Option<Value>,
    summary: &str,
) -> ParamInfo {
    ParamInfo {
        name: name.to_owned(),
        param_type: param_type.to_owned(),
        required: false,
        default,
        summary: summary.to_owned(),
    }
}

/// Options that the Python package's base class takes for every node, so that
/// manifests in the wild have them. They are about its state, and mean nothing
/// here.
const BASE_OPTIONS: &[&str] = &["name", "enable_state", "state_ttl", "max_sessions"];

/// The parameters of one node, and what is wrong with them.
pub(super) struct Params<'a> {
    node_type: &'static str,
    params: &'a Value,
    problems: Vec<ParamProblem>,
}

impl<'a> Params<'a> {
    /// Begins with the names.
    pub(super) fn new(
        node_type: &'static str,
        params: &'a Value,
        known: &'static [&'static str],
    ) -> Self {
        let mut read = Self {
            node_type,
            params,
            problems: Vec::new(),
        };
        let takes = match known {
            [] => "it takes none".to_owned(),
            known => format!("it takes {}", enumerate(known.iter().copied())),
        };
        if let Value::Map(fields) = params {
            for (name, _) in fields {
                if !known.contains(&name.as_str()) && !BASE_OPTIONS.contains(&name.as_str()) {
                    let help = did_you_mean(name, known.iter().copied());
                    let message = format!("{node_type} has no parameter `{name}`: {takes}");
                    read.problem(name, message, help);
                }
            }
        } else {
            let message = format!("parameters are an object, found {}", params.kind());
            read.problem("", message, None);
        }
        read
    }

    pub(super) fn problem(&mut self, name: &str, message: impl Into<String>, help: Option<String>) {
        self.problems.push(ParamProblem {
            param: name.to_owned(),
            message: message.into(),
            help,
        });
    }

    fn wrong_type(&mut self, name: &str, needs: &str, found: &Value) {
        let (node_type, found) = (self.node_type, found.kind());
        let message = format!("`{name}` of {node_type} must be {needs}, found {found}");
        self.problem(name, message, None);
    }

    /// Whether a parameter is given.
    pub(super) fn has(&self, name: &str) -> bool {
        self.params.get(name).is_some()
    }

    /// A number; a boolean is none.
    pub(super) fn number(&mut self, name: &str) -> Option<Number> {
        let value = self.params.get(name)?;
        let number = Number::of(value);
        if number.is_none() {
            self.wrong_type(name, "a number", value);
        }
        number
    }

    /// A finite float; an integer will do.
    pub(super) fn float(&mut self, name: &str) -> Option<f64> {
        let float = self.number(name)?.to_f64();
        if !float.is_some_and(f64::is_finite) {
            let message = format!("`{name}` of {} must be finite", self.node_type);
            self.problem(name, message, None);
        }
        float.filter(|float| float.is_finite())
    }

    /// A truth value.
    pub(super) fn boolean(&mut self, name: &str) -> Option<bool> {
        let value = self.params.get(name)?;
        if let Value::Bool(value) = value {
            return Some(*value);
        }
        self.wrong_type(name, "true or false", value);
        None
    }

    /// A whole number of at least 1.
    pub(super) fn positive(&mut self, name: &str) -> Option<u32> {
        self.whole(name, 1)
    }

    /// A whole number of at least 0.
    pub(super) fn count(&mut self, name: &str) -> Option<u32> {
        self.whole(name, 0)
    }

    fn whole(&mut self, name: &str, least: u32) -> Option<u32> {
        let value = self.params.get(name)?;
        let Some(number) = Number::of(value) else {
            self.wrong_type(name, "a whole number", value);
            return None;
        };
        let whole = match number.whole() {
            Number::Int(whole) => u32::try_from(whole).ok().filter(|&whole| whole >= least),
            _ => None,
        };
        if whole.is_none() {
            let node_type = self.node_type;
            let most = u32::MAX;
            let message =
                format!("`{name}` of {node_type} must be a whole number from {least} to {most}");
            self.problem(name, message, None);
        }
        whole
    }

    /// One of several names.
    pub(super) fn one_of<T: Copy>(&mut self, name: &str, all: &[(&str, T)]) -> Option<T> {
        let value = self.params.get(name)?;
        let Value::Text(text) = value else {
            self.wrong_type(name, "a string", value);
            return None;
        };
        let found = all.iter().find(|(known, _)| known == text);
        if found.is_none() {
            let names = || all.iter().map(|&(known, _)| known);
            let message = format!(
                "`{name}` of {} can't be {text:?}: it must be one of {}",
                self.node_type,
                enumerate(names())
            );
            self.problem(name, message, did_you_mean(text, names()));
        }
        found.map(|&(_, value)| value)
    }

    /// The node, if nothing is wrong.
    ///
    /// # Errors
    /// All that is wrong.
    pub(super) fn done<T>(self, made: T) -> Result<T, Vec<ParamProblem>> {
        match self.problems.is_empty() {
            true => Ok(made),
            false => Err(self.problems),
        }
    }
}
