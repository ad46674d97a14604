"""Readings of a driver, taken as the recorder takes them."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from powermeter.recorder.reader_output import Harvest
from powermeter.recorder.reading import SourceReader
from powermeter.source import Source

READ_S = 6.0
"""The longest that the first readings may take."""


def read_some(
    source: Source, *, rows: int = 2, errors: int = 0, seconds: float = READ_S
) -> tuple[SourceReader, Harvest]:
    """Read an opened source as the recorder does until some rows or errors have come; it is closed then."""
    reader = SourceReader(source)
    reader.start()
    deadline = time.monotonic() + seconds
    while reader.health.samples < rows and not reader.ended.is_set() and time.monotonic() < deadline:
        if errors and reader.health.errors >= errors:
            break
        time.sleep(0.01)
    reader.stop()
    reader.join(5.0)
    return reader, reader.take()


def codes_of(source: Source, *, rows: int, seconds: float = READ_S) -> NDArray[np.int64]:
    """Return the codes of what an opened source reads, which is closed then."""
    reader, harvest = read_some(source, rows=rows, seconds=seconds)
    wrong = reader.failure or reader.health.last_error
    assert not wrong, wrong
    return np.concatenate([block[1] for block in harvest.blocks])
