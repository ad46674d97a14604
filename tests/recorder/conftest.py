"""How long a program may be held up, where that is what is tested."""

from __future__ import annotations

import pytest

from powermeter.recorder import waiting_at_end

HELD_UP_S = waiting_at_end.HELD_UP_S
"""As it is outside of tests, which are patient."""


@pytest.fixture
def at_work(monkeypatch: pytest.MonkeyPatch, patient: None) -> None:
    """A recorder that says nothing counts as at work: on a busy machine it is waiting for its turn."""
    monkeypatch.setattr(waiting_at_end, "HELD_UP_S", HELD_UP_S)
    monkeypatch.setattr(waiting_at_end, "is_working", lambda process: True)
