//! Serves pipelines over HTTP: a component between `wasi:http` and the pipeline
//! component.
//!
//! It exports `wasi:http/incoming-handler`, imports
//! `remotemedia:pipeline/executor`, and has no Python in it. The build composes
//! it with the pipeline component into `pipeline-http.wasm`, which any host of
//! `wasi:http` can run. Each request gets one answer or, as NDJSON, a stream of
//! them; what is wrong with a request is said in JSON.

#![cfg(target_family = "wasm")]

mod body;
mod pipelines;
mod response;
mod routes;
mod run;
mod stream;

mod bindings {
    #![allow(missing_docs, unsafe_op_in_unsafe_fn, clippy::all)]

    wit_bindgen::generate!({
        path: "../wit",
        inline: "
            package remotemedia:http;

            world http {
                import remotemedia:pipeline/executor@0.2.0;
            }
        ",
        world: "remotemedia:http/http",
        with: { "remotemedia:pipeline/types@0.2.0": pipeline_codec::types },
        generate_all,
    });
}

use bindings::remotemedia::pipeline::executor;
use pipeline_codec::{self as codec, manifests, types};
use wasip2::exports::http::incoming_handler::Guest;
use wasip2::http::types::{IncomingRequest, ResponseOutparam};

wasip2::http::proxy::export!(Server);

struct Server;

impl Guest for Server {
    fn handle(request: IncomingRequest, response: ResponseOutparam) {
        routes::handle(&request, response);
    }
}
