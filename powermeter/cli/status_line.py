"""The line at the foot of the terminal while recording: power now, energy so far, share of the battery.

The measured command keeps the terminal: the last row is taken out of the scrolling region (VT100
DECSTBM), drawn with the cursor saved and restored, and given back at the end.  Off a terminal, nothing
is drawn at all.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Mapping
from typing import Any, TextIO

from powermeter.errors import printable
from powermeter.units import coulomb_to_mah, format_duration, format_percent, format_quantity

SEPARATOR = "  │  "


class StatusLine:
    """Draws status messages of the recorder.

    Args:
        budget_c: The charge budget in coulomb, or None.
        shared: Whether a command writes to the same terminal.
        stream: Where to draw; standard error where None.
    """

    def __init__(self, budget_c: float | None, *, shared: bool, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._budget_c = budget_c
        self._shared = shared
        self._started = time.monotonic()
        self._size: os.terminal_size | None = None
        self._lock = threading.Lock()
        self.active = self._stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"

    def show(self, message: Mapping[str, Any]) -> None:
        """Draw one status message; called from the recorder's thread."""
        with self._lock:
            if not self.active:
                return
            try:
                size = os.get_terminal_size(self._stream.fileno())
                text = self.text(message, size.columns - 1)
                if self._shared:
                    self._draw_at_foot(text, size)
                else:
                    self._stream.write(f"\r\x1b[K{text}")
                self._stream.flush()
            except (OSError, ValueError):
                self.active = False

    def text(self, message: Mapping[str, Any], width: int = 1000) -> str:
        """Return the line for a status message; what is not known is a dash.

        Problems stand first.  Phrases that a narrow terminal has no room for are left out whole, from the end, so that no
        number is cut.
        """
        sources = list(message.get("sources", ()))
        phrases = [f"! {printable(source['error'])}" for source in sources if source.get("error")]
        phrases.append(format_duration(time.monotonic() - self._started))
        for source in sources:
            phrases += self._of(source)
        line = ""
        for phrase in phrases:
            longer = f"{line}{SEPARATOR}{phrase}" if line else phrase
            if len(longer) > width:
                break
            line = longer
        return line

    def _of(self, source: Mapping[str, Any]) -> list[str]:
        """Return what a source shows, the most wanted first."""
        rail = printable(source.get("rail") or source.get("name"))
        found = [
            f"{rail} {format_quantity(source.get('power_w'), 'W')}",
            format_quantity(source.get("energy_j"), "J"),
        ]
        charge = source.get("charge_c")
        if charge is not None:
            found.append(f"{coulomb_to_mah(charge):.3f} mAh")
            if self._budget_c:
                found.append(
                    f"{format_percent(charge / self._budget_c, 3)} of {coulomb_to_mah(self._budget_c):,.0f} mAh"
                )
        return found

    def _draw_at_foot(self, text: str, size: os.terminal_size) -> None:
        if self._size != size:
            self._size = size
            # A new line makes room, then rows 1 … n−1 scroll and the cursor returns into them.
            self._stream.write(f"\n\x1b7\x1b[1;{size.lines - 1}r\x1b8\x1b[1A")
        self._stream.write(f"\x1b7\x1b[{size.lines};1H\x1b[7m{text.ljust(size.columns - 1)}\x1b[0m\x1b8")

    def close(self) -> None:
        """Return the row back; may be called twice."""
        with self._lock:
            if not self.active:
                return
            self.active = False
            try:
                if self._shared and self._size is not None:
                    lines = self._size.lines
                    self._stream.write(f"\x1b7\x1b[1;{lines}r\x1b[{lines};1H\x1b[2K\x1b8")
                elif not self._shared:
                    self._stream.write("\r\x1b[K")
                self._stream.flush()
            except (OSError, ValueError):
                return
