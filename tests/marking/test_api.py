"""The calls a program is instrumented with, outside and inside a recording."""

from __future__ import annotations

import ast
import asyncio
import inspect
import subprocess
import sys
import threading

import pytest

import powermeter
from powermeter.marking import api


def test_outside_a_recording_everything_is_taken_and_nothing_done():
    assert api.attached() is None
    with powermeter.event("infer", n=8, model="tiny") as event:
        event["tokens"] = 12
        event.count = 3
        event.measure(loss=0.5)
    assert event.log is None
    assert powermeter.mark("epoch", number=1) is None

    @powermeter.track
    def double(x):
        return 2 * x

    assert double(4) == 8
    assert list(powermeter.each([1, 2, 3])) == [1, 2, 3]


def test_outside_a_recording_errors_pass_through():
    with pytest.raises(KeyError), powermeter.event("infer"):
        raise KeyError("mine")


def test_an_attribute_may_have_the_name_of_a_parameter(running):
    """`name`, `items` and `self` are attributes where a name is given beside them, and a name by keyword stays one."""
    with powermeter.event("infer", name="x", self="y") as event:
        event.measure(self=1)
    with powermeter.event(name="by keyword", n=2):
        pass
    powermeter.mark("loaded", name="tiny")
    powermeter.mark(name="marked")
    assert list(powermeter.each([1], "each", name="z", items=3)) == [1]
    assert list(powermeter.each([1], name="walk")) == [1]
    found = {event.name: event for event in running.end()}
    assert found["infer"].attributes == {"name": "x", "self": "y"} and found["infer"].measures == {"self": 1}
    assert found["by keyword"].count == 2 and not found["by keyword"].attributes
    assert found["loaded"].attributes == {"name": "tiny"} and "marked" in found
    assert found["each"].attributes == {"name": "z", "items": 3} and "walk" in found


def test_an_event_without_a_name_is_called_so(running):
    with powermeter.event(""):
        pass
    with powermeter.event():
        pass
    assert [event.name for event in running.end()] == ["(unnamed)"] * 2


def test_events_nest_in_their_thread(running):
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
    found = {event.name: event for event in running.end()}
    assert found["inner"].parent == outer.uid and found["outer"].parent is None
    assert found["elsewhere"].parent is None and found["elsewhere"].thread != found["outer"].thread
    assert found["epoch"].parent == outer.uid and found["epoch"].is_mark
    assert found["inner"].attributes == {"model": "tiny", "tokens": 12}
    assert outer.start_ns <= inner.start_ns <= inner.end_ns <= outer.end_ns


def test_parents_are_right_over_tasks_of_one_thread(running):
    async def request(number):
        async with powermeter.event("request", number=number):
            await asyncio.sleep(0.001 * (number % 3))
            with powermeter.event("step", number=number):
                await asyncio.sleep(0.001)

    async def main():
        with powermeter.event("all"):
            await asyncio.gather(*(request(number) for number in range(8)))

    asyncio.run(main())
    found = running.end()
    by_uid = {event.uid: event for event in found}
    steps = [event for event in found if event.name == "step"]
    assert len(steps) == 8
    for step in steps:
        assert by_uid[step.parent].name == "request"
        assert by_uid[step.parent].attributes == step.attributes
        assert by_uid[step.parent].task == step.task is not None
        assert by_uid[by_uid[step.parent].parent].name == "all"
    assert len({step.task for step in steps}) == 8


def test_a_task_that_outlives_the_event_that_started_it_is_not_inside_it(running):
    async def later():
        await asyncio.sleep(0.01)
        with powermeter.event("late"):
            pass

    async def main():
        with powermeter.event("whole"):
            with powermeter.event("starter"):
                task = asyncio.create_task(later())
            await task

    asyncio.run(main())
    found = {event.name: event for event in running.end()}
    assert found["late"].parent == found["whole"].uid


def test_an_error_inside_an_event_is_noted_and_passed_on(running):
    with pytest.raises(ValueError, match="mine"), powermeter.event("infer"):
        raise ValueError("mine")
    (event,) = running.end()
    assert event.attributes == {"error": "ValueError"} and event.end_ns >= event.start_ns


def test_events_that_end_out_of_order(running):
    first, second = powermeter.event("first"), powermeter.event("second")
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    with powermeter.event("third") as third:
        pass
    second.__exit__(None, None, None)
    with powermeter.event("fourth") as fourth:
        pass
    assert third.parent == second.uid and fourth.parent is None
    assert len(running.end()) == 4


def test_an_event_can_be_entered_again_within_itself_and_by_several_threads(running):
    event = powermeter.event("again", n=2)

    def descend(depth):
        with event:
            if depth:
                descend(depth - 1)

    descend(2)
    barrier = threading.Barrier(2)

    def work():
        with event:
            barrier.wait()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = running.end()
    assert len(found) == 5 and all(one.end_ns is not None and one.count == 2 for one in found)
    assert [one.parent for one in found[:3]] == [None, found[0].uid, found[1].uid]


@pytest.fixture
def early():
    return powermeter.event("early")


def test_an_event_made_before_a_recording_is_recorded_when_it_runs(early, running):
    with early:
        pass
    assert [one.name for one in running.end()] == ["early"]


@pytest.mark.thorough
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
        f"import sys; sys.path[:0] = {sys.path!r}; before = set(sys.modules); import powermeter\n"
        "new = {name.partition('.')[0] for name in set(sys.modules) - before}\n"
        "print(sorted(new))"
    )
    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True)
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
        "asyncio",
        "inspect",
        "functools",
    }
    assert not heavy & set(ast.literal_eval(done.stdout)), done.stdout


def test_an_unknown_public_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'Metre'"):
        powermeter.Metre  # noqa: B018
    assert powermeter.__version__.count(".") >= 1


def test_a_tracked_function_keeps_its_face():
    @powermeter.track
    def infer(batch: int, *, scale: float = 1.0) -> float:
        """Infer."""
        return batch * scale

    assert infer(3, scale=2.0) == 6.0
    assert (infer.__name__, infer.__doc__) == ("infer", "Infer.")
    assert list(inspect.signature(infer).parameters) == ["batch", "scale"]
