"""A known power profile, played into stub chips by the measured command, recorded by `powermeter record`."""

from __future__ import annotations

import json
import math
import random
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from stub import Player

from powermeter.analysis.energy import analyse
from powermeter.recording.reader import Recording

TMP = Path("/tmp")
HERE = Path(__file__).resolve().parent
STEP_S = 0.05
STARTS = 3
BURST_A = 0.65
BURST_W = BURST_A * 5.1

NEAR_NS = 60_000_000
"""How far from a reading's stamp a step may begin or end that it still shows: an emulated machine on a busy host is slow."""

ROUNDED_W = 0.005
"""The kernel prints mV and mA: half of each at 5 V and 1 A, and a half of ours."""

SHUNT_OHM = 0.1
SHUNT_LSB_V, BUS_LSB_V = 10e-6, 4e-3
"""Of an INA219."""


def load_at(t: float, chance: random.Random) -> tuple[float, float]:
    """Return volts and amperes: a slow swell, bursts like inferences, some noise, and a supply that sags."""
    amps = 0.35 + 0.1 * math.sin(2 * math.pi * t / 7.3) + (BURST_A if t % 3.1 < 0.7 else 0.0)
    amps += chance.uniform(-0.02, 0.02)
    if 11.0 < t < 13.0:
        amps = -0.12
    return 5.1 - 0.07 * amps, amps


@dataclass(frozen=True)
class Profile:
    """What is played: steps of constant power.

    Attributes:
        seconds: When each step begins.
        volts, amps: What each holds, before it is rounded to codes.
    """

    seconds: Sequence[float]
    volts: Sequence[float]
    amps: Sequence[float]

    @classmethod
    def make(cls, length_s: float) -> Profile:
        """Return the profile of that length."""
        chance = random.Random(3)
        seconds = [i * STEP_S for i in range(round(length_s / STEP_S))]
        pairs = [load_at(t, chance) for t in seconds]
        return cls(seconds, [v for v, _ in pairs], [a for _, a in pairs])

    def write(
        self, path: Path, addresses: Sequence[int], extra: Mapping[int, Sequence[Sequence[int]]]
    ) -> None:
        """Write it for the player: an INA219's registers, ready flag set, current and power for the kernel.

        Args:
            extra: Step → more (address, register, value) to write then.
        """
        steps = []
        for t, volts, amps in zip(self.seconds, self.volts, self.amps, strict=True):
            shunt, bus = round(amps * SHUNT_OHM / SHUNT_LSB_V), round(volts / BUS_LSB_V)
            registers = {1: shunt, 2: bus << 3 | 2, 3: abs(shunt) * bus // 5000, 4: shunt}
            writes = [[a, r, v] for a in addresses for r, v in registers.items()]
            steps.append([t, [*writes, *extra.get(len(steps), ())]])
        path.write_text(json.dumps(steps))

    def share_shown(self, steps_ns: Sequence[int], times_ns: np.ndarray, watts: np.ndarray) -> float:
        """Return the share of readings that are the power of a step about their stamp, whose first and last `NEAR_NS` is."""
        shunt = np.round(np.array(self.amps) * SHUNT_OHM / SHUNT_LSB_V) * SHUNT_LSB_V / SHUNT_OHM
        played = np.abs(np.round(np.array(self.volts) / BUS_LSB_V) * BUS_LSB_V * shunt)
        first = np.searchsorted(steps_ns, times_ns - NEAR_NS, "right") - 1
        last = np.searchsorted(steps_ns, times_ns + NEAR_NS, "right")
        shown = [
            np.abs(played[a:b] - abs(w)).min(initial=np.inf) < ROUNDED_W
            for a, b, w in zip(first, last, watts, strict=True)
        ]
        return float(np.mean(shown))

    def energy(self, times_ns: Sequence[int], start_ns: int, end_ns: int) -> float:
        """Return the true energy in J between two moments, from when each step was really written."""
        total = 0.0
        for i, volts in enumerate(self.volts):
            begin = max(times_ns[i], start_ns)
            end = min(times_ns[i + 1] if i + 1 < len(times_ns) else end_ns, end_ns)
            if end > begin:
                total += volts * self.amps[i] * (end - begin) * 1e-9
        return total


def record(
    name: str,
    urls: Sequence[str],
    profile: Profile,
    player: Player,
    addresses: Sequence[int],
    extra: Mapping[int, Sequence[Sequence[int]]] | None = None,
) -> tuple[Path, list[int]]:
    """Record while the profile is played; gives the recording and when each step was written."""
    plan, log, output = TMP / f"{name}.json", TMP / f"{name}.log", TMP / f"{name}.power"
    profile.write(plan, addresses, extra or {})
    for address in addresses:
        player.write(address, {1: 3000, 2: 1275 << 3 | 2, 3: 3000 * 1275 // 5000, 4: 3000})
    sources = [part for url in urls for part in ("--source", url)]
    command = [
        sys.executable,
        "-m",
        "powermeter",
        "record",
        *sources,
        "--output",
        str(output),
        "--quiet",
        "--no-live",
        "--",
        sys.executable,
        str(HERE / "player.py"),
        str(player.bus),
        str(plan),
        str(log),
    ]
    for _ in range(STARTS):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        # An emulated machine on a busy host may need longer to import than the recorder waits; the next
        # start finds the files read.  Nothing but this is tried again.
        if done.returncode == 0 or "within 30 s" not in done.stderr:
            break
    assert done.returncode == 0, f"powermeter record ended with {done.returncode}: {done.stderr[-800:]}"
    return output, json.loads(log.read_text())


def judge(output: Path, rail: str, profile: Profile, times_ns: list[int], within: float) -> str:
    """Compare energies with the truth: the whole must lie inside its 95 % interval and `within`, each reading on its step.

    The interval is mostly shunt tolerance, which the stub does not have; `within` is what is left: four times the
    standard deviation of the sum over this profile at the moments of reading (0.32 % of 24 seconds at 25 random
    moments a second, 0.50 % of six at 24 that wander).  Where a gain is wrong by half a percent or a clock by one, fewer than two
    thirds of the readings are on their step.
    """
    with Recording.open(output) as recording:
        found = analyse(recording, rail=rail)
        start, end = times_ns[10], times_ns[-10]
        energy, _ = found.window(start, end)
        truth = profile.energy(times_ns, start, end)
        assert energy.low <= truth <= energy.high, (
            f"{truth:.4f} J is outside {energy.low:.4f}..{energy.high:.4f} J"
        )
        # An emulated machine stalls; across such a hole a burst may begin or end unseen.
        times = found.power_trace.times_ns
        steps = (times[1:] - times[:-1]) * 1e-9
        holes = steps[steps > 2.5 * found.power_trace.interval_ns * 1e-9]
        allowed = within * truth + BURST_W * float((holes**2).sum()) ** 0.5
        error = energy.value - truth
        assert abs(error) < allowed, f"{energy.value:.4f} J is {error:+.4f} J off the true {truth:.4f} J"
        watts = found.power_trace.values
        inside = (times > start) & (times < end)
        shown = profile.share_shown(times_ns, times[inside], watts[inside])
        assert shown > 0.9, f"only {shown:.1%} of the readings are what was played about their stamp"
        samples = len(found.power_trace)
        seconds = (end - start) / 1e9
    return (
        f"{energy.value:.3f} J, true {truth:.3f} J ({error / truth:+.4%}), interval ±{energy.relative or 0:.2%}; "
        f"{samples / seconds:.0f} rows/s, {shown:.1%} on their step, {len(holes)} holes"
    )
