"""`powermeter live`: what the sources show now, without keeping it."""

from __future__ import annotations

import signal
import tempfile
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from powermeter.meter import best_sources, check_sources
from powermeter.recorder.parent import Recorder
from powermeter.units import coulomb_to_mah, format_quantity, parse_duration

if TYPE_CHECKING:
    from rich.table import Table

_BARS = "▁▂▃▄▅▆▇█"
HISTORY = 48


@click.command()
@click.option(
    "--source",
    "-s",
    "sources",
    multiple=True,
    metavar="URL",
    help="What to watch; the best this machine has otherwise.",
)
@click.option("--duration", "-d", metavar="TIME", help="How long; until Ctrl-C otherwise.")
def live(sources: tuple[str, ...], duration: str | None) -> None:
    """Watch power as it is measured; nothing is kept.

    \b
    Example:
        powermeter live --source um25c:///dev/rfcomm0
    """
    from rich.console import Console
    from rich.live import Live

    seconds = parse_duration(duration) if duration else None
    check_sources(sources)
    urls: Sequence[str] = sources
    if not urls:
        urls, why = best_sources()
        click.echo(f"powermeter: {why}", err=True)
    view = _View()
    stop = threading.Event()
    before = {n: signal.signal(n, lambda *_: stop.set()) for n in (signal.SIGINT, signal.SIGTERM)}
    try:
        with tempfile.TemporaryDirectory(prefix="powermeter-") as folder:
            recorder = Recorder(Path(folder) / "live.power", urls, on_status=view.take, status_s=0.25)
            recorder.start()
            console = Console()
            try:
                with Live(view.table(), console=console, auto_refresh=False, transient=False) as shown:
                    while not stop.wait(0.25 if seconds is None else min(0.25, max(0.0, seconds))):
                        shown.update(view.table(), refresh=console.is_terminal)
                        if seconds is not None:
                            seconds -= 0.25
                            if seconds <= 0:
                                break
                    shown.update(view.table(), refresh=True)
            finally:
                recorder.stop()
            if recorder.problem:
                click.echo(f"powermeter: {recorder.problem}", err=True)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _View:
    """The latest status message and a short history of power per source."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sources: list[Mapping[str, Any]] = []
        self._history: dict[str, deque[float]] = {}

    def take(self, message: Mapping[str, Any]) -> None:
        """Keep a status message; called from the recorder's thread."""
        with self._lock:
            self._sources = list(message["sources"])
            for source in self._sources:
                if source["power_w"] is not None:
                    self._history.setdefault(source["name"], deque(maxlen=HISTORY)).append(source["power_w"])

    def table(self) -> Table:
        """Return the table to draw."""
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, pad_edge=False)
        for title in ("source", "rail", "power", "energy", "charge", ""):
            table.add_column(title, no_wrap=True)
        with self._lock:
            for source in self._sources:
                charge = source["charge_c"]
                table.add_row(
                    Text(str(source["name"])),
                    Text(str(source["rail"] or "–")),
                    format_quantity(source["power_w"], "W"),
                    format_quantity(source["energy_j"], "J"),
                    "–" if charge is None else f"{coulomb_to_mah(charge):.3f} mAh",
                    Text(source["error"] or sparkline(list(self._history.get(source["name"], ())))),
                )
        return table


def sparkline(values: Sequence[float]) -> str:
    """Return one bar per value, from the smallest to the largest of them."""
    if not values:
        return ""
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    return "".join(_BARS[min(7, int((value - low) / span * 8))] for value in values)
