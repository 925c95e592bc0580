"""What Prometheus reads: the server's own metrics, and those of the component."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from server import ROOT, pipeline_serve


def test_the_servers_metrics_are_prometheus_text() -> None:
    options = ("--pipelines", ROOT / "examples")
    with pipeline_serve(*options) as server:
        for _ in range(3):
            answer = server.request("POST", "/v1/pipelines/multiply_add", b"[5]")
            assert (answer.status, answer.text[:31]) == (200, '{"status":"success","outputs":[')
        answer = server.request("GET", "/metrics")
    assert answer.media_type.startswith("text/plain; version=0.0.4")
    families = {it.name: it for it in text_string_to_metric_families(answer.text)}
    labels = {"route": "/v1/pipelines/{name}", "status": "200"}
    requests = families["pipeline_http_requests"]
    assert [it.value for it in requests.samples if it.labels == labels] == [3]
    durations = families["pipeline_http_request_duration_seconds"]
    assert durations.type == "histogram"
    assert [it.value for it in durations.samples if it.name.endswith("_count")] == [3]
