"""`track` and `event` as decorators: whatever is called is an event from its first step to its end."""

from __future__ import annotations

import asyncio
import copy
import functools
import gc
import inspect
import os
import pickle
import time

import numpy as np
import pytest

import powermeter
from powermeter.errors import ConfigurationError

PAUSE_S = 0.02


def plain(x=0):
    time.sleep(PAUSE_S)
    return x


async def coroutine(x=0):
    await asyncio.sleep(PAUSE_S)
    return x


def generator(n=2):
    for item in range(n):
        time.sleep(PAUSE_S / 2)
        yield item
    return "end"


async def async_generator(n=2):
    for item in range(n):
        await asyncio.sleep(PAUSE_S / 2)
        yield item


class Model:
    """Has every kind of method, and can be called itself."""

    width = 3

    @powermeter.track
    def method(self, x):
        time.sleep(PAUSE_S)
        return self.width * x

    @powermeter.track
    @classmethod
    def of_class(cls, x):
        time.sleep(PAUSE_S)
        return cls.width * x

    @powermeter.track
    @staticmethod
    def of_none(x):
        time.sleep(PAUSE_S)
        return x

    @powermeter.track
    @functools.lru_cache  # noqa: B019 – three instances
    def kept(self, x):
        time.sleep(PAUSE_S)
        return self.width * x

    of_seven = powermeter.track(functools.partialmethod(method.__wrapped__, 7))

    def __call__(self, x):
        time.sleep(PAUSE_S)
        return self.width * x


class AsyncModel:
    async def __call__(self, x):
        await asyncio.sleep(PAUSE_S)
        return x


def of_coroutine(x):
    return coroutine(x)


async def collect(stream):
    return [item async for item in stream]


CALLS = {
    "plain": (lambda: powermeter.track(plain)(7), 7),
    "with a name": (lambda: powermeter.track("named", n=2, kind="x")(plain)(7), 7),
    "with nothing": (lambda: powermeter.track()(plain)(7), 7),
    "event": (lambda: powermeter.event("named", n=2)(plain)(7), 7),
    "partial": (lambda: powermeter.track(functools.partial(plain, 7))(), 7),
    "method": (lambda: Model().method(2), 6),
    "classmethod": (lambda: Model.of_class(2), 6),
    "staticmethod": (lambda: Model.of_none(2), 2),
    "method with a cache": (lambda: Model().kept(2), 6),
    "partial method": (lambda: Model().of_seven(), 21),
    "bound method": (lambda: powermeter.track(Model().__call__)(2), 6),
    "callable object": (lambda: powermeter.track(Model())(2), 6),
    "lambda": (lambda: powermeter.track(lambda: plain(3))(), 3),
    "coroutine": (lambda: asyncio.run(powermeter.track(coroutine)(7)), 7),
    "event on a coroutine": (lambda: asyncio.run(powermeter.event("c")(coroutine)(7)), 7),
    "partial of a coroutine": (lambda: asyncio.run(powermeter.track(functools.partial(coroutine, 7))()), 7),
    "async callable object": (lambda: asyncio.run(powermeter.track(AsyncModel())(7)), 7),
    "function that returns a coroutine": (lambda: asyncio.run(powermeter.track(of_coroutine)(7)), 7),
    "generator": (lambda: list(powermeter.track(generator)()), [0, 1]),
    "function that returns a generator": (lambda: list(powermeter.track(lambda: generator())()), [0, 1]),
    "async generator": (lambda: asyncio.run(collect(powermeter.track(async_generator)())), [0, 1]),
    "function that returns an async generator": (
        lambda: asyncio.run(collect(powermeter.track(lambda: async_generator())())),
        [0, 1],
    ),
}


@pytest.mark.parametrize("kind", CALLS)
def test_every_kind_of_call_is_one_event_of_its_whole_length(running, kind):
    call, result = CALLS[kind]
    assert call() == result
    (event,) = running.end()
    assert event.duration_s >= 0.9 * PAUSE_S and "error" not in event.attributes
    if kind in ("with a name", "event"):
        assert (event.name, event.count) == ("named", 2)


@pytest.mark.parametrize("kind", CALLS)
def test_outside_a_recording_every_kind_does_what_it_did(kind):
    call, result = CALLS[kind]
    assert call() == result


def test_a_method_with_a_cache_keeps_what_the_cache_has():
    model = Model()
    assert model.kept(5) == model.kept(5) == Model.kept(model, 5) == 15
    assert Model.kept.cache_info().hits == model.kept.cache_info().hits >= 2


def test_names_are_the_functions_own():
    tracked = {
        "plain": powermeter.track(plain),
        "Model": powermeter.track(Model()),
        "coroutine": powermeter.track(coroutine),
    }
    assert inspect.iscoroutinefunction(tracked["coroutine"])
    assert inspect.isgeneratorfunction(powermeter.track(generator))
    assert inspect.isasyncgenfunction(powermeter.track(async_generator))


def test_the_count_may_come_from_the_arguments_and_an_odd_one_is_unknown(running):
    sized = powermeter.track("sized", n=len)(lambda batch: None)
    sized([1, 2, 3])
    sized_wrongly = powermeter.track("odd", n=len)(lambda batch: None)
    sized_wrongly(7)
    assert [event.count for event in running.end()] == [3, None]


def test_a_generators_consumer_is_not_inside_it_and_its_own_events_are(running):
    @powermeter.track("tokens")
    def tokens():
        for _ in range(2):
            with powermeter.event("step"):
                pass
            yield

    with powermeter.event("around") as around:
        for _ in tokens():
            with powermeter.event("print"):
                pass
    found = running.end()
    (whole,) = (event for event in found if event.name == "tokens")
    assert whole.parent == around.uid
    assert {event.parent for event in found if event.name == "step"} == {whole.uid}
    assert {event.parent for event in found if event.name == "print"} == {around.uid}


def test_a_generator_takes_what_is_sent_and_thrown_and_returns_its_value(running):
    @powermeter.track
    def echo():
        got = []
        while True:
            try:
                item = yield len(got)
            except KeyError:
                return got
            got.append(item)

    stream = echo()
    assert next(stream) == 0 and stream.send("a") == 1
    with pytest.raises(StopIteration) as stop:
        stream.throw(KeyError("x"))
    assert stop.value.value == ["a"]
    assert len(running.end()) == 1


def test_a_generator_that_is_left_early_ends_its_event(running):
    for _ in powermeter.track(generator)(10):
        break
    gc.collect()

    async def leave():
        stream = powermeter.track(async_generator)(10)
        async for _ in stream:
            break
        await stream.aclose()

    asyncio.run(leave())
    found = running.end()
    assert len(found) == 2 and all(event.end_ns is not None and not event.attributes for event in found)


def test_an_error_is_noted_and_passed_on_from_every_kind(running):
    async def fails():
        raise ValueError("mine")

    def fails_later():
        yield 1
        raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        asyncio.run(powermeter.track(fails)())
    with pytest.raises(ValueError, match="mine"):
        list(powermeter.track(fails_later)())
    assert [event.attributes for event in running.end()] == [{"error": "ValueError"}] * 2


def test_an_object_keeps_its_attributes_and_can_be_copied_and_pickled(running):
    model = powermeter.track(Model(), n=2)
    model.width = 5
    assert model.width == 5 and model(2) == 10
    for again in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):  # noqa: S301 – our own
        assert again(1) == 5
    assert [event.count for event in running.end()] == [2, 2, 2]


class Bag:
    """Something callable with what Python looks up in types."""

    held = (1, 2, 3)

    def __call__(self, x):
        return x

    def __len__(self):
        return 3

    def __iter__(self):
        return iter(self.held)

    def __getitem__(self, place):
        return self.held[place]

    def __eq__(self, other):
        return isinstance(other, Bag) and self.held == other.held

    __hash__ = None


@pytest.mark.parametrize("watched", [powermeter.track, powermeter.watch])
def test_a_stand_in_is_an_instance_and_does_what_the_types_of_objects_do(watched):
    bag = Bag()
    stands = watched(bag)
    assert isinstance(stands, Bag) and len(stands) == 3 and list(stands) == [1, 2, 3] and stands[1] == 2
    assert stands == bag and bag == stands and stands == watched(Bag()) and stands != 3 and 2 in stands
    with pytest.raises(TypeError, match="unhashable"):
        hash(stands)
    again = pickle.loads(pickle.dumps(stands))  # noqa: S301 – our own
    assert len(again) == 3 and again(4) == 4 and copy.copy(stands) == bag
    stands.held = ()
    assert bag.held == ()
    del stands.held
    assert bag.held == (1, 2, 3)
    model = Model()
    assert {model: 1}[watched(model)] == 1 and watched(model) != Model()


class Chain:
    """Something callable that stands in chains, paths and texts."""

    def __call__(self, x):
        return x

    def __rshift__(self, other):
        return ["chain", other]

    def __rmod__(self, other):
        return [other, "chain"]

    def __format__(self, wanted):
        return f"chain as {wanted}"

    def __fspath__(self):
        return "chain.bin"

    def __abs__(self):
        return 3

    def __array__(self, dtype=None, copy=None):
        return np.array([1.5, 2.5], dtype=dtype)


def test_a_stand_in_keeps_the_operators_of_its_object():
    stands = powermeter.track(Chain())
    assert stands >> 1 == ["chain", 1] and 1 % stands == [1, "chain"] and abs(stands) == 3
    assert f"{stands:short}" == "chain as short" and os.fspath(stands) == "chain.bin"
    assert np.array(stands, dtype=np.float32, copy=True).tolist() == [1.5, 2.5]  # numpy names its arguments
    with pytest.raises(TypeError):
        stands << 1


class Steps(list):
    """Steps that can be called, and grow in place."""

    def __call__(self):
        return len(self)


class Once:
    """Becomes another one where it is added to."""

    def __init__(self, size=0):
        self.size = size

    def __call__(self):
        return self.size

    def __add__(self, more):
        return Once(self.size + more)


def test_what_changes_a_stand_in_in_place_leaves_it_tracked(running):
    steps, once = Steps([1]), Once()
    grown = stands = powermeter.track("steps")(steps)
    stands += powermeter.track(Steps([2]))
    stands *= 2
    assert stands is grown and steps == [1, 2, 1, 2] and stands() == 4
    added = powermeter.track("once", n=3)(once)
    added += 5
    assert added() == 5 and once() == 0
    assert [(event.name, event.count) for event in running.end()] == [("steps", 1), ("once", 3)]
    with pytest.raises(TypeError):
        added -= 1


@pytest.mark.parametrize("wrong", [3, Model, [1]])
def test_what_cannot_be_tracked_is_an_error_that_says_what_to_do(wrong):
    with pytest.raises(ConfigurationError, match="track takes"):
        powermeter.track(wrong)


def test_a_recursive_function_is_an_event_for_each_call(running):
    @powermeter.event("down")
    def down(n):
        return down(n - 1) if n else 0

    down(3)
    found = running.end()
    assert [event.parent for event in found] == [None, *(event.uid for event in found[:3])]
