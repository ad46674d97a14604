"""The last reading of a recording that ends: whether one more is taken, and how long it is waited for."""

from __future__ import annotations

import threading
import time

import pytest

from powermeter.recorder import last_reading
from powermeter.recorder.last_reading import is_worth_one, wait_for


@pytest.mark.parametrize(
    ("period_s", "read_s", "worth"),
    [(0.1, 0.001, True), (0.02, 0.019, True), (0.001, 0.0002, False), (1.0, 0.6, False)],
)
def test_one_more_is_taken_of_slow_sources_that_answer_quickly(
    period_s: float, read_s: float, worth: bool
) -> None:
    assert is_worth_one(round(period_s * 1e9), round(read_s * 1e9)) is worth


def test_readers_are_waited_for_together_and_one_that_hangs_is_abandoned(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(last_reading, "READERS_END_S", 0.2)
    release = threading.Event()
    hanging = [threading.Thread(target=release.wait, daemon=True) for _ in range(50)]
    done = threading.Thread(target=time.monotonic)
    for one in (*hanging, done):
        one.start()
    began = time.monotonic()
    wait_for([*hanging, done])
    took = time.monotonic() - began
    assert 0.19 < took < 10 and all(one.is_alive() for one in hanging)  # 0.2 s once, not for each
    release.set()
    for one in hanging:
        one.join()
    began = time.monotonic()
    wait_for(hanging)
    assert time.monotonic() - began < took
