"""A coding agent's side: the tools of `powermeter mcp`, called by the protocol's own client."""

from __future__ import annotations

import asyncio
import json
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from powermeter.cli import mcp as verb
from powermeter.cli import run
from powermeter.errors import NotInstalledError

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    out = tmp_path_factory.mktemp("mcp") / "run.power"
    program = "import time, powermeter\nfor _ in range(3):\n    with powermeter.event('infer'): time.sleep(0.02)\nprint('done')"
    found = verb.measure([sys.executable, "-c", program], source="virtual://?rate=200Hz", output=str(out))
    return out, found


def test_measure_returns_energy_with_interval_grade_and_the_programs_output(
    measured: tuple[Path, dict],
) -> None:
    out, found = measured
    assert found["program"] == {"status": 0, "output": "done\n"}
    assert found["recording"] == str(out) and out.exists()
    shown = json.dumps(found)
    assert '"simulated"' in shown and '"infer"' in shown and '"low"' in shown


def test_show_compare_and_explain_read_what_was_measured(measured: tuple[Path, dict], tmp_path: Path) -> None:
    out, _ = measured
    other = tmp_path / "other.power"
    other.write_bytes(out.read_bytes())
    assert "error" not in verb.show(str(out))
    assert "How sure" in verb.explain(str(out))["text"]
    compared = verb.compare(str(out), str(other), label="infer")
    assert "error" in compared or "verdict" in json.dumps(compared)


def test_what_cannot_be_done_is_an_answer_not_a_crash(tmp_path: Path) -> None:
    assert "error" in verb.measure([])
    assert "error" in verb.show(str(tmp_path / "none.power"))
    assert "error" in verb.explain(str(tmp_path / "none.power"))
    missing = verb.measure([str(tmp_path / "no-such-program")], source="virtual://")
    assert missing["error"] if "error" in missing else missing["program"]["status"] == 127


def test_a_recording_that_exists_is_not_returned_as_what_was_measured(tmp_path: Path) -> None:
    """`record` refuses it, and the energies of the earlier run were returned as those of a command that never ran."""
    out = tmp_path / "run.power"
    run(["record", "-o", str(out), "-s", "virtual://?rate=200Hz", "-q", "--", sys.executable, "-c", "pass"])
    found = verb.measure([sys.executable, "-c", "pass"], source="virtual://", output=str(out))
    assert "exists" in found["error"] and "run" not in found


def test_without_the_package_the_extra_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "mcp.server.mcpserver", None)
    monkeypatch.setitem(sys.modules, "mcp", None)
    assert run(["mcp"]) == NotInstalledError.exit_code
    assert "powermeter[mcp]" in capsys.readouterr().err


def test_the_server_states_the_version_of_this_package() -> None:
    pytest.importorskip("mcp.server.mcpserver", reason="the package mcp is not installed")
    assert verb.server().version == version("powermeter")


def test_the_protocols_own_client_finds_and_calls_the_tools(measured: tuple[Path, dict]) -> None:
    pytest.importorskip("mcp.server.mcpserver", reason="the package mcp is not installed")
    from mcp import ClientSession, StdioServerParameters
    from mcp.client.stdio import stdio_client

    async def talk() -> tuple[set[str], str, bool, bool]:
        server = StdioServerParameters(command=sys.executable, args=["-m", "powermeter", "mcp"])
        async with stdio_client(server) as (read, write), ClientSession(read, write) as session:
            await session.initialize()
            tools = {tool.name for tool in (await session.list_tools()).tools}
            answer = await session.call_tool("show", {"recording": str(measured[0])})
            none = await session.call_tool("explain", {"recording": "none.power"})
            mistyped = await session.call_tool("measure", {"command": ["true"], "sources": "virtual://"})
            refused = mistyped.is_error and "sources" in str(mistyped.content)
            fails = none.is_error and "does not exist" in str(none.content)
            return tools, str(answer.content), fails, refused

    tools, answer, fails, refused = asyncio.run(asyncio.wait_for(talk(), 60))
    assert tools == {"measure", "show", "compare", "explain"}
    assert "infer" in answer and "low" in answer
    assert fails, "an agent took the answer for a success"
    assert refused, "an argument that is not known was dropped, and another source measured"
