"""`track` over what returns a future: the event ends when that is done, not when the call returns."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import threading
import time
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from multiprocessing.pool import ThreadPool

import pytest

import powermeter
from powermeter.marking.futures import GOES_ON

PAUSE_S = 0.03


def lengths_s(events):
    return [(event.end_ns - event.start_ns) * 1e-9 for event in events]


def fail():
    time.sleep(PAUSE_S)
    raise ValueError("mine")


def test_a_call_that_returns_a_future_of_a_pool_is_an_event_until_that_is_done(running):
    """The event was the call, 0.4 ms of a block of 0.1 s."""
    with ThreadPoolExecutor(1) as pool:
        submit = powermeter.track("submit", n=4)(pool.submit)
        future = submit(time.sleep, PAUSE_S)
        with powermeter.event("meanwhile"):
            pass
        assert type(future) is Future
        assert future.result() is None
        done = submit(int, "3")
        assert done.result() == 3
    meanwhile, *found = sorted(running.end(), key=lambda event: event.name)
    assert meanwhile.parent is None  # what runs meanwhile is not inside
    assert [event.count for event in found] == [4, 4]
    assert max(lengths_s(found)) >= PAUSE_S > min(lengths_s(found))


def test_one_that_is_done_already_ends_with_the_call(running):
    @powermeter.track
    def known():
        future = Future()
        future.set_result(1)
        return future

    assert known().result() == 1
    assert lengths_s(running.end())[0] < PAUSE_S


def test_an_event_whose_future_fails_or_is_cancelled_carries_the_error(running):
    with ThreadPoolExecutor(1) as pool:
        submit = powermeter.track("submit")(pool.submit)
        failed, cancelled = submit(fail), submit(fail)
        assert cancelled.cancel()
        with pytest.raises(ValueError, match="mine"):
            failed.result()
        with pytest.raises(CancelledError):
            cancelled.result()
    assert sorted(event.attributes["error"] for event in running.end()) == ["CancelledError", "ValueError"]


@pytest.mark.parametrize("begin", [asyncio.ensure_future, lambda one: asyncio.gather(one)])
def test_a_future_of_asyncio_is_one_until_it_is_done(running, begin):
    async def work():
        await asyncio.sleep(PAUSE_S)

    async def main():
        future = powermeter.track("begin")(begin)(work())
        assert asyncio.isfuture(future)
        await future

    asyncio.run(main())
    (event,) = running.end()
    assert lengths_s([event])[0] >= 0.9 * PAUSE_S


def test_an_error_that_nobody_fetches_is_still_reported_by_asyncio(running):
    reported = []

    async def work():
        raise ValueError("mine")

    async def main():
        asyncio.get_running_loop().set_exception_handler(lambda _, about: reported.append(about["message"]))
        powermeter.track("begin")(asyncio.ensure_future)(work())
        await asyncio.sleep(0.01)
        gc.collect()

    asyncio.run(main())
    assert reported == ["Task exception was never retrieved"]
    assert [event.attributes for event in running.end()] == [{"error": "ValueError"}]


def test_a_future_that_takes_no_callback_leaves_the_call(running):
    class Closed:
        def add_done_callback(self, call):
            raise RuntimeError("not from this thread")

    made = Closed()
    assert powermeter.track("closed")(lambda: made)() is made
    assert [event.name for event in running.end()] == ["closed"]


def test_outside_a_recording_no_future_is_touched():
    class Untouched(Future):
        def add_done_callback(self, call):
            raise AssertionError

    future = Untouched()
    assert powermeter.track("f")(lambda: future)() is future


def test_a_call_that_returns_a_handle_of_work_that_goes_on_states_it(running):
    """Nothing calls back when an `AsyncResult` is ready: the event is the call, which its attribute and a note state."""
    go_on = threading.Event()
    with ThreadPool(1) as pool:
        submit = powermeter.track("submit")(pool.apply_async)
        result = submit(go_on.wait)
        go_on.set()
        assert result.get() and type(result).__name__ == "ApplyResult"
        ready = powermeter.track("ready")(lambda: result)
        assert ready() is result
        powermeter.track("many")(pool.imap)(int, "12")
    assert not powermeter.track("start")(_started)(go_on).is_alive()
    process = powermeter.track("popen")(lambda *args: subprocess.Popen(*args))
    process([sys.executable, "-c", ""]).wait()
    found = {event.name: event.attributes.get(GOES_ON) for event in running.end()}
    assert found == {
        "submit": "ApplyResult",
        "ready": None,
        "many": "IMapIterator",
        "start": None,
        "popen": "Popen",
    }


def _started(go_on):
    thread = threading.Thread(target=go_on.wait)
    thread.start()
    thread.join()
    return thread


@pytest.mark.parametrize(
    "package, module, name", [("ray", "_raylet", "ObjectRef"), ("celery", "result", "AsyncResult")]
)
def test_handles_of_other_machines_are_known_by_name_and_not_asked(running, package, module, name):
    def ready(self):
        raise AssertionError("asked over the network")

    handle = type(name, (), {"__module__": f"{package}.{module}", "ready": ready})()
    assert powermeter.track("far")(lambda: handle)() is handle
    (event,) = running.end()
    assert event.attributes == {GOES_ON: name}
