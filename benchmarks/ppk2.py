"""How fast a PPK2's stream is decoded beside ppk2-api, and what recording it with the live view costs.

    python benchmarks/ppk2.py                 # decode speed, then 20 s of recording
    python benchmarks/ppk2.py --soak 600      # the long form

The simulated PPK2 is a process on a pseudo-terminal that sends 100 000 samples a second in real time.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from powermeter.drivers.meters.ppk2_stream import Decoder, parse_metadata
from powermeter.recording import Recording
from powermeter.testing.load import Load
from powermeter.testing.ppk2 import SimulatedPPK2
from powermeter.testing.process import MeterProcess

LOAD = Load("pulses", 0.0005, 0.5, 0.05)  # twenty pulses a second, each through three ranges and back


def decode_speed(seconds: float = 5.0) -> dict[str, float]:
    """Return samples a second for our decoder and for ppk2-api, on the same words in the same pieces."""
    meter = SimulatedPPK2(LOAD)
    meter.receive(bytes([0x0C, 1, 0x06]), 0.0)
    data = b"".join(meter.words(start, 100_000).astype("<u4").tobytes() for start in range(int(seconds)))
    pieces = [data[at : at + 16_000] for at in range(0, len(data), 16_000)]
    decoder = Decoder(parse_metadata(meter.metadata().decode()), 3.3)
    start = time.process_time()
    lost = sum(len(decoder.feed(piece).losses) for piece in pieces)
    ours = len(data) / 4 / (time.process_time() - start)
    assert lost == 0
    return {"powermeter": ours, "ppk2-api": _ppk2_api_speed(meter, pieces[:100])}


def _ppk2_api_speed(meter: SimulatedPPK2, pieces: list[bytes]) -> float:
    try:
        from ppk2_api.ppk2_api import PPK2_API
    except ImportError:
        return float("nan")
    master, slave = os.openpty()
    client = PPK2_API(os.ttyname(slave))
    client.current_vdd = 3300
    client._parse_metadata(meter.metadata().decode())
    start = time.process_time()
    for piece in pieces:
        client.get_samples(piece)
    speed = sum(map(len, pieces)) / 4 / (time.process_time() - start)
    client.ser.close()
    os.close(master)
    os.close(slave)
    return speed


def soak(seconds: float) -> dict[str, Any]:
    """Record a simulated PPK2 with the live view; give the share of a core, what was lost and how big it is."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ppk2.power"
        with MeterProcess("ppk2", Path(folder) / "ppk2", LOAD, volts=3.3) as meter:
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            url = f"ppk2://{meter.where}?mode=source&voltage=3.3V"
            command = [
                sys.executable,
                "-c",
                "from powermeter.cli import main; main()",
                "record",
                "--source",
                url,
                "--output",
                str(path),
                "--duration",
                f"{seconds}s",
                "--live",
                "-q",
            ]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            size = path.stat().st_size
            with Recording.open(path) as recording:
                source = recording.sources[0]
                samples = recording.samples(source.id)
                note = recording.facts("recorder")[-1]
                gaps = recording.gaps(source.id)
                lost = sum(gap.lost or 0 for gap in gaps)
                current = samples.codes["current"] * source.channels[0].scale
                times = samples.times_ns
                measured = float(np.trapezoid(current, times * 1e-9)) * 3.3
                truth = meter.energy_j(int(times[0]), int(times[-1]))
        report = meter.report
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    recorder = note["sources"][str(source.id)]
    return {
        "seconds": (times[-1] - times[0]) * 1e-9,
        "samples": len(times),
        "lost": lost,
        "refused": recorder["counts"]["words_refused"],
        "share_of_a_core": cpu_s / seconds,
        "recorder_share_of_a_core": note["cpu_s"] / seconds,
        "peak_memory_mb": note["peak_memory"] / 1e6,
        "bytes_per_sample": size / len(times),
        "energy_error": measured / truth - 1,
        "gaps": [[round((gap.start_ns - int(times[0])) / 1e9, 3), gap.lost] for gap in gaps[:50]],
        "simulator": report,
    }


def main() -> None:
    """Print both."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--soak", type=float, default=20, help="seconds to record (600 for the long form, 0 for not at all)"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object instead of text")
    options = parser.parse_args()
    speeds = decode_speed()
    found = soak(options.soak) if options.soak else {}
    if options.json:
        print(json.dumps({"decode": speeds, "soak": found}))
        return
    for name, speed in speeds.items():
        print(f"decode  {name:12s} {speed / 1e6:8.3f} million samples/s of one core")
    if found:
        print(
            f"record  {found['samples']:,} samples in {found['seconds']:.1f} s, {found['lost']} lost, "
            f"{found['refused']} words refused"
        )
        print(
            f"        {found['share_of_a_core']:.1%} of a core with the live view "
            f"({found['recorder_share_of_a_core']:.1%} the recorder), {found['peak_memory_mb']:.0f} MB, "
            f"{found['bytes_per_sample']:.2f} bytes a sample"
        )
        print(f"        energy off by {found['energy_error']:+.2e} of the simulated truth")


if __name__ == "__main__":
    main()
