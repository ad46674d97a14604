"""Loads that a pattern is played with: the processor's cores, or a graphics card.

Each can be switched on and off within a millisecond or so, which is what makes the edges of a
pattern sharp.  Nothing here measures anything.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from importlib import import_module
from multiprocessing import get_context
from multiprocessing.synchronize import Event
from types import TracebackType
from typing import Any, Protocol

from powermeter.errors import ConfigurationError, NotInstalledError, OpenError

READY_S = 30.0
_SIDE = 2048


class SwitchedLoad(Protocol):
    """What can be switched."""

    def __enter__(self) -> SwitchedLoad: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def switch(self, on: bool) -> None:
        """Work from now on, or rest."""


class Switched(SwitchedLoad, Protocol):
    """A load whose workers wait for an event."""

    _on: Event | threading.Event

    def switch(self, on: bool) -> None:
        if on:
            self._on.set()
        else:
            self._on.clear()


class Processor(Switched):
    """Every core (or `cores` of them) counts for nothing while it is on.

    One process a core: threads of one Python program would share a single core.
    """

    def __init__(self, cores: int | None = None) -> None:
        self.cores = cores or _usable_cores()
        spawn = get_context("spawn")
        self._on, self._end = spawn.Event(), spawn.Event()
        self._ready = spawn.Semaphore(0)
        self.workers = [
            spawn.Process(target=_work, args=(self._on, self._end, self._ready), daemon=True)
            for _ in range(self.cores)
        ]

    def __enter__(self) -> Processor:
        for worker in self.workers:
            worker.start()
        for _ in self.workers:
            if not self._ready.acquire(timeout=READY_S):
                self._stop()
                raise OpenError(f"the processor's load did not start within {READY_S:.0f} s")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def _stop(self) -> None:
        self._end.set()
        self._on.set()  # wake the workers, so that they see the end
        for worker in self.workers:
            worker.join(2.0)
            if worker.is_alive():
                worker.terminate()


def _usable_cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on Linux
        return os.cpu_count() or 1


def _work(on: Event, end: Event, ready: Any) -> None:
    """Count while `on` is set; one round is short beside the shortest chip even on a slow board."""
    parent = os.getppid()
    if hasattr(os, "nice"):
        os.nice(5)  # whoever switches must be woken in time on a busy core
    ready.release()
    while not end.is_set():
        if not on.wait(1.0):
            if os.getppid() != parent:
                return  # whoever played has died
            continue
        while on.is_set() and not end.is_set():
            sum(range(2000))


class Graphics(Switched):
    """A graphics card multiplies matrices while it is on; torch or cupy drives it.

    Raises:
        NotInstalledError: Neither library is there.
        OpenError: They are, and see no card.
    """

    def __init__(self) -> None:
        self._multiply = _multiplication()
        self._on, self._end = threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self._work, name="powermeter load", daemon=True)

    def __enter__(self) -> Graphics:
        self._multiply()  # the first one loads the card's own libraries
        self.thread.start()
        return self

    def _work(self) -> None:
        while not self._end.is_set():
            if self._on.wait(1.0):
                self._multiply()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.set()
        self._on.set()
        if self.thread.is_alive():
            self.thread.join(5.0)


def _multiplication() -> Callable[[], Any]:
    """Return a call that multiplies two matrices on the card and waits for the result."""
    for find in (_by_torch, _by_cupy):
        try:
            return find()
        except ModuleNotFoundError:
            continue
    raise NotInstalledError("a load on the graphics card needs torch or cupy; or use --load processor")


def _by_torch() -> Callable[[], Any]:
    torch = import_module("torch")
    if not torch.cuda.is_available():
        raise OpenError("torch sees no graphics card; use --load processor")
    matrix = torch.rand(_SIDE, _SIDE, device="cuda")

    def multiply() -> None:
        torch.mm(matrix, matrix)
        torch.cuda.synchronize()

    return multiply


def _by_cupy() -> Callable[[], Any]:
    cupy = import_module("cupy")
    try:
        matrix = cupy.random.random((_SIDE, _SIDE), dtype=cupy.float32)
    except cupy.cuda.runtime.CUDARuntimeError as error:
        raise OpenError(f"cupy sees no graphics card ({error}); use --load processor") from None

    def multiply() -> None:
        cupy.matmul(matrix, matrix)
        cupy.cuda.Stream.null.synchronize()

    return multiply


LOADS: dict[str, Callable[[], SwitchedLoad]] = {"processor": Processor, "gpu": Graphics}


def load(name: str) -> SwitchedLoad:
    """Return a load by name, not yet started.

    Raises:
        ConfigurationError: There is none of that name.
        NotInstalledError, OpenError: The graphics card cannot be used.
    """
    if name not in LOADS:
        raise ConfigurationError(f"{name!r} is not a load; choose {' or '.join(LOADS)}")
    return LOADS[name]()
