"""Follows the order in which a series' values stand in a file that a database sorted, and finds where a clock was set back.

Times that fall throughout are a query's own order.  Times that fall in between are of a clock that was set, or of two files
that were put together, and their sorted values would be one long stretch that never was.
"""

from __future__ import annotations

from dataclasses import dataclass

from powermeter.errors import DataError
from powermeter.units import NS, format_duration


@dataclass(slots=True)
class RowOrder:
    """The order of one series' times.

    Attributes:
        rises, falls: How many steps go each way.
        at: Where the first fall stands: a line, or the number of a value.
        by_ns: How far it goes back.
    """

    rises: int = 0
    falls: int = 0
    at: int = 0
    by_ns: int = 0
    _last_ns: int | None = None

    def add(self, ns: int, at: int) -> None:
        """Take the next time, and where it stands."""
        last, self._last_ns = self._last_ns, ns
        if last is None or ns == last:
            return
        if ns > last:
            self.rises += 1
            return
        self.falls += 1
        if self.falls == 1:
            self.at, self.by_ns = at, last - ns

    def part_ends(self) -> None:
        """Take the next time as the first of another table: tables stand in any order."""
        self._last_ns = None

    def refuse_set_back(self, where: str, series: str, place: str, apart: str) -> None:
        """Refuse a series whose times run back in between.

        Args:
            where: The file.
            series: What it is called.
            place: What `at` counts: `line`, `value`.
            apart: How the file is cut there, as a sentence without its end.

        Raises:
            DataError: They do.
        """
        if self.falls and self.rises:
            raise DataError(
                f"{where}: the times of {series} run back by {format_duration(self.by_ns / NS)} at {place} {self.at}: a clock was set, or "
                f"two answers were put together, and sorted they would be a stretch that never was. {apart}, and import them with --each"
            )
