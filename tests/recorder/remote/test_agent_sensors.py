"""A board's own sensors, as the agent reads them."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from powermeter.recorder.remote import agent, agent_sensors


@pytest.mark.parametrize("module", [agent, agent_sensors])
def test_it_is_written_for_python_3_6(module: ModuleType) -> None:
    file = str(module.__file__)
    text = Path(file).read_text(encoding="utf-8")
    ast.parse(text, feature_version=(3, 6))
    if shutil.which("vermin"):
        found = subprocess.run(
            ["vermin", "-t=3.6-", "--no-tips", file], capture_output=True, text=True, check=False
        )
        assert found.returncode == 0, found.stdout
    imported = {
        (alias.name if isinstance(node, ast.Import) else str(node.module)).partition(".")[0]
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert imported <= {*sys.stdlib_module_names, "powermeter"}
