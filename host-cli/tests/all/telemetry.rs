//! Spans for OpenTelemetry, as a collector gets them.

use std::sync::mpsc;
use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

use crate::program::{Run, command};
use crate::server::Server;

/// Met by what never comes.
const PATIENCE: Duration = Duration::from_secs(600);
const LINE: &str = "a=AddNode addend=1 ! b=PassThrough";

struct Collects(mpsc::Sender<(String, Span)>);

#[tonic::async_trait]
impl TraceService for Collects {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        for spans in request.into_inner().resource_spans {
            let resource = spans.resource.unwrap_or_default();
            let service = text(&resource.attributes, "service.name");
            for span in spans.scope_spans.into_iter().flat_map(|it| it.spans) {
                let _ = self.0.send((service.clone(), span));
            }
        }
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

struct Collector {
    _runtime: Runtime,
    address: String,
    spans: mpsc::Receiver<(String, Span)>,
}

impl Collector {
    fn start() -> Self {
        let runtime = Runtime::new().unwrap();
        let (sender, spans) = mpsc::channel();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let service = TraceServiceServer::new(Collects(sender));
        let server = tonic::transport::Server::builder().add_service(service);
        runtime.spawn(server.serve_with_incoming(TcpIncoming::from(listener)));
        Self {
            _runtime: runtime,
            address,
            spans,
        }
    }

    fn span(&self) -> (String, Span) {
        self.spans.recv_timeout(PATIENCE).expect("a span")
    }
}

fn attribute(attributes: &[KeyValue], key: &str) -> Option<Value> {
    let found = attributes.iter().find(|it| it.key == key)?;
    found.value.clone()?.value
}

fn text(attributes: &[KeyValue], key: &str) -> String {
    match attribute(attributes, key) {
        Some(Value::StringValue(text)) => text,
        other => panic!("{key} is {other:?}"),
    }
}

/// Runs the pipeline on items, with these variables in the environment.
fn run_in(environment: &[(&str, &str)], items: &[&str]) -> Run {
    let mut program = command(["run", LINE]);
    for item in items {
        program.args(["--input", item]);
    }
    program.envs(environment.iter().copied());
    program.output().expect("the program starts").into()
}

#[test]
fn a_run_and_its_nodes() {
    let collector = Collector::start();
    let environment = [("OTEL_EXPORTER_OTLP_ENDPOINT", &*collector.address)];
    let ran = run_in(&environment, &["1", "2"]).code(0);
    assert_eq!(ran.outputs(), json!([2, 3]));
    assert_eq!(ran.stderr, "");
    let mut spans: Vec<_> = (0..3).map(|_| collector.span()).collect();
    spans.sort_by(|a, b| a.1.name.cmp(&b.1.name));
    assert!(spans.iter().all(|(service, _)| service == "pipeline"));
    let [a, b, run] = [0, 1, 2].map(|at| &spans[at].1);
    assert_eq!([&*a.name, &*b.name, &*run.name], ["a", "b", "run"]);
    assert_eq!(text(&run.attributes, "manifest"), "<command line>");
    assert!(run.parent_span_id.is_empty());
    for node in [a, b] {
        assert_eq!(node.trace_id, run.trace_id);
        assert_eq!(node.parent_span_id, run.span_id);
        let given = attribute(&node.attributes, "pipeline.node.items_in");
        assert_eq!(given, Some(Value::IntValue(2)));
        assert!(node.end_time_unix_nano >= node.start_time_unix_nano);
    }
}

#[test]
fn nothing_goes_wrong_without_a_collector() {
    const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
    let ran = run_in(&[(ENDPOINT, "http://127.0.0.1:1")], &["1"]).code(0);
    assert_eq!(ran.outputs(), json!([2]));
    run_in(&[(ENDPOINT, "no address")], &["1"])
        .code(2)
        .says(&["spans can't be sent", ENDPOINT]);
    let disabled = [(ENDPOINT, "no address"), ("OTEL_SDK_DISABLED", "true")];
    run_in(&disabled, &["1"]).code(0);
}

#[test]
fn a_request_is_a_part_of_its_callers_trace() {
    let collector = Collector::start();
    let environment = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &*collector.address),
        ("OTEL_SERVICE_NAME", "mine"),
        ("OTEL_BSP_SCHEDULE_DELAY", "10"),
    ];
    let server = Server::start_in(&environment, ["--timeout", "600"]);
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let headers = format!(
        "content-type: application/json\r\ntraceparent: 00-{trace}-b7ad6b7169203331-01\r\n"
    );
    let node = json!({"id": "a", "node_type": "AddNode"});
    let body = json!({"manifest": {"version": "v1", "nodes": [node]}, "inputs": [1]}).to_string();
    let exchange = server.send("POST", "/v1/execute", &headers, body.as_bytes());
    exchange.read().is(200);
    let (service, span) = collector.span();
    assert_eq!((&*service, &*span.name), ("mine", "request"));
    let id: String = span
        .trace_id
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(id, trace);
    assert_eq!(text(&span.attributes, "http.route"), "/v1/execute");
    let status = attribute(&span.attributes, "http.response.status_code");
    assert_eq!(status, Some(Value::IntValue(200)));
}
