#!/usr/bin/env python3
"""Everything people do in this checkout, with nothing but Python: `python3 tasks.py`.

It makes its own environment in `.venv`, so it also works where the system's Python is externally
managed, and never touches anything outside this folder.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
VENV = HERE / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
WINGS = ("drivers", "calibration", "reports")
"""Folders that are installed as subpackages of `powermeter`."""


LOCK = HERE / ".ci" / "requirements.lock"
"""Every file that the tests of continuous integration install, by its hash; its first lines state the platform."""

WHOLE = ("-m", "not device and not slow")
"""Options for the tests of `test` and of `thorough` together."""

SHARES = 4
"""Commits over which the costly of the long proofs are spread (`tests/costly.csv`)."""

PARTS = os.cpu_count() or 1
"""Processes that compile the tests, or check types, at once."""

OF_MYPY_ITSELF = 2
"""Its status where it failed, or could not read a file; 1 is that of types that do not fit."""

INSTALLED = (
    *("test_packaging.py", "test_registry.py", "test_public_names.py"),  # every file, each name loaded late
    "drivers/test_accuracies.py",  # each driver, opened on what is simulated for it
    *(
        f"footprint/test_{table}.py"
        for table in ("factors", "gazetteer", "grid_of_place", "cloud", "minerals", "equivalent")
    ),
    *("battery/test_presets.py", "battery/test_lora.py"),
    *(
        "reports/test_table_formats.py",
        "reports/test_html.py",
        "reports/test_every_cell.py",
        "reports/exports",
    ),
    "marking/test_bindings.py::test_outside_of_a_recording_it_does_nothing",  # the header for C
    *("recorder/remote/test_command.py", "errors/test_exit_codes.py"),
    "testing/test_plugin.py::test_what_was_measured_is_printed",  # the entry point for pytest
)
"""Tests that meet what a wheel can lack: files, tables of data, templates, names, entry points. Numbers were tested before."""


def run(*command: str | Path, where: str | Path = HERE, variables: Mapping[str, str] | None = None) -> None:
    """Run a command in this folder or another; end with its status where it fails."""
    print("$", " ".join(map(str, command)), flush=True)
    changed = {**os.environ, **(variables or {})}
    status = subprocess.run(list(map(str, command)), cwd=where, env=changed, check=False).returncode
    if status:
        sys.exit(status)


def environment(extras: str) -> None:
    """Make `.venv` where it is missing and install this checkout into it, editable, with extras."""
    if is_installed(VENV, extras):
        return
    if not PYTHON.exists():
        make_environment()
    install(PYTHON, extras, "--editable", ".")
    note_installed(VENV, extras)


def is_installed(place: Path, extras: str) -> bool:
    """Return whether an environment has these extras as `pyproject.toml` names them now."""
    note = place / "installed.txt"
    return note.exists() and note.read_text() == as_noted(extras)


def note_installed(place: Path, extras: str) -> None:
    """Note in an environment what was installed into it."""
    (place / "installed.txt").write_text(as_noted(extras))


def as_noted(extras: str) -> str:
    """Return what is noted of extras."""
    return f"{extras} {(HERE / 'pyproject.toml').stat().st_mtime_ns}"


def install(python: Path, extras: str, *what: str | Path) -> None:
    """Install this package with extras; what tests need comes from the lock where continuous integration runs."""
    # Not compiled: tests keep what they compile elsewhere (`bytecode`), and most files are never imported.
    pip = (*pip_for(python), "install", "--quiet", "--no-compile")
    if extras == development() and is_locked():
        run(*pip, "--require-hashes", "--requirement", LOCK)
        run(*pip, "--no-deps", "--no-build-isolation", *what)
        return
    *options, package = what
    run(*pip, *options, f"{package}[{extras}]")


def is_locked() -> bool:
    """Return whether tests stand on the locked files: all judges are required, on the platform that the lock is for."""
    here = (sys.platform, platform.machine(), sys.version_info[:2])
    return bool(os.environ.get("POWERMETER_TESTS_REQUIRE_ALL")) and here == ("linux", "x86_64", (3, 11))


def make_environment() -> None:
    """Make `.venv`, also where the system ships venv without pip inside (Debian)."""
    command = [sys.executable, "-m", "venv", str(VENV)]
    if subprocess.run(command, cwd=HERE, capture_output=True, check=False).returncode == 0:
        return
    shutil.rmtree(VENV, ignore_errors=True)
    run(sys.executable, "-m", "venv", "--without-pip", VENV)


def pip_for(python: Path) -> Sequence[str | Path]:
    """Return the command that installs into an environment: its own pip, or the system's from outside."""
    asked = subprocess.run([str(python), "-m", "pip", "--version"], capture_output=True, check=False)
    if asked.returncode == 0:
        return (python, "-m", "pip")
    return (sys.executable, "-m", "pip", "--python", python)


def demo(arguments: Sequence[str]) -> None:
    """record a real speech detector on this machine, show and report what it cost"""
    environment("carbon,report,example")
    powermeter = BIN / "powermeter"
    recording, report = Path("voice_activity.power"), Path("voice_activity.html")
    run(
        powermeter,
        "record",
        "--force",
        "--output",
        recording,
        *arguments,
        "--",
        PYTHON,
        "examples/voice_activity.py",
    )
    run(powermeter, "report", recording, "--force", "--output", report)


def development() -> str:
    """Return the extras that tests need: with all independent judges where none may be absent."""
    return "dev,proof" if os.environ.get("POWERMETER_TESTS_REQUIRE_ALL") else "dev"


def test(arguments: Sequence[str]) -> None:
    """run the tests (pytest options may follow; what names a file runs in one process)"""
    environment(development())
    if names_a_file(arguments):
        run(PYTHON, "-m", "pytest", *arguments, variables=bytecode())
        return
    compile_tests()
    run(PYTHON, "-m", "pytest", *spread(), *(arguments or ("-q",)), variables=bytecode())


def thorough(arguments: Sequence[str]) -> None:
    """run the tests that prove at length what those of `test` prove by example"""
    environment(development())
    files = () if names_a_file(arguments) else files_with("mark.thorough")
    chosen = ("-m", "thorough and not slow", *files, *(arguments or ("-q",)))
    run(PYTHON, "-m", "pytest", *spread(), *chosen, variables=bytecode())


def due(arguments: Sequence[str]) -> None:
    """run the tests and the long proofs that are due for this commit: the cheap ones, and a quarter of tests/costly.csv"""
    environment(development())
    compile_tests()
    chosen = (*WHOLE, "--share", share(), *(arguments or ("-q",)))
    run(PYTHON, "-m", "pytest", *spread(), *chosen, variables=bytecode())


def share() -> str:
    """Return which of the shares this commit takes, by its hash: the same again, and without a history."""
    asked = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=HERE, capture_output=True, text=True, check=False
    )
    return f"{int(asked.stdout.strip()[:8] or '0', 16) % SHARES}/{SHARES}"


def names_a_file(arguments: Sequence[str]) -> bool:
    """Return whether options of pytest name what to run."""
    return any(Path(each.split("::")[0]).exists() for each in arguments)


def files_with(text: str) -> tuple[str, ...]:
    """Return the test files that hold a text, as paths below this folder: the others need not be imported."""
    found = sorted((HERE / "tests").rglob("test_*.py"))
    return tuple(each.relative_to(HERE).as_posix() for each in found if text in each.read_text("utf-8"))


def spread() -> tuple[str, ...]:
    """Return the options that spread tests over processes: one more than cores, for some tests wait.

    Of tests that pass no file is kept: they may lie in memory.
    """
    kept = ("-o", "tmp_path_retention_policy=failed")
    return ("-n", str((os.cpu_count() or 1) + 1), "--dist", "worksteal", *kept)


def compile_tests() -> None:
    """Fill an empty cache of compiled tests: each of the processes would otherwise rewrite every assertion for itself."""
    if (VENV / "bytecode").exists():
        return
    rooms = sorted(
        each for each in (HERE / "tests").iterdir() if each.is_dir() and any(each.rglob("test_*.py"))
    )
    files = sorted((HERE / "tests").glob("test_*.py"))
    parts = [[*rooms, *files][start::PARTS] for start in range(PARTS)]
    command = (str(PYTHON), "-m", "pytest", "--collect-only", "-qq")
    changed = {**os.environ, **bytecode()}
    compiling = [
        subprocess.Popen([*command, *map(str, part)], cwd=HERE, env=changed, stdout=subprocess.DEVNULL)
        for part in parts
    ]
    for each in compiling:
        each.wait()  # what cannot be collected is reported by the run itself


def bytecode(place: Path = VENV) -> dict[str, str]:
    """Return variables that keep compiled files in an environment: a hundred tests start an interpreter.

    Nothing is compiled when it is installed, and where Python is asked to write none each interpreter would compile torch anew.
    """
    return {"PYTHONPYCACHEPREFIX": str(place / "bytecode"), "PYTHONDONTWRITEBYTECODE": ""}


def lint(arguments: Sequence[str]) -> None:
    """check style, the import rule, types, and that the generated reference is up to date"""
    environment(development())
    run(PYTHON, "-m", "ruff", "format", "--check", ".")
    run(PYTHON, "-m", "ruff", "check", ".")
    with tempfile.TemporaryDirectory() as folder:
        as_installed(Path(folder))
        check_types(folder)
    run(PYTHON, "docs/generate.py", "--check")


def check_types(folder: str) -> None:
    """Check the types of the package in a folder, on all cores; on one where mypy itself fails, as it does where its workers start slowly."""
    command = (PYTHON, "-m", "mypy", f"--cache-dir={HERE / '.mypy_cache'}", "-p", "powermeter")
    print("$", *command, flush=True)
    several = subprocess.run(
        command, cwd=folder, env={**os.environ, "MYPY_NUM_WORKERS": str(PARTS)}, check=False
    )
    if several.returncode == OF_MYPY_ITSELF:
        run(*command, where=folder)
    elif several.returncode:
        sys.exit(several.returncode)


def as_installed(folder: Path) -> None:
    """Lay the package out as it is installed, by links, so that a type checker finds the wings in it."""
    package = folder / "powermeter"
    package.mkdir()
    for path in (HERE / "powermeter").iterdir():
        if path.name not in (*WINGS, "__pycache__"):
            (package / path.name).symlink_to(path)
    for name in WINGS:
        (package / name).symlink_to(HERE / name)
    (folder / "pyproject.toml").symlink_to(HERE / "pyproject.toml")


def docs(arguments: Sequence[str]) -> None:
    """write the reference of commands, sources, exit codes and Python names into docs/reference/"""
    environment(development())
    run(PYTHON, "docs/generate.py", *arguments)


def site(arguments: Sequence[str]) -> None:
    """build the pages as a site into site/"""
    environment(f"{development()},site")
    run(PYTHON, "-m", "mkdocs", "build", "--quiet", *arguments)


def wheel(arguments: Sequence[str]) -> None:
    """build the wheel and test commands, drivers and data of it, installed in an environment of its own"""
    environment(development())
    with tempfile.TemporaryDirectory() as folder:
        dist = Path(folder) / "dist"
        run(PYTHON, "-m", "build", "--no-isolation", "--outdir", dist)
        (built,) = dist.glob("*.whl")
        python = beside_the_checkout(built, Path(folder) / "venv")
        # From elsewhere: a child process with the checkout on its path would find `./powermeter` first.
        elsewhere = Path(folder) / "elsewhere"
        elsewhere.mkdir()
        tests = [HERE / "tests" / part for part in INSTALLED]
        config = ("-c", HERE / "pyproject.toml")
        pytest = (python, "-m", "pytest", "-q", *spread(), *WHOLE, *config, *tests, *arguments)
        run(*pytest, where=elsewhere, variables=bytecode())
        verbs = HERE / "tests" / "support" / "every_verb.py"
        run(python, verbs, elsewhere / "verbs", "--once", where=elsewhere, variables=bytecode())


def beside_the_checkout(built: Path, own: Path) -> Path:
    """Return the interpreter of an environment that has a wheel, and what tests need from `.venv`, but not the checkout.

    Of a folder that a `.pth` file names no `.pth` file is read, so the editable install is not seen from there.
    """
    run(sys.executable, "-m", "venv", "--without-pip", own)
    python = own / BIN.name / PYTHON.name
    run(*pip_for(python), "install", "--quiet", "--no-compile", "--no-deps", built)
    site, *_ = packages_of(python)
    (Path(site) / "needed.pth").write_text("\n".join(packages_of(PYTHON)) + "\n")
    found = "import powermeter, sys; sys.exit(not powermeter.__file__.startswith(sys.prefix))"
    run(python, "-c", found, where=own)
    return python


def packages_of(python: Path) -> list[str]:
    """Return the folders in which an environment's packages lie."""
    ask = "import sys; print(*(each for each in sys.path if each.endswith('site-packages')), sep='\\n')"
    done = subprocess.run([str(python), "-c", ask], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def frameworks(arguments: Sequence[str]) -> None:
    """run the tests that stand in real frameworks (torch, Keras, scikit-learn …), which it installs: 2 GB, a minute"""
    own = VENV.with_name(".venv-frameworks")  # of its own: Flower's pins and the linters' exclude each other
    python = own / BIN.name / PYTHON.name
    if not python.exists():
        run(sys.executable, "-m", "venv", "--without-pip", own)
    if not is_installed(own, "frameworks"):  # not again where a wheel is being built of this checkout
        pip = (sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-compile")
        run(*pip, "--editable", ".[frameworks]")
        note_installed(own, "frameworks")
    workers = "tests/marking/test_workers.py::test_so_are_those_of_the_workers_of_frameworks"
    tests = ("tests/hooks", "tests/examples/test_frameworks.py", "tests/marking/test_torch.py", workers)
    variables = {"POWERMETER_TESTS_REQUIRE_FRAMEWORKS": "1", **bytecode(own)}
    # Each process keeps a half, so that what the tests of a framework share is made once: an example, what it imports.
    beside = ("-q", "-n", "2", "--dist", "worksteal", *WHOLE)
    run(python, "-m", "pytest", *(arguments or (*beside, *tests)), variables=variables)


def lab(arguments: Sequence[str]) -> None:
    """prove the I²C drivers against a real Linux kernel in an emulator (Debian; installs what it needs)"""
    environment(development())
    run(PYTHON, "tests/lab/run.py", *arguments, variables=bytecode())


def spark(arguments: Sequence[str]) -> None:
    """ask a fleet on Spark and on DuckDB, and compare (installs pyspark; needs Java)"""
    environment(f"{development()},spark")
    tests = ("-q", "-m", "slow", "tests/fleet/test_engines.py", *arguments)
    run(PYTHON, "-m", "pytest", *tests, variables=bytecode())


def audit(arguments: Sequence[str]) -> None:
    """write what the core brings along into sbom.json (CycloneDX) and ask PyPI's advisories about each (network)"""
    environment("audit")
    lock = "requirements.lock"
    described = ("--pyproject", "pyproject.toml", "--mc-type", "library", "--output-format", "JSON")
    run(
        PYTHON,
        "-W",
        "ignore",
        "-m",
        "cyclonedx_py",
        "requirements",
        *described,
        "--output-file",
        "sbom.json",
        lock,
    )
    run(
        PYTHON,
        "-m",
        "pip_audit",
        "--strict",
        "--require-hashes",
        "--disable-pip",
        "--requirement",
        lock,
        *arguments,
    )


def slow(arguments: Sequence[str]) -> None:
    """run the long proofs: kills, soak, fuzz, Monte-Carlo"""
    environment(development())
    run(PYTHON, "-m", "pytest", "-q", "-m", "slow", "--timeout", "3600", *arguments)


def mutants(arguments: Sequence[str]) -> None:
    """put small faults into a copy of the code and list those that no test finds (--help)"""
    environment(development())
    run(PYTHON, "tests/mutation/run.py", *arguments)


def changelog(arguments: Sequence[str]) -> None:
    """move the sentences in changes/ into the first section of CHANGELOG.md"""
    gather_changes(HERE / "changes", HERE / "CHANGELOG.md")


def gather_changes(folder: Path, log: Path) -> None:
    """Add each fragment as an item to the end of a changelog's first section, and delete it."""
    fragments = sorted(path for path in folder.glob("*.md") if path.name != "README.md")
    items = ["- " + " ".join(path.read_text(encoding="utf-8").split()) for path in fragments]
    if not items:
        return
    text = log.read_text(encoding="utf-8")
    start = text.index("\n## ") + 1
    end = text.find("\n## ", start)
    first, rest = (text[start:], "") if end < 0 else (text[start:end], text[end:])
    log.write_text(text[:start] + "\n".join([first.rstrip(), *items, ""]) + rest, encoding="utf-8")
    for path in fragments:
        path.unlink()


TASKS: dict[str, Callable[[Sequence[str]], None]] = {
    task.__name__: task
    for task in (
        demo,
        test,
        thorough,
        due,
        lint,
        docs,
        site,
        wheel,
        lab,
        frameworks,
        spark,
        audit,
        slow,
        mutants,
        changelog,
    )
}

WITH_OPTIONS = ("lab", "mutants")
"""Tasks that describe their options themselves."""


def main() -> None:
    """Run the named task, or list them."""
    name, *arguments = sys.argv[1:] or ["help"]
    if name not in TASKS:
        print("python3 tasks.py TASK\n")
        for task in TASKS.values():
            print(f"  {task.__name__:10} {task.__doc__}")
        sys.exit(0 if name in ("help", "-h", "--help") else 2)
    if {"-h", "--help"} & set(arguments) and name not in WITH_OPTIONS:
        print(f"python3 tasks.py {name}\n\n  {TASKS[name].__doc__}")
        return
    try:
        TASKS[name](arguments)
    except KeyboardInterrupt:
        sys.exit(130)  # as a shell states it; what it was about to wait for has had the same Ctrl-C


if __name__ == "__main__":
    main()
