"""What Prometheus reads: the server's own metrics, and those of the component."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from server import JSON, ROOT, pipeline_serve


def test_the_servers_metrics_are_prometheus_text() -> None:
    options = ("--pipelines", ROOT / "examples")
    with pipeline_serve(*options) as server, server.connect() as connection:
        for _ in range(3):
            connection.request("POST", "/v1/pipelines/multiply_add", b"[5]", JSON)
            answer = connection.getresponse()
            assert (answer.status, answer.read()[:31]) == (200, b'{"status":"success","outputs":[')
        connection.request("GET", "/metrics")
        answer = connection.getresponse()
        assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
        families = {it.name: it for it in text_string_to_metric_families(answer.read().decode())}
    labels = {"route": "/v1/pipelines/{name}", "status": "200"}
    requests = families["pipeline_http_requests"]
    assert [it.value for it in requests.samples if it.labels == labels] == [3]
    durations = families["pipeline_http_request_duration_seconds"]
    assert durations.type == "histogram"
    assert [it.value for it in durations.samples if it.name.endswith("_count")] == [3]
