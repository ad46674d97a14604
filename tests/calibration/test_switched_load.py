"""The loads a pattern is played with: they work when told to, rest when told to, and are gone afterwards."""

from __future__ import annotations

import sys
import time
from types import SimpleNamespace

import pytest
from waiting import wait_until

from powermeter.calibration.switched_load import Graphics, Processor, load
from powermeter.errors import ConfigurationError, NotInstalledError, OpenError


class Card:
    """A stand-in for torch that counts the products asked of it."""

    def __init__(self, present: bool = True) -> None:
        self.products = 0
        self.cuda = SimpleNamespace(is_available=lambda: present, synchronize=lambda: time.sleep(0.001))

    def rand(self, *shape: int, device: str) -> object:
        assert device == "cuda"
        return object()

    def mm(self, left: object, right: object) -> None:
        self.products += 1


def test_a_graphics_card_works_only_while_it_is_on(monkeypatch: pytest.MonkeyPatch) -> None:
    card = Card()
    monkeypatch.setitem(sys.modules, "torch", card)
    with Graphics() as graphics:
        assert card.products == 1  # the one that loads its libraries
        graphics.switch(True)
        wait_until(lambda: card.products > 3)
        graphics.switch(False)
        done = card.products
        time.sleep(0.02)
        assert card.products <= done + 1, "the product that it was in"
    assert not graphics.thread.is_alive()


def test_without_a_card_or_a_library_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", Card(present=False))
    with pytest.raises(OpenError, match="--load processor"):
        load("gpu")
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setitem(sys.modules, "cupy", None)
    with pytest.raises(NotInstalledError, match="torch or cupy"):
        load("gpu")
    with pytest.raises(ConfigurationError, match="not a load"):
        load("kettle")


def test_the_processor_works_in_processes_that_end_with_it() -> None:
    with Processor(cores=1) as processor:
        (worker,) = processor.workers
        assert worker.is_alive()
        processor.switch(True)
        time.sleep(0.05)
        processor.switch(False)
    assert not worker.is_alive() and worker.exitcode == 0
