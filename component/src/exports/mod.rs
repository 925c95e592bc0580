//! exports
mod media; mod value;
mod bindings {
    wit_bindgen::generate!({
        path: "../wit",
        inline: "package remotemedia:build;
            world pipeline-build { include remotemedia:pipeline/pipeline@0.1.0; export initialize: func(); }",
        world: "remotemedia:build/pipeline-build",
        generate_all,
    });
}
use bindings::exports::remotemedia::pipeline::executor;
use bindings::remotemedia::pipeline::types;
