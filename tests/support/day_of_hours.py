"""A recorded day across the change to summer time, hourly intensities for it, and what both come to minute by minute."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest
from simulated_day import simulate_day

from powermeter.analysis.energy import analyse
from powermeter.footprint.hourly_intensity import Intensity
from powermeter.footprint.weighted_intensity import weigh
from powermeter.recording import Recording

HOUR = 3600 * 10**9
START = datetime(2024, 3, 30, 12, 17, tzinfo=timezone.utc)
CET, CEST = timezone(timedelta(hours=1)), timezone(timedelta(hours=2))
CHANGE = datetime(2024, 3, 31, 1, tzinfo=timezone.utc)
"""Central Europe goes from UTC+1 to UTC+2 at this moment."""


def utc_ns(moment: datetime) -> int:
    return round((moment - datetime(1970, 1, 1, tzinfo=timezone.utc)).total_seconds()) * 10**9


def hours_from(first: datetime, count: int) -> list[tuple[datetime, float]]:
    return [(first + timedelta(hours=i), 40 + 300 * ((7 * i) % 11) / 11 + 0.123 * i) for i in range(count)]


def local_csv(path: Path, hours: list[tuple[datetime, float]]) -> Path:
    """Written as a local clock shows it, with its offset, which changes in the night."""
    lines = ["timestamp_utc,ci_g_per_kwh,basis,kind"]
    for moment, value in hours:
        local = moment.astimezone(CET if moment < CHANGE else CEST)
        lines.append(f"{local.isoformat()},{value!r},lifecycle,average")
    path.write_text("\n".join(lines) + "\n")
    return path


def watts(samples: int) -> list[float]:
    minutes = np.arange(samples)
    return list(np.round(2.0 + 1.5 * np.sin(minutes / 97) + 0.4 * (minutes % 13 == 0), 6))


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("day") / "day.power"
    return simulate_day(path, watts(24 * 60 + 1), start_utc_ns=utc_ns(START))


def by_hand(values: dict[int, float]) -> tuple[float, float]:
    """Return (grams, J) minute by minute: no minute here straddles an hour."""
    power = watts(24 * 60 + 1)
    grams = joules = 0.0
    for minute in range(24 * 60):
        joule = 60 * (power[minute] + power[minute + 1]) / 2
        at = utc_ns(START + timedelta(minutes=minute)) // HOUR * HOUR
        joules += joule
        grams += joule / 3.6e6 * values[at]
    return grams, joules


def met(path: Path, series: Intensity, annual: float | None = None):  # type: ignore[no-untyped-def]
    with Recording.open(path) as recording:
        analysis = analyse(recording)
        clock = recording.clock_pairs()
    return weigh(series, analysis.integral.at, analysis.start_ns, analysis.end_ns, clock, annual)
