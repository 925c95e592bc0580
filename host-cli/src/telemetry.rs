//! Spans for OpenTelemetry: of runs, of their nodes, and of requests, sent by OTLP
//! over gRPC to the collector that the environment names, as OpenTelemetry's
//! specification has it. Nothing is sent where it names none.

use std::time::{Duration, SystemTime};

use http::HeaderMap;
use opentelemetry::propagation::{Extractor, TextMapPropagator as _};
use opentelemetry::trace::{Span as _, Tracer as _, TracerProvider as _};
use opentelemetry::{KeyValue, global};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use pipeline_host::types::NodeMetrics;
use tokio::runtime::{Builder, Runtime};
use tracing::{Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::registry::LookupSpan;

use crate::failure::Failure;
use crate::report;

/// What the spans are called after, and the service where nobody names it.
const NAME: &str = "pipeline";
/// Where they go; the first that is set.
const ENDPOINTS: [&str; 2] = [
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
];
/// How long the program waits at its end until they are sent.
const LAST: Duration = Duration::from_secs(5);

/// Sends spans while it lives.
pub(crate) struct Telemetry {
    provider: SdkTracerProvider,
    /// Where the connection lives: a run's own has one thread, and ends with it.
    _runtime: Runtime,
}

impl Telemetry {
    /// Connects to the collector that the environment names, where it names one.
    ///
    /// # Errors
    /// A name that is no address, or a protocol other than gRPC.
    pub(crate) fn of_environment() -> Result<Option<Self>, Failure> {
        let set = |name: &&str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let disabled = std::env::var("OTEL_SDK_DISABLED");
        if disabled.is_ok_and(|value| value.eq_ignore_ascii_case("true"))
            || !ENDPOINTS.iter().any(set)
        {
            return Ok(None);
        }
        let failed = |error: &dyn std::error::Error| {
            Failure::usage(format!("spans can't be sent: {error}"))
                .help("OTEL_EXPORTER_OTLP_ENDPOINT names a collector that speaks gRPC, such as http://localhost:4317")
        };
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .map_err(|error| failed(&error))?;
        let entered = runtime.enter();
        let exporter = opentelemetry_otlp::SpanExporter::builder()
            .with_tonic()
            .build()
            .map_err(|error| failed(&error))?;
        drop(entered);
        let resource = Resource::builder();
        let resource = match set(&"OTEL_SERVICE_NAME") {
            true => resource,
            false => resource.with_service_name(NAME),
        };
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_resource(resource.build())
            .build();
        global::set_tracer_provider(provider.clone());
        Ok(Some(Self {
            provider,
            _runtime: runtime,
        }))
    }

    /// What makes OpenTelemetry's spans of this program's.
    pub(crate) fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'span> LookupSpan<'span>,
    {
        let own = Targets::new()
            .with_target("pipeline_cli", tracing::Level::INFO)
            .with_target("pipeline_host", tracing::Level::INFO);
        tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer(NAME))
            .with_filter(own)
    }

    /// Sends what has not been sent.
    pub(crate) fn end(self) {
        if let Err(error) = self.provider.shutdown_with_timeout(LAST) {
            report::tell(&format!("note: spans were not sent: {error}"));
        }
    }
}

/// Makes a span a part of the trace that a request names, if it names one.
pub(crate) fn follow(span: &Span, headers: &HeaderMap) {
    let context = TraceContextPropagator::new().extract(&Headers(headers));
    // Where no layer asks for it there is nothing to follow.
    let _ = span.set_parent(context);
}

/// Adds a span for each node of the run whose span this is: from its begin on, as
/// long as the node was busy.
pub(crate) fn nodes(span: &Span, begun: SystemTime, nodes: &[NodeMetrics]) {
    let context = span.context();
    let tracer = global::tracer(NAME);
    for node in nodes {
        let count = |items: u64| i64::try_from(items).unwrap_or(i64::MAX);
        let mut of_node = tracer
            .span_builder(node.node_id.clone())
            .with_start_time(begun)
            .with_attributes([
                KeyValue::new("pipeline.node.items_in", count(node.items_in)),
                KeyValue::new("pipeline.node.items_out", count(node.items_out)),
            ])
            .start_with_context(&tracer, &context);
        of_node.end_with_timestamp(begun + Duration::from_nanos(node.nanoseconds));
    }
}

struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(http::HeaderName::as_str).collect()
    }
}
