//! Node types written in Python, for the registry.

use std::cell::RefCell;
use std::collections::HashMap;

use pyo3::prelude::*;

use super::node::PythonNode;
use super::{bridge, convert, interpreter};
use crate::manifest::NodeSpec;
use crate::node::{Node, NodeError};
use crate::registry::{self, Doubt, Language, LookupError, NodeInfo, ParamInfo, ParamProblem};
use crate::value::Value;

/// What directories can be doubtful for.
const DOUBTS: [&str; 3] = ["native-extension", "unusable-link", "shadowed-module"];

/// Finds node types in the package `remotemedia` and where else Python looks for
/// modules: in the component, in preopened directories.
#[derive(Default)]
pub(crate) struct Provider {
    /// What has been described before. A snapshot holds all of the package's
    /// own types, so that checking a manifest need not ask Python for them.
    /// Natively it stays empty: there a program may change what a name means.
    known: RefCell<HashMap<String, NodeInfo>>,
}

impl Provider {
    fn know(&self, infos: impl IntoIterator<Item = NodeInfo>) {
        if cfg!(target_family = "wasm") {
            let infos = infos.into_iter().map(|it| (it.node_type.clone(), it));
            self.known.borrow_mut().extend(infos);
        }
    }
}

impl registry::Provider for Provider {
    fn infos(&self) -> Vec<NodeInfo> {
        if interpreter::ensure_up().is_err() {
            // Without a standard library there are no Python nodes.
            return Vec::new();
        }
        let infos = Python::attach(|py| {
            let infos = || -> PyResult<Vec<NodeInfo>> {
                let infos = bridge::get(py)?.node_infos.bind(py).call0()?;
                infos.try_iter()?.map(|info| node_info(&info?)).collect()
            };
            infos().unwrap_or_default()
        });
        let available = infos.iter().filter(|info| info.unavailable.is_none());
        self.know(available.cloned());
        infos
    }

    fn describe(&self, node_type: &str) -> Result<NodeInfo, LookupError> {
        if let Some(info) = self.known.borrow().get(node_type) {
            return Ok(info.clone());
        }
        interpreter::ensure_up().map_err(|message| LookupError {
            message,
            help: None,
            unavailable: true,
        })?;
        let info = Python::attach(|py| {
            let describe = || -> PyResult<NodeInfo> {
                node_info(&bridge::get(py)?.describe.bind(py).call1((node_type,))?)
            };
            describe().map_err(|error| lookup_error(py, &error))
        })?;
        self.know([info.clone()]);
        Ok(info)
    }

    fn is_sandbox(&self) -> bool {
        cfg!(target_family = "wasm")
    }

    fn look_around(&self) -> Vec<Doubt> {
        // Natively those are all places where packages are installed.
        if !self.is_sandbox() || interpreter::ensure_up().is_err() {
            return Vec::new();
        }
        Python::attach(|py| {
            let look = || -> PyResult<Vec<Doubt>> {
                let found = bridge::get(py)?.look_around.bind(py).call0()?;
                let found: Vec<(String, String, String)> = found.extract()?;
                let doubt = |(code, message, help): (String, String, String)| Doubt {
                    code: DOUBTS
                        .into_iter()
                        .find(|it| *it == code)
                        .unwrap_or(DOUBTS[0]),
                    message,
                    help,
                };
                Ok(found.into_iter().map(doubt).collect())
            };
            // Whatever it stumbles over: nothing depends on it.
            look().unwrap_or_default()
        })
    }

    fn packages(&self) -> Vec<String> {
        if interpreter::ensure_up().is_err() {
            return Vec::new();
        }
        Python::attach(|py| {
            let look = || -> PyResult<Vec<String>> {
                let found = bridge::get(py)?.packages.bind(py).call0()?;
                found.extract()
            };
            // Whatever it stumbles over: all that depends on it is a warning.
            look().unwrap_or_default()
        })
    }

    fn check_params(&self, node_type: &str, params: &Value) -> Vec<ParamProblem> {
        let none_given = matches!(params, Value::Map(fields) if fields.is_empty());
        if none_given {
            let known = self.known.borrow();
            if let Some(info) = known.get(node_type)
                && info.params.iter().all(|param| !param.required)
            {
                return Vec::new();
            }
        }
        if let Err(message) = interpreter::ensure_up() {
            let param = String::new();
            return vec![ParamProblem {
                param,
                message,
                help: None,
            }];
        }
        Python::attach(|py| {
            let check = || -> PyResult<Vec<ParamProblem>> {
                let params = convert::to_python(py, params.clone())?;
                let problems = bridge::get(py)?
                    .check_params
                    .bind(py)
                    .call1((node_type, params))?;
                problems
                    .try_iter()?
                    .map(|problem| {
                        let problem = problem?;
                        Ok(ParamProblem {
                            param: problem.getattr("param")?.extract()?,
                            message: problem.getattr("message")?.extract()?,
                            help: None,
                        })
                    })
                    .collect()
            };
            check().unwrap_or_else(|error| {
                vec![ParamProblem {
                    param: String::new(),
                    message: error.to_string(),
                    help: None,
                }]
            })
        })
    }

    fn classes_of_file(&self, path: &str) -> Result<Vec<(String, String)>, String> {
        interpreter::ensure_up()?;
        Python::attach(|py| {
            let find = || -> PyResult<Vec<(String, String)>> {
                let classes = bridge::get(py)?.classes_of_file.bind(py).call1((path,))?;
                classes.extract()
            };
            find().map_err(|error| lookup_error(py, &error).message)
        })
    }

    fn create(&self, spec: &NodeSpec) -> Result<Box<dyn Node>, NodeError> {
        interpreter::ensure_up().map_err(|message| NodeError::Setup {
            message,
            traceback: None,
        })?;
        let params = spec.params.clone();
        let node = PythonNode::open(&spec.node_type, &spec.id, params)?;
        Ok(Box::new(node))
    }
}

/// Why a class can't be used. An exception that is neither of the bridge's own
/// comes from the user's module while it is imported.
fn lookup_error(py: Python<'_>, error: &PyErr) -> LookupError {
    super::errors::keep_interrupt(py, error);
    let Ok(bridge) = bridge::get(py) else {
        return LookupError {
            message: error.to_string(),
            help: None,
            unavailable: true,
        };
    };
    let message = || {
        error
            .value(py)
            .str()
            .map_or_else(|_| error.to_string(), |s| s.to_string())
    };
    if error.is_instance(py, bridge.node_unavailable.bind(py)) {
        return LookupError {
            message: message(),
            help: None,
            unavailable: true,
        };
    }
    if error.is_instance(py, bridge.unknown_node_type.bind(py)) {
        return LookupError {
            message: message(),
            help: None,
            unavailable: false,
        };
    }
    let (summary, traceback) = super::errors::describe(py, error);
    LookupError {
        message: format!("the module can't be imported: {summary}"),
        help: traceback.map(|traceback| traceback.text),
        unavailable: true,
    }
}

pub(super) fn node_info(info: &Bound<'_, PyAny>) -> PyResult<NodeInfo> {
    let params = info
        .getattr("params")?
        .try_iter()?
        .map(|param| {
            let param = param?;
            let required = param.getattr("required")?.is_truthy()?;
            let default = match required {
                true => None,
                false => convert::plain_from_python(&param.getattr("default")?).ok(),
            };
            Ok(ParamInfo {
                name: param.getattr("name")?.extract()?,
                param_type: param.getattr("type")?.extract()?,
                required,
                default,
                summary: String::new(),
            })
        })
        .collect::<PyResult<_>>()?;
    Ok(NodeInfo {
        node_type: info.getattr("node_type")?.extract()?,
        language: Language::Python,
        summary: info.getattr("summary")?.extract()?,
        params,
        streaming: info.getattr("streaming")?.is_truthy()?,
        source: info.getattr("source")?.is_truthy()?,
        unavailable: info.getattr("unavailable")?.extract()?,
    })
}
