"""`powermeter.tokens`: what passes is not changed, and the phases of each answer are marked once."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from running_recording import Running as Plain

import powermeter
from powermeter.events import Event
from powermeter.marking import span


class Running(Plain):
    """The same; events by name."""

    def named(self) -> dict[str, Event]:
        return {event.name: event for event in self.end()}


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    one = Running(tmp_path)
    token = span.attach(one.log)
    yield one
    span.detach(one.log, token)
    one.log.close()
    one.end()


def test_ids_are_counted_and_passed_on(running: Running) -> None:
    assert list(powermeter.tokens(iter([5, 6, 7, 8]), model="m", prompt_tokens=3)) == [5, 6, 7, 8]
    events = running.named()
    assert (events["prefill"].count, events["decode"].count) == (3, 3)
    assert events["decode"].measures["generated_tokens"] == 4
    assert events["prefill"].end_ns == events["decode"].start_ns


def test_pieces_of_text_are_not_tokens(running: Running) -> None:
    assert "".join(powermeter.tokens(iter(["Hel", "lo"]))) == "Hello"
    assert running.named()["decode"].count is None


def test_a_count_may_be_told(running: Running) -> None:
    list(powermeter.tokens(iter(["ab", "c"]), count=len))
    assert running.named()["decode"].measures["generated_tokens"] == 3


def test_arrays_of_ids_are_as_many_as_they_hold(running: Running) -> None:
    list(powermeter.tokens(iter([np.array([1, 2]), np.array([3])])))
    assert running.named()["decode"].measures["generated_tokens"] == 3


def test_usage_in_the_last_piece_is_believed(running: Running) -> None:
    chunks = [
        {"choices": [{"delta": {"content": "a"}}], "model": "m"},
        {"choices": [{"delta": {"content": "bcd"}}]},
        {
            "choices": [],
            "usage": {
                "prompt_tokens": 10,
                "completion_tokens": 7,
                "prompt_tokens_details": {"cached_tokens": 4},
            },
        },
    ]
    assert list(powermeter.tokens(iter(chunks))) == chunks
    events = running.named()
    assert (events["prefill"].count, events["prefill"].measures["cached_tokens"], events["decode"].count) == (
        6,
        4,
        6,
    )
    assert events["decode"].attributes["model"] == "m"


def test_the_request_begins_before_a_function_that_makes_it(running: Running) -> None:
    import time

    def make() -> Iterator[int]:
        time.sleep(0.03)
        return iter([1, 2])

    list(powermeter.tokens(make))
    assert (running.named()["prefill"].duration_s or 0) >= 0.03


def test_an_answer_that_came_as_one_is_returned_as_it_is(running: Running) -> None:
    reply = {
        "usage": {"prompt_tokens": 4, "completion_tokens": 9},
        "choices": [{"message": {"content": "x"}}],
    }
    assert powermeter.tokens(lambda: reply) is reply
    assert running.named()["request"].count == 9


def test_an_object_of_a_client_that_iterates_over_its_fields_is_an_answer(running: Running) -> None:
    class Model(SimpleNamespace):
        def __iter__(self) -> Iterator[tuple[str, object]]:
            return iter(self.__dict__.items())

    reply = Model(choices=[1], usage=SimpleNamespace(prompt_tokens=4, completion_tokens=9), model="m")
    assert powermeter.tokens(lambda: reply) is reply
    assert running.named()["request"].count == 9


def test_asynchronous_streams(running: Running) -> None:
    async def made() -> AsyncIterator[int]:
        for token in range(3):
            await asyncio.sleep(0)
            yield token

    async def main() -> list[int]:
        return [token async for token in powermeter.tokens(made())]

    assert asyncio.run(main()) == [0, 1, 2]
    assert running.named()["decode"].measures["generated_tokens"] == 3


def test_an_error_ends_it_and_is_named(running: Running) -> None:
    def broken() -> Iterator[int]:
        yield 1
        raise TimeoutError

    with pytest.raises(TimeoutError):
        list(powermeter.tokens(broken()))
    assert running.named()["decode"].attributes["error"] == "TimeoutError"


@pytest.mark.thorough
def test_a_loop_that_is_left_early_marks_what_came(running: Running) -> None:
    for token in powermeter.tokens(iter(range(100))):
        if token == 4:
            break
    gc.collect()
    assert running.named()["decode"].measures["generated_tokens"] == 5


def test_it_is_inside_the_event_around_it(running: Running) -> None:
    with powermeter.event("chat"):
        list(powermeter.tokens(iter([1, 2])))
    events = running.named()
    assert events["prefill"].parent == events["decode"].parent == events["chat"].uid


def test_outside_a_recording_the_stream_itself_is_returned() -> None:
    stream = iter([1])
    assert powermeter.tokens(stream) is stream
    assert powermeter.tokens(lambda: stream) is stream


def test_an_asynchronous_client_answers_later(running: Running) -> None:
    async def pieces() -> AsyncIterator[dict[str, object]]:
        yield {"choices": [{"delta": {"content": "a"}}]}
        yield {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 5}}

    async def create(stream: bool) -> object:
        await asyncio.sleep(0.02)
        return pieces() if stream else {"usage": {"prompt_tokens": 4, "completion_tokens": 9}}

    async def main() -> None:
        assert len([piece async for piece in powermeter.tokens(lambda: create(True))]) == 2
        reply = await powermeter.tokens(lambda: create(False))
        assert reply["usage"]["completion_tokens"] == 9
        assert len([piece async for piece in await powermeter.tokens(create(True))]) == 2

    asyncio.run(main())
    events = running.end()
    assert [event.name for event in events] == ["prefill", "decode", "request", "prefill", "decode"]
    assert (events[0].duration_s or 0) >= 0.02
    assert [event.count for event in events] == [3, 4, 9, 3, 4]
