//! What the tests share.

#![allow(dead_code, missing_docs, unreachable_pub)]

pub mod model;

use std::any::Any;
use std::cell::RefCell;
use std::collections::VecDeque;

use pipeline_component::manifest::{
    Connection, Manifest, Metadata, NodeSpec, Parsed, Severity, load, parse,
};
use pipeline_component::node::{Emitter, Node, NodeError, Outputs};
use pipeline_component::registry::{Factory, Language, Make, NodeInfo, ParamProblem, Registry};
use pipeline_component::value::{NoForm, Object, Value};

thread_local! {
    /// What nodes did, in order.
    static LOG: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

pub fn log(entry: impl Into<String>) {
    LOG.with_borrow_mut(|log| log.push(entry.into()));
}

pub fn take_log() -> Vec<String> {
    LOG.take()
}

/// A manifest: nodes as (id, type, params), connections as "a>b".
pub fn manifest(nodes: Vec<NodeSpec>, connections: &[&str]) -> Manifest {
    let connection = |text: &&str| {
        let (from, to) = text.split_once('>').unwrap();
        Connection {
            from: from.to_owned(),
            to: to.to_owned(),
        }
    };
    Manifest {
        version: "v1".to_owned(),
        metadata: Metadata::default(),
        nodes,
        connections: connections.iter().map(connection).collect(),
        python_env: None,
    }
}

pub fn node<const N: usize>(id: &str, node_type: &str, params: [(&str, Value); N]) -> NodeSpec {
    let params = params.map(|(name, value)| (name.to_owned(), value));
    NodeSpec {
        params: Value::Map(params.into()),
        ..NodeSpec::new(id, node_type)
    }
}

/// The native node types, and some that tests steer.
pub fn registry() -> Registry {
    let mut registry = Registry::native();
    for (name, source, make) in [
        ("Probe", false, Probe::make as fn(&Value) -> _),
        ("Counter", true, Counter::make),
        ("Opaque", false, Opaque::make),
        ("TakesObjects", false, TakesObjects::make),
    ] {
        registry.register(factory(name, source, make));
    }
    registry
}

/// Reads and checks any text as a manifest: what is said of it is short and has
/// its place in the text.
pub fn read_and_check(text: &str, registry: &Registry) -> Option<Parsed> {
    let parsed = parse(text);
    let diagnostics = match load(text, registry) {
        Err(invalid) => {
            let found = invalid.diagnostics;
            assert!(found.iter().any(|it| it.severity == Severity::Error));
            assert_eq!(invalid.manifest.is_some(), parsed.is_ok());
            found
        }
        Ok(loaded) => {
            let parsed = parsed.as_ref().unwrap();
            assert_eq!(loaded.node_locations.len(), parsed.manifest.nodes.len());
            assert_eq!(
                loaded.graph.node_count as usize,
                parsed.manifest.nodes.len()
            );
            loaded.warnings
        }
    };
    assert!(diagnostics.len() <= 202);
    for diagnostic in diagnostics {
        assert!(!diagnostic.message.is_empty() && diagnostic.message.len() < 5000);
        let related = diagnostic.related.iter().map(|related| related.location);
        for location in related.chain([diagnostic.location]) {
            // What can't be read at all has no parts.
            let Some(location) = location else {
                assert!(parsed.is_err(), "{diagnostic:?}");
                continue;
            };
            let start = location.offset as usize;
            assert!(
                text.get(start..start + location.length as usize).is_some(),
                "{diagnostic:?}"
            );
            assert!(location.line > 0 && location.column > 0);
        }
    }
    parsed.ok()
}

/// A node type of the tests' own.
pub fn factory(name: &str, source: bool, make: Make) -> Factory {
    Factory {
        info: NodeInfo {
            node_type: name.to_owned(),
            language: Language::Rust,
            summary: String::new(),
            params: Vec::new(),
            streaming: false,
            source,
            unavailable: None,
        },
        make,
    }
}

pub type Made = Result<Box<dyn Node>, Vec<ParamProblem>>;

fn text(params: &Value, name: &str) -> String {
    match params.get(name) {
        Some(Value::Text(text)) => text.clone(),
        _ => String::new(),
    }
}

fn int(params: &Value, name: &str) -> Option<i64> {
    match params.get(name) {
        Some(Value::Int(value)) => Some(*value),
        _ => None,
    }
}

/// Items that are computed as they are asked for.
struct Lazy<F>(F);

impl<F: FnMut() -> Result<Option<Value>, NodeError>> Emitter for Lazy<F> {
    fn next(&mut self) -> Result<Option<Value>, NodeError> {
        (self.0)()
    }
}

/// Writes down what is done to it. Params: `name`, and `fail`: the name of the
/// call that fails; `item`: the number of the item that fails; `copies`: how
/// many items for one, lazily; `flush`: how many items at the end.
struct Probe {
    name: String,
    fail: String,
    item: Option<i64>,
    copies: Option<i64>,
    flush: i64,
    seen: i64,
}

impl Probe {
    fn make(params: &Value) -> Made {
        Ok(Box::new(Self {
            name: text(params, "name"),
            fail: text(params, "fail"),
            item: int(params, "item"),
            copies: int(params, "copies"),
            flush: int(params, "flush").unwrap_or(0),
            seen: 0,
        }))
    }

    fn call(&self, call: &str) -> Result<(), NodeError> {
        log(format!("{call} {}", self.name));
        match self.fail == call {
            true => Err(NodeError::failed(format!("{call} of {} fails", self.name))),
            false => Ok(()),
        }
    }
}

impl Node for Probe {
    fn initialize(&mut self) -> Result<(), NodeError> {
        self.call("initialize")
    }

    fn process(&mut self, item: Value) -> Result<Outputs, NodeError> {
        let number = self.seen;
        self.seen += 1;
        log(format!("{} gets {}", self.name, show(&item)));
        if self.item == Some(number) && self.copies.is_none() {
            return Err(NodeError::failed(format!(
                "{} dislikes item {number}",
                self.name
            )));
        }
        let Some(copies) = self.copies else {
            return Ok(Outputs::One(Value::Text(format!(
                "{}{}",
                show(&item),
                self.name
            ))));
        };
        let (name, mut done, fails) = (self.name.clone(), 0, self.item);
        Ok(Outputs::Many(Box::new(Lazy(move || {
            if done == copies {
                return Ok(None);
            }
            if fails == Some(done) {
                return Err(NodeError::failed(format!("{name} fails at copy {done}")));
            }
            done += 1;
            log(format!("{name} gives copy {done}"));
            Ok(Some(Value::Text(format!("{}{name}{done}", show(&item)))))
        }))))
    }

    fn finish(&mut self) -> Result<Outputs, NodeError> {
        self.call("finish")?;
        let mut left = VecDeque::from_iter(1..=self.flush);
        let name = self.name.clone();
        Ok(Outputs::Many(Box::new(Lazy(move || {
            Ok(left.pop_front().map(|n| Value::Text(format!("{name}!{n}"))))
        }))))
    }

    fn cleanup(&mut self) -> Result<(), NodeError> {
        self.call("cleanup")
    }
}

fn show(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        other => format!("{other:?}"),
    }
}

/// A source that counts from 1 to `to`, or for ever.
struct Counter {
    to: Option<i64>,
}

impl Counter {
    fn make(params: &Value) -> Made {
        Ok(Box::new(Self {
            to: int(params, "to"),
        }))
    }
}

impl Node for Counter {
    fn process(&mut self, _: Value) -> Result<Outputs, NodeError> {
        Err(NodeError::failed("takes no items"))
    }

    fn is_source(&self) -> bool {
        true
    }

    fn produce(&mut self) -> Result<Outputs, NodeError> {
        let (mut at, to) = (0, self.to);
        Ok(Outputs::Many(Box::new(Lazy(move || {
            at += 1;
            Ok((to.is_none_or(|to| at <= to)).then_some(Value::Int(at)))
        }))))
    }
}

/// An object that says when it is copied and converted.
#[derive(Debug)]
pub struct Thing(pub Value);

impl Object for Thing {
    fn to_value(&self) -> Result<Value, NoForm> {
        log(format!("convert {}", show(&self.0)));
        match &self.0 {
            Value::Null => Err(NoForm {
                path: "results.x".to_owned(),
                message: "set has no plain form".to_owned(),
            }),
            value => Ok(value.clone()),
        }
    }

    fn is_plain(&self) -> bool {
        false
    }

    fn duplicate(&self) -> Result<Box<dyn Object>, NoForm> {
        log(format!("copy {}", show(&self.0)));
        match &self.0 {
            Value::Bool(_) => Err(NoForm {
                path: String::new(),
                message: "a lock can't be copied".to_owned(),
            }),
            value => Ok(Box::new(Self(value.clone()))),
        }
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

/// Wraps every item as an object.
struct Opaque;

impl Opaque {
    fn make(_: &Value) -> Made {
        Ok(Box::new(Self))
    }
}

impl Node for Opaque {
    fn process(&mut self, item: Value) -> Result<Outputs, NodeError> {
        Ok(Outputs::One(Value::Object(Box::new(Thing(item)))))
    }
}

/// Takes objects as they are.
struct TakesObjects;

impl TakesObjects {
    fn make(_: &Value) -> Made {
        Ok(Box::new(Self))
    }
}

impl Node for TakesObjects {
    fn process(&mut self, item: Value) -> Result<Outputs, NodeError> {
        log(match &item {
            Value::Object(_) => "an object",
            _ => "a plain value",
        });
        Ok(Outputs::One(item))
    }

    fn takes_objects(&self) -> bool {
        true
    }
}

/// Whether two values are the same to the last bit: unlike `==`, NaN is NaN.
pub fn same(a: &Value, b: &Value) -> bool {
    let all =
        |a: &[Value], b: &[Value]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b));
    let list = |value: &Value| match value {
        Value::Ints(items) => Some(items.iter().copied().map(Value::Int).collect()),
        Value::Floats(items) => Some(items.iter().copied().map(Value::Float).collect()),
        _ => None,
    };
    if let Some(items) = list(a) {
        return same(&Value::List(items), b);
    }
    if let Some(items) = list(b) {
        return same(a, &Value::List(items));
    }
    match (a, b) {
        (Value::Float(a), Value::Float(b)) => {
            a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan()
        }
        (Value::List(a), Value::List(b)) | (Value::Tuple(a), Value::Tuple(b)) => all(a, b),
        (Value::Map(a), Value::Map(b)) => {
            let field =
                |((k, a), (l, b)): (&(String, Value), &(String, Value))| k == l && same(a, b);
            a.len() == b.len() && a.iter().zip(b).all(field)
        }
        (Value::Entries(a), Value::Entries(b)) => {
            let entry =
                |((k, a), (l, b)): (&(Value, Value), &(Value, Value))| same(k, l) && same(a, b);
            a.len() == b.len() && a.iter().zip(b).all(entry)
        }
        (a, b) => a == b,
    }
}
