//! Which request is answered how.

use wasip2::http::types::{IncomingRequest, Method, ResponseOutparam};

use crate::body::Body;
use crate::codec::document::Layout;
use crate::response::{JSON, NDJSON, Response, Wrong};
use crate::run::{self, Job, ManifestText, Options};
use crate::stream::{self, Items};
use crate::{executor, pipelines};

const OPENAPI: &str = include_str!("../openapi.json");
const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What a path names.
enum Route<'a> {
    Execute,
    Pipeline(&'a str),
    Pipelines,
    Check,
    Nodes,
    Health,
    Ready,
    Metrics,
    OpenApi,
}

impl<'a> Route<'a> {
    fn find(path: &'a str) -> Option<Self> {
        Some(match path {
            "/v1/execute" => Self::Execute,
            "/v1/check" => Self::Check,
            "/v1/nodes" => Self::Nodes,
            "/v1/pipelines" => Self::Pipelines,
            "/healthz" => Self::Health,
            "/readyz" => Self::Ready,
            "/metrics" => Self::Metrics,
            "/openapi.json" => Self::OpenApi,
            _ => match path.strip_prefix("/v1/pipelines/") {
                Some(name) if !name.is_empty() && !name.contains('/') => Self::Pipeline(name),
                _ => return None,
            },
        })
    }

    fn is_post(&self) -> bool {
        matches!(self, Self::Execute | Self::Pipeline(_) | Self::Check)
    }
}

/// Answers a request.
pub(crate) fn handle(request: &IncomingRequest, to: ResponseOutparam) {
    let target = request.path_with_query().unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let Some(route) = Route::find(path) else {
        let text = format!("there is nothing at {path}; GET /openapi.json says what there is");
        return Response::wrong(404, "not-found", text).send(to, false);
    };
    let method = request.method();
    let head = matches!(method, Method::Head);
    let (fits, allowed) = match route.is_post() {
        true => (matches!(method, Method::Post), "POST"),
        false => (head || matches!(method, Method::Get), "GET, HEAD"),
    };
    if !fits {
        return Response::wrong(405, "method-not-allowed", format!("{path} takes {allowed}"))
            .header("allow", allowed)
            .send(to, head);
    }
    let answer = match route {
        Route::Execute => match Post::read(request, query) {
            Ok(post) => return post.execute(to),
            Err(answer) => answer,
        },
        Route::Pipeline(name) => match Post::read(request, query) {
            Ok(post) => return post.pipeline(name, to),
            Err(answer) => answer,
        },
        Route::Check => checked(request, query).unwrap_or_else(|answer| answer),
        Route::Nodes => run::nodes(),
        Route::Pipelines => pipelines::list().unwrap_or_else(Response::from),
        Route::Health => Response::new(200, "text/plain", "ok\n"),
        Route::Ready => ready(),
        Route::Metrics => Response::new(200, PROMETHEUS, metrics()),
        Route::OpenApi => Response::new(200, JSON, OPENAPI),
    };
    answer.send(to, head);
}

/// A request that runs something.
struct Post {
    body: Body,
    /// Whether items come line by line; not known where the body has no type.
    lines: Option<bool>,
    /// Whether outputs are to be sent as they come.
    streams: bool,
    options: Options,
    /// How many bytes of the body, from its start, are the manifest of the pipeline
    /// that the path names: a host that reads manifests itself says so. A client
    /// that does only sends a manifest of its own, as to `/v1/execute`.
    manifest_length: Option<usize>,
}

impl Post {
    fn read(request: &IncomingRequest, query: &str) -> Result<Self, Response> {
        let headers = request.headers();
        let header = |name: &str| {
            let all = headers.get(name);
            all.iter()
                .map(|value| String::from_utf8_lossy(value).to_ascii_lowercase())
                .collect::<Vec<_>>()
                .join(",")
        };
        let encoding = header("content-encoding");
        if !matches!(encoding.trim(), "" | "identity") {
            let text = format!("the body is encoded by {encoding}; it is taken as it is only");
            return Err(unsupported(text).header("accept-encoding", "identity"));
        }
        let given = header("content-type");
        let lines = match given.split(';').next().unwrap_or_default().trim() {
            "" => None,
            JSON => Some(false),
            NDJSON | "application/ndjson" | "application/jsonl" => Some(true),
            other => return Err(media_type(&format!("the body is of the type {other}"))),
        };
        let flag = |name: &str| {
            let all = query.split('&').filter_map(|pair| pair.split_once('='));
            let mut given = all.filter(|(key, _)| *key == name);
            match given.next_back().map(|(_, value)| value) {
                None | Some("false") => Ok(false),
                Some("true") => Ok(true),
                Some(other) => Err(Wrong::bad(format!(
                    "the parameter {name} is `{other}`; it can be true or false"
                ))),
            }
        };
        let options = Options {
            metrics: flag("metrics")?,
            layout: match flag("by-node")? {
                true => Layout::ByNode,
                false => Layout::Flat,
            },
        };
        Ok(Self {
            streams: lines == Some(true) || header("accept").contains(NDJSON),
            body: Body::open(request)?,
            lines,
            options,
            manifest_length: header("pipeline-manifest-length").parse().ok(),
        })
    }

    /// The body, which is no stream.
    fn whole(self) -> Result<Vec<u8>, Response> {
        let body = self.body.whole()?;
        // Without a type a web page can send it to any server that it likes.
        if self.lines.is_none() && !body.is_empty() {
            return Err(media_type("the body has no content type"));
        }
        Ok(body)
    }

    fn execute(mut self, to: ResponseOutparam) {
        if self.lines != Some(true) {
            return self.run(Job::from_request, to);
        }
        match stream::manifest(&mut self.body) {
            Ok(source) => self.feed(&source, to),
            Err(wrong) => Response::from(wrong).send(to, false),
        }
    }

    fn pipeline(mut self, name: &str, to: ResponseOutparam) {
        let manifest = match self.manifest_length {
            Some(length) => self.body.manifest(length),
            None => pipelines::read(name),
        };
        match manifest {
            Ok(manifest) if self.lines == Some(true) => {
                self.feed(&ManifestText::whole(manifest), to)
            }
            Ok(manifest) => self.run(|body| Job::with_items(manifest, &body), to),
            Err(wrong) => Response::from(wrong).send(to, false),
        }
    }

    /// Runs a pipeline on the lines of the body.
    fn feed(self, source: &ManifestText, to: ResponseOutparam) {
        stream::run(source, Items::Lines(self.body), self.options, to);
    }

    /// Runs what `read` makes of the body.
    fn run(self, read: impl FnOnce(Vec<u8>) -> Result<Job, Wrong>, to: ResponseOutparam) {
        let (streams, options) = (self.streams, self.options);
        match self.whole().and_then(|body| Ok(read(body)?)) {
            Ok(job) if streams => stream::run(&job.source, Items::List(job.inputs), options, to),
            Ok(job) => job.run(options).send(to, false),
            Err(answer) => answer.send(to, false),
        }
    }
}

fn unsupported(text: impl Into<String>) -> Response {
    Response::wrong(415, "unsupported-media-type", text)
}

/// The body's type is not one that is taken.
fn media_type(what: &str) -> Response {
    let text = format!("{what}; it can be {JSON} or {NDJSON} (curl: -H 'content-type: {JSON}')");
    unsupported(text).header("accept-post", format!("{JSON}, {NDJSON}"))
}

fn checked(request: &IncomingRequest, query: &str) -> Result<Response, Response> {
    let post = Post::read(request, query)?;
    if post.lines == Some(true) {
        return Err(unsupported(format!("a check takes {JSON}")).header("accept-post", JSON));
    }
    Ok(run::check(post.whole()?))
}

/// Whether pipelines can run: the component that runs them answers.
fn ready() -> Response {
    match executor::list_nodes().is_empty() {
        false => Response::new(200, "text/plain", "ready\n"),
        true => Response::wrong(503, "not-ready", "the pipeline component has no node types"),
    }
}

/// What an instance that lives for one request can know. A host that keeps
/// count answers this path itself.
fn metrics() -> String {
    format!(
        "# HELP pipeline_http_info The version of the component.\n\
         # TYPE pipeline_http_info gauge\n\
         pipeline_http_info{{version=\"{}\"}} 1\n\
         # HELP pipeline_http_manifests Manifests that POST /v1/pipelines/{{name}} can run.\n\
         # TYPE pipeline_http_manifests gauge\n\
         pipeline_http_manifests {}\n",
        env!("CARGO_PKG_VERSION"),
        pipelines::names().map_or(0, |names| names.len())
    )
}
