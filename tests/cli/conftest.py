"""What several tests of commands share: a recording worked out by hand, three boards, and a command run in this process."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from powermeter import cli
from powermeter.channel import Channel, Quantity, Rail
from powermeter.events import Event
from powermeter.recording import Writer
from powermeter.testing.boards import Run, simulate_run

SECOND = 1_000_000_000


@pytest.fixture
def run_power(tmp_path):
    """2 W at 5 V for 4 s, 100 samples a second, and eight events of 0.25 s."""
    path = tmp_path / "run.power"
    rail = Rail("VDD_IN", covers="the whole board")
    channels = (
        Channel("voltage", Quantity.VOLTAGE, 1e-3, rail),
        Channel("current", Quantity.CURRENT, 1e-3, rail),
    )
    times = 5 * SECOND + np.arange(401, dtype=np.int64) * 10_000_000
    with Writer.create(path, {"clock": "monotonic"}) as writer:
        source = writer.add_source("test://", "meter", "test", channels)
        writer.append(source, times, np.tile(np.array([5000, 400], np.int64), (401, 1)))
        writer.add_clock_pair(5 * SECOND, 1_700_000_000 * SECOND)
        writer.add_events(
            [
                Event(
                    "infer",
                    5 * SECOND + i * SECOND // 2,
                    5 * SECOND + i * SECOND // 2 + SECOND // 4,
                    uid=i + 1,
                    attributes={"model": "ab"[i % 2]},
                )
                for i in range(8)
            ]
        )
    return path


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    for board in ("jetson-nano", "pi-4", "pi-zero-w"):
        simulate_run(folder / f"{board}.power", board, run=Run(inferences=40))
    return folder


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]):  # type: ignore[no-untyped-def]
    def call(*arguments: object) -> tuple[int, str, str]:
        status = cli.run([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call
