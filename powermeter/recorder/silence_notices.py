"""Reports sources that send nothing any more while a recording runs."""

from __future__ import annotations

from collections.abc import Sequence

from powermeter.recorder.messages import notice
from powermeter.recorder.reading import SourceReader


class SilenceWatch:
    """Prints once when a source falls silent, when it is back, and when it has ended.

    A recording goes on without sources: the program's events are still its own.
    """

    def __init__(self) -> None:
        self._silent: set[int] = set()
        self._over: set[int] = set()
        self._others: set[int] = set()

    def look(self, readers: Sequence[SourceReader]) -> None:
        """Look at every source."""
        for position, reader in enumerate(readers):
            name = reader.source.name
            if reader.ended.is_set():
                if position not in self._over:
                    self._over.add(position)
                    why = f" ({reader.failure})" if reader.failure else ""
                    notice(f"{name}: it has ended{why}; what follows is a gap, events are recorded")
                continue
            self._look_for_another(position, reader)
            silent = reader.quiet_ns > reader.patience_ns
            if silent and position not in self._silent:
                self._silent.add(position)
                why = f" ({reader.health.last_error})" if reader.is_lost else ""
                notice(f"{name}: nothing for {reader.quiet_ns / 1e9:.1f} s{why}; a gap begins")
            elif not silent and position in self._silent:
                self._silent.remove(position)
                notice(f"{name}: it is back")

    def _look_for_another(self, position: int, reader: SourceReader) -> None:
        """Print once that another instrument was connected in place of the one that is recorded."""
        if reader.other_instrument and position not in self._others:
            self._others.add(position)
            notice(reader.other_instrument)
        elif not reader.other_instrument:
            self._others.discard(position)
