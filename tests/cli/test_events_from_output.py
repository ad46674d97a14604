"""`record` around a language model's server: its tokens without a change of its code or arguments."""

from __future__ import annotations

import socket
import subprocess
import sys
import textwrap
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest

from powermeter.analysis.tokens import measures as names
from powermeter.cli import events_from_output
from powermeter.cli.events_from_output import WatchedCommand
from powermeter.errors import ConfigurationError
from powermeter.recording import Recording
from powermeter.testing.language_model import Server

Here = Callable[..., subprocess.CompletedProcess[str]]
RECORD = ("record", "--no-live", "-s", "virtual://?rate=200Hz")

CLIENT = """
    import http.client, json, sys
    for number in range(4):
        own = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=20)
        own.request("POST", "/completion", json.dumps({"prompt": "a b c d", "n_predict": 5, "stream": True, "cache_prompt": False}))
        own.getresponse().read()
    sys.exit(3)
"""


@pytest.mark.thorough
def test_answers_that_pass_through_are_counted_and_shown(here: Here, tmp_path: Path) -> None:
    server = Server()
    path = tmp_path / "run.power"
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    script = tmp_path / "client.py"
    script.write_text(textwrap.dedent(CLIENT))
    done = here(
        *(*RECORD, "-o", path, "--pass-through", f"{port}:{server.port}"),
        *("--", sys.executable, script, port),
    )
    server.close()
    assert done.returncode == 3, done.stderr
    assert f"passing http://127.0.0.1:{port} through to 127.0.0.1:{server.port}" in done.stderr
    with Recording.open(path) as recording:
        events = recording.events()
    assert names.total(events, names.GENERATED) == 20 == server.counts[names.GENERATED]
    assert "Language models" in done.stderr and "stand-in" in done.stderr


@pytest.mark.thorough
def test_a_known_programs_lines_are_read_without_an_option(here: Here, tmp_path: Path) -> None:
    program = tmp_path / "llama-server"
    program.write_text(
        textwrap.dedent(
            f"""\
            #!{sys.executable}
            import os, sys, time
            time.sleep(0.1)
            print("to stdout", os.isatty(1))
            print("slot print_timing: id  0 | task 0 | prompt eval time =  20.0 ms /  56 tokens (x)", file=sys.stderr)
            print("slot print_timing: id  0 | task 0 |        eval time =  30.0 ms /   8 tokens (x)", file=sys.stderr)
            sys.exit(7)
            """
        )
    )
    program.chmod(0o755)
    path = tmp_path / "run.power"
    done = here(*RECORD, "-q", "-o", path, "--", program)
    assert done.returncode == 7
    assert done.stdout == "to stdout False\n"
    assert "--events-from none turns that off" in done.stderr and "eval time =  30.0 ms" in done.stderr
    with Recording.open(path) as recording:
        assert [(e.name, e.count) for e in recording.events()] == [("prefill", 56), ("decode", 7)]
        assert all(e.peak_memory is None for e in recording.events())


def test_options_that_would_count_twice_or_cannot_be_used_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="twice"):
        WatchedCommand.of(["x"], "llama.cpp", "0:80")
    with pytest.raises(ConfigurationError, match="after --"):
        WatchedCommand.of([], "llama.cpp", None)
    with pytest.raises(ConfigurationError, match="not a regular expression"):
        WatchedCommand.of(["x"], "(unclosed", None)
    assert WatchedCommand.of(["/usr/bin/llama-server"], "none", None).read is None
    assert WatchedCommand.of(["/usr/bin/llama-server"], None, None).streams == (2,)
    assert WatchedCommand.of(["ls"], None, None).read is None


def test_a_last_line_without_an_end_counts_on_either_output_of_a_board(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The board prints half a line on each; both are taken at the end, and what it knows of the clocks is kept."""

    class Board:
        clock_doubt_ns = 250

        def __init__(
            self, target: str, command: list[str], marks: object, report: object, see: object
        ) -> None:
            self.see, self.is_closed = see, False
            boards.append(self)

        def run(self) -> int:
            self.see(1, b"out")  # type: ignore[operator]
            self.see(2, b"err")  # type: ignore[operator]
            return 4

        def close(self) -> None:
            self.is_closed = True

    boards: list[Board] = []
    lines: list[str] = []

    def read(line: str, at_ns: int, offset_ns: int) -> list[object]:
        lines.append(line)
        return []

    monkeypatch.setattr(events_from_output, "BoardCommand", Board)
    one = object.__new__(events_from_output.Watching)
    one._watched, one._log, one._recorder = WatchedCommand(read), None, SimpleNamespace(marks="")  # type: ignore[assignment,arg-type]
    assert one.run_remote("pi@board", ["infer"]) == 4
    assert lines == ["out", "err"] and one.clock_doubt_ns == 250 and boards[0].is_closed


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ("llama.cpp", "nothing that it printed reports tokens"),
        ("", "no line that it printed is one of --events-from"),
    ],
)
def test_that_no_line_was_one_is_reported_as_what_was_looked_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, chosen: str, said: str
) -> None:
    problems: list[str] = []
    monkeypatch.setattr(events_from_output, "report_problem", problems.append)
    monkeypatch.setattr(events_from_output, "watched_outputs", lambda *_: nullcontext())
    monkeypatch.setattr(events_from_output, "run_command", lambda *_, **__: 3)
    recorder = SimpleNamespace(marks=tmp_path, path=tmp_path / "run.power")
    one = events_from_output.Watching(WatchedCommand(lambda *_: [], chosen=chosen), recorder)  # type: ignore[arg-type]
    assert one.run(["x"], {}, ()) == 3
    assert problems == [said]
