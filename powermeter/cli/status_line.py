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

from powermeter.units import coulomb_to_mah, format_duration, format_quantity


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
            text = self.text(message)
            try:
                size = os.get_terminal_size(self._stream.fileno())
                if self._shared:
                    self._draw_at_foot(text[: size.columns - 1], size)
                else:
                    self._stream.write(f"\r\x1b[K{text[: size.columns - 1]}")
                self._stream.flush()
            except (OSError, ValueError):
                self.active = False

    def text(self, message: Mapping[str, Any]) -> str:
        """Return the line for a status message; what is not known is a dash."""
        parts = [format_duration(time.monotonic() - self._started)]
        for source in message.get("sources", ()):
            power = format_quantity(source.get("power_w"), "W")
            energy = format_quantity(source.get("energy_j"), "J")
            rail = source.get("rail") or source.get("name")
            part = f"{rail} {power}  {energy}"
            charge = source.get("charge_c")
            if charge is not None:
                part += f"  {coulomb_to_mah(charge):.3f} mAh"
                if self._budget_c:
                    part += f" ({charge / self._budget_c:.3%} of {coulomb_to_mah(self._budget_c):,.0f})"
            if source.get("error"):
                part += f"  ! {source['error']}"
            parts.append(part)
        return "  │  ".join(parts)

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
