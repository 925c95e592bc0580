//! A model: its file, its inputs and outputs.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use rten::{DataType, Model, ModelOptions, NodeId, Value, ValueOrView, ValueType};

use crate::files::{granted, packed};
use crate::manifest::enumerate;
use crate::node::NodeError;

/// Largest file: what is larger does not fit the sandbox's memory with room to
/// work.
const MAX_FILE: u64 = 512 << 20;

/// An input of a model.
pub(super) struct Port {
    pub(super) name: String,
    id: NodeId,
    /// Type of its elements, if the model says.
    pub(super) data_type: Option<DataType>,
}

/// A model that is loaded.
pub(super) struct Loaded {
    model: Model,
    pub(super) inputs: Vec<Port>,
    pub(super) outputs: Vec<Port>,
}

/// Why there is no model.
fn setup(message: String) -> NodeError {
    NodeError::Setup {
        message,
        traceback: None,
    }
}

impl Loaded {
    /// Loads the first of `names` that is a file: a path as the sandbox sees
    /// it, or one in a directory that is granted.
    ///
    /// `hint` says where to get it from.
    pub(super) fn open(node_type: &str, names: &[&str], hint: &str) -> Result<Self, NodeError> {
        let path = find(names).ok_or_else(|| {
            let name = names.first().copied().unwrap_or_default();
            let directories = granted();
            let places = match directories.is_empty() {
                true => "no directory is granted".to_owned(),
                false => format!(
                    "it is not in {}",
                    enumerate(directories.iter().map(String::as_str))
                ),
            };
            setup(format!(
                "{node_type} needs the model {name:?}, and {places}: {hint}grant the directory \
                 that has it (`--nodes DIR`), and name it with `model` if its name is another"
            ))
        })?;
        let shown = path.display();
        let packed = packed(&path);
        let size = match &packed {
            Some(content) => content.len() as u64,
            None => std::fs::metadata(&path).map_or(0, |file| file.len()),
        };
        if size > MAX_FILE {
            let message = format!(
                "the model {shown} has {size} bytes, and {node_type} takes up to {MAX_FILE}"
            );
            return Err(setup(message));
        }
        let options = ModelOptions::with_all_ops();
        let loaded = match packed {
            Some(content) => options.load(Rc::unwrap_or_clone(content)),
            None => options.load_file(&path),
        };
        let model =
            loaded.map_err(|error| setup(format!("the model {shown} can't be loaded: {error}")))?;
        if model.output_ids().is_empty() {
            let message = format!("the model {shown} has no outputs: is the file whole?");
            return Err(setup(message));
        }
        let ports = |ids: &[NodeId]| ids.iter().map(|&id| port(&model, id)).collect();
        Ok(Self {
            inputs: ports(model.input_ids()),
            outputs: ports(model.output_ids()),
            model,
        })
    }

    /// The input of this name.
    pub(super) fn input(&self, name: &str) -> Result<&Port, NodeError> {
        named(&self.inputs, name, "input")
    }

    /// The output of this name.
    pub(super) fn output(&self, name: &str) -> Result<&Port, NodeError> {
        named(&self.outputs, name, "output")
    }

    /// Runs the model.
    pub(super) fn run(
        &self,
        inputs: Vec<(&Port, ValueOrView)>,
        outputs: &[&Port],
    ) -> Result<Vec<Value>, NodeError> {
        let inputs = inputs.into_iter().map(|(port, value)| (port.id, value));
        let outputs: Vec<_> = outputs.iter().map(|port| port.id).collect();
        let results = self.model.run(inputs.collect(), &outputs, None);
        results.map_err(|error| NodeError::failed(format!("the model failed: {error}")))
    }
}

fn find(names: &[&str]) -> Option<PathBuf> {
    let directories = granted();
    names.iter().find_map(|name| {
        // Of an absolute path, `join` keeps nothing else.
        let places = directories
            .iter()
            .map(|directory| Path::new(directory).join(name));
        let own = Path::new(name).is_absolute().then(|| PathBuf::from(name));
        own.into_iter()
            .chain(places)
            .find(|path| path.is_file() || packed(path).is_some())
    })
}

fn port(model: &Model, id: NodeId) -> Port {
    let info = model.node_info(id);
    let data_type = match info.as_ref().and_then(rten::NodeInfo::dtype) {
        Some(ValueType::Tensor(data_type)) => Some(data_type),
        _ => None,
    };
    let name = info.as_ref().and_then(rten::NodeInfo::name);
    Port {
        name: name.unwrap_or_default().to_owned(),
        id,
        data_type,
    }
}

fn named<'p>(ports: &'p [Port], name: &str, what: &str) -> Result<&'p Port, NodeError> {
    ports.iter().find(|port| port.name == name).ok_or_else(|| {
        let names = enumerate(ports.iter().map(|port| port.name.as_str()));
        setup(format!("the model has no {what} {name:?}: it has {names}"))
    })
}
