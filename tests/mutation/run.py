"""Puts small wrong changes into the code, one by one, and asks the tests: `python3 tasks.py mutants [PATH]`.

Works on a copy in a folder of its own (`.mutants/`, or `--folder`), never on this checkout; may be
interrupted at any time and goes on where it was.  What survives is printed, with its reason where
`survivors.toml` knows one.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from laboratory import FACTOR, ROOT, SLACK_S, Laboratory, Outcome
from operators import Mutant, candidates, is_another_program
from selection import EVERYWHERE, MAP, TestMap

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

HERE = Path(__file__).resolve().parent
ROOMS = ("powermeter", "drivers", "calibration", "reports")
OUTSIDE = ("powermeter/testing/", "powermeter/marking/bindings/")
"""What serves tests, and a module for Pythons that are not run here."""
IN_CHILDREN = ("powermeter/recorder/",)
"""What runs in a process of its own: all tests of its room are asked."""
ON_PAGES = {
    "": ("tests/docs/test_reference.py", "tests/docs/test_constants.py", "tests/cli/test_defaults.py"),
    "drivers/": ("tests/drivers/test_accuracies.py",),
}
"""What compares values of all code, or of a room, with pages and data sheets: they are read at import, which no test is seen to do."""
COMMANDS = ("powermeter/cli/",)
"""What tests also start as a command: the files of a verb's name are asked whole."""
FILE_S = 10.0
"""That a test file takes which the map does not know."""
MOST_S = 45.0
"""Of recorded test time for one mutant."""
FIRST_S, FIRST_FILES = 4.0, 6
"""The first tests that are asked take so long, and lie in so many files: most mutants get no further."""


def files(wanted: list[str]) -> list[str]:
    """Return the Python files of the rooms below the given paths."""
    found = []
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if not name.startswith(OUTSIDE) and (not wanted or any(name.startswith(w) for w in wanted)):
                found.append(name)
    return found


def changed_lines(base: str) -> dict[str, set[int]]:
    """Return the lines of each file that differ from another commit."""
    command = ("git", "diff", "--unified=0", "--no-color", base, "--", *ROOMS)
    text = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    found: dict[str, set[int]] = {}
    name = ""
    for line in text.splitlines():
        if line.startswith("+++ b/"):
            name = line.removeprefix("+++ b/")
        elif line.startswith("@@"):
            start, _, count = line.split(" ")[2].removeprefix("+").partition(",")
            found.setdefault(name, set()).update(range(int(start), int(start) + int(count or 1)))
    return found


def pool(options: argparse.Namespace) -> list[Mutant]:
    """Return the mutants that are asked for, in the order in which they are tried."""
    lines = changed_lines(options.changed) if options.changed else None
    sources = {name: (ROOT / name).read_text(encoding="utf-8") for name in files(options.paths)}
    found = [
        mutant
        for name, source in sources.items()
        if lines is None or name in lines
        for mutant in candidates(name, source)
        if lines is None or mutant.line in lines[name]
    ]
    wanted = len(found) if options.all or options.changed else options.sample
    if wanted < len(found):
        random.Random(options.seed).shuffle(found)
    usable = (mutant for mutant in found if is_another_program(mutant, sources[mutant.path]))
    return list(itertools.islice(usable, wanted))


def faults(options: argparse.Namespace) -> Iterator[tuple[Mutant, str]]:
    """Yield the faults that people wrote by hand, with what each is."""
    for fault in tomllib.loads(options.faults.read_text(encoding="utf-8"))["fault"]:
        path, old = fault["path"], fault["old"]
        if options.paths and not any(path.startswith(w) for w in options.paths):
            continue
        source = (ROOT / path).read_text(encoding="utf-8")
        if source.count(old) != 1:
            print(f"stale: {path}: {old!r} stands {source.count(old)} times", flush=True)
            continue
        start = len(source[: source.index(old)].encode())
        line = source[: source.index(old)].count("\n") + 1
        yield (
            Mutant(path, line, start, start + len(old.encode()), "fault", "by hand", old, fault["new"]),
            fault["what"],
        )


def mirror_of(path: str) -> str:
    """Return how the names of a file's own tests begin."""
    room, _, stem = path.removeprefix("powermeter/").removesuffix(".py").rpartition("/")
    return f"tests/{room}/test_{stem.lstrip('_')}" if room else f"tests/test_{stem.lstrip('_')}"


class Trial:
    """Tries mutants and keeps the verdicts in a file of lines."""

    def __init__(
        self, laboratory: Laboratory, tests: TestMap, folder: Path, most_s: float, again: bool
    ) -> None:
        self.laboratory, self.tests, self.most_s = laboratory, tests, most_s
        self.again = again
        self.verdicts = folder / "verdicts.jsonl"
        self.known = {}
        if self.verdicts.exists():
            for line in self.verdicts.read_text(encoding="utf-8").splitlines():
                record = json.loads(line)
                self.known[record["key"]] = record
        self.clean: dict[str, bool] = {}
        self.found_by: Counter[tuple[str, str]] = Counter()
        for record in self.known.values():
            self.note(record)

    def note(self, record: Mapping[str, Any]) -> None:
        """Remember which test found a mutant of a file: it is asked first for the next one."""
        if record["killed"] and "tests/" in record["by"]:
            path = record["key"].partition(":")[0]
            self.found_by[path, record["by"].partition(" ")[2].partition("[")[0]] += 1

    def newer(self, path: str, seen: set[str]) -> list[str]:
        """Return the test files that changed since the map and are of the file's room, import it, or saw the lines before."""
        module = path.removesuffix(".py").replace("/", ".").removeprefix("powermeter.")
        own = mirror_of(path)
        room = own.rpartition("/")[0] + "/"
        found = []
        for test in sorted((self.laboratory.root / "tests").rglob("test_*.py")):
            name = test.relative_to(self.laboratory.root).as_posix()
            then = self.tests.folder / "sources" / name
            text = test.read_text(encoding="utf-8")
            if then.exists() and then.read_text(encoding="utf-8") == text:
                continue
            of_it = name.startswith((own, room)) or f"{module} import" in text
            if name in seen or of_it or name in EVERYWHERE:
                found.append(name)
        return found

    def chosen(self, mutant: Mutant) -> list[str]:
        """Return the tests for a mutant: new files of its room first, then those that run its lines."""
        last = mutant.line + mutant.old.count("\n")
        source = (self.laboratory.root / mutant.path).read_text(encoding="utf-8")
        own = mirror_of(mutant.path)
        found = self.tests.tests(mutant.path, source, (mutant.line, last), own, self.most_s)
        own += ".py"
        newer = self.newer(mutant.path, {name.partition("::")[0] for name in found})
        found = [name for name in found if name.partition("::")[0] not in newer]
        found = [name for name in found if (self.laboratory.root / name.partition("::")[0]).exists()]
        if not self.tests.of_file(mutant.path, source):  # a file that is newer than the map
            newer += sorted(
                test.relative_to(self.laboratory.root).as_posix()
                for test in (self.laboratory.root / own).parent.glob("test_*.py")
            )[:30]
        if mutant.path.startswith(IN_CHILDREN):  # which coverage does not see
            have = {name.partition("::")[0] for name in (*found, *newer)}
            room = sorted((self.laboratory.root / own).parent.glob("test_*.py"))
            beside = [test.relative_to(self.laboratory.root).as_posix() for test in room]
            return [*found, *newer, *(test for test in beside if test not in have)]
        if not found and (self.laboratory.root / own).exists() and own not in newer:
            found = [own]
        seen = {name.partition("::")[0] for name in found}
        newer = [name for name in newer if name not in seen]
        found.sort(key=lambda name: -self.found_by[mutant.path, name])
        pages = (
            [] if mutant.kind != "constant" else [name for name in ON_PAGES if name not in (*newer, *seen)]
        )
        if mutant.path.startswith(COMMANDS):
            named = sorted((self.laboratory.root / own).parent.glob(Path(own).stem + "*.py"))
            pages += [test.relative_to(self.laboratory.root).as_posix() for test in named]
        return [*found[:40], *newer, *found[40:], *(name for name in pages if name not in newer)]

    def in_turns(self, asked: list[str]) -> list[list[str]]:
        """Return the tests in two parts: a few quick ones of few files, which find most mutants, and the rest."""
        spent, files = 0.0, set[str]()
        for number, name in enumerate(asked):
            files.add(name.partition("::")[0])
            spent += self.tests.seconds.get(name, FILE_S)
            if number and (spent > FIRST_S or len(files) > FIRST_FILES):
                return [asked[:number], asked[number:]]
        return [asked]

    def passes_on_the_clean_copy(self, by: str) -> bool:
        """Return whether the test that failed passes without the mutant."""
        name = by.partition(" ")[2]
        if not name.startswith("tests/"):
            return True
        if name not in self.clean:
            self.clean[name] = not self.laboratory.run([name], 120.0).killed
        return self.clean[name]

    def one(self, mutant: Mutant) -> Outcome:
        """Try one mutant; a test that also fails without it is left out and the rest asked again."""
        source = (self.laboratory.root / mutant.path).read_text(encoding="utf-8")
        asked = self.chosen(mutant)
        if not asked:
            return Outcome(False, "no test reaches it", 0, 0.0)
        left_out: list[str] = []
        seconds = 0.0
        for part in self.in_turns(asked):
            limit_s = SLACK_S + FACTOR * sum(self.tests.seconds.get(name, FILE_S) for name in part)
            patience = 1
            while True:
                with self.laboratory.changed(mutant.path, mutant.apply(source)):
                    outcome = self.laboratory.run([*part, *left_out], min(limit_s * patience, 400.0))
                seconds += outcome.seconds
                if outcome.hangs and patience == 1:  # a busy machine is no hang
                    patience = 5
                    continue
                if outcome.killed and not self.passes_on_the_clean_copy(outcome.by) and len(left_out) <= 6:
                    left_out += ["--deselect", outcome.by.partition(" ")[2]]
                    continue
                break
            if outcome.killed:
                break
        return replace(outcome, tests=len(asked), seconds=seconds)

    def verdict(self, mutant: Mutant, what: str = "") -> dict[str, object]:
        """Return the verdict on a mutant, known or new."""
        key = mutant.key + (f":{what}" if what else "")
        if key not in self.known or (self.again and not self.known[key]["killed"]):
            outcome = self.one(mutant)
            record = {
                "key": key,
                "killed": outcome.killed,
                "by": outcome.by,
                "tests": outcome.tests,
                "seconds": round(outcome.seconds, 1),
                "text": str(mutant),
                "what": what,
            }
            with self.verdicts.open("a", encoding="utf-8") as lines:
                lines.write(json.dumps(record, ensure_ascii=False) + "\n")
            self.known[key] = record
            self.note(record)
        return self.known[key]


def take_map(laboratory: Laboratory, folder: Path, arguments: list[str]) -> None:
    """Run the tests once under coverage, test by test."""
    folder.mkdir(parents=True, exist_ok=True)
    for room in (*ROOMS, "tests"):
        shutil.copytree(laboratory.root / room, folder / "sources" / room, dirs_exist_ok=True)
    variables = {**laboratory.environment(), MAP: str(folder)}
    variables["PYTHONPATH"] += os.pathsep + str(HERE)
    command = [sys.executable, "-m", "pytest", "-p", "selection", "-q", "-p", "no:cacheprovider", *arguments]
    subprocess.run(command, cwd=laboratory.root, env=variables, check=False)


def main() -> int:
    """Try the mutants; return 1 where one survives without a known reason."""
    parser = argparse.ArgumentParser(prog="tasks.py mutants", description=__doc__)
    parser.add_argument("paths", nargs="*", help="files or folders, all rooms without")
    parser.add_argument("--sample", type=int, default=40, help="how many, drawn by chance (40)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--all", action="store_true", help="every mutant of the paths")
    parser.add_argument(
        "--changed", metavar="COMMIT", nargs="?", const="main", help="mutants of lines changed since"
    )
    parser.add_argument(
        "--faults",
        metavar="TABLE",
        type=Path,
        nargs="?",
        const=HERE / "faults.toml",
        help="faults written by hand instead, those of faults.toml without a name",
    )
    parser.add_argument("--again", action="store_true", help="try those once more that survived before")
    parser.add_argument("--seconds", type=float, default=1e9, help="end after so long; call again to go on")
    parser.add_argument("--most", type=float, default=MOST_S, help="seconds of recorded tests for one mutant")
    parser.add_argument("--map", nargs=argparse.REMAINDER, help="only take the map of tests (pytest options)")
    parser.add_argument("--folder", type=Path, default=ROOT / ".mutants")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    reasons = tomllib.loads((HERE / "survivors.toml").read_text(encoding="utf-8"))
    scratch = options.folder / f"copy-{os.getpid()}"
    try:
        with Laboratory(scratch) as laboratory:
            if options.map is not None or not TestMap(options.folder / "map"):
                take_map(laboratory, options.folder / "map", options.map or ["-n", "auto"])
                if options.map is not None:
                    return 0
            trial = Trial(
                laboratory, TestMap(options.folder / "map"), options.folder, options.most, options.again
            )
            asked = list(faults(options)) if options.faults else [(one, "") for one in pool(options)]
            laboratory.run(list(EVERYWHERE), 600.0)  # compiles everything, which counts as no mutant's time
            killed, survived, spent_s = 0, [], 0.0
            for number, (mutant, what) in enumerate(asked, 1):
                if time.monotonic() - began > options.seconds:
                    print(f"{len(asked) - number + 1} not tried yet: call again", flush=True)
                    break
                record = trial.verdict(mutant, what)
                spent_s += float(str(record["seconds"]))
                killed += bool(record["killed"])
                if not record["killed"]:
                    survived.append(record)
                    print(f"survived: {record['text']} {what} ({record['tests']} tests)", flush=True)
            tried = killed + len(survived)
            print(
                f"\n{killed} of {tried} found ({killed / max(1, tried):.1%}), seed {options.seed}; "
                f"{spent_s / max(1, tried):.1f} s each"
            )
            # A fault's key ends with what it is, which is no part of what survivors are known by.
            known = {str(record["key"]).removesuffix(f":{record['what']}"): record for record in survived}
            for key in known.keys() & reasons:
                print(f"known: {known[key]['text']}: {reasons[key]}")
            return 1 if known.keys() - reasons else 0
    except KeyboardInterrupt:
        print("\ninterrupted; call again to go on")
        return 130
    finally:
        subprocess.run(("rm", "-rf", str(scratch)), check=False)


if __name__ == "__main__":
    sys.exit(main())
