"""`each`: an event for what a loop does with each batch, and its size where that is certain."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

import powermeter

X, Y = np.zeros((32, 3, 8, 8)), np.zeros(32)


class Loader:
    """As torch's: it knows the size it was asked for."""

    def __init__(self, batches, batch_size=32):
        self.batches, self.batch_size = batches, batch_size

    def __iter__(self):
        return iter(self.batches)

    def __len__(self):
        return len(self.batches)


def test_each_item_is_an_event_of_its_size_without_the_loaders_time(running):
    order = []

    def loader():
        for batch in ((X, Y), (X[:7], Y[:7]), "text"):
            order.append("load")
            yield batch

    for _ in powermeter.each(loader(), "batch", model="tiny"):
        with powermeter.event("inside"):
            order.append("work")
    assert order == ["load", "work"] * 3
    found = running.end()
    batches = [event for event in found if event.name == "batch"]
    assert [event.count for event in batches] == [32, 7, 1]
    assert all(event.attributes == {"model": "tiny"} for event in batches)
    assert [event.parent for event in found if event.name == "inside"] == [event.uid for event in batches]


@pytest.mark.parametrize(
    ("n", "counts"), [(8, [8, 8]), (len, [32, 7]), (None, [None, None]), (lambda x: 1 / 0, [None, None])]
)
def test_the_count_may_be_given(running, n, counts):
    assert len(list(powermeter.each([X, X[:7]], n=n))) == 2
    assert [event.count for event in running.end()] == counts


def test_it_has_the_loaders_length_and_can_be_looped_over_again(running):
    loader = powermeter.each(Loader([X, X]))
    assert len(loader) == 2 and loader and loader.batch_size == 32
    assert len(list(loader)) == len(list(loader)) == 2
    endless = powermeter.each(iter([X]))
    with pytest.raises(TypeError):
        len(endless)
    assert len(list(endless)) == 1
    assert len(running.end()) == 5


def test_a_loop_that_is_left_ends_its_event(running):
    for _ in powermeter.each([X, X]):
        break
    with powermeter.event("after") as after:
        pass
    first, _ = running.end()
    assert first.end_ns is not None and after.parent is None


def test_async_for(running):
    async def loader():
        for _ in range(2):
            await asyncio.sleep(0.001)
            yield X, Y

    async def main():
        async for _ in powermeter.each(loader()):
            with powermeter.event("inside"):
                await asyncio.sleep(0.001)

    asyncio.run(main())
    found = running.end()
    assert [event.count for event in found if event.name == "item"] == [32, 32]
    assert all(event.parent for event in found if event.name == "inside")
