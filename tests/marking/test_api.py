"""The calls a program is instrumented with, outside and inside a recording."""

from __future__ import annotations

import inspect
import subprocess
import sys
import threading

import pytest

import powermeter
from powermeter.marking import api as instrumentation
from powermeter.marking.span import NOTHING


class Collected:
    """What an event log offers to the calls, without a file behind it."""

    def __init__(self, tmp_path):
        from powermeter.marking.event_log import EventLog

        self.log = EventLog(tmp_path / "never.power")
        self.log._closed = True  # no background thread

    @property
    def spans(self):
        ended = [span for _, lane in self.log._lanes for span in lane.ended]
        return sorted(ended, key=lambda span: span.uid)


@pytest.fixture
def inside(tmp_path):
    collected = Collected(tmp_path)
    before = instrumentation.attach(collected.log)
    yield collected
    instrumentation.attach(before)


def test_outside_a_recording_everything_is_taken_and_nothing_done():
    assert instrumentation.attached() is None
    with powermeter.event("infer", n=8, model="tiny") as event:
        event["tokens"] = 12
        event.count = 3
    assert event is NOTHING and event.count == 1
    assert powermeter.mark("epoch", number=1) is None

    @powermeter.track
    def double(x):
        return 2 * x

    assert double(4) == 8
    assert list(powermeter.each([1, 2, 3])) == [1, 2, 3]


def test_outside_a_recording_errors_pass_through():
    with pytest.raises(KeyError), powermeter.event("infer"):
        raise KeyError("mine")


def test_events_nest_by_thread(inside):
    def other():
        with powermeter.event("elsewhere"):
            pass

    with powermeter.event("outer", n=2) as outer:
        with powermeter.event("inner", model="tiny") as inner:
            inner["tokens"] = 12
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        powermeter.mark("epoch", number=1)
    by_name = {span.name: span for span in inside.spans}
    assert by_name["inner"].parent == outer.uid and by_name["outer"].parent is None
    assert by_name["elsewhere"].parent is None
    assert by_name["epoch"].parent == outer.uid
    assert by_name["epoch"].start_ns == by_name["epoch"].end_ns
    assert by_name["inner"].attributes == {"model": "tiny", "tokens": 12}
    assert by_name["outer"].count == 2
    assert outer.start_ns <= inner.start_ns <= inner.end_ns <= outer.end_ns


def test_an_error_inside_an_event_is_noted_and_passed_on(inside):
    with pytest.raises(ValueError, match="mine"), powermeter.event("infer"):
        raise ValueError("mine")
    (span,) = inside.spans
    assert span.attributes == {"error": "ValueError"} and span.end_ns >= span.start_ns


def test_events_that_end_out_of_order(inside):
    first, second = powermeter.event("first"), powermeter.event("second")
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    with powermeter.event("third") as third:
        pass
    second.__exit__(None, None, None)
    assert third.parent == second.uid
    assert [span.name for span in inside.spans] == ["first", "second", "third"]


def test_a_tracked_function_keeps_its_face_and_is_an_event_of_its_name(inside):
    @powermeter.track
    def infer(batch: int, *, scale: float = 1.0) -> float:
        """Infer."""
        return batch * scale

    assert infer(3, scale=2.0) == 6.0
    assert (infer.__name__, infer.__doc__) == ("infer", "Infer.")
    assert list(inspect.signature(infer).parameters) == ["batch", "scale"]
    (span,) = inside.spans
    assert span.name.endswith("infer") and span.count == 1


def test_each_item_is_an_event_of_its_size_without_the_loaders_time(inside):
    loading = []

    def loader():
        for batch in ([1, 2], (3, 4, 5), "text"):
            loading.append(len(inside.spans))
            yield batch

    seen = list(powermeter.each(loader(), "batch", model="tiny"))
    assert seen == [[1, 2], (3, 4, 5), "text"]
    assert [span.count for span in inside.spans] == [2, 3, 1]
    assert loading == [0, 1, 2], "an item was loaded while the event of the one before still ran"
    assert all(span.attributes == {"model": "tiny"} for span in inside.spans)


def test_uids_are_unique_across_threads(inside):
    def work():
        for _ in range(200):
            with powermeter.event("w"):
                pass

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(span.uid for span in inside.spans) == list(range(1, 801))


def test_public_names_are_not_taken_by_submodules():
    """Importing `powermeter.x` sets the attribute `x` of the package, whatever was there before."""
    code = (
        "import pkgutil, importlib, powermeter\n"
        "before = {name: getattr(powermeter, name) for name in ('event', 'mark', 'track', 'each')}\n"
        "for found in pkgutil.iter_modules(powermeter.__path__):\n"
        "    if found.name != '__main__': importlib.import_module('powermeter.' + found.name)\n"
        "assert all(getattr(powermeter, name) is value for name, value in before.items())\n"
        "for name in powermeter.__all__: assert callable(getattr(powermeter, name)), name\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_importing_powermeter_brings_nothing_heavy():
    code = (
        "import sys; before = set(sys.modules); import powermeter\n"
        "new = {name.partition('.')[0] for name in set(sys.modules) - before}\n"
        "print(sorted(new))"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", "import sys; sys.path[:0] = " + repr(sys.path) + "; " + code],
        capture_output=True,
        text=True,
        check=True,
    )
    heavy = {
        "numpy",
        "scipy",
        "click",
        "rich",
        "json",
        "sqlite3",
        "typing",
        "dataclasses",
        "threading",
        "pathlib",
    }
    assert not heavy & set(eval_list(done.stdout)), done.stdout


def eval_list(text: str) -> list[str]:
    import ast

    return ast.literal_eval(text)


def test_an_unknown_public_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'Metre'"):
        powermeter.Metre  # noqa: B018
    assert powermeter.__version__.count(".") >= 1
