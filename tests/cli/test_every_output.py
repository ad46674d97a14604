"""What every verb prints, in terminals of three widths, in three encodings and into a pipe that nobody reads: `python3 tasks.py slow`."""

from __future__ import annotations

import importlib
import io
import os
import pkgutil
import re
import shutil
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

import powermeter.reports
from powermeter import cli, registry
from powermeter.testing.boards import Run, simulate_run
from tests.reports.conftest import infer, maker

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork") or not hasattr(os, "openpty"), reason="needs terminals"),
]

WIDTHS, ENCODINGS = (40, 80, 160), ("utf-8", "ascii", "cp1252")
VIRTUAL = "virtual://?shape=constant&noise=2%&rate=200Hz"
LONG = "a label of many words, and <script>alert(1)</script> " + "x" * 60

CASES: tuple[tuple[str, set[int]], ...] = (
    ("--help", {0}),
    ("--version", {0}),
    ("show run.power", {0}),
    ("show run.power --by model --place FRA --battery 4Ah --baseline idle", {0}),
    ("show labels.power", {0}),
    ("show gap.power", {0}),
    ("show run.power --label infr", {2}),
    ("report run.power -o - --kind text", {0}),
    ("report run.power -o new.html", {0}),
    ("report --kinds", {0}),
    ("report run.power -o x.docx", {2}),
    ("compare a.power b.power", {0}),
    ("compare a.power,run.power b.power --label infer", {0}),
    ("compare labels.power b.power", {7}),
    ("table .", {0}),
    ("variants a.power b.power", {0}),
    ("budget run.power --battery 4Ah", {0}),
    ("budget --current 12uA --rail-voltage 3V --battery CR2032 --duration 365d", {0}),
    ("lifetime run.power --label infer --requests-per-day 20 --years 4 --home FRA --away USA", {0}),
    ("footprint run.power --place FRA", {0}),
    ("footprint run.power --explain --place DEU", {0}),
    ("footprint --energy 1kWh --place Frnace", {2}),
    ("cite run.power", {0}),
    ("verify run.power", {0}),
    ("verify-claim claim.csv run.power", {0, 11}),
    ("check-mlperf .", {7}),
    ("layers run.power", {7}),
    ("config --show", {0}),
    ("devices", {0}),
    ("import log.csv -o new.power", {2}),
    ("import log.csv --column Time=ms --unit mW -o new.power", {0}),
    ("import --explain log.csv", {0}),
    ("import log.cvs", {7}),
    ("export run.power -o new.csv", {0}),
    ("export run.power --share -o new.power", {0}),
    ("repair run.power -o new.power", {0}),
    ("calibrate run.power --load 0s-1s=1A --accuracy 1% -o new.toml", {0, 2, 7}),
    ("align run.power a.power -o new.power", {0, 2, 7}),
    ("collect . -o lab", {0, 4}),
    ("fleet lab", {0, 2, 4, 7}),
    ("serve nothing.power", {2, 7}),
    ("live run.power", {2}),
    ("live --source VIRTUAL --duration 0.5s", {0}),
    ("record -o new.power --source VIRTUAL --duration 0.3s", {0}),
    ("record -o new.power --source VIRTUAL -- false", {1}),
    ("bench --source VIRTUAL --min-repeats 8 --max-repeats 8 -o new.power -- true", {0, 10}),
    ("sync --meter 50Hz -- true", {0, 2}),
    ("mark begin", {0, 2}),
    ("mcp", {0, 4}),
    ("print comparison", {0}),
    ("print benchmark", {0}),
    ("nosuch", {2}),
    ("show run.power --itmes 3", {2}),
    ("show nothing.power", {2, 7}),
)
"""Words of a command, and the exit status that docs/reference/exit-codes.md lists for what comes of it."""


@pytest.fixture(scope="module", autouse=True)
def loaded() -> None:
    """Everything that verbs import late, once, and not again in each child."""
    for module in (
        "rich.console",
        "rich.table",
        "matplotlib.figure",
        "pyarrow.parquet",
        "duckdb",
        "scipy.stats",
        "scipy.signal",
    ):
        with suppress(ImportError):
            importlib.import_module(module)
    for _, name, _ in pkgutil.walk_packages(powermeter.reports.__path__, "powermeter.reports."):
        importlib.import_module(name)
    for target in registry.VERBS.values():
        registry.load(target)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A board's run, two runs to compare, one of a hundred labels and one with a gap."""
    path = tmp_path_factory.mktemp("outputs")
    simulate_run(path / "run.power", "pi-4", run=Run(inferences=12, batch=8, idle_event=True))
    make = maker(path)
    events = [infer(0.5 * i, 0.25, 4, i + 1, model="a" if i % 2 else "b") for i in range(20)]
    make("a.power", events=events)
    make("b.power", events=events, watts=3.0)
    names = [LONG, *(f"label {i}" for i in range(99))]
    make("labels.power", events=[infer(0.09 * i, 0.08, 1, i + 1, name) for i, name in enumerate(names)])
    make("gap.power", events=events, gap_s=(4.0, 5.0), second=True)
    (path / "log.csv").write_text("Time,Power\n" + "".join(f"{t * 100},{2000 + t}\n" for t in range(50)))
    (path / "claim.csv").write_text("quantity,value,unit,label\nenergy_per_item,500,mJ,infer\n")
    return path


@pytest.fixture
def here_each_time(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy to work in, so that what one case writes is not there in the next."""
    copy = tmp_path / "f"
    shutil.copytree(folder, copy)
    monkeypatch.chdir(copy)
    for name in ("COLUMNS", "LINES", "NO_COLOR", "CI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    yield copy


def words_of(case: str) -> list[str]:
    return [VIRTUAL if word == "VIRTUAL" else word for word in case.split()]


def benchmark() -> object:
    """Return what `powermeter.bench` does of a function, in Python."""
    with powermeter.Meter(VIRTUAL, path="new.power"):
        return powermeter.bench(lambda: sum(range(9)), at_least=8, most=16, precision=0.5, at_most="2s")


PRINTED = {"benchmark": benchmark, "comparison": lambda: powermeter.compare("a.power", "b.power")}
"""What Python's `print` shows."""


def child(words: Sequence[str], output: int, encoding: str) -> None:
    """Be `powermeter` with both outputs at one descriptor."""
    for number in (1, 2):
        os.dup2(output, number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(60)
    sys.stdin, sys.stdout, sys.stderr = (
        io.TextIOWrapper(io.FileIO(0)),
        io.TextIOWrapper(io.BufferedWriter(io.FileIO(1, "w")), encoding, "strict", line_buffering=True),
        io.TextIOWrapper(
            io.BufferedWriter(io.FileIO(2, "w")), encoding, "backslashreplace", line_buffering=True
        ),
    )
    sys.argv = ["powermeter", *words]
    status = 99
    try:
        if words[0] == "print":
            print(PRINTED[words[1]]())
            status = 0
        else:
            cli.main()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 0
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(status)


def in_terminal(words: Sequence[str], width: int, encoding: str) -> tuple[int, str]:
    """Return the exit status and what stood on a terminal of that width."""
    import fcntl
    import struct
    import termios

    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
    started = os.fork()
    if not started:
        child(words, theirs, encoding)
    os.close(theirs)
    read = bytearray()
    while True:
        try:
            block = os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
        if not block:
            break
        read += block
    os.close(ours)
    status = os.waitstatus_to_exitcode(os.waitpid(started, 0)[1])
    return status, bytes(read).decode(encoding)


def lines_of(text: str) -> list[str]:
    """Return the lines as they stand: without colours, each part that was drawn over an earlier one."""
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)
    return [part for line in plain.split("\n") for part in re.split(r"\r+", line)]


def cannot_break(line: str, width: int) -> bool:
    """Return whether a line is one word: an address, a hash, a path that somebody copies."""
    return len(max(line.split(), key=len, default="")) > width * 3 // 4


@pytest.mark.parametrize(("case", "expected"), CASES, ids=[case for case, _ in CASES])
def test_every_width_and_encoding(here_each_time: Path, case: str, expected: set[int]) -> None:
    words, kept = words_of(case), sorted(here_each_time.iterdir())
    asked: dict[int, int] = {}
    for encoding in ENCODINGS:
        for width in WIDTHS:
            status, text = in_terminal(words, width, encoding)
            where = f"{encoding}, {width} columns:\n{text}"
            assert status in expected, f"status {status}, {where}"
            assert (text.strip() or words == ["mcp"]) and "Traceback" not in text and "\ufffd" not in text, (
                where
            )
            asked.setdefault(width, text.count("?"))  # of UTF-8, which replaces nothing
            assert "://" in text or text.count("?") <= asked[width], where
            wide = [line for line in lines_of(text) if len(line) > width and not cannot_break(line, width)]
            assert not wide, f"{wide}, {where}"
            for path in here_each_time.iterdir():
                if path not in kept:
                    shutil.rmtree(path) if path.is_dir() else path.unlink()


VERBS = [case for case in CASES if not case[0].startswith("print ")]
"""A closed pipe of Python's own `print` is the program's."""


@pytest.mark.parametrize(("case", "expected"), VERBS, ids=[case for case, _ in VERBS])
def test_a_pipe_that_nobody_reads(here_each_time: Path, case: str, expected: set[int]) -> None:
    """Both outputs at once; the status is the program's, or that of the command as if it had been read."""
    reader, writer = os.pipe()
    os.close(reader)
    started = os.fork()
    if not started:
        child(words_of(case), writer, "utf-8")
    os.close(writer)
    status = os.waitstatus_to_exitcode(os.waitpid(started, 0)[1])
    assert status in expected | {0}
