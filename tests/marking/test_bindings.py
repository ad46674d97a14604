"""Marks from other languages: each example is compiled, run inside a recording, and its events are counted."""

from __future__ import annotations

import functools
import math
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from powermeter.analysis.event_accounts import not_whole
from powermeter.marking import bindings, recordings

pytestmark = pytest.mark.thorough

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "marks"
POWERMETER = Path(sys.executable).parent

LANGUAGES = {
    "infer.c": (
        "cc",
        [
            [
                "cc",
                "-std=c99",
                "-O2",
                "-Wall",
                "-Wextra",
                "-Wpedantic",
                "-Werror",
                "-I.",
                "infer.c",
                "-o",
                "infer",
            ],
            ["./infer"],
        ],
    ),
    "infer.cpp": (
        "c++",
        [
            [
                "c++",
                "-std=c++11",
                "-O2",
                "-Wall",
                "-Wextra",
                "-Wpedantic",
                "-Werror",
                "-I.",
                "infer.cpp",
                "-o",
                "infer",
            ],
            ["./infer"],
        ],
    ),
    "infer.rs": ("rustc", [["rustc", "-O", "infer.rs"], ["./infer"]]),
    "infer.go": ("go", [["go", "build", "-o", "infer", "infer.go"], ["./infer"]]),
    "Infer.java": ("java", [["java", "Infer.java"]]),
    "infer.js": ("node", [["node", "infer.js"]]),
    "infer.sh": ("bash", [["bash", "infer.sh"]]),
    "infer_old.py": (sys.executable, [[sys.executable, "infer_old.py"]]),
}
"""Example → the tool it needs, and how it is built and run."""


def run(command: list[str], folder: Path, marks: str | None) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "PATH": f"{POWERMETER}:{os.environ['PATH']}",
        "GOCACHE": str(folder / "cache"),
    }
    environment.pop(recordings.ENVIRONMENT, None)
    if marks is not None:
        environment[recordings.ENVIRONMENT] = marks
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=110, check=False
    )
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture
def workshop(tmp_path) -> Path:
    """A folder with what a program of another language is built from."""
    return furnish(tmp_path / "workshop")


def furnish(folder: Path) -> Path:
    shutil.copytree(EXAMPLES, folder)
    shutil.copy(bindings.HEADER, folder)
    shutil.copy(bindings.MODULE, folder)
    return folder


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Callable[[str], Path]:
    """Return the folder of an example that is built, once for the tests that run it as it is."""
    base = tmp_path_factory.mktemp("built")

    @functools.cache
    def build(example: str) -> Path:
        tool, commands = LANGUAGES[example]
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed here")
        folder = furnish(base / example)
        for command in commands[:-1]:
            run(command, folder, None)
        return folder

    return build


@pytest.mark.parametrize("example", LANGUAGES)
def test_an_example_in_every_language_marks_what_it_does(running, built, example):
    run(LANGUAGES[example][1][-1], built(example), running.folder)
    found = running.end()
    assert [event.name for event in found].count("infer") == 3
    infers = [event for event in found if event.name == "infer"]
    decodes = [event for event in found if event.name == "decode the output"]
    assert len(infers) == len(decodes) == 3 and len(found) == 7
    for outer, inner in zip(infers, decodes, strict=True):
        assert outer.count == 8 and outer.attributes == {"model": "tiny"}
        assert inner.count is None
        assert outer.start_ns <= inner.start_ns < inner.end_ns <= outer.end_ns
        if inner.parent is not None:
            assert inner.parent == outer.uid
    (epoch,) = (event for event in found if event.name == "epoch")
    assert epoch.is_mark and epoch.attributes == {"number": 1} and epoch.start_ns < infers[0].start_ns
    (counts,) = running.counts().values()
    assert (counts.begun, counts.finished, counts.details["instants"]) == (6, 6, 1)
    wrong = ("lost", "refused", "strays", "torn", "late")
    assert {name: counts.details[name] for name in wrong} == dict.fromkeys(wrong, 0)
    assert not_whole(running.counts()) == []


@pytest.mark.parametrize("example", LANGUAGES)
def test_outside_of_a_recording_it_does_nothing(built, example):
    folder, command = built(example), LANGUAGES[example][1][-1]
    if example == "infer.sh":
        command = ["bash", "-c", "powermeter mark begin infer && powermeter mark end infer"]
    run(command, folder, None)
    assert not list(folder.glob("*.ring"))


def test_the_header_has_150_lines_at_most_and_needs_no_library():
    text = bindings.HEADER.read_text()
    assert len(text.splitlines()) <= 150
    included = {line.split("<")[1].rstrip(">") for line in text.splitlines() if line.startswith("#include <")}
    assert included <= {
        "errno.h",
        "fcntl.h",
        "stdint.h",
        "stdio.h",
        "stdlib.h",
        "string.h",
        "sys/mman.h",
        "sys/resource.h",
        "sys/stat.h",
        "sys/syscall.h",
        "time.h",
        "unistd.h",
    }


def test_the_module_runs_on_python_3_6():
    vermin = shutil.which("vermin", path=f"{POWERMETER}:{os.environ['PATH']}")
    if vermin is None:
        pytest.skip("vermin is not installed")
    command = [vermin, "--no-tips", "-t=3.6-", "--violations", str(bindings.MODULE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "Minimum required versions: 3." in done.stdout


MANY = r"""
#include "powermeter_marks.h"
#include <pthread.h>
#include <sys/wait.h>
static void *work(void *name) {
    for (int i = 0; i < MARKS; i++) powermeter_instant((const char *)name, NULL);
    return NULL;
}
int main(void) {
    pthread_t other;
    pthread_create(&other, NULL, work, (void *)"other");
    work((void *)"own");
    pthread_join(other, NULL);
    pid_t child = fork();
    if (child == 0) { work((void *)"child"); _exit(0); }
    waitpid(child, NULL, 0);
    powermeter_event inner = powermeter_begin("killed inside");
    (void)inner;
    if (ABORT) raise(9);
    return 0;
}
"""


def many(workshop: Path, running, marks: int, ends: str) -> dict[str, list]:
    if shutil.which("cc") is None:
        pytest.skip("cc is not installed here")
    (workshop / "many.c").write_text("#include <signal.h>\n" + MANY)
    defines = [f"-DMARKS={marks}", f"-DABORT={int(ends == 'kill')}"]
    run(["cc", "-O2", "-I.", *defines, "many.c", "-o", "many", "-pthread"], workshop, None)
    subprocess.run(
        ["./many"],
        cwd=workshop,
        env={**os.environ, recordings.ENVIRONMENT: running.folder},
        check=False,
    )
    found: dict[str, list] = {}
    for event in running.end():
        found.setdefault(event.name, []).append(event)
    return found


@pytest.mark.parametrize("ends", ["kill", "return"])
def test_threads_a_fork_and_a_kill_lose_nothing_in_c(live, workshop, ends):
    found = many(workshop, live, 5000, ends)
    assert {name: len(found[name]) for name in ("own", "other", "child")} == dict.fromkeys(
        ("own", "other", "child"), 5000
    )
    for name in ("own", "other", "child"):
        times = [event.start_ns for event in found[name]]
        assert times == sorted(times)
    assert [event.end_ns for event in found["killed inside"]] == [None]


LONG = r"""
#include "powermeter_marks.h"
int main(void) {
    static char name[2000];
    memset(name, 'x', 1500); name[1500] = 'a'; powermeter_instant(name, NULL);
    name[1500] = 'b'; powermeter_instant(name, "{\"n\": 1}");
    return 0;
}
"""


def test_two_long_names_stay_two_in_c_and_in_the_one_file(live, workshop):
    """Both were stored as their first bytes: two labels became one, and nothing stated it."""
    if shutil.which("cc") is None:
        pytest.skip("cc is not installed here")
    (workshop / "long.c").write_text(LONG)
    program = "import powermeter_marks as p\n" + "p.mark('x' * 5000 + 'a')\n" + "p.mark('x' * 5000 + 'b')\n"
    (workshop / "long_names.py").write_text(program)
    shutil.copy(bindings.MODULE, workshop)
    run(["cc", "-O2", "-I.", "-Wall", "-Wextra", "-Werror", "long.c", "-o", "long"], workshop, None)
    for command in (["./long"], [sys.executable, "long_names.py"]):
        marked = {**os.environ, recordings.ENVIRONMENT: live.folder}
        subprocess.run(command, cwd=workshop, env=marked, check=True)
    found = live.end()
    names = [event.name for event in found]
    assert len(names) == len(set(names)) == 4 and all(name.startswith("x" * 940) for name in names)
    assert ["cut, 1501 bytes" in name for name in names].count(True) == 2
    assert ["cut, 5001 bytes" in name for name in names].count(True) == 2
    assert [event.attributes for event in found].count({"n": 1}) == 1


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_million_and_a_half_marks_none_lost_or_reordered(live, workshop):
    found = many(workshop, live, 500_000, "return")
    for name in ("own", "other", "child"):
        assert len(found[name]) == 500_000
        times = [event.start_ns for event in sorted(found[name], key=lambda event: event.uid)]
        assert times == sorted(times)
    counts = live.counts().values()
    assert sum(one.details["lost"] for one in counts) == 0


AT_FULL_SPEED = {
    "infer.c": [("usleep(2000); /* the work */", ""), ("i < 3", "i < TURNS")],
    "infer.cpp": [("std::this_thread::sleep_for(std::chrono::milliseconds(2));", ""), ("i < 3", "i < TURNS")],
    "infer.rs": [("std::thread::sleep(std::time::Duration::from_millis(2));", ""), ("0..3", "0..TURNS")],
    "infer.go": [("time.Sleep(2 * time.Millisecond)", ""), ("i < 3", "i < TURNS")],
    "Infer.java": [("Thread.sleep(2);", ""), ("i < 3", "i < TURNS")],
    "infer.js": [("await new Promise((done) => setTimeout(done, 2));", ""), ("i < 3", "i < TURNS")],
    "infer_old.py": [("time.sleep(0.002)", "pass"), ("range(3)", "range(TURNS)")],
}
"""What makes of an example one that does not wait, and marks so many turns of two events each."""


def at_full_speed(workshop: Path, running, example: str, turns: int) -> None:
    """Run an example without its work, and check that each of its events arrived, once and in order."""
    tool, commands = LANGUAGES[example]
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed here")
    text = (workshop / example).read_text()
    for slow, fast in AT_FULL_SPEED[example]:
        assert slow in text
        text = text.replace(slow, fast.replace("TURNS", str(turns)))
    (workshop / example).write_text(text)
    for command in commands[:-1]:
        run(command, workshop, None)
    run(commands[-1], workshop, running.folder)
    found = sorted((e.uid, e.start_ns, e.end_ns is None) for e in running.end() if not e.is_mark)
    first = found[0][0]
    assert [uid for uid, _, _ in found] == list(range(first, first + 2 * turns))
    starts = [start for _, start, _ in found]
    assert starts == sorted(starts) and not any(is_open for _, _, is_open in found)
    (counts,) = running.counts().values()
    assert (counts.begun, counts.finished, counts.details["lost"]) == (2 * turns, 2 * turns, 0)


def test_a_program_that_is_faster_than_the_recorder_waits_and_loses_nothing(live, workshop):
    at_full_speed(workshop, live, "infer.js", 40_000)  # more than twice the slots of its ring


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("example", AT_FULL_SPEED)
def test_a_million_events_of_every_language_none_lost_or_reordered(live, workshop, example):
    at_full_speed(workshop, live, example, 500_000)


def old_pythons() -> list[str]:
    """Return the interpreters of 3.6 to 3.9 that are on the path or where pyenv keeps them."""
    kept = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    found = []
    for minor in range(6, 10):
        beside = [str(path) for path in sorted(kept.glob(f"3.{minor}.*/bin/python3"))]
        found += [name for name in (shutil.which(f"python3.{minor}"), *beside) if name and works(name)][:1]
    return found


def works(python: str) -> bool:
    """Whether an interpreter starts: a name on the path may stand for one that is not installed."""
    done = subprocess.run([python, "-c", "import mmap, json"], capture_output=True, check=False, timeout=60)
    return done.returncode == 0


def test_the_module_marks_from_pythons_that_are_too_old_for_the_package(running, workshop):
    pythons = old_pythons()
    if not pythons:
        pytest.skip("no Python from 3.6 to 3.9 is here")
    for python in pythons:
        run([python, "infer_old.py"], workshop, running.folder)
    found = running.end()
    assert [event.name for event in found].count("infer") == 3 * len(pythons)
    for outer in (event for event in found if event.name == "infer"):
        inner = next(e for e in found if e.process == outer.process and e.parent == outer.uid)
        assert outer.start_ns <= inner.start_ns < inner.end_ns <= outer.end_ns
    assert all(
        (one.begun, one.finished, one.details["lost"]) == (6, 6, 0) for one in running.counts().values()
    )


COST = r"""
#include "powermeter_marks.h"
static int by_size(const void *a, const void *b) { return (*(double *)a > *(double *)b) - (*(double *)a < *(double *)b); }
int main(void) {
    static double costs[100];
    powermeter_instant("first", NULL);
    for (int run = 0; run < 100; run++) {
        int64_t start = powermeter_now();
        for (int i = 0; i < 200; i++) powermeter_instant("infer", NULL);
        costs[run] = (double)(powermeter_now() - start) / 200;
    }
    qsort(costs, 100, sizeof(double), by_size);
    printf("%f", costs[0]);
    return 0;
}
"""


def test_a_mark_in_c_costs_at_most_200_ns(live, workshop):
    if shutil.which("cc") is None:
        pytest.skip("cc is not installed here")
    (workshop / "cost.c").write_text(COST)
    run(["cc", "-O2", "-I.", "cost.c", "-o", "cost"], workshop, None)
    least_ns = float(run(["./cost"], workshop, live.folder).stdout)
    assert math.isfinite(least_ns) and least_ns <= 200, f"{least_ns} ns"
    assert len(live.end()) == 20_001


def test_what_is_set_in_the_one_file_after_the_end_of_an_event_is_counted(running, workshop):
    (workshop / "late.py").write_text(
        "import powermeter_marks as marks\n"
        "with marks.event('w', n=2) as one:\n"
        "    one.count = 3\n"
        "    one['model'] = 'tiny'\n"
        "one.count = 4\n"
        "one['model'] = 'large'\n"
        "one.measure(loss=0.5)\n"
    )
    run([sys.executable, "late.py"], workshop, running.folder)
    (event,) = running.end()
    assert (event.count, event.attributes) == (3, {"model": "tiny"})
    assert [one.details["late"] for one in running.counts().values()] == [3]


def test_in_the_one_file_a_loop_left_early_and_status_0_are_no_errors(running, workshop):
    (workshop / "ends.py").write_text(
        "import sys\n"
        "import powermeter_marks as marks\n"
        "def items():\n"
        "    with marks.event('loop'):\n"
        "        yield 1\n"
        "        yield 2\n"
        "for _ in items():\n"
        "    break\n"
        "for error in (SystemExit(3), ValueError()):\n"
        "    try:\n"
        "        with marks.event('fails'):\n"
        "            raise error\n"
        "    except BaseException:\n"
        "        pass\n"
        "with marks.event('main'):\n"
        "    sys.exit()\n"
    )
    run([sys.executable, "ends.py"], workshop, running.folder)
    assert {(event.name, event.attributes.get("error")) for event in running.end()} == {
        ("loop", None),
        ("fails", "SystemExit"),
        ("fails", "ValueError"),
        ("main", None),
    }
