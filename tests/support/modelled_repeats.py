"""Repeats whose energies come from a model, and the clock from here."""

from __future__ import annotations

from contextlib import nullcontext

import numpy as np


def model(rng: np.random.Generator, n: int, *, spread=0.1, memory=0.0, warm=0.0, tau=5.0, drift=0.0):
    """Energies of repeats around 1 J and their true means once warm."""
    noise = np.empty(n)
    state = rng.standard_normal() * spread
    for i in range(n):
        noise[i] = state
        state = memory * state + spread * np.sqrt(1 - memory**2) * rng.standard_normal()
    index = np.arange(n)
    steady = 1 + drift * index
    return steady + warm * np.exp(-index / tau) + noise, steady


class ModelledMeter:
    """Counts events; energies come from a model, the clock from here."""

    def __init__(self, energies: np.ndarray, each_ns: int = 20_000_000) -> None:
        self.energies, self.each_ns, self.now, self.count = energies, each_ns, 0, 0

    def event(self, name: str, n: int = 1, **attributes: object):
        self.count += 1
        return nullcontext()

    def recording(self) -> object:
        raise AssertionError("the energies are those of the model")

    def clock(self) -> int:
        self.now += self.each_ns // 2
        return self.now

    def read(self, start: np.ndarray, end: np.ndarray) -> np.ndarray:
        return self.energies[: start.size]
