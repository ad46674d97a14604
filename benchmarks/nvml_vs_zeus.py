"""The energy of one GPU workload by `nvml://` and by zeus' ZeusMonitor, in the same windows.

Run on a machine with an NVIDIA card: `pip install 'powermeter[nvidia]' zeus torch`, then
`python benchmarks/nvml_vs_zeus.py [--seconds 10] [--windows 5] [--card 0] [-- COMMAND ...]`.

Each window runs matrix products for the time asked (torch), or COMMAND once.  Both tools see the same
window, ours as an event; the table gives both energies and their ratio.  zeus reads the card's energy
counter at both ends (Volta and newer), ours reads it 20 times a second and interpolates the ends, so
the ratio should be 1 within the counter's step (about 0.1 s of the mean power) over the window.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from powermeter import Meter, PowermeterError


def products(card: int, seconds: float) -> Callable[[], None]:
    """Return a workload of half-precision matrix products on a card."""
    import torch

    device = torch.device("cuda", card)
    left = torch.randn(4096, 4096, device=device, dtype=torch.float16)
    right = torch.randn(4096, 4096, device=device, dtype=torch.float16)

    def run() -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for _ in range(20):
                torch.matmul(left, right)
            torch.cuda.synchronize(device)

    return run


def command(words: Sequence[str]) -> Callable[[], None]:
    """Return a workload that runs a command to its end."""
    return lambda: subprocess.run(list(words), check=True, stdout=subprocess.DEVNULL) and None


def compare(work: Callable[[], None], card: int, windows: int, pause_s: float) -> list[dict[str, float]]:
    """Run the windows and give both energies in J of each."""
    from zeus.monitor import ZeusMonitor

    monitor = ZeusMonitor(gpu_indices=[card])
    theirs = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.power"
        with Meter(f"nvml://?rate=20Hz&cards={card}", path=path) as meter:
            work()  # warm-up: clocks and temperature
            for number in range(windows):
                time.sleep(pause_s)
                with meter.event("window", number=number):
                    monitor.begin_window(f"window {number}", sync_execution=False)
                    work()
                    theirs.append(monitor.end_window(f"window {number}", sync_execution=False))
            time.sleep(0.5)  # the counter's last step
        analysis = meter.analysis()
    rows = []
    for place, measurement in enumerate(theirs):
        ours = analysis.energies.result(place)
        if ours is None:
            raise RuntimeError(f"window {place} holds no reading; use longer windows")
        energy = float(measurement.total_energy)
        rows.append(
            {
                "seconds": float(measurement.time),
                "zeus_j": energy,
                "powermeter_j": ours.value,
                "powermeter_half_width_j": (ours.high - ours.low) / 2,
                "ratio": ours.value / energy if energy else float("nan"),
            }
        )
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=10.0, help="length of a window of matrix products")
    parser.add_argument("--windows", type=int, default=5)
    parser.add_argument("--pause", type=float, default=2.0, help="idle seconds between windows")
    parser.add_argument("--card", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="print the numbers as JSON")
    parser.add_argument("command", nargs="*", help="what to run in place of matrix products, after --")
    options = parser.parse_args()
    try:
        work = command(options.command) if options.command else products(options.card, options.seconds)
        rows = compare(work, options.card, options.windows, options.pause)
    except ImportError as error:
        print(f"needs {error.name or error}: pip install 'powermeter[nvidia]' zeus torch", file=sys.stderr)
        return 4
    except (PowermeterError, RuntimeError, ValueError) as error:
        print(f"no usable card here: {error}", file=sys.stderr)
        return 5
    ratios = [row["ratio"] for row in rows]
    if options.json:
        print(json.dumps({"windows": rows, "median_ratio": statistics.median(ratios)}, indent=2))
        return 0
    print("| window s | zeus J | powermeter J | ± 95 % J | ratio |")
    print("|---:|---:|---:|---:|---:|")
    for row in rows:
        print(
            f"| {row['seconds']:.2f} | {row['zeus_j']:.2f} | {row['powermeter_j']:.2f} "
            f"| {row['powermeter_half_width_j']:.2f} | {row['ratio']:.4f} |"
        )
    print(f"\nmedian ratio {statistics.median(ratios):.4f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
