"""Runs every verb of the command line in children that share one interpreter's imports, and notes what a reader would not bear.

    python -m tests.support.every_verb FOLDER            # 3 widths × 3 encodings, and a closed pipe
    python -m tests.support.every_verb FOLDER --quick    # what tests/cli/test_help_formatter.py has time for
    python -m tests.support.every_verb FOLDER --once     # each verb as it is used, at one width: what an installed wheel is asked

Prints a line for each line wider than the terminal, traceback, character that became `?`, and exit status of its own making.
"""

from __future__ import annotations

import gc
import os
import re
import signal
import sys
import tempfile
import traceback
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

WIDTHS, ENCODINGS = (40, 80, 160), ("utf-8", "ascii", "cp1252")
EVERY = tuple((width, encoding) for width in WIDTHS for encoding in ENCODINGS)
SOME = ((40, "utf-8"), (80, "ascii"), (160, "cp1252"))
CLAIM = "quantity,value,unit,label\nenergy_per_item,0.8,J,infer\n"
LOG = "Time (s),Voltage (V),Current (A)\n" + "".join(
    f"{i / 10},5.0,{0.4 + 0.01 * (i % 3)}\n" for i in range(60)
)

VERBS = """
devices
record -s virtual:// -d 0.2s -o new.power --force
record -s virtual:// -o new.power --force -- true
live -s virtual:// -d 0.2s
bench -s virtual:// --max-repeats 3 -- true
variants a.power b.power
mark begin x
import log.csv -o log.power --force
import --explain log.csv
show a.power
show a.power --by model
show a.power --items 40
show a.power --label infer
show log.power
report --kinds
report a.power -o r.html --force
report a.power -o r.tex --force
compare a.power b.power
table .
table . -o t.csv --force
export a.power -o e.csv --force
export a.power -o s.power --share --force
cite a.power
budget a.power
budget a.power --label infer --battery phone
budget a.power --stage infer=1mAh --stage *=4Ah
footprint a.power --place FRA --device board --explain
footprint --energy 12Wh --place FRA --everywhere --equivalents
lifetime a.power --label infer
layers a.power
calibrate a.power --load 1s-1.2s=0.35A --load 2s-2.2s=0.34A --load 4s-4.2s=0.33A --accuracy 1% -c current -o c.toml --force
sync --meter 2Hz --dry-run
align a.power log.power --by activity -o al.power --force
verify a.power
verify-claim claim.csv a.power
repair a.power -o rep.power --force
check-mlperf .
config --show
collect . -o set
fleet set totals
fleet set --help
serve --help
mcp --help
shwo a.power
show a.powr
show a.power --label infre
show a.power --rail inpt
show a.power --by modl
report a.power -o x.htm
footprint a.power --place FRANCE
budget a.power --battery 4Ahh
live -s vritual://
record -s virtual://?intervall=1 -d 1s
export a.power -o a.power
--help
--version
"""


WORDS = re.compile(r"(?:'[^']*'|\S)+")
"""One alone cannot be folded; BibTeX, which is for a file, is not."""

PROGRESS = re.compile(r"[^\n]*\r(?:\x1b\[\d*K)?|\x1b\[\d*K")
"""A line that was written over: how far a verb is, on a slow machine."""

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
"""What a terminal shows in colour takes no cell of it."""

QUICK = (
    *(
        "table .",
        "budget a.power --stage infer=1mAh --stage *=4Ah",
        "verify a.power",
        "devices",
        "config --show",
    ),
    *("shwo a.power", "show a.powr", "report a.power -o x.htm", "budget a.power --battery 4Ahh"),
)
"""What a test has time for, beside the help of each verb."""


def cases() -> list[list[str]]:
    """Return the arguments of each run: every verb as it is used, as it is mistyped, and its help."""
    from powermeter import registry

    lines = [line.split() for line in VERBS.strip().splitlines()]
    assert {line[0] for line in lines} >= set(registry.VERBS)
    return [*lines, *([verb, "--help"] for verb in sorted(registry.VERBS))]


def make_recordings(folder: Path) -> None:
    """Put there what the verbs are run on."""
    from powermeter.testing.boards import Run, simulate_run

    for name in ("a", "b"):
        simulate_run(folder / f"{name}.power", "pi-4", run=Run(inferences=6))
    (folder / "log.csv").write_text(LOG, "utf-8")
    (folder / "claim.csv").write_text(CLAIM, "utf-8")


def cells(line: str) -> int:
    """Return how many cells of a terminal a line takes."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line
    )


def output_of(arguments: Sequence[str], width: int, encoding: str, closed: bool = False) -> tuple[int, bytes]:
    """Return the exit status and all output of one run in a forked child.

    Args:
        arguments: Of `powermeter`.
        width: Of the terminal.
        encoding: Of both outputs.
        closed: Whether the reader of standard output has gone.
    """
    with tempfile.TemporaryFile() as file:
        sys.stdout.flush()
        child = os.fork()
        if not child:
            status = 99
            try:
                signal.alarm(60)
                os.environ["COLUMNS"] = str(width)
                out = file.fileno()
                if closed:
                    reader, out = os.pipe()
                    os.close(reader)
                os.dup2(out, 1)
                os.dup2(file.fileno(), 2)
                os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
                for number, name in ((1, "stdout"), (2, "stderr")):
                    errors = "backslashreplace" if number == 2 else "strict"
                    setattr(sys, name, open(number, "w", encoding=encoding, errors=errors, closefd=False))  # noqa: SIM115
                sys.stderr.isatty = lambda: True  # type: ignore[method-assign]
                from powermeter.cli import main

                main(list(arguments))
            except SystemExit as end:
                status = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
            except BaseException:  # noqa: BLE001 — the child must not go on as its parent
                traceback.print_exc()
            finally:
                with suppress(OSError):
                    sys.stdout.flush()
                sys.stderr.flush()
                os._exit(status)
        _, ended = os.waitpid(child, 0)
        file.seek(0)
        return os.waitstatus_to_exitcode(ended), file.read()


def is_quick(arguments: list[str]) -> bool:
    """Return whether a case is the help of a verb, or one of the few beside it."""
    return is_help(arguments) or " ".join(arguments) in QUICK


def is_help(arguments: list[str]) -> bool:
    """Return whether a case is the help of a verb."""
    return arguments[1:] == ["--help"]


def problems(
    seen: Sequence[tuple[int, str]], asked: Sequence[list[str]], closed: bool = True
) -> Iterator[str]:
    """Yield what a reader would not bear, of cases at these widths and encodings, and into a closed pipe."""
    for arguments in asked:
        name = " ".join(arguments)
        whole = ""
        for width, encoding in seen:
            status, raw = output_of(arguments, width, encoding)
            try:
                text = COLOUR.sub("", PROGRESS.sub("", raw.decode(encoding)))
            except UnicodeDecodeError as error:
                yield f"{name} · {width} {encoding}: {error}"
                continue
            if encoding == "utf-8":
                whole = text
            if "Traceback" in text or status in (99, 120) or status < 0:
                yield f"{name} · {width} {encoding}: status {status}, {text[-300:]}"
            yield from (
                f"{name} · {width} {encoding}: {cells(line)} cells: {line}"
                for line in text.splitlines()
                if cells(line) > width
                and len(WORDS.findall(line.removesuffix("\\"))) > 1
                and arguments[0] != "cite"
            )
            if ("…" in text and "…" not in whole and encoding == "utf-8") or (
                text.count("?") > whole.count("?") + 3 and whole
            ):
                yield f"{name} · {width} {encoding}: characters are lost"
        if closed:
            status, raw = output_of(arguments, 80, "utf-8", closed=True)
            if b"Traceback" in raw or status in (99, 120) or status < 0:
                yield f"{name} · closed pipe: status {status}, {raw[-300:]!r}"


def run(
    folder: Path, seen: Sequence[tuple[int, str]], asked: Sequence[list[str]], closed: bool = True
) -> list[str]:
    """Return the problems of cases, run in a folder that has the recordings."""
    import rich.console  # noqa: F401 — imported once, before the children fork

    from powermeter import registry

    for target in registry.VERBS.values():
        registry.load(target)
    os.chdir(folder)
    gc.freeze()  # else each child looks through all that is imported, and copies it
    return list(problems(seen, asked, closed))


if __name__ == "__main__":
    place = Path(sys.argv[1])
    place.mkdir(parents=True, exist_ok=True)
    make_recordings(place)
    if "--quick" in sys.argv:
        found = run(place, SOME[:2], [each for each in cases() if is_quick(each)], closed=False)
    elif "--once" in sys.argv:
        found = run(place, SOME[1:2], [each for each in cases() if not is_help(each)], closed=False)
    else:
        found = run(place, SOME if "--some" in sys.argv else EVERY, cases())
    print("\n".join(found))
    sys.exit(bool(found))
