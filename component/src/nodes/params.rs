//! Reading a node's parameters.

use super::numbers::Number;
use crate::manifest::{did_you_mean, enumerate, is_snake_case_of};
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

/// A parameter as a node type declares it, once: what `list-nodes` shows and
/// what [`Params`] reads.
pub(super) struct Param {
    name: &'static str,
    param_type: &'static str,
    default: Fixed,
    summary: &'static str,
}

/// A default.
#[derive(Clone, Copy)]
enum Fixed {
    None,
    Float(f64),
    Whole(u32),
    Bool(bool),
    Text(&'static str),
}

/// What is said of parameters that manifests in the wild have and that never
/// had an effect.
const UNUSED: &str = "Taken because manifests have it; it has no effect.";

impl Param {
    const fn new(
        name: &'static str,
        param_type: &'static str,
        default: Fixed,
        summary: &'static str,
    ) -> Self {
        Self {
            name,
            param_type,
            default,
            summary,
        }
    }

    /// A finite number.
    pub(super) const fn number(name: &'static str, default: f64, summary: &'static str) -> Self {
        Self::new(name, "number", Fixed::Float(default), summary)
    }

    /// A number that may be left out.
    pub(super) const fn maybe_number(name: &'static str, summary: &'static str) -> Self {
        Self::new(name, "number", Fixed::None, summary)
    }

    /// A whole number from 0.
    pub(super) const fn whole(name: &'static str, default: u32, summary: &'static str) -> Self {
        Self::new(name, "int", Fixed::Whole(default), summary)
    }

    /// A whole number that may be left out.
    pub(super) const fn maybe_whole(name: &'static str, summary: &'static str) -> Self {
        Self::new(name, "int", Fixed::None, summary)
    }

    /// A truth value.
    pub(super) const fn flag(name: &'static str, default: bool, summary: &'static str) -> Self {
        Self::new(name, "bool", Fixed::Bool(default), summary)
    }

    /// A text; `param_type` may name the texts that it can be.
    pub(super) const fn text(
        name: &'static str,
        param_type: &'static str,
        default: &'static str,
        summary: &'static str,
    ) -> Self {
        Self::new(name, param_type, Fixed::Text(default), summary)
    }

    /// A text that may be left out.
    pub(super) const fn maybe_text(name: &'static str, summary: &'static str) -> Self {
        Self::new(name, "string", Fixed::None, summary)
    }

    /// Whatever manifests in the wild give it, it has no effect.
    pub(super) const fn unused(name: &'static str) -> Self {
        Self::new(name, "any", Fixed::None, UNUSED)
    }

    fn info(&self) -> ParamInfo {
        let default = match self.default {
            Fixed::None => None,
            Fixed::Float(value) => Some(value.into()),
            Fixed::Whole(value) => Some(i64::from(value).into()),
            Fixed::Bool(value) => Some(value.into()),
            Fixed::Text(value) => Some(value.into()),
        };
        optional(self.name, self.param_type, default, self.summary)
    }
}

/// What `list-nodes` shows of declared parameters.
pub(super) fn infos(declared: &[Param]) -> Vec<ParamInfo> {
    declared.iter().map(Param::info).collect()
}

/// Options that the Python package's base class takes for every node, so that
/// manifests in the wild have them. They are about its state, and mean nothing
/// here.
const BASE_OPTIONS: &[&str] = &["name", "enable_state", "state_ttl", "max_sessions"];

/// The parameters of one node, and what is wrong with them.
pub(super) struct Params<'a> {
    node_type: &'static str,
    params: &'a Value,
    declared: &'static [Param],
    problems: Vec<ParamProblem>,
}

impl<'a> Params<'a> {
    /// Begins with the names of parameters that a node declared.
    pub(super) fn of(
        node_type: &'static str,
        params: &'a Value,
        declared: &'static [Param],
    ) -> Self {
        let known: Vec<_> = declared.iter().map(|param| param.name).collect();
        Self {
            declared,
            ..Self::new(node_type, params, &known)
        }
    }

    /// Begins with the names.
    pub(super) fn new(node_type: &'static str, params: &'a Value, known: &[&'static str]) -> Self {
        let mut read = Self {
            node_type,
            params,
            declared: &[],
            problems: Vec::new(),
        };
        let takes = match known {
            [] => "it takes none".to_owned(),
            known => format!("it takes {}", enumerate(known.iter().copied())),
        };
        if let Value::Map(fields) = params {
            for (name, _) in fields {
                let is_known = known.iter().any(|known| is_snake_case_of(known, name));
                if !is_known && !BASE_OPTIONS.contains(&name.as_str()) {
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

    /// A parameter that is given, by its name or the same in camel case, which
    /// is how many manifests write it.
    fn get(&self, name: &str) -> Option<&'a Value> {
        let Value::Map(fields) = self.params else {
            return None;
        };
        let exact = fields.iter().find(|(field, _)| field == name);
        let found = exact.or_else(|| {
            fields
                .iter()
                .find(|(field, _)| is_snake_case_of(name, field))
        });
        let value = found.map(|(_, value)| value)?;
        let may_be_null = self
            .declared
            .iter()
            .any(|param| param.name == name && matches!(param.default, Fixed::None));
        (!may_be_null || !matches!(value, Value::Null)).then_some(value)
    }

    fn default(&self, name: &str) -> Fixed {
        let found = self.declared.iter().find(|param| param.name == name);
        found.map_or(Fixed::None, |param| param.default)
    }

    /// A declared [`Param::number`].
    pub(super) fn number_of(&mut self, name: &str) -> f64 {
        let default = match self.default(name) {
            Fixed::Float(default) => default,
            _ => f64::NAN,
        };
        self.float(name).unwrap_or(default)
    }

    /// A declared [`Param::number`] in a range.
    pub(super) fn within(&mut self, name: &str, least: f64, most: f64) -> f64 {
        let value = self.number_of(name);
        if !(least..=most).contains(&value) {
            let message = format!(
                "`{name}` of {} must be from {least} to {most}",
                self.node_type
            );
            self.problem(name, message, None);
        }
        value
    }

    /// A declared [`Param::whole`].
    pub(super) fn whole_of(&mut self, name: &str) -> u32 {
        let default = match self.default(name) {
            Fixed::Whole(default) => default,
            _ => 0,
        };
        self.count(name).unwrap_or(default)
    }

    /// A declared [`Param::flag`].
    pub(super) fn flag(&mut self, name: &str) -> bool {
        let default = matches!(self.default(name), Fixed::Bool(true));
        self.boolean(name).unwrap_or(default)
    }

    /// A declared [`Param::text`]; `""` for one that may be left out and is.
    pub(super) fn text_of(&mut self, name: &str) -> &'a str {
        match self.get(name) {
            Some(Value::Text(text)) => text,
            Some(other) => {
                self.wrong_type(name, "a string", other);
                ""
            }
            None => match self.default(name) {
                Fixed::Text(default) => default,
                _ => "",
            },
        }
    }

    /// Whether a parameter is given.
    pub(super) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// A number; a boolean is none.
    pub(super) fn number(&mut self, name: &str) -> Option<Number> {
        let value = self.get(name)?;
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
        let value = self.get(name)?;
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
        let value = self.get(name)?;
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
        let value = self.get(name)?;
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
