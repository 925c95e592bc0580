//! Which node types exist, what they take, and how nodes are made of them.

use std::collections::BTreeMap;

use crate::aliases;
use crate::manifest::NodeSpec;
use crate::node::{Node, NodeError};
use crate::nodes;
use crate::value::Value;

/// The language that a node is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Rust.
    Rust,
    /// Python.
    Python,
}

/// A node type.
#[derive(Debug, Clone, PartialEq)]
pub struct NodeInfo {
    /// The name that manifests use.
    pub node_type: String,
    /// Language that it is written in.
    pub language: Language,
    /// What it does, in one line; may be empty.
    pub summary: String,
    /// Its parameters.
    pub params: Vec<ParamInfo>,
    /// Whether `process` takes the stream of all items.
    pub streaming: bool,
    /// Whether it produces items without input.
    pub source: bool,
    /// Why it can't be used here, for example `needs librosa`.
    pub unavailable: Option<String>,
}

/// A parameter of a node type.
#[derive(Debug, Clone, PartialEq)]
pub struct ParamInfo {
    /// Name.
    pub name: String,
    /// Type in readable form, for example `float`.
    pub param_type: String,
    /// Whether it must be given.
    pub required: bool,
    /// What it is where it is not given, if that has a plain form.
    pub default: Option<Value>,
    /// What it is for; may be empty.
    pub summary: String,
}

/// Why a node type can't be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookupError {
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Whether the type exists but can't be used here.
    pub unavailable: bool,
}

/// What is to be said of a node's parameters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ParamsCheck {
    /// What is wrong.
    pub problems: Vec<ParamProblem>,
    /// What the node does not know, and what the SDK's node of that name
    /// ignores.
    pub ignored: Vec<ParamProblem>,
}

/// Something wrong with a node's parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParamProblem {
    /// Name of the parameter; empty where it is about all of them.
    pub param: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// Something doubtful about where node types come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    /// A stable name for the kind.
    pub code: &'static str,
    /// What is doubtful.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

/// Knows the node types of another language.
pub trait Provider {
    /// All node types that can be listed.
    fn infos(&self) -> Vec<NodeInfo>;

    /// One node type, listed or not.
    ///
    /// # Errors
    /// Why it can't be had.
    fn describe(&self, node_type: &str) -> Result<NodeInfo, LookupError>;

    /// What is wrong with parameters for a node type that exists. Nothing of
    /// the node runs.
    fn check_params(&self, node_type: &str, params: &Value) -> Vec<ParamProblem>;

    /// Whether nodes run in a sandbox: there they can have no GPU, and not be
    /// told to run natively.
    fn is_sandbox(&self) -> bool {
        true
    }

    /// The node classes in a file of Python that a configuration names: how a
    /// manifest names each, and a name that it goes by.
    ///
    /// # Errors
    /// Why the file can't be imported.
    fn classes_of_file(&self, _path: &str) -> Result<Vec<(String, String)>, String> {
        Ok(Vec::new())
    }

    /// What is doubtful about where node types come from.
    fn look_around(&self) -> Vec<Doubt> {
        Vec::new()
    }

    /// The packages that are installed where node types of the user's own come
    /// from: their names in the normal form.
    fn packages(&self) -> Vec<String> {
        Vec::new()
    }

    /// Makes a node.
    ///
    /// # Errors
    /// Why it could not be made.
    fn create(&self, spec: &NodeSpec) -> Result<Box<dyn Node>, NodeError>;
}

/// Makes a Rust-native node of its parameters, or says what is wrong with
/// them. It must do nothing else: the check of a manifest calls it too.
pub type Make = fn(&Value) -> Result<Box<dyn Node>, Vec<ParamProblem>>;

/// A Rust-native node type.
pub struct Factory {
    /// What it is.
    pub info: NodeInfo,
    /// Makes a node.
    pub make: Make,
}

/// All node types: Rust-native ones, and those of a provider for the names
/// that no Rust-native one has.
pub struct Registry {
    natives: BTreeMap<String, Factory>,
    provider: Option<Box<dyn Provider>>,
}

impl Registry {
    /// The Rust-native node types, and those of `provider`.
    #[must_use]
    pub fn new(provider: Box<dyn Provider>) -> Self {
        Self {
            provider: Some(provider),
            ..Self::native()
        }
    }

    /// The Rust-native node types alone.
    #[must_use]
    pub fn native() -> Self {
        let mut registry = Self {
            natives: BTreeMap::new(),
            provider: None,
        };
        for factory in nodes::factories() {
            registry.register(factory);
        }
        registry
    }

    /// Adds a Rust-native node type; it replaces one of the same name.
    pub fn register(&mut self, factory: Factory) {
        self.natives.insert(factory.info.node_type.clone(), factory);
    }

    /// All node types that can be listed, sorted by name.
    #[must_use]
    pub fn list(&self) -> Vec<NodeInfo> {
        let mut all: BTreeMap<String, NodeInfo> = self
            .provider
            .iter()
            .flat_map(|provider| provider.infos())
            .map(|info| (info.node_type.clone(), info))
            .collect();
        for (name, factory) in &self.natives {
            all.insert(name.clone(), factory.info.clone());
        }
        for (name, of) in aliases::all() {
            if !all.contains_key(name)
                && let Some(info) = all.get(of)
            {
                all.insert(name.to_owned(), called(name, info.clone()));
            }
        }
        all.into_values().collect()
    }

    /// One node type.
    ///
    /// # Errors
    /// Why it can't be had, with the nearest name as help.
    pub fn describe(&self, node_type: &str) -> Result<NodeInfo, LookupError> {
        if let Some(factory) = self.natives.get(node_type) {
            return Ok(factory.info.clone());
        }
        if let Some(of) = aliases::target(node_type) {
            return self.describe(of).map(|info| called(node_type, info));
        }
        let mut error = match &self.provider {
            Some(provider) => match provider.describe(node_type) {
                Ok(NodeInfo {
                    unavailable: Some(reason),
                    ..
                }) => {
                    return Err(LookupError {
                        message: format!("node type `{node_type}` can't be used here: {reason}"),
                        help: None,
                        unavailable: true,
                    });
                }
                Ok(info) => return Ok(info),
                Err(error) => error,
            },
            None => LookupError {
                message: format!("unknown node type `{node_type}`"),
                help: None,
                unavailable: false,
            },
        };
        // A provider may know better, and does where a module is named.
        let answered = error.help.is_some()
            || error.unavailable
            || error.message.contains("did you mean")
            || node_type.contains(':');
        if !answered {
            error.help = Some(self.help_for(node_type));
        }
        Err(error)
    }

    /// What is to be said of parameters for a node type that exists.
    #[must_use]
    pub fn check_params(&self, node_type: &str, params: &Value) -> ParamsCheck {
        self.examine(node_type, params).1
    }

    /// The node type and parameters as they are called here, without those that
    /// are ignored, and what is to be said of them.
    fn examine<'a>(
        &self,
        node_type: &'a str,
        params: &'a Value,
    ) -> (aliases::Resolved<'a>, ParamsCheck) {
        let has = |of: &str, name: &str| {
            self.describe(of)
                .is_ok_and(|info| info.params.iter().any(|param| param.name == name))
        };
        let is_native = self.natives.contains_key(node_type);
        let mut resolved = aliases::resolve(node_type, params, is_native, has);
        let mut problems = self.problems(&resolved.node_type, &resolved.params);
        if !aliases::is_of_the_sdk(node_type) {
            let ignored = Vec::new();
            return (resolved, ParamsCheck { problems, ignored });
        }
        let is_given = |name: &str| resolved.params.get(name).is_some();
        let (mut ignored, wrong): (Vec<_>, Vec<_>) = problems.into_iter().partition(|problem| {
            is_given(&problem.param) && !has(&resolved.node_type, &problem.param)
        });
        problems = wrong;
        if let Value::Map(fields) = resolved.params.to_mut()
            && !ignored.is_empty()
        {
            fields.retain(|(name, _)| ignored.iter().all(|problem| problem.param != *name));
            // What stood behind the unknown ones is looked for now.
            problems = self.problems(&resolved.node_type, &resolved.params);
        }
        for problem in problems.iter_mut().chain(&mut ignored) {
            problem.param = resolved.given(&problem.param).to_owned();
        }
        (resolved, ParamsCheck { problems, ignored })
    }

    fn problems(&self, node_type: &str, params: &Value) -> Vec<ParamProblem> {
        if let Some(factory) = self.natives.get(node_type) {
            return (factory.make)(params).err().unwrap_or_default();
        }
        match &self.provider {
            Some(provider) => provider.check_params(node_type, params),
            None => Vec::new(),
        }
    }

    /// Makes a node.
    ///
    /// # Errors
    /// Why it could not be made.
    pub fn create(&self, spec: &NodeSpec) -> Result<Box<dyn Node>, NodeError> {
        if !aliases::is_of_the_sdk(&spec.node_type) {
            return self.make(spec);
        }
        let resolved = self.examine(&spec.node_type, &spec.params).0;
        let spec = NodeSpec {
            params: resolved.params.into_owned(),
            ..NodeSpec::new(spec.id.clone(), resolved.node_type)
        };
        self.make(&spec)
    }

    fn make(&self, spec: &NodeSpec) -> Result<Box<dyn Node>, NodeError> {
        let setup = |message| NodeError::Setup {
            message,
            traceback: None,
        };
        if let Some(factory) = self.natives.get(&spec.node_type) {
            return (factory.make)(&spec.params).map_err(|problems| {
                let messages: Vec<_> = problems.into_iter().map(|p| p.message).collect();
                setup(messages.join("; "))
            });
        }
        match &self.provider {
            Some(provider) => provider.create(spec),
            None => Err(setup(format!("unknown node type `{}`", spec.node_type))),
        }
    }

    /// Whether nodes run in a sandbox.
    #[must_use]
    pub fn is_sandbox(&self) -> bool {
        self.provider
            .as_ref()
            .is_none_or(|provider| provider.is_sandbox())
    }

    /// The node classes in a file of Python that a configuration names: how a
    /// manifest names each, and a name that it goes by.
    ///
    /// # Errors
    /// Why the file can't be imported.
    pub fn classes_of_file(&self, path: &str) -> Result<Vec<(String, String)>, String> {
        self.provider
            .as_ref()
            .map_or_else(|| Ok(Vec::new()), |provider| provider.classes_of_file(path))
    }

    /// What is doubtful about where node types of the user's own come from.
    #[must_use]
    pub fn look_around(&self) -> Vec<Doubt> {
        self.provider
            .as_ref()
            .map_or_else(Vec::new, |provider| provider.look_around())
    }

    /// The packages that are installed where node types of the user's own come
    /// from: their names in the normal form.
    #[must_use]
    pub fn packages(&self) -> Vec<String> {
        self.provider
            .as_ref()
            .map_or_else(Vec::new, |provider| provider.packages())
    }

    fn help_for(&self, node_type: &str) -> String {
        let infos = self.list();
        let usable = infos.iter().filter(|info| info.unavailable.is_none());
        let names: Vec<&str> = usable.map(|info| info.node_type.as_str()).collect();
        let near = crate::manifest::nearest(node_type, names.iter().copied());
        let names: Vec<&str> = names
            .into_iter()
            .filter(|name| aliases::target(name).is_none())
            .collect();
        match near {
            Some(near) => format!("did you mean `{near}`?"),
            None if names.len() <= 12 => {
                format!("known node types: {}", crate::manifest::enumerate(names))
            }
            None => format!(
                "{} node types are known; list them to see which",
                names.len()
            ),
        }
    }
}

/// Whether a node type is only the SDK's name for another one.
#[must_use]
pub fn is_alias(node_type: &str) -> bool {
    aliases::target(node_type).is_some()
}

/// A node type under another name.
fn called(name: &str, info: NodeInfo) -> NodeInfo {
    let of = match info.node_type.as_str() {
        of if of == name => return info,
        of => of.to_owned(),
    };
    NodeInfo {
        node_type: name.to_owned(),
        summary: format!("The SDK's name for {of}: {}", info.summary),
        ..info
    }
}
