"""Applies MLPerf Power's rules to a submission's power folder: length, rate, ranges, drift, sentinels, gaps.

The rules are those of MLCommons' power-dev (its compliance checker and its measurement guide): a `performance`
folder holds `power/` (what client, director and PTDaemon reported), `ranging/` and `run_1/`.  Each rule passes,
fails, or is not checked because a file that it needs is absent.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from powermeter.channel import MISSING
from powermeter.errors import plural
from powermeter.importers.files import read_all
from powermeter.importers.mlperf_submission import Submission, load
from powermeter.importers.stamps import wall
from powermeter.units import NS, format_percent, format_short

SHORTEST_S = 60.0
RATE_S = 1.0
CLOCKS_S = 0.5
SHORTER_SHARE = 0.5
UNCERTAINTY = 0.01
MODELS = (
    "YokogawaWT210",
    "YokogawaWT500",
    "YokogawaWT310",
    "YokogawaWT330",
)
VERSIONS = ("1.9.1", "1.9.2", "1.10.0", "1.11.0", "1.11.1")
"""The last one is what all results of v5.1 were taken with."""


@dataclass(frozen=True, slots=True)
class RuleFinding:
    """What came of one rule: `passed` is None where it could not be checked."""

    rule: str
    passed: bool | None
    text: str


def check(path: Path) -> list[RuleFinding]:
    """Return what came of each rule.

    Raises:
        DataError: There is no measured run in the folder.
    """
    submission = load(path)
    return [RuleFinding(rule, *judge(submission)) for rule, judge in RULES]


_Judged = tuple["bool | None", str]
_ABSENT = (None, "power/server.json or client.json is absent")


def _length(s: Submission) -> _Judged:
    return s.seconds >= SHORTEST_S, f"{s.seconds:.1f} s, at least {SHORTEST_S:g} s"


def _ranging_length(s: Submission) -> _Judged:
    if s.ranging_s is None:
        return None, "ranging has no window"
    share = (s.ranging_s - s.seconds) / s.ranging_s if s.ranging_s else 0.0
    return share < SHORTER_SHARE, f"{s.seconds:.1f} s after {s.ranging_s:.1f} s of ranging"


def _covered(s: Submission) -> _Judged:
    times = s.rows.times_ns
    assert s.window.end_ns is not None
    before, after = (s.window.start_ns - times[0]) / NS, (times[-1] - s.window.end_ns) / NS
    return bool(
        before >= 0 and after >= 0
    ), f"samples from {before:.1f} s before the window to {after:.1f} s after it"


def _rate(s: Submission) -> _Judged:
    steps = np.diff(s.rows.times_ns[s.inside]) / NS
    if not len(steps):
        return False, "no two samples in the window"
    usual = float(np.median(steps))
    return abs(usual - RATE_S) <= 0.05, f"a sample every {usual:.3f} s, {int(s.inside.sum())} in the window"


def _gaps(s: Submission) -> _Judged:
    steps = np.diff(s.rows.times_ns[s.inside]) / NS
    holes = steps[steps > 1.5 * RATE_S]
    lost = float((holes - RATE_S).sum())
    return not len(holes), f"{plural(len(holes), 'hole')}, {lost:.0f} s of samples missing"


def _sentinels(s: Submission) -> _Judged:
    watts = np.asarray(s.rows.codes[0])[s.inside]
    lost = int((watts == MISSING).sum())
    low = int(((watts != MISSING) & (watts <= 0)).sum())
    return (
        not lost and not low,
        f"{plural(lost, 'sample')} of -1 (not available), {low} of 0 W or less in the window",
    )


def _ranges(s: Submission) -> _Judged:
    if s.server is None:
        return _ABSENT
    changes = [(kind, text) for cmd, _ in s.asked("SR,") for _, kind, text in [[*cmd.split(","), "", ""][:3]]]
    testing = _at_testing(s)
    stated = {kind: text for kind, text in changes[:testing] if kind in ("A", "V")}
    if set(stated) != {"A", "V"}:
        return False, "no ranges were set before the measured run"
    free = [kind for kind, text in stated.items() if text == "Auto"]
    if free:
        return False, f"{' and '.join(free)} stood on Auto in the measured run"
    return True, ", ".join(f"{text} {kind}" for kind, text in sorted(stated.items()))


def _at_testing(s: Submission) -> int:
    """Return how many range commands came before the measured run."""
    count = 0
    for command, _ in s.asked(""):
        if command.startswith("Go,") and command.endswith("testing"):
            return count
        count += command.startswith("SR,")
    return count


def _within_ranges(s: Submission) -> _Judged:
    if s.server is None:
        return _ABSENT
    set_to = {}
    for command, _ in s.asked("SR,")[: _at_testing(s)]:
        parts = command.split(",")
        if len(parts) == 3 and parts[2] != "Auto":
            set_to[parts[1]] = float(parts[2])
    found, over = [], False
    for kind, label in (("A", "current"), ("V", "voltage")):
        for channel, codes in zip(s.rows.channels, s.rows.codes, strict=True):
            inside = np.asarray(codes)[s.inside]
            inside = inside[inside != MISSING]
            if channel.name != f"total.{label}" or kind not in set_to or not len(inside):
                continue
            largest = channel.value_of(inside.max()) or 0.0
            over |= largest > _SMALLEST_CREST * set_to[kind] and set_to[kind] > 0
            found.append(f"{format_short(largest, 4)} {kind} on a range of {format_short(set_to[kind], 4)}")
    return (None, "no currents or voltages, or no ranges") if not found else (not over, "; ".join(found))


_SMALLEST_CREST = 1.3  # analysers read to 130 % of a range


def _uncertainty(s: Submission) -> _Judged:
    if s.server is None and not s.ptd:
        return _ABSENT
    active = any("Uncertainty checking for" in line and "is activated" in line for line in s.ptd)
    if not active:
        return False, "the analyser's uncertainty was not checked (no such line in ptd_logs.txt)"
    testing = [reply for cmd, reply in s.asked("Uncertainty")][-1:]
    parts = testing[0].split(",") if testing else []
    try:
        mean, largest = float(parts[1]), float(parts[3])
    except (IndexError, ValueError):
        return None, "PTDaemon's answer on the uncertainty is absent"
    if mean < 0:
        return False, "PTDaemon could not determine the uncertainty"
    return (
        mean <= UNCERTAINTY,
        f"{format_percent(mean)} on average, {format_percent(largest)} at most, {format_percent(UNCERTAINTY)} is allowed",
    )


def _drift(s: Submission) -> _Judged:
    if s.client is None or s.server is None:
        return _ABSENT
    worst = 0.0
    for mode in ("ranging", "testing"):
        ours, theirs = (_phases(side, mode) for side in (s.client, s.server))
        if not ours or len(ours) != len(theirs):
            return False, f"client and server note {len(ours)} and {len(theirs)} phases of {mode}"
        worst = max(worst, *(abs(a - b) for a, b in zip(ours, theirs, strict=True)))
    return (
        worst <= CLOCKS_S,
        f"clocks of client and server at most {worst * 1e3:.0f} ms apart, {CLOCKS_S * 1e3:.0f} ms are allowed",
    )


def _phases(side: dict[str, Any], mode: str) -> list[float]:
    phases = (side.get("phases") or {}).get(mode) or []
    return [
        float(p[0])
        for p in phases
        if isinstance(p, list) and p and isinstance(p[0], (int, float)) and math.isfinite(p[0])
    ]


def _in_phase(s: Submission) -> _Judged:
    if s.client is None:
        return _ABSENT
    phases = _phases(s.client, "testing")
    if len(phases) < 3:
        return False, "no phases of the measured run"
    assert s.window.end_ns is not None
    begin, end = s.window.start_ns / NS, s.window.end_ns / NS
    # A summer-time hour between the two clocks is let pass, as the official checker does.
    ok = any(phases[1] < begin - hour and end - hour < phases[2] for hour in (0, 3600))
    return ok, "the window lies in the measured phase" if ok else "the window lies outside the measured phase"


def _session(s: Submission) -> _Judged:
    if s.client is None or s.server is None:
        return _ABSENT
    same = s.client.get("session_name") == s.server.get("session_name") and s.client.get(
        "uuid"
    ) == s.server.get("uuid")
    return (
        same,
        f"session {s.server.get('session_name')}" if same else "client and server are of different sessions",
    )


def _analyser(s: Submission) -> _Judged:
    answer = next((reply for _, reply in s.asked("Identify")), "")
    model = answer.split(",")[0]
    version = re.search(r"version=([\d.]+)", answer)
    if not model:
        return _ABSENT if s.server is None else (False, "PTDaemon did not report which analyser it is")
    ok = model.startswith(MODELS) and version is not None and version[1] in VERSIONS
    return ok, f"{model}, PTDaemon {version[1] if version else '?'}"


def _errors(s: Submission) -> _Judged:
    """Judge the lines of PTDaemon's log whose times lie in the window, as the official checker does.

    An error fails, and so does a sample above the limit of 1 %; other warnings are listed.
    """
    if not s.ptd:
        return None, "power/ptd_logs.txt is absent"
    assert s.window.end_ns is not None
    east = (s.server or {}).get("timezone", 0)
    offset = int(east) * NS if isinstance(east, (int, float)) and abs(east) < 86_400 else 0
    found: dict[str, int] = {}
    failed = False
    for line in s.ptd:
        mark = _PTD_MARK.search(line)
        if mark is None:
            continue
        stamp = wall(line[:23])
        if stamp is None or not s.window.start_ns < stamp.ns + offset < s.window.end_ns:
            continue
        failed |= _PTD_FAILS.search(line) is not None
        label = f"{mark[1]}: {re.sub(r'[0-9.]+', '#', mark[2])}"
        found[label] = found.get(label, 0) + 1
    listed = "; ".join(f"{n} × {label}" for label, n in list(found.items())[:3]) or "none"
    return not failed, listed


_PTD_MARK = re.compile(r"(ERROR|WARNING): ?(.{1,80})")
_PTD_FAILS = re.compile(r"ERROR: ?(?!USB\.)|Uncertainty \d+\.\d+%, which is above 1\.00% limit")


def _checksums(s: Submission) -> _Judged:
    if s.client is None or s.server is None:
        return _ABSENT
    stated = {**(s.client.get("results") or {}), **(s.server.get("results") or {})}
    wrong, absent, seen = [], [], 0
    for name, digest in stated.items():
        if name.endswith((".json", "mlperf_log_accuracy.json")) or not name.startswith(
            ("power/", "ranging/", "run_1/")
        ):
            continue
        file = s.path / name
        if ".." in Path(name).parts or not file.is_file():
            absent.append(name)
            continue
        seen += 1
        if hashlib.sha1(read_all(file), usedforsecurity=False).hexdigest() != digest:
            wrong.append(name)
    needed = [n for n in absent if n.endswith(("spl.txt", "detail.txt", "summary.txt", "ptd_logs.txt"))]
    ok = not wrong and not needed and seen > 0
    return (
        ok,
        f"as recorded: {plural(seen, 'file')}"
        if ok
        else f"changed: {', '.join(wrong) or 'none'}; absent: {', '.join(needed) or 'none'}",
    )


def _debug(s: Submission) -> _Judged:
    if s.server is None:
        return _ABSENT
    return not s.server.get("debug", False), "debug mode is on" if s.server.get(
        "debug"
    ) else "debug mode is off"


RULES: tuple[tuple[str, Callable[[Submission], _Judged]], ...] = (
    ("length of the measured run", _length),
    ("length against ranging", _ranging_length),
    ("window covered by samples", _covered),
    ("one sample a second", _rate),
    ("no gaps in the window", _gaps),
    ("no sentinels in the window", _sentinels),
    ("fixed ranges", _ranges),
    ("readings within their ranges", _within_ranges),
    ("analyser's uncertainty", _uncertainty),
    ("drift between client and server", _drift),
    ("window in the measured phase", _in_phase),
    ("one session", _session),
    ("analyser and PTDaemon", _analyser),
    ("PTDaemon's errors in the run", _errors),
    ("checksums of the files", _checksums),
    ("debug mode", _debug),
)
"""Rule → what judges it."""
