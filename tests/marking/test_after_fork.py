"""The child of a fork is inside no event of its parent, and what it marks goes to its parent's recording."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import powermeter
from powermeter.marking import span
from powermeter.recording import Recording

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


@pytest.mark.thorough
def test_a_child_begins_outside_of_its_parents_event_and_leaves_it_to_the_parent_to_end(
    tmp_path: Path,
) -> None:
    path = tmp_path / "run.power"
    with powermeter.Meter("virtual://", path=path), powermeter.event("of the parent"):
        child = os.fork()
        if not child:
            outside = span.around()[0] == 0
            with powermeter.event("of the child"):
                pass
            os._exit(0 if outside else 1)
        status = os.waitpid(child, 0)[1]
    assert status == 0
    with Recording.open(path) as recording:
        found = {event.name: event for event in recording.events()}
    assert sorted(found) == ["of the child", "of the parent"]
    assert found["of the child"].parent is None and found["of the child"].process == child
    assert found["of the parent"].process == os.getpid() and found["of the parent"].end_ns is not None
