"""A small log of a tool, imported: its notes, the energy of each rail, and which rail is counted."""

from __future__ import annotations

from powermeter import importers
from powermeter.analysis.integral import Integral
from powermeter.recording import Recording
from powermeter.signals.headline_rail import choose, whole
from powermeter.signals.rails import lines


def load(tmp_path, text, name="t.log", **said):
    """Return an import's log, the energy of each rail in J, and the name of the counted one."""
    path = tmp_path / name
    path.write_text(text)
    log = importers.convert(path, tmp_path / "o.power", choices=importers.Choices(**said), force=True)
    with Recording.open(tmp_path / "o.power") as recording:
        found = lines(recording)
        every = {line.rail.name: line for line in (*found, *whole(found))}
        energies = {
            rail: float(Integral.of(line.power()).running[-1])
            for rail, line in every.items()
            if line.power() is not None and len(line.power()) > 1
        }
        return log, energies, choose(found).rail.name


def convert(path, tmp_path, **said):
    """Return an import's log and its recording, opened."""
    out = tmp_path / "out.power"
    log = importers.convert(path, out, choices=importers.Choices(**said), force=True)
    return log, Recording.open(out)
