"""The same numbers as OpenTelemetry metrics, with UCUM units."""

from __future__ import annotations

from pathlib import Path

import outside
import pytest

from powermeter import analyse
from powermeter.errors import ConfigurationError
from powermeter.fleet.serve.telemetry import Telemetry, dotted, unit_of
from powermeter.fleet.serve.watched import Watched


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
