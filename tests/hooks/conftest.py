"""A recording that the events of watched models go to, and what came of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from running_recording import Running, running_in


@pytest.fixture
def running(tmp_path) -> Iterator[Running]:
    """A recording that this process's events go to; they are taken in at its end."""
    with running_in(tmp_path) as one:
        yield one
