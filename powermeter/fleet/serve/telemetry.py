"""The same numbers as OpenTelemetry metrics, sent to a collector by OTLP."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

from powermeter.errors import ConfigurationError, NotInstalledError
from powermeter.fleet.serve.exposition import FAMILIES, metrics
from powermeter.fleet.serve.watched import Watched

UNITS = {
    "watts": "W",
    "volts": "V",
    "amperes": "A",
    "celsius": "Cel",
    "joules": "J",
    "coulombs": "C",
    "seconds": "s",
}
"""Ending of our names → unit as OpenTelemetry writes it (UCUM)."""


class Telemetry:
    """Observes recordings and hands what they show to OpenTelemetry.

    Args:
        watched: The recordings.
        reader: A metric reader of the SDK; one that sends to `url` by OTLP over HTTP where None.
        url: For example `http://localhost:4318`.
        interval_s: How often it sends.

    Raises:
        NotInstalledError: The SDK or its exporter is missing.
        ConfigurationError: The URL is none.
    """

    def __init__(
        self, watched: Iterable[Watched], reader: Any = None, url: str = "", interval_s: float = 15.0
    ) -> None:
        self._watched = tuple(watched)
        try:
            from opentelemetry.metrics import Observation
            from opentelemetry.sdk.metrics import MeterProvider
            from opentelemetry.sdk.resources import Resource
        except ImportError:
            raise NotInstalledError(
                "OpenTelemetry needs its SDK; run: pip install 'powermeter[otel]'"
            ) from None
        self._observation = Observation
        reader = reader or _reader(url, interval_s)
        self._provider = MeterProvider([reader], resource=Resource.create({"service.name": "powermeter"}))
        meter = self._provider.get_meter("powermeter")
        for name, (kind, text) in FAMILIES.items():
            make = meter.create_observable_counter if kind == "counter" else meter.create_observable_gauge
            make(f"powermeter.{dotted(name)}", [self._observer(name)], unit_of(name), text)

    def _observer(self, name: str) -> Callable[[Any], list[Any]]:
        def observe(options: Any) -> list[Any]:
            return [
                self._observation(one.value, dict(one.labels))
                for one in metrics(self._watched)
                if one.name == name and math.isfinite(one.value)
            ]

        return observe

    def flush(self) -> None:
        """Send what is there now."""
        self._provider.force_flush()

    def stop(self) -> None:
        """Send what is left, and stop."""
        self._provider.shutdown()


def dotted(name: str) -> str:
    """Return a name as OpenTelemetry writes it: without unit and `total`, dots for underscores."""
    words = name.removesuffix("_total").split("_")
    if words[-1] in UNITS and len(words) > 1:
        words = words[:-1]
    return ".".join(words)


def unit_of(name: str) -> str:
    """Return a name's unit in UCUM; `1` for counts."""
    return UNITS.get(name.removesuffix("_total").rpartition("_")[2], "1")


def _reader(url: str, interval_s: float) -> Any:
    if not url.startswith(("http://", "https://")):
        raise ConfigurationError(f"--otlp {url!r}: write for example http://localhost:4318")
    try:
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
        from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
    except ImportError:
        raise NotInstalledError(
            "sending by OTLP needs its exporter; run: pip install 'powermeter[otel]'"
        ) from None
    exporter = OTLPMetricExporter(endpoint=f"{url.rstrip('/')}/v1/metrics")
    return PeriodicExportingMetricReader(exporter, export_interval_millis=1000 * interval_s)
