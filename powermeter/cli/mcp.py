"""`powermeter mcp`: measure, show, compare and explain for coding agents, over standard input and output."""

from __future__ import annotations

import functools
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click

from powermeter.errors import NotInstalledError

_LONGEST_S = 3600
_MOST_OUTPUT = 20_000
"""Characters of a program's own output that are returned."""

INSTRUCTIONS = (
    "Energies come with a 95 % interval and a grade (measured, derived, estimated, assumed, simulated). Report value, "
    "interval and grade together; quote expected_per_item per inference; null is unknown, not 0; 'cannot tell' is not 'the same'."
)


@click.command()
def mcp() -> None:
    """Serve measure, show, compare and explain to a coding agent (Model Context Protocol).

    \b
    Example:
        powermeter mcp

    It talks over standard input and output only and opens no port.  `measure` runs the command that the agent
    names, as `powermeter record` does; let the agent's program ask before each.
    """
    server().run(transport="stdio")


def server() -> Any:
    """Return the server with its tools; `run(transport="stdio")` serves.

    Raises:
        NotInstalledError: The package `mcp` is not there.
    """
    try:
        from mcp.server.mcpserver import MCPServer
        from mcp.server.mcpserver.exceptions import ToolError
        from mcp.server.mcpserver.tools.base import Tool
    except ImportError:
        raise NotInstalledError(
            "powermeter mcp needs the package mcp: pip install 'powermeter[mcp]'"
        ) from None
    tools = [
        _strict(Tool.from_function(_failing(tool, ToolError))) for tool in (measure, show, compare, explain)
    ]
    return MCPServer("powermeter", instructions=INSTRUCTIONS, version=version("powermeter"), tools=tools)


def _strict(tool: Any) -> Any:
    """Return a tool that refuses arguments it does not know: a mistyped `source` measured something else."""
    known = tool.fn_metadata.arg_model
    known.model_config["extra"] = "forbid"
    known.model_rebuild(force=True)
    tool.parameters = known.model_json_schema(by_alias=True)
    return tool


def _failing(tool: Callable[..., dict[str, Any]], error: type[Exception]) -> Callable[..., dict[str, Any]]:
    """Return a tool that fails by the protocol where it has nothing but an error to return."""

    @functools.wraps(tool)
    def answered(*positional: Any, **named: Any) -> dict[str, Any]:
        found = tool(*positional, **named)
        if "error" in found:
            raise error(found["error"])
        return found

    return answered


def measure(command: list[str], source: str = "", output: str = "", battery: str = "") -> dict[str, Any]:
    """Run a command and return what it cost: energy, charge and footprint of the run and of each label.

    Args:
        command: Program and arguments; no shell is between.
        source: What measures (`devices` prints it); empty takes the best of this machine.
        output: Where the recording is kept; empty keeps none.
        battery: What the use is set against, such as 4Ah.
    """
    if not command:
        return {"error": "no command to measure"}
    with tempfile.TemporaryDirectory() as folder:
        recording = output or str(Path(folder) / "run.power")
        options = [*(("--source", source) if source else ()), *(("--battery", battery) if battery else ())]
        is_taken = Path(recording).exists()  # `record` refuses; what lies there is of another run
        done = _run(["record", *options, "-o", recording, "--", *command], _LONGEST_S)
        if is_taken or not Path(recording).exists():
            return {"error": done.stderr.strip()[-_MOST_OUTPUT:], "status": done.returncode}
        found = show(recording)
        program = {"status": done.returncode, "output": done.stdout[-_MOST_OUTPUT:]}
        return {"program": program, "recording": output or None, **found}


def show(recording: str, by: str = "", rail: str = "") -> dict[str, Any]:
    """Return a recording's energies with their intervals, grades and notes, in SI units.

    Args:
        recording: Its path.
        by: Attributes that split a label, with commas: model,batch.
        rail: The rail to count; empty takes the widest.
    """
    options = [*(("--by", by) if by else ()), *(("--rail", rail) if rail else ())]
    return _json(["show", recording, *options, "--json"])


def compare(a: str, b: str, label: str = "", margin: str = "") -> dict[str, Any]:
    """Return whether B uses less than A, more, the same, or cannot tell, with the interval of the difference.

    Args:
        a, b: Paths of recordings.
        label: Only this kind of event.
        margin: A difference up to this does not count: 5%.
    """
    options = [*(("--label", label) if label else ()), *(("--margin", margin) if margin else ())]
    return _json(["compare", a, b, *options, "--json"])


def explain(recording: str) -> dict[str, Any]:
    """Return what makes a recording's interval as wide as it is, what would narrow it, and the notes, in words.

    Args:
        recording: Its path.
    """
    done = _run(["show", recording], 300)
    if done.returncode:
        return {"error": done.stderr.strip(), "status": done.returncode}
    return {"text": done.stdout[-_MOST_OUTPUT:], "notes": done.stderr.strip()[-_MOST_OUTPUT:]}


def _json(arguments: Sequence[str]) -> dict[str, Any]:
    done = _run(arguments, 600)
    try:
        found = json.loads(done.stdout)
    except ValueError:
        return {"error": done.stderr.strip()[-_MOST_OUTPUT:], "status": done.returncode}
    return found if isinstance(found, dict) else {"rows": found}


def _run(arguments: Sequence[str], limit_s: float) -> subprocess.CompletedProcess[str]:
    """Run one of our own commands; its output never reaches the protocol's."""
    command = [sys.executable, "-m", "powermeter", *arguments]
    try:
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=limit_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 1, "", f"stopped after {limit_s:.0f} s")
