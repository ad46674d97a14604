"""Events that a trainer begins in one callback and ends in another: what is left of them where it raises in between."""

from __future__ import annotations

import powermeter
from powermeter.hooks.stages import Stages


def ended(running):
    return [
        (event.name, event.attributes.get("error")) for event in running.end() if event.end_ns is not None
    ]


def test_what_a_trainer_raises_ends_what_is_open(running):
    stages = Stages({})
    stages.begin("train")
    stages.begin("step", 8)
    stages.end("step", error=MemoryError())
    stages.begin("step", 4)
    stages.end_all(ValueError())
    assert ended(running) == [("train", "ValueError"), ("step", "MemoryError"), ("step", "ValueError")]


def test_a_training_that_was_left_does_not_last_until_the_next_begins(running):
    stages = Stages({})
    for name in ("train", "epoch", "step"):
        stages.begin(name)
    stages.begin("train")  # the first one has raised, and nobody was notified
    with powermeter.event("inside"):
        pass
    stages.end("train")
    assert ended(running) == [("train", None), ("inside", None)]
    (counts,) = running.counts().values()
    assert (counts.begun, counts.finished) == (5, 2)
    assert sorted(counts.details["running"]) == ["epoch", "step", "train"]
