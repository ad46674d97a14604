"""A recording that takes in marks, without a recorder process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from running_recording import Running, running_in


@pytest.fixture
def running(tmp_path) -> Iterator[Running]:
    """A recording that this process's events go to; they are taken in at its end."""
    with running_in(tmp_path) as one:
        yield one


@pytest.fixture
def live(running) -> Running:
    """The same with a thread that takes the events in."""
    running.intake.start()
    return running
