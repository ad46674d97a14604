"""intel_gpu_top's periods: laid one after another, means over each, lists without an end."""

import json

import numpy as np
import pytest

from powermeter import importers
from powermeter.analysis.energy import analyse
from powermeter.errors import DataError
from powermeter.recording import Recording


def period(power, ms=1000.0, unit="ms"):
    return json.dumps({"period": {"duration": ms, "unit": unit}, "power": power, "engines": {}})


def energy(tmp_path, text):
    path = tmp_path / "igt.json"
    path.write_text(text)
    log = importers.convert(path, tmp_path / "o.power", force=True)
    with Recording.open(tmp_path / "o.power") as recording:
        found = analyse(recording)
        return log, found.energy.value, found.duration.value


BOTH = {"GPU": 1.5, "Package": 10.0, "unit": "W"}


@pytest.mark.parametrize(
    "text",
    [
        "[" + ",".join([period(BOTH)] * 4) + "]",
        "[\n" + ",\n".join([period(BOTH)] * 4),
        "[\n" + "\n".join([period(BOTH)] * 4) + '\n{"period": {"dur',
    ],
)
def test_the_package_is_the_whole_however_the_list_ends(tmp_path, text):
    log, joules, seconds = energy(tmp_path, text)
    assert log.format == "intel-gpu-top"
    assert (joules, seconds) == (pytest.approx(40.0), pytest.approx(4.0))
    assert {c.rail.name: c.rail.parent for c in log.sources[0].channels} == {
        "package": None,
        "gpu": "package",
    }


def test_a_gpu_that_is_off_draws_nothing_and_that_is_a_reading(tmp_path):
    off = {"GPU": 0.0, "Package": 4.0, "unit": "W"}
    log, joules, _ = energy(
        tmp_path, "[" + ",".join([period(BOTH), period(off), period(off), period(BOTH)]) + "]"
    )
    assert joules == pytest.approx(28.0)
    (rows,) = log.sources
    (gpu,) = (codes for c, codes in zip(rows.channels, rows.codes, strict=True) if c.rail.name == "gpu")
    scale = next(c.scale for c in rows.channels if c.rail.name == "gpu")
    assert (np.asarray(gpu)[1:] * scale).tolist() == pytest.approx([1.5, 0.0, 0.0, 1.5])


def test_an_older_version_states_the_graphics_alone(tmp_path):
    text = "[" + ",".join(period({"value": 2.0, "unit": "W"}, 500.0) for _ in range(4)) + "]"
    _, joules, _ = energy(tmp_path, text)
    assert joules == pytest.approx(4.0)


@pytest.mark.parametrize("power", [{}, {"GPU": 1.0, "unit": "parsec"}, {"GPU": -1, "unit": "W"}, 7])
def test_no_power_is_said(tmp_path, power):
    with pytest.raises(DataError, match="no power in it"):
        energy(tmp_path, "[" + period(power) + "]")
