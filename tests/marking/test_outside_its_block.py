"""What is set on an event after its block: readable there, counted, and no attribute of the next."""

from __future__ import annotations

import copy

import pytest

from powermeter.marking.json_text import encode
from powermeter.marking.outside_its_block import with_late


def test_what_is_set_late_is_read_and_not_recorded() -> None:
    once = with_late({"model": "tiny"}, "answer", 5)
    twice = with_late(once, "model", "large")
    assert (twice["model"], twice["answer"]) == ("tiny", 5)
    assert encode(twice) == encode({"model": "tiny"}) and dict(twice) == {"model": "tiny"}
    assert copy.copy(twice)["answer"] == 5
    with pytest.raises(KeyError):
        twice["other"]
