"""The shipped contract suite finds what it is for: each promise fails for a driver that breaks it."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from powermeter.channel import MISSING, Accuracy, Channel, Quantity, Rail
from powermeter.errors import OpenError
from powermeter.source import Block, PolledSource, Row, StreamingSource, now_ns
from powermeter.testing import contract
from powermeter.testing.contract import Case, DriverContract

pytestmark = pytest.mark.thorough

CHANNEL = Channel(
    "power", Quantity.POWER, 1e-3, Rail("input"), accuracy=Accuracy(gain=0.01, source="made up")
)


class Good(PolledSource):
    """A meter that keeps every promise."""

    scheme = "good"
    summary = "a meter that keeps its promises"
    example = "good://"
    default_period_s = 0.01
    lost = False

    def open(self) -> None:
        if self.address.location == "absent":
            raise OpenError("good://absent: nothing there; plug it in")
        self.channels = (CHANNEL,)

    def sample(self) -> Row | None:
        return Row([MISSING if Good.lost else 5])


class Leaking(Good):
    """Keeps a descriptor of each opening."""

    def open(self) -> None:
        super().open()
        os.open("/dev/null", os.O_RDONLY)


class Threaded(Good):
    """Keeps a thread of each opening."""

    def open(self) -> None:
        super().open()
        threading.Thread(target=threading.Event().wait, args=(8.0,), daemon=True).start()


class Renaming(Good):
    """Calls its channel otherwise each time."""

    def open(self) -> None:
        self.channels = (Channel(f"power{id(object())}{len(self.channels)}", Quantity.POWER, 1e-3),)


class Fractional(Good):
    """Returns watts in place of codes."""

    def sample(self) -> Row | None:
        return Row([2.5])  # type: ignore[list-item]


class Zeroing(Good):
    """Returns 0 for a value that is missing."""

    def sample(self) -> Row | None:
        return Row([0 if Good.lost else 5])


class Unsourced(Good):
    """States limits from nowhere."""

    def open(self) -> None:
        self.channels = (Channel("power", Quantity.POWER, 1e-3, Rail("input"), accuracy=Accuracy(gain=0.01)),)


class Silent(Good):
    """Opens what is not there."""

    def open(self) -> None:
        self.channels = (CHANNEL,)


class Odd(Good):
    """Reports what cannot be written down."""

    def info(self) -> dict[str, Any]:
        return {"model": {1, 2}}


class Anything(Good):
    """Takes any option."""

    def __init__(self, address: Any) -> None:
        super().__init__(type(address)(address.scheme, address.location))


class Ahead(StreamingSource):
    """Stamps what it reads a second later than it came."""

    scheme = "ahead"
    summary = "a meter of the future"
    example = "ahead://"

    def open(self) -> None:
        self.channels = (CHANNEL,)

    def close(self) -> None:
        return

    def read_block(self, timeout_s: float) -> Block:
        time.sleep(0.01)
        return Block(np.array([now_ns() + 10**9]), np.array([[5]]), None)


def test_a_stamp_in_the_future_is_refused_with_what_to_do(tmp_path):
    suite = DriverContract()
    suite.case = Case("ahead", "ahead://", driver=Ahead)  # type: ignore[misc]
    with pytest.raises(AssertionError, match=r"in the future: a driver that stamps samples itself"):
        suite.test_readings_come_and_fit_the_channels(tmp_path)


def lose(made: Mapping[str, Any]) -> None:
    Good.lost = True


BREAKS = {
    Leaking: "nothing_is_left_behind",
    Threaded: "nothing_is_left_behind",
    Renaming: "opening_again_gives_the_same_channels",
    Fractional: "readings_come_and_fit_the_channels",
    Zeroing: "missing_stays_missing",
    Unsourced: "its_channels_are_whole",
    Silent: "an_instrument_that_is_not_there_is_named_in_one_line",
    Odd: "facts_and_counts_are_json",
    Anything: "an_unknown_option_is_refused_in_one_line",
}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contract, "READ_S", 0.5)
    monkeypatch.setattr(contract, "SETTLE_S", 0.1)
    monkeypatch.setattr(Good, "lost", False)


def keep(driver: type[Good], promise: str, folder: Path) -> None:
    suite = DriverContract()
    suite.case = Case("good", "good://", absent="good://absent", lose=lose, driver=driver)  # type: ignore[misc]
    method = getattr(suite, f"test_{promise}")
    method(folder) if "tmp_path" in method.__annotations__ else method()


@pytest.mark.parametrize("promise", [n[5:] for n in vars(DriverContract) if n.startswith("test_")])
def test_a_good_driver_keeps_every_promise(promise, tmp_path):
    keep(Good, promise, tmp_path)


@pytest.mark.parametrize("driver", BREAKS, ids=lambda driver: driver.__name__)
def test_a_broken_promise_is_found(driver, tmp_path):
    with pytest.raises((AssertionError, TypeError)):
        keep(driver, BREAKS[driver], tmp_path)
