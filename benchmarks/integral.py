"""How much processor time 100 million samples and a million events take, against one `numpy.cumsum` over the samples.

Run: `python benchmarks/integral.py [--samples 100e6] [--events 1e6]`.  Needs 5 GB at full size.
"""

from __future__ import annotations

import argparse
import resource
import time

import numpy as np

from powermeter.analysis.event_energies import measure
from powermeter.analysis.integral import Integral
from powermeter.channel import Accuracy, Channel, Quantity, Rail
from powermeter.signals.decoding import from_samples


def timed(work: object, repeats: int) -> tuple[float, object]:
    best, result = float("inf"), None
    for _ in range(repeats):
        result = None
        start = time.process_time()
        result = work()  # type: ignore[operator]
        best = min(best, time.process_time() - start)
    return best, result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=float, default=100e6)
    parser.add_argument("--events", type=float, default=1e6)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    n, m = int(options.samples), int(options.events)
    rng = np.random.default_rng(0)
    times = np.arange(n, dtype=np.int64)
    times *= 1_000_000
    values = np.empty(n)
    for first in range(0, n, 1 << 20):
        part = values[first : first + (1 << 20)]
        part[:] = 5.0 + 0.01 * rng.standard_normal(part.size)
    channel = Channel(
        "board.power",
        Quantity.POWER,
        1e-3,
        Rail("board"),
        accuracy=Accuracy(gain=0.005, offset=0.01, step=1e-3, noise=0.01),
    )
    trace = from_samples(times, values, channel=channel)
    starts = np.sort(rng.integers(0, int(times[-1]) - 50_000_000, m))
    ends = starts + rng.integers(5_000_000, 50_000_000, m)
    columns = (times.nbytes + values.nbytes) / 1e9

    reference, _ = timed(lambda: np.cumsum(values), options.repeats)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6

    def whole() -> object:
        windows = measure(Integral.of(trace), starts, ends)
        return windows.half_width()

    ours, _ = timed(whole, options.repeats)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    integral_s, integral = timed(lambda: Integral.of(trace), options.repeats)
    windows_s, _ = timed(lambda: measure(integral, starts, ends), options.repeats)  # type: ignore[arg-type]
    print(f"{n:,} samples ({columns:.2f} GB of columns), {m:,} events")
    print(f"numpy.cumsum               {reference:8.3f} s")
    print(f"integral, energies, 95 %   {ours:8.3f} s   {ours / reference:.2f} x (wanted: 4)")
    print(f"  running integral         {integral_s:8.3f} s")
    print(f"  all events               {windows_s:8.3f} s")
    print(
        f"peak memory                {peak:8.2f} GB  {peak / columns:.2f} x the columns (wanted: 3); before: {before:.2f} GB"
    )


if __name__ == "__main__":
    main()
