"""`python3 tasks.py`: needs nothing but Python, lists its tasks, and lays the package out as installed."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import costly
import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def tasks() -> ModuleType:
    spec = importlib.util.spec_from_file_location("tasks", ROOT / "tasks.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-S", str(ROOT / "tasks.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_it_lists_its_tasks_without_any_library(tasks: ModuleType) -> None:
    done = run()
    assert done.returncode == 0, done.stderr
    listed = [line.split()[0] for line in done.stdout.splitlines() if line.startswith("  ")]
    assert listed == list(tasks.TASKS)


def test_an_unknown_task_is_refused_with_the_list() -> None:
    done = run("tset")
    assert done.returncode == 2 and "test" in done.stdout


def test_ctrl_c_ends_a_task_without_a_traceback(tasks: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setitem(tasks.TASKS, "lint", interrupted)
    monkeypatch.setattr(sys, "argv", ["tasks.py", "lint"])
    with pytest.raises(SystemExit) as ended:
        tasks.main()
    assert ended.value.code == 130


def test_the_readme_and_contributing_name_tasks_that_exist(tasks: ModuleType) -> None:
    for page in ("README.md", "CONTRIBUTING.md"):
        text = (ROOT / page).read_text(encoding="utf-8")
        named = {
            line.split("tasks.py ")[1].split()[0]
            for line in text.splitlines()
            if "$ python3 tasks.py " in line
        }
        assert named - {"#"} <= set(tasks.TASKS), page


def test_the_layout_is_that_of_the_wheel(tasks: ModuleType, tmp_path: Path) -> None:
    tasks.as_installed(tmp_path)
    for module in ("units.py", "drivers/virtual.py", "calibration/fit.py", "reports/html.py"):
        assert (tmp_path / "powermeter" / module).is_file()
    assert not (tmp_path / "drivers").exists()


def test_an_environment_is_made_once(tasks: ModuleType, tmp_path: Path, monkeypatch) -> None:
    ran: list[tuple[object, ...]] = []
    python = tmp_path / "python"
    python.write_text("")
    monkeypatch.setattr(tasks, "VENV", tmp_path)
    monkeypatch.setattr(tasks, "PYTHON", python)
    monkeypatch.setattr(tasks, "pip_for", lambda python: ("pip",))
    monkeypatch.setattr(tasks, "run", lambda *command, **_: ran.append(command))
    monkeypatch.setattr(tasks, "is_locked", lambda: False)
    tasks.environment("dev")
    tasks.environment("dev")
    assert ran == [("pip", "install", "--quiet", "--no-compile", "--editable", ".[dev]")]
    tasks.environment("dev,proof")
    assert len(ran) == 2


def test_what_tests_need_comes_from_the_lock_where_all_judges_are_required(
    tasks: ModuleType, monkeypatch
) -> None:
    ran: list[tuple[object, ...]] = []
    monkeypatch.setenv("POWERMETER_TESTS_REQUIRE_ALL", "1")
    monkeypatch.setattr(tasks, "pip_for", lambda python: ("pip",))
    monkeypatch.setattr(tasks, "run", lambda *command, **_: ran.append(command))
    monkeypatch.setattr(tasks, "is_locked", lambda: True)
    tasks.install(tasks.PYTHON, "dev,proof", "--editable", ".")
    assert ran == [
        ("pip", "install", "--quiet", "--no-compile", "--require-hashes", "--requirement", tasks.LOCK),
        ("pip", "install", "--quiet", "--no-compile", "--no-deps", "--no-build-isolation", "--editable", "."),
    ]
    ran.clear()
    tasks.install(tasks.PYTHON, "dev,proof,spark", "--editable", ".")  # more than the lock holds
    assert ran == [("pip", "install", "--quiet", "--no-compile", "--editable", ".[dev,proof,spark]")]


@pytest.mark.parametrize(
    "asked, processes",
    [
        ((), True),
        (("-x",), True),
        (("-k", "energy"), True),
        (("tests/test_tasks.py",), False),
        (("-x", "tests/test_units.py::test_x"), False),
    ],
)
def test_options_alone_keep_the_tests_spread_over_processes(
    tasks: ModuleType, monkeypatch, asked: tuple[str, ...], processes: bool
) -> None:
    ran: list[tuple[str, ...]] = []
    monkeypatch.setattr(tasks, "run", lambda *command, **_: ran.append(tuple(map(str, command))))
    monkeypatch.setattr(tasks, "environment", lambda extras: None)
    monkeypatch.setattr(tasks, "compile_tests", lambda: None)
    tasks.test(asked)
    (command,) = ran
    assert ("-n" in command) is processes
    assert command[len(command) - len(asked) :] == asked
    monkeypatch.setattr(tasks.os, "cpu_count", lambda: 6)
    assert tasks.spread()[:2] == ("-n", "7")


def test_what_is_thorough_is_run_by_its_task_alone(
    tasks: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[tuple[str, ...]] = []
    monkeypatch.setattr(tasks, "run", lambda *command, **_: ran.append(tuple(map(str, command))))
    monkeypatch.setattr(tasks, "environment", lambda extras: None)
    tasks.thorough(())
    tasks.thorough(("-x", "tests/test_tasks.py"))
    everything, named = ran
    assert "thorough and not slow" in everything and "thorough and not slow" in named
    files = [each for each in everything if each.endswith(".py")]
    assert files and all("mark.thorough" in (ROOT / each).read_text(encoding="utf-8") for each in files)
    assert [each for each in named if each.endswith(".py")] == ["tests/test_tasks.py"]


def test_what_is_costly_exists_and_is_due_for_one_commit_in_so_many(
    tasks: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = costly.seconds()
    assert min(table.values()) >= 0.5 and list(table.values()) == sorted(table.values(), reverse=True)
    for test in table:
        path, _, name = test.partition("::")
        text = (ROOT / path).read_text(encoding="utf-8")
        assert "mark.thorough" in text and (f"def {name.rpartition('::')[2]}(" in text or not name), test
    (dear, *_), whole = table, next(row for row in table if "::" not in row)
    for cases in ([f"{dear}[{n}]" for n in range(40)], [f"{whole}::test_{n}" for n in range(40)]):
        due = [[costly.is_due(case, table, f"{n}/4") for case in cases] for n in range(4)]
        assert [sum(of_one) for of_one in zip(*due, strict=True)] == [1] * 40
        fewest, most = (0, 40) if cases[0].startswith(whole) else (4, 18)
        assert fewest <= min(map(sum, due)) and max(map(sum, due)) <= most
    assert costly.is_due("tests/test_units.py::test_x", table, "3/4")

    ran: list[tuple[str, ...]] = []
    monkeypatch.setattr(tasks, "run", lambda *command, **_: ran.append(tuple(map(str, command))))
    monkeypatch.setattr(tasks, "environment", lambda extras: None)
    monkeypatch.setattr(tasks, "compile_tests", lambda: None)
    commit = subprocess.CompletedProcess((), 0, stdout="0000000e" + 32 * "f" + "\n")
    monkeypatch.setattr(tasks.subprocess, "run", lambda *_, **__: commit)
    tasks.due(("-x",))
    (command,) = ran
    assert command[command.index("--share") + 1] == "2/4" and command[-1] == "-x"
    assert command[command.index("-m", 3) + 1] == "not device and not slow"
    commit.stdout = ""  # no history here
    assert tasks.share() == "0/4"


@pytest.mark.parametrize(
    ("asked", "whole"),
    [
        (["tests"], False),
        (["tests/analysis"], False),
        (["tests/test_tasks.py::test_x", "tests/test_units.py"], True),
        (["tests/test_tasks.py", "tests"], False),
    ],
)
def test_a_file_that_is_named_is_run_with_what_is_thorough_in_it(asked: list[str], whole: bool) -> None:
    spec = importlib.util.spec_from_file_location("its_conftest", ROOT / "tests" / "conftest.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert ("thorough" not in module.expression(asked)) is whole


def test_the_wheel_is_found_beside_the_checkout(tasks: ModuleType) -> None:
    """What tests need is found in `.venv`; of the folders named there none brings the checkout itself."""
    python = Path(sys.executable)
    folders = tasks.packages_of(python)
    assert folders and all(Path(folder).is_dir() for folder in folders)
    without = f"import sys; sys.path[:] = {folders!r}; import powermeter"
    done = subprocess.run([python, "-I", "-S", "-c", without], capture_output=True, text=True, check=False)
    assert "No module named 'powermeter'" in done.stderr


def test_what_a_wheel_is_asked_is_there(tasks: ModuleType) -> None:
    for part in tasks.INSTALLED:
        assert (ROOT / "tests" / part.partition("::")[0]).exists(), part


def test_a_failing_command_ends_with_its_status(tasks: ModuleType, capsys) -> None:
    with pytest.raises(SystemExit) as ended:
        tasks.run(sys.executable, "-c", "raise SystemExit(7)")
    assert ended.value.code == 7 and capsys.readouterr().out.startswith("$ ")


def test_pip_comes_from_the_environment_or_from_outside(tasks: ModuleType, tmp_path: Path) -> None:
    for status, own in ((0, True), (1, False)):
        python = tmp_path / f"python{status}"
        python.write_text(f"#!/bin/sh\nexit {status}\n")
        python.chmod(0o755)
        command = tasks.pip_for(python)
        assert (command[0] == python) is own and command[1:3] == ("-m", "pip")


def test_fragments_end_the_first_section_of_the_changelog(tasks: ModuleType, tmp_path: Path) -> None:
    log, folder = tmp_path / "CHANGELOG.md", tmp_path / "changes"
    folder.mkdir()
    log.write_text("# Changes\n\n## 0.2 (unreleased)\n\n- old\n\n## 0.1\n\n- first\n", encoding="utf-8")
    (folder / "README.md").write_text("how", encoding="utf-8")
    (folder / "b.md").write_text("Second\nsentence.\n", encoding="utf-8")
    (folder / "a.md").write_text("First sentence.\n", encoding="utf-8")
    tasks.gather_changes(folder, log)
    wanted = "# Changes\n\n## 0.2 (unreleased)\n\n- old\n- First sentence.\n- Second sentence.\n\n## 0.1\n\n- first\n"
    assert log.read_text(encoding="utf-8") == wanted
    assert [path.name for path in folder.iterdir()] == ["README.md"]
    tasks.gather_changes(folder, log)
    assert log.read_text(encoding="utf-8") == wanted


def test_each_fragment_is_a_sentence() -> None:
    """Without the mark of a list, which the changelog sets before each: it had `- - A sentence. - Another.`"""
    for path in (ROOT / "changes").glob("*.md"):
        text = path.read_text(encoding="utf-8").strip()
        assert text.endswith(".") and len(text) < 600, path.name
        assert not [line for line in text.splitlines() if line.startswith(("- ", "* "))], path.name


def test_help_of_a_task_is_printed_and_nothing_is_run() -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(ROOT / "tasks.py"), "frameworks", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("python3 tasks.py frameworks\n") and "run the tests" in done.stdout
    assert done.stderr == ""


STAND_IN = """#!/bin/sh
echo "$0 $*" | sed 's|.*/||' >>"$RAN"
case "$*" in *"$FAILS"*) exit 7 ;; esac
"""
"""In place of `python3` and `apt-get`: notes what it is asked, and fails where asked for one of them."""


@pytest.mark.skipif(sys.platform == "win32", reason="a script of bash")
@pytest.mark.parametrize(
    "fails",
    [
        "nothing",
        "kernel.py",
        "frameworks --version",
        "lint",
        "due",
        "lab",
        "wheel",
        "spark",
        "tasks.py frameworks",
    ],
)
def test_integration_fails_where_a_part_beside_others_does(tmp_path: Path, fails: str) -> None:
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", tmp_path / ".ci" / "run")
    for name in ("python3", "apt-get"):
        (tmp_path / name).write_text(STAND_IN)
        (tmp_path / name).chmod(0o755)
    ran = tmp_path / "ran.txt"
    changed = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "RAN": str(ran), "FAILS": fails}
    done = subprocess.run(["bash", tmp_path / ".ci" / "run"], env=changed, capture_output=True, check=False)
    assert done.returncode == (0 if fails == "nothing" else 7), done.stderr
    asked = [line.split()[2:3] for line in ran.read_text().splitlines() if "tasks.py" in line]
    if fails == "nothing":
        assert sorted(map("".join, asked)) == sorted(
            ["frameworks", "lint", "test", "due", "lab", "wheel", "spark", "frameworks"]
        )
    alone = [line.partition("tasks.py ")[2] for line in ran.read_text().splitlines()]
    if "lab" in alone:
        assert {"due", "frameworks --version"} <= set(alone[: alone.index("lab")])
        assert not {"wheel", "spark"} & set(alone[: alone.index("lab")])


def test_no_interpreter_compiles_what_another_has(tasks: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Installed without compiled files, where Python is asked to write none: each import of torch took ten seconds more."""
    asked: list[tuple[str, dict[str, str]]] = []

    def run(*command: object, variables: dict[str, str] | None = None, **_: object) -> None:
        asked.append((" ".join(map(str, command)), variables or {}))

    monkeypatch.setattr(tasks, "run", run)
    monkeypatch.setattr(tasks, "is_installed", lambda *_: True)
    for name in ("test", "lab", "frameworks", "spark"):
        tasks.TASKS[name]([str(ROOT / "tests" / "test_tasks.py")])
    tasks.TASKS["frameworks"]([])
    assert "--dist worksteal" in asked[-1][0], (
        "neighbours, which share an example, may each go to another process"
    )
    kept = [variables for command, variables in asked if "pytest" in command or "lab" in command]
    assert len(kept) == 5
    for variables in kept:
        assert variables["PYTHONPYCACHEPREFIX"] and variables["PYTHONDONTWRITEBYTECODE"] == ""
