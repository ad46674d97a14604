"""The same numbers as OpenTelemetry metrics, with UCUM units."""

from __future__ import annotations

import gzip
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import outside
import pytest

from powermeter import analyse
from powermeter.errors import ConfigurationError
from powermeter.fleet.serve.telemetry import Telemetry, dotted, unit_of
from powermeter.fleet.serve.watched import Watched


@pytest.mark.thorough
def test_what_a_reader_gets_is_what_show_prints(recorded: Path) -> None:
    outside.need("opentelemetry")
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader

    reader = InMemoryMetricReader()
    telemetry = Telemetry([Watched(recorded)], reader)
    data = reader.get_metrics_data()
    assert data is not None
    found = {m.name: m for r in data.resource_metrics for scope in r.scope_metrics for m in scope.metrics}
    energy = found["powermeter.energy"]
    (point,) = energy.data.data_points
    assert point.value == analyse(recorded).energy.value and energy.unit == "J" and energy.data.is_monotonic
    assert point.attributes["device"] == 'pi "7"\\'
    telemetry.stop()


def test_names_and_units() -> None:
    assert dotted("energy_joules_total") == "energy" and unit_of("energy_joules_total") == "J"
    assert dotted("energy_low_joules") == "energy.low" and unit_of("readings_total") == "1"
    assert dotted("last_reading_timestamp_seconds") == "last.reading.timestamp"


def test_a_collector_needs_a_url(recorded: Path) -> None:
    outside.need("opentelemetry")
    with pytest.raises(ConfigurationError, match="4318"):
        Telemetry([Watched(recorded)], url="localhost")


class Collector:
    """What a collector does with OTLP over HTTP: checks the token, reads the request with the protocol's own messages."""

    def __init__(self, cert: Path, key: Path, token: str) -> None:
        from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2 as service

        found: dict[str, Any] = {}
        refused: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Authorization") != f"Bearer {token}":
                    refused.append(self.path)
                    self.send_response(401)
                    self.end_headers()
                    return
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                request = service.ExportMetricsServiceRequest.FromString(body)
                assert self.path == "/v1/metrics"
                for resource in request.resource_metrics:
                    for scope in resource.scope_metrics:
                        found.update({metric.name: metric for metric in scope.metrics})
                self.send_response(200)
                self.send_header("Content-Type", "application/x-protobuf")
                self.end_headers()
                self.wfile.write(service.ExportMetricsServiceResponse().SerializeToString())

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.found, self.refused = found, refused
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.mark.thorough
def test_a_collector_receives_them_over_tls_with_a_token(
    recorded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Certificate and token as OpenTelemetry's own variables name them."""
    outside.need("opentelemetry")
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):  # they would go before OpenTelemetry's
        monkeypatch.delenv(name, raising=False)
    cert, key = outside.certificate(tmp_path)
    collector = Collector(cert, key, "secret")
    try:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_CERTIFICATE", str(cert))
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "Authorization=Bearer secret")
        telemetry = Telemetry([Watched(recorded)], url=collector.url, interval_s=3600)
        telemetry.flush()
        a, row = analyse(recorded), analyse(recorded).row("infer")
        (point,) = collector.found["powermeter.energy"].sum.data_points
        assert point.as_double == a.energy.value and collector.found["powermeter.energy"].unit == "J"
        assert collector.found["powermeter.energy"].sum.is_monotonic
        (point,) = collector.found["powermeter.label.energy"].sum.data_points
        assert row is not None and row.energy is not None and point.as_double == row.energy.value
        assert {one.key: one.value.string_value for one in point.attributes}["label"] == "infer"
        telemetry.stop()
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "Authorization=Bearer wrong")
        telemetry = Telemetry([Watched(recorded)], url=collector.url, interval_s=3600)
        telemetry.flush()
        telemetry.stop()
        assert collector.refused
    finally:
        collector.stop()
