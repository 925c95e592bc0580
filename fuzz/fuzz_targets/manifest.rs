//! Any text as a manifest: it is read and checked, and what is said of it is
//! short and has its place in the text.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pipeline_component::manifest::{check, locate, parse};
use pipeline_component::registry::Registry;

fuzz_target!(|text: &str| {
    let diagnostics = match parse(text) {
        Err(diagnostics) => {
            assert!(!diagnostics.is_empty());
            diagnostics
        }
        Ok(parsed) => {
            let mut all = parsed.warnings;
            match check(&parsed.manifest, &Registry::native()) {
                Ok(checked) => {
                    assert_eq!(
                        checked.graph.node_count as usize,
                        parsed.manifest.nodes.len()
                    );
                    all.extend(checked.warnings);
                }
                Err(errors) => {
                    assert!(!errors.is_empty());
                    all.extend(errors);
                }
            }
            all
        }
    };
    assert!(diagnostics.len() <= 202);
    for diagnostic in diagnostics {
        assert!(!diagnostic.message.is_empty() && diagnostic.message.len() < 5000);
        let locations = [diagnostic.location, locate(text, &diagnostic.path)];
        for location in locations.into_iter().flatten() {
            let start = location.offset as usize;
            assert!(
                text.get(start..start + location.length as usize).is_some(),
                "{diagnostic:?}"
            );
            assert!(location.line > 0 && location.column > 0);
        }
    }
});
