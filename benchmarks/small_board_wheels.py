"""Whether pip finds the core's dependencies ready-made for small boards, without a compiler.

    python benchmarks/small_board_wheels.py [--python 3.11]

Asks pip to resolve each dependency of the core, and what that needs in turn, for each kind of board with wheels only; nothing is
installed.  32-bit boards are served by piwheels.org, which Raspberry Pi OS adds to pip by itself: it is asked too where it can be
reached.  Status 1 where aarch64 lacks one; for ARMv7 and ARMv6 what is missing from PyPI is listed.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

HERE = Path(__file__).resolve().parent.parent
PIWHEELS = "https://www.piwheels.org/simple"
PIP_S = 120


@dataclass(frozen=True, slots=True)
class Board:
    """A kind of board: its name, pip's platforms for it, and whether piwheels builds for it."""

    name: str
    platforms: Sequence[str]
    has_piwheels: bool = False


BOARDS = (
    Board("aarch64", ("manylinux_2_28_aarch64", "manylinux2014_aarch64", "linux_aarch64")),
    Board("ARMv7", ("manylinux_2_31_armv7l", "manylinux2014_armv7l", "linux_armv7l"), has_piwheels=True),
    Board("ARMv6", ("linux_armv6l",), has_piwheels=True),
)


def wanted() -> Iterator[str]:
    """Yield the requirements of the core on Linux, without their markers."""
    project = tomllib.loads((HERE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for requirement in project["dependencies"]:
        name, _, marker = requirement.partition(";")
        if "!= 'linux'" not in marker:
            yield name.strip()


def wheels(requirement: str, board: Board, python: str, index: Sequence[str] = ()) -> list[str] | None:
    """Return the file names of the wheels that pip would install; None where one is missing."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        platforms = [word for platform in board.platforms for word in ("--platform", platform)]
        command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet"]
        command += ["--target", folder, "--only-binary", ":all:", "--python-version", python, *platforms]
        asked = subprocess.run(
            [*command, *index, "--report", str(report), requirement],
            capture_output=True,
            text=True,
            check=False,
            timeout=PIP_S,
        )
        if asked.returncode:
            if "No matching distribution" not in asked.stderr:
                sys.exit(
                    f"pip could not ask for {requirement}: {(asked.stderr.strip() or 'no reason').splitlines()[-1]}"
                )
            return None
        found = json.loads(report.read_text(encoding="utf-8"))["install"]
    return [one["download_info"]["url"].rpartition("/")[2] for one in found]


def kind(files: Sequence[str] | None) -> str:
    """Return what a cell of the table holds."""
    if files is None:
        return "none"
    own = files[0]
    version = own.split("-")[1]
    return f"{version}, {'pure Python' if own.endswith('-none-any.whl') else 'wheel'}"


def is_reached(index: str) -> bool:
    """Return whether an index answers with a package that every index of wheels for Python has."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--index-url", index]
    with tempfile.TemporaryDirectory() as folder:
        asked = subprocess.run(
            [*command, "--retries", "0", "--timeout", "10", "-d", folder, "smbus2"],
            capture_output=True,
            check=False,
            timeout=PIP_S,
        )
    return asked.returncode == 0


def main() -> int:
    """Print the table and return the status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--python", default="3.11", help="version of Python on the board (default 3.11)")
    parser.add_argument("--piwheels", action="store_true", help="ask piwheels.org too for 32-bit boards")
    arguments = parser.parse_args()
    if not re.fullmatch(r"3\.\d+", arguments.python):
        parser.error(f"--python {arguments.python}: a version such as 3.11")
    with_piwheels = arguments.piwheels and is_reached(PIWHEELS)
    if arguments.piwheels and not with_piwheels:
        print(f"{PIWHEELS} cannot be reached: what it builds is not in the table\n", file=sys.stderr)
    print("| dependency | " + " | ".join(board.name for board in BOARDS) + " |")
    print("|---" * (1 + len(BOARDS)) + "|")
    lacks = False
    for requirement in wanted():
        row = []
        for board in BOARDS:
            index = ("--extra-index-url", PIWHEELS) if with_piwheels and board.has_piwheels else ()
            found = wheels(requirement, board, arguments.python, index)
            lacks = lacks or (found is None and not board.has_piwheels)
            row.append(kind(found))
        print(f"| {re.split('[<>=!~ ]', requirement)[0]} | " + " | ".join(row) + " |", flush=True)
    return int(lacks)


if __name__ == "__main__":
    sys.exit(main())
