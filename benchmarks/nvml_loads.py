"""What a card's power readings make of square loads and bursts, against its own energy counter.

Run on a machine with an NVIDIA card: `pip install 'powermeter[nvidia]' torch`, then
`python benchmarks/nvml_loads.py record OUT.power` and, there or elsewhere, `… compare OUT.power`.

`record` plays square loads with periods of 2 to 400 ms for ten seconds each and bursts of 0.5 to 6 s,
idle between them; every train and every burst is an event.  `compare` computes each label's energy from
the power reading alone (instantaneous, or the mean over a second), with its interval, and holds it against
the counter over the same windows.  A window of seconds holds the counter's step of 0.1 s many times.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from powermeter import Meter, Recording
from powermeter.analysis.energy import Analysis, analyse
from powermeter.channel import Quantity
from powermeter.recording.protocol import RecordingLike, Samples, SourceInfo
from powermeter.testing.simulation import SimulatedRecording

PERIODS_MS = (2, 10, 25, 50, 100, 200, 400)
TRAIN_S = 10.0
BURSTS_S = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)
REPEATS = 5
IDLE_S = 3.0


def products(card: int) -> Callable[[float], None]:
    """Return a load that multiplies matrices for the seconds asked and waits for the card."""
    import torch

    device = torch.device("cuda", card)
    left = torch.randn(2048, 2048, device=device, dtype=torch.float16)
    right = torch.randn(2048, 2048, device=device, dtype=torch.float16)

    def run(seconds: float) -> None:
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            for _ in range(8):
                torch.matmul(left, right)
            torch.cuda.synchronize(device)

    return run


def record(path: Path, card: int, rate: str) -> None:
    """Play all loads while recording the card."""
    work = products(card)
    work(3.0)
    with Meter(f"nvml://?rate={rate}&cards={card}", path=path) as meter:
        time.sleep(IDLE_S)
        for period_ms in PERIODS_MS:
            half = period_ms / 2000
            with meter.event(f"square {period_ms} ms"):
                end = time.perf_counter() + TRAIN_S
                while time.perf_counter() < end:
                    work(half)
                    time.sleep(half)
            time.sleep(IDLE_S)
        for seconds in BURSTS_S:
            for _ in range(REPEATS):
                with meter.event(f"burst {seconds} s"):
                    work(seconds)
                time.sleep(IDLE_S)


def seen_by(recording: RecordingLike, keep: Callable[[str, Quantity], bool]) -> SimulatedRecording:
    """Return the recording as if its source had only the channels that `keep` accepts."""
    (source,) = recording.sources
    channels = tuple(c for c in source.channels if c.rail is not None and keep(c.name, c.quantity))
    samples = recording.samples(source.id)
    codes = {channel.name: samples.codes[channel.name] for channel in channels}
    return SimulatedRecording(
        sources=[SourceInfo(source.id, source.url, source.name, source.driver, source.info, channels)],
        data={source.id: Samples(samples.times_ns, codes, samples.flags)},
        holes={source.id: list(recording.gaps(source.id))},
        happened=recording.events(),
        noted={"sampling": recording.facts("sampling")},
    )


def views(recording: Recording) -> Iterator[tuple[str, SimulatedRecording]]:
    """Yield each power reading of the card by itself."""
    for channel in recording.sources[0].channels:
        if channel.quantity is Quantity.POWER:
            yield channel.name, seen_by(recording, lambda name, _, wanted=channel.name: name == wanted)


def compare(path: Path) -> int:
    """Print each label's energy by counter and by power reading; return how many intervals hold it."""
    with Recording.open(path) as recording:
        counter = analyse(seen_by(recording, lambda _, quantity: quantity is Quantity.ENERGY))
        print("| reading | label | counter J | power J | 95 % | ratio | holds |")
        print("|---|---|---:|---:|---:|---:|---|")
        held = rows = 0
        for name, view in views(recording):
            for label, truth, ours in _pairs(counter, analyse(view)):
                low, high = ours
                middle = (low + high) / 2
                inside = low <= truth <= high
                held, rows = held + inside, rows + 1
                print(
                    f"| {name} | {label} | {truth:.2f} | {middle:.2f} | {low:.2f} to {high:.2f} "
                    f"| {middle / truth:.4f} | {'yes' if inside else 'no'} |"
                )
    print(f"\n{held} of {rows} intervals hold the counter's energy")
    return 0


def _pairs(counter: Analysis, power: Analysis) -> Iterator[tuple[str, float, tuple[float, float]]]:
    for truth in counter.rows:
        mine = next((row for row in power.rows if row.label == truth.label), None)
        if mine is not None and truth.energy is not None and mine.energy is not None:
            yield truth.label, truth.energy.value, (mine.energy.low, mine.energy.high)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("verb", choices=("record", "compare"))
    parser.add_argument("path", type=Path)
    parser.add_argument("--card", type=int, default=0)
    parser.add_argument("--rate", default="100Hz")
    options = parser.parse_args()
    if options.verb == "record":
        record(options.path, options.card, options.rate)
    return compare(options.path)


if __name__ == "__main__":
    sys.exit(main())
