"""Small logs of every kind that people have: each gives the right value or is refused for what it is."""

import json
import math
import re
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from powermeter import toml
from powermeter.analysis.energy import analyse
from powermeter.analysis.integral import Integral
from powermeter.cli import run as powermeter
from powermeter.errors import DataError
from powermeter.recording import Recording

pytestmark = pytest.mark.thorough


def cases(folder):
    return json.loads((folder / "expected.json").read_text())


AS_READ = toml.read(Path(__file__).with_name("logs_as_read.toml"))
"""Log → what is in its recording, line by line as `as_read` writes it; looked through beside the logs."""


@pytest.fixture(scope="session")
def logs(shared):
    folder = shared / "data/logs_people_have"
    if not folder.is_dir():
        pytest.skip("no shared/data/logs_people_have beside the checkout")
    return folder


def names():
    for parent in Path(__file__).resolve().parents:
        file = parent / "shared/data/logs_people_have/expected.json"
        if file.is_file():
            return sorted(json.loads(file.read_text()))
    return []


class Outcome:
    """What an import and the analysis of its recording came to."""

    def __init__(self, status, text, out):
        self.status, self.text = status, text
        self.energy = self.charge = self.half = self.seconds = self.start_ns = self.gap_s = self.grade = None
        self.clock, self.rails, self.notes, self.lines = None, {}, [], []
        if self.status == 0:
            self._read(out)

    def _read(self, out):
        with Recording.open(out) as recording:
            self.lines = as_read(recording)
            self.notes += recording.metadata["import_warnings"]
            self.clock = recording.metadata["clock"]
            times = [recording.samples(source.id).times_ns for source in recording.sources]
            self.start_ns = min(int(column[0]) for column in times)
            try:
                found = analyse(recording)
            except DataError as error:
                self.notes.append(str(error))
                self._charge_alone(recording)
                return
            self.energy, self.half = found.energy.value, half_width(found.energy)
            self.charge = found.charge.value if found.charge is not None else None
            self.seconds, self.gap_s, self.grade = found.duration.value, found.gap_s, found.energy.grade
            self.power = found.power.value
            self.notes += found.notes
            for line in found.lines:
                trace = line.power()
                if trace is not None and len(trace) > 1:
                    integral = Integral.of(trace)
                    self.rails[line.rail.name] = float(integral.running[-1])

    def _charge_alone(self, recording):
        from powermeter.signals.rails import lines

        line = lines(recording)[0]
        trace = line.current()
        steps = np.diff(trace.times_ns) * 1e-9
        if trace.kind.value == "mean":
            self.charge = float((trace.values[1:] * steps).sum() + trace.values[0] * trace.interval_ns * 1e-9)
        else:
            self.charge = float(((trace.values[1:] + trace.values[:-1]) / 2 * steps).sum())
        self.seconds = (trace.end_ns - trace.start_ns) * 1e-9


def as_read(recording):
    """Return how a log was read: a line for the file, one for each source, channel and gap, a note's code each."""
    codes = " ".join(
        f"{code}!" if severity == "warning" else code for code, severity in recording.metadata["import_codes"]
    )
    whole = recording.facts("whole")
    counted = f", the whole: {whole[0]['rail']}" if whole else ""
    lines = [f"{recording.metadata['imported']['format']}, {recording.metadata['clock']}{counted}; {codes}"]
    for source in recording.sources:
        read = recording.samples(source.id)
        seconds = ", ".join(f"{at * 1e-9:.6f}" for at in read.times_ns[[0, -1]].tolist())
        flags = np.bincount(read.flags, minlength=1).tolist()
        lines.append(f"{source.name}: {len(read)} rows, {seconds} s, flags {flags}")
        lines += [channel_as_read(channel, read.values(channel)) for channel in source.channels]
        lines += [
            f"gap {gap.start_ns * 1e-9:.6f} to {gap.end_ns * 1e-9:.6f}: {gap.reason}"
            for gap in recording.gaps(source.id)
        ]
    lines += [
        f"event {e.name} × {e.count}, {e.start_ns * 1e-9:.6f} to {(e.end_ns or 0) * 1e-9:.6f}"
        for e in recording.events()[:9]
    ]
    return lines


def channel_as_read(channel, values):
    rail, limits = channel.rail, channel.accuracy
    where = (
        ""
        if rail is None
        else f" on {rail.name} ({rail.boundary.value}, in {rail.parent}; {rail.nominal_v} V)"
    )
    known = values[np.isfinite(values)]
    mean = f"{known.mean():.9g}" if known.size else "none"
    sure = (
        "" if limits is None else f"; ± {limits.gain:g}, {limits.offset:g}, {limits.step:g}, {limits.model:g}"
    )
    return (
        f"  {channel.name}: {channel.kind.value} {channel.unit}{where}, {channel.grade.value}: "
        f"{known.size} of mean {mean}{sure}"
    )


def half_width(result):
    return (result.high - result.low) / 2 if result.high is not None else 0.0


def close(value, wanted, tolerance, half=0.0):
    if value is None:
        return False
    return math.isclose(value, wanted, rel_tol=tolerance, abs_tol=1e-12) or (
        abs(value - wanted) <= half and math.isclose(value, wanted, rel_tol=0.02)
    )


def plain(text):
    return re.sub(r"[^a-z0-9]", "", text.lower())


def judge(case, outcome):
    """Return what is wrong with an outcome, or an empty list."""
    said = " | ".join([outcome.text, *outcome.notes])
    refusal = case.get("refused") or case.get("or_refused")
    if outcome.status != 0:
        if "Traceback" in outcome.text:
            return ["traceback"]
        if refusal and re.search(refusal, outcome.text, re.IGNORECASE):
            return []
        return [f"refused: {outcome.text.strip()[-300:]}"]
    tolerance = case.get("tolerance", 1e-3)
    if "refused" in case:
        wanted = case.get("or_energy_any", [])
        ok = any(close(outcome.energy, value, tolerance, outcome.half) for value in wanted)
        return [] if ok else [f"not refused; energy {outcome.energy}"]
    wrong = []
    wanted = case.get("energy_any") or ([case["energy_j"]] if "energy_j" in case else [])
    if wanted and not any(close(outcome.energy, value, tolerance, outcome.half) for value in wanted):
        wrong.append(f"energy {outcome.energy} ± {outcome.half}, wanted {wanted}")
    if "energy_between_j" in case:
        low, high = case["energy_between_j"]
        if outcome.energy is None or not low <= outcome.energy <= high:
            wrong.append(f"energy {outcome.energy} outside {low}..{high}")
    for key, value in (("charge_c", outcome.charge), ("power_w", getattr(outcome, "power", None))):
        if key in case and not close(value, case[key], tolerance):
            wrong.append(f"{key} {value}, wanted {case[key]}")
    if "duration_s" in case:
        low, high = case["duration_s"] if isinstance(case["duration_s"], list) else (case["duration_s"],) * 2
        if outcome.seconds is None or not low * (1 - 2e-3) <= outcome.seconds <= high * (1 + 2e-3):
            wrong.append(f"duration {outcome.seconds}, wanted {low}..{high}")
    for names_, value in case.get("rails", {}).items():
        values = value if isinstance(value, list) else [value]
        found = [
            v for rail, v in outcome.rails.items() if any(plain(n) in plain(rail) for n in names_.split("|"))
        ]
        if not any(close(v, w, max(tolerance, 2e-3)) for v in found for w in values):
            wrong.append(f"rail {names_}: {found}, wanted {values}; there are {outcome.rails}")
    left = list(outcome.rails.values())
    for value in case.get("rail_energies", []):
        hit = next((v for v in left if close(v, value, max(tolerance, 2e-3))), None)
        if hit is None:
            wrong.append(f"no rail of {value} J in {outcome.rails}")
        else:
            left.remove(hit)
    if "started_utc" in case:
        wanted_ns = round(datetime.fromisoformat(case["started_utc"]).timestamp() * 1000) * 10**6
        if outcome.clock != "utc" or abs(outcome.start_ns - wanted_ns) > 10**6:
            wrong.append(f"start {outcome.start_ns} ({outcome.clock}), wanted {wanted_ns}")
    if "gap_s" in case:
        low, high = case["gap_s"]
        if outcome.gap_s is None or not low <= outcome.gap_s <= high:
            wrong.append(f"gap {outcome.gap_s}, wanted {low}..{high}")
    if "power_max_w" in case and not outcome.energy / outcome.seconds < case["power_max_w"]:
        wrong.append("too much power")
    if outcome.grade is not None and outcome.grade.value in case.get("grade_not", []):
        wrong.append(f"grade {outcome.grade.value}")
    if "warning" in case and not re.search(case["warning"], said, re.IGNORECASE):
        wrong.append(f"no warning like {case['warning']!r} in {said[-400:]!r}")
    if "without_warning" in case and re.search(case["without_warning"], said, re.IGNORECASE):
        wrong.append(f"a warning like {case['without_warning']!r}")
    return wrong


@pytest.mark.parametrize("name", names())
def test_each_comes_out_right_or_is_refused_for_what_it_is(name, logs, tmp_path, capsys):
    case = cases(logs)[name]
    out = tmp_path / "out.power"
    status = powermeter(["import", str(logs / name), *case.get("options", []), "-o", str(out)])
    outcome = Outcome(status, "".join(capsys.readouterr()), out)
    assert judge(case, outcome) == []
    assert outcome.lines == AS_READ.get(name, "").splitlines()
