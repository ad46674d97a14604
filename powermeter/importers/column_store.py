"""Columns of a table that may be longer than memory."""

from __future__ import annotations

import tempfile
from types import TracebackType
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

_IN_MEMORY = 4 << 20
"""Bytes of one column that stay in memory."""


class Store:
    """Columns of numbers that grow at the end and are read from the start again; long ones lie on disk."""

    def __init__(self) -> None:
        self._files: dict[str, tuple[IO[bytes], np.dtype[Any]]] = {}
        self.rows = 0

    def append(self, columns: dict[str, NDArray[Any]]) -> None:
        """Add as many rows to every column."""
        for name, values in columns.items():
            if name not in self._files:
                spool = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - closed by `close`
                self._files[name] = (spool, values.dtype)
            self._files[name][0].write(values.tobytes())
        self.rows += len(next(iter(columns.values())))

    def __contains__(self, name: str) -> bool:
        return name in self._files

    def whole(self, name: str) -> NDArray[Any]:
        """Return a whole column."""
        stream, kind = self._files[name]
        stream.seek(0)
        data = np.empty(self.rows, kind)
        view = memoryview(data.view(np.uint8))  # type: ignore[arg-type]
        place = 0
        while place < len(view):
            part = stream.read(min(1 << 22, len(view) - place))
            view[place : place + len(part)] = part
            place += len(part)
        return data

    def part(self, name: str, start: int, stop: int) -> NDArray[Any]:
        """Return rows start … stop of a column."""
        stream, kind = self._files[name]
        stream.seek(start * kind.itemsize)
        return np.frombuffer(stream.read((stop - start) * kind.itemsize), kind)

    def drop(self, name: str) -> None:
        """Let go of a column."""
        self._files.pop(name)[0].close()

    def sort(self, order: NDArray[np.intp]) -> None:
        """Put the rows into another order, column by column."""
        for name, (stream, kind) in self._files.items():
            sorted_ = self.whole(name)[order].astype(kind, copy=False)
            stream.seek(0)
            stream.write(sorted_.tobytes())

    def close(self) -> None:
        """Let go of what lies on disk."""
        for stream, _ in self._files.values():
            stream.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
