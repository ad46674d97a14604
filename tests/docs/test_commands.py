"""Every `powermeter` command on a page runs in a folder with the files that pages speak of, or is listed with the reason why it cannot here."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

import numpy as np
import pytest

from powermeter import cli
from powermeter.channel import Accuracy, Channel, Quantity, Rail
from powermeter.events import Event
from powermeter.recording import Writer

ROOT = Path(__file__).resolve().parents[2]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
BLOCK = re.compile(r"^```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)

CANNOT = {
    r"^record (?!.*virtual://)": "needs an instrument, the reader's own program or another machine",
    r"^import (?!--explain meter\.csv|meter\.csv -o run)": "reads a log of the reader's own",
    r"^(align|calibrate|layers) ": "reads recordings of two instruments or of a network's layers; their own tests make them",
    r"^(serve|live) ": "runs until it is stopped",
    r"^devices": "looks at the buses of the machine itself",
    r"^bench ": "repeats a program for minutes; the tests of bench run it on a simulated source",
    r"^(collect|fleet) ": "needs DuckDB and a dataset; the tests of fleet run each question",
    r"^(verify|table) hand-ins": "reads the hand-ins of a class",
    r"^variants fp32": "reads three recordings of models; the next line on that page runs",
    r"^report .*\.pdf": "draws with an extra; the tests of figures run it",
    r"^compare .*\.pdf": "draws with an extra; the tests of figures run it",
}
"""Pattern of a command, without its first word → why it does not run here."""


def commands() -> list[tuple[str, str]]:
    """Return (page, command without `powermeter`) of every line that is complete."""
    found = []
    for page in PAGES:
        for block in BLOCK.findall(page.read_text("utf-8")):
            for line in block.replace("\\\n", " ").splitlines():
                match = re.match(r"(?:\$ )?powermeter (\w.*?)(?:\s{2,}#.*|\s*\|.*)?$", line)
                if match is not None:
                    found.append((page.stem, match[1]))
    return found


def reason(command: str) -> str | None:
    return next((why for pattern, why in CANNOT.items() if re.match(pattern, command)), None)


RUN = [(page, command) for page, command in commands() if reason(command) is None]


def recorded(
    path: Path,
    joule: float = 0.2,
    seed: int = 16,
    labels: tuple[str, ...] = ("infer", "fit", "base", "small"),
) -> None:
    """Write ten seconds of a board that draws 2 W at rest, with two dozen events of each of a few labels."""
    generator = np.random.default_rng(seed)
    rail = Rail("board")
    with Writer.create(path, {"host": {"model": "a board"}}) as writer:
        channels = (
            Channel("voltage", Quantity.VOLTAGE, 1e-3, rail, accuracy=Accuracy(gain=0.002)),
            Channel("current", Quantity.CURRENT, 1e-6, rail, accuracy=Accuracy(gain=0.005)),
        )
        source = writer.add_source("ina219://1/0x40", "ina219", "ina219", channels)
        times = np.arange(0, 30_000, 10, dtype=np.int64) * 1_000_000
        power = np.full(times.size, 2.0)
        for number in range(72):
            start = 0.5 + 0.4 * number
            inside = (times >= start * 1e9) & (times < (start + 0.1) * 1e9)
            power[inside] += joule / 0.1
            variant = ("fp32", "int8")[number // len(labels) % 2]
            writer.add_event(
                Event(
                    labels[number % len(labels)],
                    int(start * 1e9),
                    int((start + 0.1) * 1e9),
                    uid=number + 1,
                    attributes={"model": "tiny", "batch": 1 + number % 2, "variant": variant},
                )
            )
        amperes = power / 5.0 * generator.normal(1.0, 0.01, power.size)
        codes = np.stack([np.full(times.size, 5000), np.rint(amperes * 1e6)], axis=1).astype(np.int64)
        writer.append(source, times, codes)
        writer.add_clock_pair(0, 1_760_000_000_000_000_000)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that the pages speak of."""
    path = tmp_path_factory.mktemp("pages")
    for seed, name in enumerate(
        ("run", "before", "a", "base", "base-1", "base-2", "base-3", "main-1", "main-2", "main-3", "joined")
    ):
        recorded(path / f"{name}.power", 0.2, seed)
    for seed, name in enumerate(
        ("b", "small", "small-1", "small-2", "small-3", "branch-1", "branch-2", "branch-3"), 20
    ):
        recorded(path / f"{name}.power", 0.1, seed)
    (path / "meter.csv").write_text("Time,Power\n" + "".join(f"{t * 100},{2000 + t}\n" for t in range(50)))
    return path


@pytest.mark.thorough
@pytest.mark.parametrize(("page", "command"), RUN, ids=[f"{page}: {command}" for page, command in RUN])
def test_a_command_on_a_page_runs(
    page: str,
    command: str,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsysbinary: pytest.CaptureFixture[bytes],
) -> None:
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    if page == "README" and "first.power" in command and not command.startswith("record"):
        (tmp_path / "first.power").write_bytes((folder / "run.power").read_bytes())
    if command.startswith("import"):
        (tmp_path / "run.power").unlink()
    if command.startswith("variants"):
        (tmp_path / "run.power").unlink()
        recorded(tmp_path / "run.power", labels=("infer",))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("POWERMETER_CONFIG", "")
    words = shlex.split(command, comments=True)
    status = cli.run([re.sub(r"^3s$", "200ms", word) for word in words])
    printed = capsysbinary.readouterr()
    assert status == 0, printed.err.decode()
    assert printed.out or printed.err or words[0] == "mark"


@pytest.mark.thorough
def test_the_readme_reads_what_its_own_code_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """A reader pastes the loop into infer.py and types the three commands above it; only the source is simulated here."""
    blocks = BLOCK.findall((ROOT / "README.md").read_text("utf-8"))
    loop = next(block for block in blocks if "in loader:" in block)
    start = "import time\nloader, model = [[1, 2]] * 4, lambda batch: time.sleep(0.05)\n"
    (tmp_path / "infer.py").write_text(start + loop)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("POWERMETER_CONFIG", "")
    typed = next(block for block in blocks if "-- python infer.py" in block).splitlines()
    for line in typed:
        words = shlex.split(line.removeprefix("$ powermeter "), comments=True)
        if words[0] == "record":
            words = [sys.executable if word == "python" else word for word in words]
            words[1:1] = ["--source", "virtual://?rate=200Hz"]
        assert cli.run(words) == 0, f"{line}: {capsysbinary.readouterr().err.decode()}"
    assert (tmp_path / "report.html").stat().st_size > 0


def test_what_cannot_run_is_listed_with_a_reason_and_nothing_else_is() -> None:
    every = [command for _, command in commands()]
    for pattern in CANNOT:
        assert any(re.match(pattern, command) for command in every), f"{pattern}: no page has such a command"
    assert len(RUN) >= 25
