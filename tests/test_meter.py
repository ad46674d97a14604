"""`with Meter(...)`: a file, its events, and nothing raised into the measured block."""

from __future__ import annotations

import gc
import multiprocessing.util
import os
import pickle
import signal
import threading
import time
from importlib.util import find_spec
from pathlib import Path

import pytest

import powermeter
from powermeter import Meter
from powermeter.errors import ConfigurationError, ExistsError, OpenError
from powermeter.marking import api as instrumentation
from powermeter.marking import recordings
from powermeter.recording import Recording

URL = "virtual://?shape=constant&high=5W&volts=5V&noise=0&rate=500Hz"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.power"


def test_the_energy_of_an_event_is_power_times_time(path, monkeypatch):
    with Meter(URL, path=path, attributes={"model": "tiny"}) as meter:
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
    monkeypatch.setenv("FORCE_COLOR", "1")  # as every Jupyter kernel has it
    assert "\x1b" not in meter.summary()


def test_all_four_ways_to_mark_land_in_the_file(path):
    with Meter(URL, path=path) as meter:

        @meter.track
        def step():
            return 7

        assert step() == 7
        assert list(meter.each(["a", "b"], "batch")) == ["a", "b"]
        meter.mark("epoch")
        with powermeter.event("free"):
            pass
    with Recording.open(path) as recording:
        events = recording.events()
    names = [event.name.rpartition(".")[2] for event in events]
    assert names == ["step", "batch", "batch", "epoch", "free"]
    assert [event.count for event in events] == [1, 1, 1, 1, 1]


@pytest.mark.thorough
def test_afterwards_everything_is_as_before(path):
    with Meter(URL, path=path):
        assert instrumentation.attached() is not None
        assert os.environ[instrumentation.ENVIRONMENT] == str(path)
        assert Path(os.environ[recordings.ENVIRONMENT]).is_dir()
    assert instrumentation.attached() is None
    assert not {instrumentation.ENVIRONMENT, recordings.ENVIRONMENT} & set(os.environ)
    with powermeter.event("later") as later:
        pass
    assert later.log is None


def test_an_error_in_the_block_passes_through_and_the_file_is_whole(path):
    with pytest.raises(KeyError, match="mine"), Meter(URL, path=path) as meter, meter.event("infer"):
        raise KeyError("mine")
    with Recording.open(path) as recording:
        assert recording.warnings == []
        assert recording.events()[0].attributes == {"error": "KeyError"}


def names_in(path):
    with Recording.open(path) as recording:
        assert recording.warnings == []
        return sorted(event.name for event in recording.events())


def test_inside_a_recording_it_joins_and_its_attributes_go_on_its_events(path):
    with Meter(URL, path=path) as outer, Meter(attributes={"fold": 3}) as inner:
        assert inner.path == outer.path and str(path) in inner.choice
        with inner.event("inner"), powermeter.event("free", fold=4):
            pass
    with Recording.open(path) as recording:
        found = {event.name: event.attributes for event in recording.events()}
    assert found == {"inner": {"fold": 3}, "free": {"fold": 4}}
    assert str(path) in inner.summary()


@pytest.mark.thorough
def test_a_span_that_is_kept_carries_the_attributes_of_the_meter_around_each_run_only(path):
    kept = powermeter.event("kept", phase_of="event")
    with Meter(URL, path=path):
        for attributes in ({"phase": "one"}, {}, {"phase": "two", "phase_of": "meter"}):
            with Meter(attributes=attributes), kept, kept:  # the second is a copy, for it runs already
                pass
        with kept:
            pass
    own = {"phase_of": "event"}
    with Recording.open(path) as recording:
        found = [event.attributes for event in recording.events()]
    assert found == [{"phase": "one"} | own] * 2 + [own] * 2 + [{"phase": "two"} | own] * 2 + [own]
    assert kept.attributes == own


@pytest.mark.thorough
def test_with_a_path_of_its_own_it_gets_its_own_file_and_the_outer_one_loses_nothing(path, tmp_path):
    other = tmp_path / "other.power"
    with Meter(URL, path=path) as outer:
        both = powermeter.event("before"), Meter(URL, path=other)
        with both[0], both[1] as inner, powermeter.event("free"), inner.event("inner"), outer.event("outer"):
            pass
        with powermeter.event("after"):
            pass
    assert names_in(other) == ["free", "inner"]
    assert names_in(path) == ["after", "before", "free", "outer"]


@pytest.mark.thorough
def test_results_beside_the_energy_split_no_row_and_are_columns_of_the_events(path):
    with Meter(URL, path=path) as meter:
        for number in range(3):
            with meter.event("epoch", model="tiny") as event:
                time.sleep(0.05)
                event.measure(accuracy=0.5 + number / 10)
    (row,) = meter.analysis(by="model").rows
    assert row.events == 3 and row.group == {"model": "tiny"}
    frame = powermeter.to_frame(path, "events") if find_spec("pandas") else None
    if frame is not None:
        assert frame["accuracy"].tolist() == pytest.approx([0.5, 0.6, 0.7])
    with meter.recording() as recording:
        assert [event.measures for event in recording.events()] == [
            {"accuracy": pytest.approx(0.5 + number / 10)} for number in range(3)
        ]


@pytest.mark.thorough
def test_a_signal_handler_may_mark_at_any_moment(path):
    before = signal.signal(signal.SIGALRM, lambda *_: powermeter.mark("alarm"))
    try:
        with Meter(URL, path=path):
            signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
            for _ in range(20_000):
                with powermeter.event("hot"):
                    pass
            signal.setitimer(signal.ITIMER_REAL, 0)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    names = names_in(path)
    assert names.count("hot") == 20_000 and names.count("alarm") > 0


@pytest.mark.thorough
def test_two_threads_with_a_meter_each_do_not_mix(tmp_path):
    both = threading.Barrier(2)

    def work(name):
        with Meter(URL, path=tmp_path / f"{name}.power"):
            both.wait()
            with powermeter.event(name):
                pass
            both.wait()

    threads = [threading.Thread(target=work, args=(name,)) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert names_in(tmp_path / "a.power") == ["a"] and names_in(tmp_path / "b.power") == ["b"]


@pytest.mark.thorough
def test_a_meter_can_be_entered_again_and_around_itself(path):
    meter = Meter(URL, path=path)
    for name, file in (("first", "run.power"), ("second", "run-2.power"), ("third", "run-3.power")):
        with meter, meter, powermeter.event(name):
            pass
        assert meter.path == path.with_name(file) and names_in(meter.path) == [name]


def test_a_misspelt_option_is_an_error():
    with pytest.raises(TypeError, match="battry"):
        Meter(URL, battry="4Ah")


@pytest.mark.thorough
def test_many_in_a_loop_leak_nothing(tmp_path):
    def state():
        gc.collect()
        return (
            len(list(Path("/proc/self/fd").iterdir())),
            threading.active_count(),
            len(multiprocessing.util._finalizer_registry),
            len(list(Path(recordings.home()).glob(f"{os.getpid()}.*"))),
        )

    def once(number):
        with Meter(URL, path=tmp_path / f"{number}.power"), powermeter.event("x"):
            pass

    once(0)
    before = state()
    for number in range(1, 4):
        once(number)
    assert state() == before


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_hundred_in_a_loop_leak_nothing(tmp_path):
    def once(number):
        with Meter(URL, path=tmp_path / f"{number}.power"), powermeter.event("x"):
            pass

    once(0)  # what is opened once for all of them is none
    before = (len(list(Path("/proc/self/fd").iterdir())), threading.active_count())
    for number in range(1, 101):
        once(number)
    assert (len(list(Path("/proc/self/fd").iterdir())), threading.active_count()) == before


@pytest.mark.parametrize(
    ("url", "error"), [("virtual://?fault=absent", OpenError), ("virtul://", ConfigurationError)]
)
def test_what_cannot_be_opened_is_said_before_the_block_runs(path, url, error):
    with pytest.raises(error), Meter(url, path=path):
        pytest.fail("the block ran")
    assert not path.exists() and instrumentation.attached() is None


@pytest.mark.thorough
def test_an_existing_file_is_refused_unless_forced(path):
    path.write_text("precious")
    with pytest.raises(ExistsError), Meter(URL, path=path):
        pytest.fail("the block ran")
    assert path.read_text() == "precious"
    path.write_text("")
    with Meter(URL, path=path, force=True) as meter:
        pass
    assert meter.problem == ""


@pytest.mark.thorough
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


@pytest.mark.thorough
def test_events_that_a_killed_worker_left_open_are_a_problem_of_the_meter(path):
    with Meter(URL, path=path) as meter:
        child = os.fork()
        if not child:
            powermeter.event("infer").__enter__()
            os.kill(os.getpid(), signal.SIGKILL)
        os.waitpid(child, 0)
        with meter.event("own"):
            pass
        assert meter.problem == "", "nothing is settled while it runs"
    assert f"process {child} " in meter.problem and "1 of 1 event never ended ('infer')" in meter.problem
    path.unlink()
    assert meter.problem == ""


def test_before_and_without_a_block_events_do_nothing(path):
    meter = Meter(URL, path=path)
    with meter.event("x") as event:
        pass
    meter.mark("x")
    assert event.log is None
    assert not path.exists() and meter.problem == ""


@pytest.mark.thorough
def test_after_the_block_events_do_nothing_and_the_file_stays_as_it_was(path):
    with Meter(URL, path=path) as meter, meter.event("inside"):
        pass
    before = path.read_bytes()
    with meter.event("late") as late, powermeter.event("later") as later:
        meter.mark("late mark")
        assert late.log is None and later.log is None
    assert path.read_bytes() == before
    beside = [each for each in path.parent.iterdir() if each != path]
    assert not beside, "no log is opened again beside the file"
    with Recording.open(path) as recording:
        assert [event.name for event in recording.events()] == ["inside"]


@pytest.mark.thorough
def test_a_meter_that_has_recorded_states_why_it_cannot_be_pickled(tmp_path):
    meter = Meter("virtual://", path=tmp_path / "run.power")
    assert pickle.loads(pickle.dumps(meter)).path == meter.path  # noqa: S301 – our own
    with meter, pytest.raises(TypeError, match="hand on its path"):
        pickle.dumps(meter)
    with pytest.raises(TypeError, match="hand on its path"):
        pickle.dumps(meter)


def test_a_file_in_the_place_of_a_source_is_refused_with_where_it_belongs(path):
    """It was a traceback of json's."""
    with pytest.raises(ConfigurationError, match="path="):
        powermeter.Meter("virtual://", path)


@pytest.mark.thorough
def test_a_refused_source_is_reported_at_the_callers_own_line(tmp_path: Path) -> None:
    """Four frames of the recorder stood between the line to mend and what to do."""
    with pytest.raises(OpenError) as refused, Meter("virtual://?fault=absent", path=tmp_path / "a.power"):
        pytest.fail("the block ran")
    names = [frame.name for frame in refused.traceback]
    assert names[-1] == "__enter__" and len(names) == 2 and refused.value.__cause__ is None
