"""`powermeter record` on every simulated meter over a real port gives the energy that was drawn.

All meters are recorded at once, each a process of its own; the clean and the faulty run differ in what
happens on the way.  The long form (60 s, 1 % of the frames damaged, two disconnects) is marked slow.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from driver_cases import METER_CASES, MeterCase
from waiting import CEILING_S, wait_for_readings, wait_until

from powermeter.analysis.energy import analyse
from powermeter.recording import Recording
from powermeter.testing.__main__ import METERS, ends_with, port_for
from powermeter.testing.faults import Faults
from powermeter.testing.load import Load
from powermeter.testing.process import MeterProcess
from powermeter.testing.terminal import Simulation

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs pseudo-terminals")


LOAD = Load("sine", 0.4, 2.4, 8.0)


@contextmanager
def in_threads(folder: Path, cases: tuple[MeterCase, ...], faults: str) -> Iterator[list[MeterThread]]:
    """Run the meters in this process, which starts faster."""
    with ExitStack() as stack:
        yield [stack.enter_context(MeterThread(case, folder, faults)) for case in cases]


@contextmanager
def in_processes(folder: Path, cases: tuple[MeterCase, ...], faults: str) -> Iterator[list[MeterProcess]]:
    """Run each meter in a process of its own."""
    with ExitStack() as stack:
        yield [
            stack.enter_context(
                MeterProcess(
                    case.kind, case.where(folder), LOAD, volts=case.volts, faults=faults, seed=number + 1
                )
            )
            for number, case in enumerate(cases)
        ]


class MeterThread:
    """The simulation in a thread, with the truth beside it."""

    def __init__(self, case: MeterCase, folder: Path, faults: str) -> None:
        meter = METERS[case.kind](LOAD, volts=case.volts)
        self.simulation = Simulation(meter, port_for(meter, str(case.where(folder))), Faults.parse(faults))
        self.thread = threading.Thread(target=self.simulation.run)

    def __enter__(self) -> MeterThread:
        self.simulation.port.plug()
        self.where = self.simulation.port.where
        self.thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.simulation.stop()
        self.thread.join(CEILING_S)

    def energy_j(self, start_ns: int, end_ns: int) -> float:
        origin = self.simulation.origin_ns
        return LOAD.energy_j((start_ns - origin) / 1e9, (end_ns - origin) / 1e9)


def record(
    folder: Path,
    seconds: float,
    cases: tuple[MeterCase, ...],
    wheres: list[str],
    meanwhile: Callable[[Path], None] | None = None,
) -> Recording:
    """Record all cases at once with the command line, for a while, or until `meanwhile` returns."""
    path = folder / "all.power"
    command = [sys.executable, "-m", "powermeter", "record", "-q", "--no-live", "--output", str(path)]
    for case, where in zip(cases, wheres, strict=True):
        command += ["--source", f"{case.scheme}://{where}?{case.options}".rstrip("?")]
    command += ["--duration", f"{seconds}s"] if meanwhile is None else ["--", "cat"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as recorder:
        if meanwhile is not None:
            meanwhile(path)
        _, problem = recorder.communicate(timeout=seconds + CEILING_S)
    assert recorder.returncode == 0, problem
    return Recording.open(path)


class OneSource:
    """A recording reduced to one of its sources, so that the others are not read for each."""

    def __init__(self, recording: Recording, number: int) -> None:
        self._recording = recording
        self.sources = [recording.sources[number]]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._recording, name)


def check_energy(
    recording: Recording, case: MeterCase, meter: MeterProcess | MeterThread, number: int
) -> str:
    """Check one meter's energy against its truth; returns a line to print.

    One 95 % interval of many misses now and then; four standard deviations do not.
    """
    source = recording.sources[number]
    result = analyse(OneSource(recording, number), rail=f"{source.name}/{case.rail}")
    truth = meter.energy_j(result.start_ns, result.end_ns)
    text = (
        f"{case.kind}: {result.energy.value:.3f} J in [{result.energy.low:.3f}, {result.energy.high:.3f}], truth {truth:.3f}"
        f" over {result.duration.value:.1f} s, gaps {result.gap_s:.1f} s"
    )
    half = (result.energy.high - result.energy.low) / 2
    assert abs(result.energy.value - truth) <= 2 * half, text
    assert half <= 0.4 * truth or result.gap_s, text
    return text


@pytest.fixture
def opened() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def cases_here(*kinds: str) -> tuple[MeterCase, ...]:
    wanted = [case for case in METER_CASES if not kinds or case.kind in kinds]
    return tuple(case for case in wanted if case.kind != "tc66" or find_spec("cryptography"))


QUICK = ("um25c", "tc66", "lines", "scpi", "smartpower3", "ppk2")


@pytest.mark.thorough
def test_meters_record_the_energy_drawn(tmp_path: Path, opened: ExitStack) -> None:
    cases = cases_here(*QUICK)
    with in_threads(tmp_path, cases, "") as meters:
        recording = opened.enter_context(record(tmp_path, 2.5, cases, [meter.where for meter in meters]))
    for number, (case, meter) in enumerate(zip(cases, meters, strict=True)):
        print(check_energy(recording, case, meter, number))
        source = recording.sources[number]
        assert source.info.get("model"), case.kind
        # On a machine that is busy elsewhere deadlines are missed and a fast stream overflows: said, not hidden.
        assert {gap.reason for gap in recording.gaps(source.id)} <= {"missed", "dropped"}, case.kind


def is_back(path: Path, number: int) -> bool:
    """Return whether a source has a gap without an answer, and readings after it."""
    with Recording.open(path) as recording:
        ends = [gap.end_ns for gap in recording.gaps(number) if gap.reason == "no answer"]
        times = recording.samples(number).times_ns
    return bool(ends) and bool((times >= max(ends)).any())


@pytest.mark.thorough
def test_a_pulled_cable_is_a_gap_and_the_meter_comes_back(tmp_path: Path, opened: ExitStack) -> None:
    cases = cases_here("um25c", "lines", "scpi", "ppk2")
    with in_threads(tmp_path, cases, "") as meters:

        def pull(path: Path) -> None:
            for number in range(1, len(cases) + 1):
                wait_for_readings(path, 0, number)
            for meter in meters:
                meter.simulation.faults.disconnects = ((meter.simulation.now_s(), 0.5),)
            for number in range(1, len(cases) + 1):
                wait_until(lambda number=number: is_back(path, number))

        recording = opened.enter_context(
            record(tmp_path, 0.0, cases, [meter.where for meter in meters], pull)
        )
    for number, case in enumerate(cases):
        source = recording.sources[number]
        gaps = [gap for gap in recording.gaps(source.id) if gap.reason == "no answer"]
        assert gaps, f"{case.kind}: {recording.gaps(source.id)}"
        pulled = max(gaps, key=lambda gap: gap.end_ns - gap.start_ns)
        times = recording.samples(source.id).times_ns
        assert (times >= pulled.end_ns).any(), f"{case.kind} did not come back"
        assert not ((times > pulled.start_ns) & (times < pulled.end_ns)).any()


@pytest.mark.slow
@pytest.mark.timeout(240)
@pytest.mark.parametrize(
    "faults", ["", "corrupt=1%,disconnect=32s+1s,disconnect=53s+2s"], ids=["clean", "faulty"]
)
def test_sixty_seconds(faults: str, tmp_path: Path, opened: ExitStack) -> None:
    cases = cases_here()
    with in_processes(tmp_path, cases, faults) as meters:
        recording = opened.enter_context(record(tmp_path, 60.0, cases, [meter.where for meter in meters]))
    problems = []
    for number, (case, meter) in enumerate(zip(cases, meters, strict=True)):
        try:
            print(check_energy(recording, case, meter, number))
        except AssertionError as error:
            problems.append(str(error))
        gaps = recording.gaps(recording.sources[number].id)
        if faults:
            pulled = [gap for gap in gaps if gap.reason == "no answer" and gap.end_ns - gap.start_ns > 0.8e9]
            assert len(pulled) >= 2, f"{case.kind}: {gaps}"
    assert not problems, "\n".join(problems)


def test_only_a_pipe_ends_a_simulated_meter() -> None:
    """A job that reads the terminal from the background is stopped, and `/dev/null` ends at once."""
    asked, given = os.pipe()
    master, slave = os.openpty()
    with open(os.devnull, "rb") as null:
        try:
            assert ends_with(asked)
            assert not ends_with(slave) and not ends_with(null.fileno())
        finally:
            for handle in (asked, given, master, slave):
                os.close(handle)


def test_a_simulated_meter_replaces_no_file_of_another(tmp_path: Path) -> None:
    mine = tmp_path / "notes.txt"
    mine.write_text("mine")
    for kind in ("um25c", "fnirsi"):
        with pytest.raises(FileExistsError):
            port_for(METERS[kind](Load("constant", 1.0, 1.0, 1.0)), str(mine)).plug()
    assert mine.read_text() == "mine"


def test_bunched_frames_wait_for_the_next_multiple_and_come_together():
    bunched = Faults(bunch_s=0.4)
    assert [bunched.released_s(at_s) for at_s in (0.01, 0.39, 0.4, 0.41)] == pytest.approx(
        [0.4, 0.4, 0.4, 0.8]
    )
    assert Faults().released_s(0.41) == 0.41
