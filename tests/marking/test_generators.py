"""The event of a generator: what is inside of it, and that nothing of it outlives its loop."""

from __future__ import annotations

import asyncio
import contextvars

import pytest

import powermeter


@pytest.mark.timeout(60)
@pytest.mark.parametrize("way", ["generator", "async generator"])
def test_an_event_that_spans_what_a_generator_yields_is_its_own(running, way):
    """It was put around the generator's event, and that around it: the next event looked for one that runs for ever."""

    def steps():
        for i in range(3):
            with powermeter.event("step"):
                yield i
        with powermeter.event("last"):
            pass

    async def async_steps():
        for i in steps():
            yield i

    def consume():
        with powermeter.event("consumer"):
            pass

    async def consume_all():
        async for _ in powermeter.track("all")(async_steps)():
            consume()

    if way == "generator":
        for _ in powermeter.track("all")(steps)():
            consume()
    else:
        asyncio.run(consume_all())
    consume()
    found = running.end()
    (whole,) = [event for event in found if event.name == "all"]
    parents = [(event.name, event.parent) for event in sorted(found, key=lambda event: event.uid)]
    turn = [("step", whole.uid), ("consumer", None)]
    assert parents == [("all", None), *turn, *turn, *turn, ("last", whole.uid), ("consumer", None)]


@pytest.mark.timeout(60)
def test_what_a_generator_does_when_it_is_left_early_is_inside_it(running):
    def generator():
        try:
            with powermeter.event("step"):
                yield 1
        finally:
            with powermeter.event("tidy"):
                pass

    for _ in powermeter.track("all")(generator)():
        break
    with powermeter.event("after"):
        pass
    whole, step, tidy, after = sorted(running.end(), key=lambda event: event.uid)
    assert (step.name, tidy.name, after.name) == ("step", "tidy", "after")
    assert step.parent == tidy.parent == whole.uid and whole.parent is after.parent is None


@pytest.mark.timeout(60)
def test_a_generator_that_a_task_from_inside_of_it_goes_on_with_is_not_around_itself(running):
    context = []

    def generator():
        context.append(contextvars.copy_context())
        yield 1
        yield 2

    made = powermeter.track("all")(generator)()
    next(made)
    assert context[0].run(next, made) == 2
    with powermeter.event("after"):
        pass
    assert list(made) == []
    assert [event.parent for event in running.end()] == [None, None]


@pytest.mark.parametrize("is_recorded", [True, False])
def test_one_that_is_open_when_its_loop_ends_is_closed_once(request, is_recorded, capfd):
    """The loop closed it and what it stands for at once: an error on the program's standard error, recorded or not."""
    running = request.getfixturevalue("running") if is_recorded else None
    tidied = []

    @powermeter.track("all")
    async def numbers():
        try:
            for i in range(3):
                yield i
        finally:
            await asyncio.sleep(0)
            tidied.append(1)

    async def take_one():
        made = numbers()
        kept.append(made)
        return await made.__anext__()

    kept = []
    assert asyncio.run(take_one()) == 0
    assert tidied == [1] and capfd.readouterr().err == ""
    assert running is None or [event.attributes for event in running.end()] == [{}]


def _plain(answer):
    yield 1
    yield 2
    return answer


def _catches(answer):
    try:
        yield 1
    except GeneratorExit:
        return answer


def _goes_on(answer):
    try:
        yield 1
    except GeneratorExit:
        yield answer


@pytest.mark.parametrize("made", [_plain, _catches, _goes_on])
@pytest.mark.parametrize(
    "ends", [lambda g: g.close(), lambda g: g.throw(GeneratorExit), lambda g: g.throw(KeyError)]
)
def test_it_ends_as_it_does_untracked(running, made, ends):
    def outcome(of):
        generator = of("answer")
        next(generator)
        try:
            return ends(generator)
        except BaseException as error:  # noqa: BLE001 – compared
            return type(error), str(error), getattr(error, "value", None)

    assert outcome(powermeter.track("all")(made)) == outcome(made)
    assert len(running.end()) == 1


@pytest.mark.parametrize("made", [_plain, _catches, _goes_on])
@pytest.mark.parametrize(
    "ends", [lambda g: g.aclose(), lambda g: g.athrow(GeneratorExit), lambda g: g.athrow(KeyError)]
)
def test_an_asynchronous_one_ends_as_it_does_untracked(running, made, ends):
    async def numbers():
        inner = made("answer")
        value = next(inner)
        while True:
            try:
                yield value
                value = next(inner, None)
            except BaseException as error:  # noqa: BLE001 – passed on
                try:
                    value = inner.throw(error)
                except StopIteration:
                    return

    async def outcome(of):
        generator = of()
        await generator.__anext__()
        try:
            return await ends(generator)
        except BaseException as error:  # noqa: BLE001 – compared
            return type(error), str(error)

    assert asyncio.run(outcome(powermeter.track("all")(numbers))) == asyncio.run(outcome(numbers))
    assert len(running.end()) == 1
