"""Refuses a table of a battery that charges or stands at the mains: only what flows out of it was used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

from powermeter.errors import ConfigurationError, plural
from powermeter.importers.battery_words import (
    CHARGING,
    DISCHARGING,
    OWN_STATE_NAMES,
    STANDING,
    STATE_NAMES,
    plain,
)
from powermeter.importers.blocks import TextBlock
from powermeter.importers.columns_of_states import state_column
from powermeter.importers.layout import Layout

_IN, _OUT, _STANDS = "charges", "discharges", "stands at the mains"

_OWN_NAMES = frozenset(
    {
        *("battery status", "battery state", "batt status", "batt state", "bat status", "bat state"),
        *(
            "batterystatus",
            "batterystate",
            "charge state",
            "charging state",
            "charge status",
            "charging status",
        ),
        *("chargestate", "chargingstate", "chargestatus", "chargingstatus", "battery charging state"),
    }
)
"""Columns that state nothing else: there numbers and letters count as well."""

_BATTERY_COLUMNS = frozenset({"level", "battery level", "percentage", "capacity", "health", "plugged", "soc"})
"""What stands beside a column `status` that is a battery's."""

_YES_OR_NO = frozenset({"charging", "is charging", "ischarging", "battery charging", "batterycharging"})
_WORDS = {
    **dict.fromkeys(CHARGING, _IN),
    **dict.fromkeys(DISCHARGING, _OUT),
    **dict.fromkeys(STANDING, _STANDS),
}


_LETTERS = {
    **dict.fromkeys(("c", "chg", "chrg", "+", "2"), _IN),
    **dict.fromkeys(("d", "dis", "dsg", "dischg", "-", "3"), _OUT),
    **dict.fromkeys(("f", "n", "4", "5"), _STANDS),
}
"""Letters, and the codes of Android's BatteryManager: 2 charging, 3 discharging, 4 not charging, 5 full."""

_ANSWERS = {
    **dict.fromkeys(("1", "true", "yes", "y", "on", "ja", "oui", "si"), _IN),
    **dict.fromkeys(("0", "false", "no", "n", "off", "nein", "non"), _OUT),
}
_SHOWN = 4


def unnamed_states(found: Layout) -> int | None:
    """Return the column of a table without a header in which every cell is the state of a battery, or None."""
    own = None if found.named else state_column(found, _WORDS, _ANSWERS)
    return None if own is None else own[0]


_READING = "reading"


@dataclass(slots=True)
class _LinesOfState:
    """Lines in which the state did not change."""

    state: str
    first: int
    last: int
    rows: int


class ChargesBetween(ConfigurationError):
    """A battery charges or stands in some rows of a table.

    Attributes:
        in_readings: The same without the lines of the file, for a table that was made of something else.
    """

    def __init__(self, text: str, in_readings: str) -> None:
        super().__init__(text)
        self.in_readings = in_readings


class ChargeStates:
    """Counts the rows in which a battery charges and discharges, where a column states it."""

    def __init__(
        self,
        layout: Layout,
        settled: Mapping[str, str],
        where: Path,
    ) -> None:
        """Find the column.

        Args:
            layout: The table.
            settled: What the caller states of columns, by header or number from 1; a column that is left out is not read.
            where: The file, for the message.
        """
        headings, self._skip = layout.headings, layout.skip
        self._where = where
        self._headings = headings
        left_out = {name for name, unit in settled.items() if unit == "-"}
        names = [plain(heading.text) for heading in headings]
        usable = [i for i, heading in enumerate(headings) if not left_out & {heading.text, str(i + 1)}]
        found: tuple[int | None, Mapping[str, str]] = next(
            (
                (i, means)
                for known, means in (
                    (_OWN_NAMES, _WORDS | _LETTERS),
                    (_YES_OR_NO, _WORDS | _ANSWERS),
                    (OWN_STATE_NAMES, _WORDS),
                    (STATE_NAMES, _WORDS),
                )
                for i in usable
                if names[i] in known
            ),
            (None, _WORDS),
        )
        if found[0] is None:
            own = state_column(layout, _WORDS, _WORDS | _ANSWERS)
            found = own if own is not None and own[0] in usable else found
        if found[1] is _WORDS and {*names} & _BATTERY_COLUMNS:
            found = found[0], _WORDS | _LETTERS
        self._index, self._means = found
        self._rows = {_IN: 0, _OUT: 0, _STANDS: 0}
        self._stretches: list[_LinesOfState] = []

    def add(self, block: TextBlock) -> None:
        """Count the rows of a block."""
        if self._index is None:
            return
        for line, text in zip(block.lines.tolist(), block.column(self._index), strict=True):
            state = self._means.get(plain(text) or text.strip())
            if state is None:
                continue
            self._rows[state] += 1
            last = self._stretches[-1] if self._stretches else None
            if last is not None and last.state == state:
                last.last, last.rows = line, last.rows + 1
            elif len(self._stretches) < 100_000:
                self._stretches.append(_LinesOfState(state, line, line, 1))

    @property
    def only_discharges(self) -> bool:
        """Whether a column states that the battery discharges, in all rows that state anything."""
        return bool(self._rows[_OUT]) and not self._rows[_IN] and not self._rows[_STANDS]

    def refuse(self) -> None:
        """Refuse a table in which the battery charges, or stands while it discharges elsewhere.

        Raises:
            ConfigurationError: It does in all rows that state anything.
            ChargesBetween: It does in some.
        """
        rows = self._rows
        if self._index is None or not (rows[_IN] or (rows[_OUT] and rows[_STANDS])):
            return
        name = self._headings[self._index].text
        anyway = f"where the values are those of the load and not of the battery, add --column {quote(f'{name}=-')}"
        if not rows[_OUT]:
            raise ConfigurationError(
                f"{self._where}: by column {name!r} the battery {self._listed(_IN)} and never discharges: "
                f"what flows in was not used; {anyway}"
            )
        states = [state for state in (_IN, _STANDS, _OUT) if rows[state]]
        best = max((s for s in self._stretches if s.state == _OUT), key=lambda stretch: stretch.rows)
        head = f"1,{self._skip}p;" if self._skip else ""
        first, last = best.first - self._skip, best.last - self._skip
        of_both = "only what flows out was used, and the sum of all is neither"
        raise ChargesBetween(
            f"{self._where}: by column {name!r} the battery {' and '.join(map(self._listed, states))}: {of_both}. Import the "
            f"stretches that discharge one by one, the longest for example after: sed -n '{head}{best.first},{best.last}p' "
            f"{quote(str(self._where))} > part{self._where.suffix}; {anyway}",
            f"{self._where}: by {name!r} the battery {' and '.join(f'{state} in {plural(rows[state], _READING)}' for state in states)}: "
            f"{of_both}. Import the stretches that discharge one by one, the longest of which is from reading {first} to reading {last}; {anyway}",
        )

    def _listed(self, state: str) -> str:
        """Return a state with its rows and the lines of its stretches."""
        own = [s for s in self._stretches if s.state == state]
        shown = ", ".join(str(s.first) if s.first == s.last else f"{s.first}–{s.last}" for s in own[:_SHOWN])
        more = f" and {len(own) - _SHOWN} more stretches" if len(own) > _SHOWN else ""
        return f"{state} in {plural(self._rows[state], 'row')} (lines {shown}{more})"
