"""The composite action, run step by step as a runner does: bash with its options, inputs, `if`, a summary."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import outside
import pytest
from class_of_forty import record

pytestmark = pytest.mark.thorough

ACTION = Path(__file__).resolve().parents[2] / "examples" / "github-action"

COMMAND = """
import time
import powermeter

for _ in range(6):
    with powermeter.event("infer"):
        time.sleep(0.03)
    time.sleep(0.01)
"""

PIP = """#!/bin/sh
if [ "$1 $2" = "-m pip" ]; then echo "$@" > "$PIP_LOG"; exit 0; fi
exec "{python}" "$@"
"""


def steps(inputs: Mapping[str, str], folder: Path, only: Sequence[str] = ()) -> dict[str, int]:
    """Run the action's steps in a folder, or some of them; returns step → exit status, of those that ran."""
    import yaml

    action: dict[str, Any] = yaml.safe_load((ACTION / "action.yml").read_text(encoding="utf-8"))
    missing = [name for name, one in action["inputs"].items() if one.get("required") and name not in inputs]
    assert not missing and set(inputs) <= set(action["inputs"])
    values = {name: str(inputs.get(name, one.get("default", ""))) for name, one in action["inputs"].items()}

    def filled(text: str) -> str:
        return re.sub(r"\$\{\{\s*inputs\.(\w+)\s*\}\}", lambda found: values[found[1]], text)

    assert action["runs"]["using"] == "composite"
    statuses: dict[str, int] = {}
    for step in action["runs"]["steps"]:
        if (only and step["name"] not in only) or (any(statuses.values()) and step.get("if") != "always()"):
            continue
        assert step["shell"] == "bash" and "${{" not in step["run"], (
            "an input in a script would be run as one"
        )
        script = folder / "step.sh"
        script.write_text(step["run"])
        variables = {name: filled(str(value)) for name, value in step.get("env", {}).items()}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=folder,
            env={**os.environ, **variables},
            check=False,
        )
        statuses[step["name"]] = done.returncode
    return statuses


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a checkout with a program and its tests; `pip install` is noted and not done."""
    outside.need("yaml")
    (tmp_path / "bin").mkdir()
    shim = tmp_path / "bin" / "python3"
    shim.write_text(PIP.format(python=sys.executable))
    shim.chmod(0o755)
    own = Path(sys.executable).parent
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{own}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PIP_LOG", str(tmp_path / "pip.txt"))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    (tmp_path / "infer.py").write_text(COMMAND)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "tests" / "energy").mkdir(parents=True)
    shutil.copy(ACTION / "test_energy.py", tmp_path / "tests" / "energy")
    return tmp_path


def side(folder: Path, name: str, first: int, scale: float) -> None:
    """Write three recordings of one program: energies do not depend on how busy this machine is."""
    for number in range(3):
        record(
            folder / f"{name}-{number}.power",
            "",
            1,
            machine=first + number,
            noise_seed=first + number,
            scale=scale,
        )


def test_the_branch_is_recorded_judged_and_tabled(job: Path) -> None:
    (job / "energy-gate").mkdir()
    (job / "energy-gate" / "branch-9.power").write_text("of an earlier job")
    inputs = {"command": f"{sys.executable} infer.py", "source": "virtual://", "baseline": "baseline"}
    assert steps(inputs, job, only=("Install", "Record", "Table")) == {"Install": 0, "Record": 0, "Table": 0}
    assert (job / "pip.txt").read_text().split() == [
        "-m",
        "pip",
        "install",
        "--quiet",
        "powermeter",
        "pytest",
    ]
    made = sorted(path.name for path in (job / "energy-gate").iterdir())
    assert made == ["branch-1.power", "branch-2.power", "branch-3.power"]
    summary = (job / "summary.md").read_text()
    assert all(name in summary for name in made) and "infer" in summary and "simulated" in summary


@pytest.mark.parametrize(("scale", "judged"), [(1.0, 0), (1.5, 1)], ids=["alike", "more"])
def test_a_branch_that_uses_more_fails(job: Path, scale: float, judged: int) -> None:
    side(job / "baseline", "base", 0, 1.0)
    side(job / "energy-gate", "branch", 1000, scale)
    found = steps({"command": "unused", "baseline": "baseline"}, job, only=("Judge",))
    assert found == {"Judge": judged}


def test_a_command_that_fails_ends_the_job_and_nothing_is_judged(job: Path) -> None:
    found = steps({"command": "exit 3", "baseline": "baseline", "source": "virtual://"}, job)
    assert found["Record"] == 3 and "Judge" not in found and found["Table"] == 0
