"""Columns of zeros, which take no memory."""

from __future__ import annotations

import importlib.util
import sys

import numpy as np
import pytest

from powermeter.analysis import event_estimate
from powermeter.analysis.event_estimate import zeros_held_once


def test_a_column_of_zeros_takes_no_memory_and_another_stays() -> None:
    found = zeros_held_once(np.zeros(5000))
    assert found.tolist() == [0.0] * 5000 and found.strides == (0,) and not found.flags.writeable
    some = np.array([0.0, -1.0])
    assert zeros_held_once(some) is some


def test_zeros_are_no_longer_than_a_32_bit_board_can_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """An array of 2**40 could not be made there, and nothing of a recording be analysed."""
    spec = importlib.util.spec_from_file_location("estimate_on_32_bits", event_estimate.__file__)
    assert spec is not None and spec.loader is not None
    there, sizes = importlib.util.module_from_spec(spec), []
    monkeypatch.setitem(sys.modules, spec.name, there)
    monkeypatch.setattr(sys, "maxsize", 2**31 - 1)
    monkeypatch.setattr(np, "broadcast_to", lambda array, size: sizes.append(size * array.itemsize))
    spec.loader.exec_module(there)
    assert len(sizes) == 1 and 10**9 < sizes[0] < 2**31
