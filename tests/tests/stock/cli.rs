//! `wasmtime run --invoke`, as one types it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use pipeline_host::Engine;
use wasmtime::component::types::{ComponentFunc, ComponentItem};
use wasmtime::component::{Val, wasm_wave};

/// The interface that the component exports.
const EXECUTOR: &str = "remotemedia:pipeline/executor@0.2.0";

/// What `cargo xtask test` says in the environment.
pub(crate) fn told(name: &str) -> PathBuf {
    std::env::var_os(name)
        .unwrap_or_else(|| panic!("{name} is not set: `cargo xtask test stock` sets it"))
        .into()
}

/// The folder with everything that is built.
pub(crate) fn dist() -> PathBuf {
    told("PIPELINE_DIST")
}

/// One command: options, directories, and one call.
pub(crate) struct Run {
    command: Command,
    component: PathBuf,
}

impl Run {
    /// A run of the component as stock wasmtime has compiled it, which spares
    /// each run the seconds that this takes.
    pub(crate) fn new() -> Self {
        let mut command = Command::new(told("PIPELINE_WASMTIME"));
        command.args(["run", "--allow-precompiled"]);
        let component = told("PIPELINE_STOCK_COMPONENT");
        Self { command, component }
    }

    /// The same of another component.
    pub(crate) fn of(self, component: &Path) -> Self {
        let component = component.to_owned();
        Self { component, ..self }
    }

    /// The same with a deadline that a test meets only when it hangs.
    pub(crate) fn bounded() -> Self {
        Self::new().option("-W timeout=600s")
    }

    /// Adds an option.
    pub(crate) fn option(mut self, option: &str) -> Self {
        self.command.args(option.split(' '));
        self
    }

    /// Grants a directory.
    pub(crate) fn directory(mut self, host: &Path, guest: &str) -> Self {
        let granted = format!("{}::{guest}", host.display());
        self.command.args(["--dir", &granted]);
        self
    }

    /// Calls a function; what it printed, or its complaint.
    pub(crate) fn invoke(mut self, call: &str) -> Result<String, String> {
        self.command.args(["--invoke", call]);
        self.command.arg(&self.component);
        let output = self.command.output().expect("wasmtime");
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        match output.status.success() {
            true => Ok(text(output.stdout)),
            false => Err(text(output.stderr)),
        }
    }

    /// Calls a function of the executor with values.
    pub(crate) fn call(self, name: &str, arguments: &[Val]) -> Result<Val, String> {
        let arguments: Vec<_> = arguments
            .iter()
            .map(|argument| wasm_wave::to_string(argument).expect("WAVE"))
            .collect();
        let printed = self.invoke(&format!("{name}({})", arguments.join(", ")))?;
        let result = function(name).results().next().expect("a result");
        Ok(wasm_wave::from_str(&result, printed.trim_end()).expect("WAVE of the result's type"))
    }
}

/// The type of a function of the executor.
fn function(name: &str) -> ComponentFunc {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    let engine = ENGINE.get_or_init(|| Engine::new(&Default::default()).expect("an engine"));
    let component = engine
        .load_installed(&dist().join("pipeline.wasm"), &mut |_| {})
        .expect("the component");
    let component = component.wasmtime().component_type();
    let executor = component.get_export(engine.wasmtime(), EXECUTOR);
    let Some(ComponentItem::ComponentInstance(executor)) = executor.map(|export| export.ty) else {
        panic!("the component exports no {EXECUTOR}");
    };
    match executor
        .get_export(engine.wasmtime(), name)
        .map(|export| export.ty)
    {
        Some(ComponentItem::ComponentFunc(function)) => function,
        _ => panic!("the executor has no {name}"),
    }
}
