//! What the component can ask a host for.

use pipeline_host::Engine;

use crate::common::dist;

/// Interfaces of WASI, without versions. No network, no HTTP.
const IMPORTS: &str = "\
wasi:cli/environment wasi:cli/exit wasi:cli/stderr wasi:cli/stdin wasi:cli/stdout \
wasi:cli/terminal-input wasi:cli/terminal-output wasi:cli/terminal-stderr \
wasi:cli/terminal-stdin wasi:cli/terminal-stdout wasi:clocks/monotonic-clock \
wasi:clocks/wall-clock wasi:filesystem/preopens wasi:filesystem/types wasi:io/error \
wasi:io/poll wasi:io/streams wasi:random/insecure-seed wasi:random/random";

#[test]
fn the_component_imports_no_more_than_it_needs() {
    let engine = Engine::new(&Default::default()).expect("an engine");
    for name in ["pipeline.wasm", "pipeline-plain.wasm"] {
        let component = engine
            .load_installed(&dist().join(name), &mut |_| {})
            .expect("the component");
        let ty = component.wasmtime().component_type();
        let mut imports: Vec<_> = ty
            .imports(engine.wasmtime())
            .map(|(name, _)| name.split('@').next().unwrap_or_default())
            // The types of the interface that it exports.
            .filter(|name| *name != "remotemedia:pipeline/types")
            .collect();
        imports.sort_unstable();
        assert_eq!(imports.join(" "), IMPORTS, "{name}");
    }
}
