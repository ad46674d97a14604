"""Events that have begun and not ended: announced once, and named once in the account."""

from __future__ import annotations

import subprocess
import sys
import textwrap

from waiting import CEILING_S

from powermeter.marking.mark_account import MAX_LISTED
from powermeter.marking.unfinished_events import Begun, names_of, unannounced
from powermeter.recording import Recording


def begun(name: bytes, uid: int = 1) -> Begun:
    return Begun(name, 0, uid, 0, 0, 0, 1, b"")


def test_each_event_that_runs_is_announced_once() -> None:
    first, second = begun(b"a"), begun(b"b", 2)
    assert list(unannounced([first])) == [first]
    assert list(unannounced([first, second])) == [second]
    assert list(unannounced([first, second])) == []


def test_a_name_is_listed_once_and_no_more_names_than_an_account_holds() -> None:
    assert names_of([begun(b"a"), begun(b"a", 2), begun(b"\xff")]) == ["a", "\N{REPLACEMENT CHARACTER}"]
    many = [begun(str(i).encode(), i) for i in range(MAX_LISTED + 1)]
    assert names_of(many) == [str(i) for i in range(MAX_LISTED)]


def test_an_event_that_ends_while_its_program_leaves_is_whole(tmp_path):
    """`__del__` and a generator's close run after what a process does at its exit: their marks have a ring of their own."""
    path = tmp_path / "run.power"
    code = """
        import powermeter
        class Held:
            def __init__(self):
                self.event = powermeter.event("held")
                self.event.__enter__()
            def __del__(self):
                self.event.__exit__(None, None, None)
        @powermeter.track
        def made():
            yield 1
        held, generator = Held(), made()
        next(generator)
    """
    command = [sys.executable, "-m", "powermeter", "record", "-q", "--no-live", "-s", "virtual://?rate=100Hz"]
    command += ["-o", str(path), "--", sys.executable, "-c", textwrap.dedent(code)]
    assert subprocess.run(command, capture_output=True, timeout=CEILING_S, check=False).returncode == 0
    with Recording.open(path) as recording:
        assert sorted(event.name for event in recording.events() if event.end_ns is not None) == [
            "held",
            "made",
        ]
        (counts,) = recording.process_counts().values()
    assert (counts.begun, counts.finished, counts.details["strays"]) == (2, 2, 0)
