"""`with Meter(...)`: a file, its events, and nothing raised into the measured block."""

from __future__ import annotations

import os
import signal
import time

import pytest

import powermeter
from powermeter import Meter
from powermeter.errors import ConfigurationError, ExistsError, OpenError
from powermeter.marking import api as instrumentation
from powermeter.recording import Recording

URL = "virtual://?shape=constant&high=5W&volts=5V&noise=0&rate=500Hz"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.power"


def test_the_energy_of_an_event_is_power_times_time(path):
    with Meter(URL, path=path, model="tiny") as meter:
        time.sleep(0.1)
        with meter.event("infer", n=4) as event:
            time.sleep(0.2)
        time.sleep(0.1)
    assert meter.problem == ""
    row = meter.analysis().row("infer")
    seconds = (event.end_ns - event.start_ns) / 1e9
    assert row.energy.value == pytest.approx(5.0 * seconds, rel=1e-6)
    assert row.energy.low < row.energy.value < row.energy.high
    with meter.recording() as recording:
        assert recording.metadata["attributes"] == {"model": "tiny"} and recording.warnings == []
    assert "infer" in meter.summary()


def test_all_four_ways_to_mark_land_in_the_file(path):
    with Meter(URL, path=path) as meter:

        @meter.track
        def step():
            return 7

        assert step() == 7
        assert list(meter.each([[1, 2], [3]], "batch")) == [[1, 2], [3]]
        meter.mark("epoch")
        with powermeter.event("free"):
            pass
    with Recording.open(path) as recording:
        events = recording.events()
    names = [event.name.rpartition(".")[2] for event in events]
    assert names == ["step", "batch", "batch", "epoch", "free"]
    assert [event.count for event in events] == [1, 2, 1, 1, 1]


def test_afterwards_everything_is_as_before(path):
    with Meter(URL, path=path):
        assert instrumentation.attached() is not None
        assert os.environ[instrumentation.ENVIRONMENT] == str(path)
    assert instrumentation.attached() is None and instrumentation.ENVIRONMENT not in os.environ
    assert powermeter.event("later") is instrumentation.NOTHING


def test_an_error_in_the_block_passes_through_and_the_file_is_whole(path):
    with pytest.raises(KeyError, match="mine"), Meter(URL, path=path) as meter, meter.event("infer"):
        raise KeyError("mine")
    with Recording.open(path) as recording:
        assert recording.warnings == []
        assert recording.events()[0].attributes == {"error": "KeyError"}


def test_inside_a_recording_it_joins_instead_of_starting_another(path, tmp_path):
    with Meter(URL, path=path) as outer, Meter(URL, path=tmp_path / "other.power") as inner:
        with inner.event("inner"):
            pass
        assert inner.path == outer.path
    assert not (tmp_path / "other.power").exists()
    with Recording.open(path) as recording:
        assert [event.name for event in recording.events()] == ["inner"]


@pytest.mark.parametrize(
    ("url", "error"), [("virtual://?fault=absent", OpenError), ("virtul://", ConfigurationError)]
)
def test_what_cannot_be_opened_is_said_before_the_block_runs(path, url, error):
    with pytest.raises(error), Meter(url, path=path):
        pytest.fail("the block ran")
    assert not path.exists() and instrumentation.attached() is None


def test_an_existing_file_is_refused_unless_forced(path):
    path.write_text("precious")
    with pytest.raises(ExistsError), Meter(URL, path=path):
        pytest.fail("the block ran")
    assert path.read_text() == "precious"
    with Meter(URL, path=path, force=True) as meter:
        pass
    assert meter.problem == ""


def test_a_recorder_that_dies_is_said_afterwards_and_not_during(path):
    with Meter(URL, path=path) as meter:
        with meter.event("before"):
            time.sleep(0.01)
        os.kill(meter._recorder.pid, signal.SIGKILL)
        with meter.event("after"):
            time.sleep(0.01)
    assert "died" in meter.problem
    with Recording.open(path) as recording:
        assert [event.name for event in recording.events()] == ["before", "after"]
        assert any("not closed properly" in text for text in recording.warnings)


def test_before_and_without_a_block_events_do_nothing(path):
    meter = Meter(URL, path=path)
    assert meter.event("x") is instrumentation.NOTHING
    meter.mark("x")
    assert not path.exists() and meter.problem == ""
