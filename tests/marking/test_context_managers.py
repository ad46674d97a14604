"""`track` over what `contextlib.contextmanager` made of a function: the event is the block."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import time

import pytest

import powermeter


def test_a_context_manager_is_an_event_from_the_entry_of_its_block_to_the_exit(running):
    """The call that makes it took 20 µs, and was the event of a block of 0.1 s."""

    @powermeter.track("block", n=4)
    @contextlib.contextmanager
    def block(model):
        """Hold a model."""
        yield model

    @powermeter.track
    @contextlib.asynccontextmanager
    async def later():
        yield 2

    async def use():
        async with later() as found:
            await asyncio.sleep(0.02)
            return found

    @block("decorates")
    def decorated():
        time.sleep(0.02)

    block("never entered")
    with block("tiny") as model:
        time.sleep(0.02)
    with pytest.raises(ValueError, match="mine"), block("fails"):
        time.sleep(0.02)
        raise ValueError("mine")
    decorated()
    assert (model, asyncio.run(use()), block.__doc__) == ("tiny", 2, "Hold a model.")
    found = running.end()
    assert sorted(event.count for event in found) == [1, 4, 4, 4]
    assert all(event.end_ns - event.start_ns >= 20_000_000 for event in found)
    assert [event.attributes for event in found if event.attributes] == [{"error": "ValueError"}]


def test_so_is_one_that_is_a_method_of_an_object_or_has_some_of_its_arguments(running):
    """Both were the event of the call alone: of no length, and it looked like a result."""

    class Model:
        size = 3

        @contextlib.contextmanager
        def block(self, factor):
            yield self.size * factor

    model = Model()
    method = powermeter.track("method")(model.block)
    part = powermeter.track("partial")(functools.partial(model.block, factor=2))
    for block, arguments in ((method, (2,)), (part, ())):
        with block(*arguments) as found:
            time.sleep(0.02)
        assert found == 6
    events = running.end()
    assert sorted(event.name for event in events) == ["method", "partial"]
    assert all(event.end_ns - event.start_ns >= 20_000_000 for event in events)


class Steps:
    """An iterator of one item that is no generator; `throw` is not needed where the block does not fail."""

    def __init__(self, item):
        self.items = [item]

    def __iter__(self):
        return self

    def __next__(self):
        if not self.items:
            raise StopIteration
        return self.items.pop()

    def __aiter__(self):
        return self

    async def __anext__(self):
        if not self.items:
            raise StopAsyncIteration
        return self.items.pop()


def steps(item):
    yield item


@pytest.mark.parametrize("make", [Steps, steps])
def test_one_that_is_made_of_a_function_returning_an_iterator_is_its_block(running, make):
    """It was the call alone, of 20 µs; the function is still called before the block, and one that is never entered is no event."""
    called = []

    @powermeter.track("block")
    @contextlib.contextmanager
    def block(item):
        called.append(item)
        return make(item)

    block(1)
    manager = block(2)
    assert called == [1, 2]
    with manager as item:
        time.sleep(0.02)
    with pytest.raises(ValueError, match="mine"), block(3):
        time.sleep(0.02)
        raise ValueError("mine")
    assert item == 2
    found = running.end()
    assert [event.attributes for event in found] == [{}, {"error": "ValueError"}]
    assert all(event.end_ns - event.start_ns >= 20_000_000 for event in found)
    assert (running.counts().popitem()[1].begun, len(found)) == (2, 2)


def test_so_is_one_of_an_iterator_that_is_awaited(running):
    @powermeter.track("later")
    @contextlib.asynccontextmanager
    def later():
        return Steps(5)

    async def use():
        async with later() as item:
            await asyncio.sleep(0.02)
            return item

    assert asyncio.run(use()) == 5
    (event,) = running.end()
    assert event.end_ns - event.start_ns >= 20_000_000


def test_what_returns_no_iterator_fails_in_the_block_as_without_track():
    @contextlib.contextmanager
    def wrong():
        return [1]

    with pytest.raises(TypeError, match="'list' object is not an iterator"), powermeter.track(wrong)():
        pass
