"""Progress: nothing off a terminal or for what is quick, the time left where the share is known, no line left behind."""

from __future__ import annotations

import io

import pytest

from powermeter.cli import progress as module
from powermeter.cli.progress import counted, message, progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("seconds", "share", "text"),
    [
        (10.0, 0.25, "writing x: 25 %, 30 s left"),
        (10.0, None, "writing x: 10 s so far"),
        (10.0, 0.001, "writing x: 10 s so far"),
        (4.0, 1.0, "writing x: 100 %, 1 s left"),
        (31.0, 0.25, "writing x: 25 %, 93 s left"),
        (50.0, 0.25, "writing x: 25 %, 2 min 30 s left"),
    ],
)
def test_the_time_left_follows_from_the_share_done(seconds, share, text):
    assert message("writing x", seconds, share, 80) == text


@pytest.mark.parametrize("width", [10, 20, 40])
def test_a_narrow_line_keeps_its_number(width):
    text = message("writing \x1b a_very_long_name_of_a_file.csv", 10.0, 0.25, width)
    assert "30 s left" in text and "\x1b" not in text
    assert len(text) <= max(width, len("25 %, 30 s left"))


@pytest.mark.parametrize(
    ("width", "text"), [(28, "writing abc: 25 %, 30 s left"), (27, "writing...: 25 %, 30 s left")]
)
def test_a_name_that_just_fits_is_whole(width, text):
    assert message("writing abc", 10.0, 0.25, width) == text


def test_what_is_quick_or_not_on_a_terminal_draws_nothing(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    for stream in (Terminal(), io.StringIO()):
        with progress("x", stream) as note:
            note(0.5)
        assert stream.getvalue() == ""


def test_what_takes_long_is_drawn_and_wiped(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(module, "AFTER_S", 0.0)
    monkeypatch.setattr(module, "EVERY_S", 0.01)
    stream, seen = Terminal(), []
    with progress("x", stream) as note:
        for _ in counted(range(5000), lambda _: 1, 5000, lambda share: (note(share), seen.append(share))):
            if "x:" in stream.getvalue():
                break
            import time

            time.sleep(0.01)
    assert "x: " in stream.getvalue() and stream.getvalue().endswith("\r\x1b[K")
    assert seen == sorted(seen)


def test_an_error_inside_ends_the_line_and_goes_on(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(module, "AFTER_S", 0.0)
    with pytest.raises(ValueError, match="inside"), progress("x", Terminal()):
        raise ValueError("inside")


def test_what_is_printed_wipes_the_line_first_and_a_question_keeps_its_line(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(module, "AFTER_S", 1000.0)
    error, out = Terminal(), Terminal()
    monkeypatch.setattr(module.sys, "stderr", error)
    monkeypatch.setattr(module.sys, "stdout", out)
    with module.heartbeat(["show", "x"]):
        line = module._lines[-1]
        line._draw()
        assert error.getvalue().endswith("show: 0 s so far")
        print("a table")
        assert error.getvalue().endswith("\r\x1b[K") and out.getvalue() == "a table\n"
        module.sys.stderr.write("a question: ")
        line._draw()
        assert error.getvalue().endswith("a question: ")
    assert module.sys.stdout is out and module.sys.stderr is error and not module._lines


READING = (
    ["show", "RUN"],
    ["report", "RUN", "-o", "page.html"],
    ["report", "RUN", "-o", "-", "--to", "markdown"],
    ["compare", "RUN:infer", "RUN:idle"],
    ["compare", "a-*.power", "RUN"],
    ["table", "."],
    ["export", "RUN", "-o", "labels.csv", "--what", "labels"],
    ["export", "RUN", "--share", "-o", "shared.power"],
    ["cite", "RUN"],
    ["budget", "RUN"],
    ["footprint", "RUN"],
    ["lifetime", "RUN", "--label", "infer"],
    ["verify", "RUN"],
    ["repair", "RUN"],
    ["collect", ".", "-o", "lab"],
)


@pytest.mark.thorough
@pytest.mark.parametrize("arguments", READING, ids=" ".join)
def test_every_verb_that_reads_a_recording_draws_how_far_it_is(arguments, run_power, monkeypatch, tmp_path):
    """Reading waits, with a generous end, until the line with the share done was drawn; none is left behind."""
    import shutil
    import time

    from powermeter import cli

    monkeypatch.chdir(tmp_path)
    shutil.copy(run_power, "a-1.power")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(module, "AFTER_S", 0.0)
    monkeypatch.setattr(module, "EVERY_S", 0.01)
    stream = Terminal()
    monkeypatch.setattr(module.sys, "stderr", stream)

    counted_as_usual = module._Expected.count

    def wait(self, samples):
        counted_as_usual(self, samples)
        end = time.monotonic() + 60
        while " left" not in stream.getvalue() and time.monotonic() < end:
            time.sleep(0.005)

    monkeypatch.setattr(module._Expected, "count", wait)
    cli.run([one.replace("RUN", "run.power") for one in arguments])
    drawn = stream.getvalue()
    assert " %, " in drawn and " left" in drawn
    assert drawn.rindex("\r\x1b[K") > drawn.rindex(" left")


def test_json_draws_nothing_and_interactive_verbs_neither(run_power, monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(module.sys, "stderr", Terminal())
    for arguments in (["show", str(run_power), "--json"], *([verb, "x"] for verb in sorted(module.WITHOUT))):
        with module.heartbeat(arguments):
            assert not module._lines, arguments


def test_verbs_that_draw_for_themselves_are_verbs():
    from powermeter import registry

    assert set(registry.VERBS) >= module.WITHOUT and set(registry.VERBS) >= set(module.PASSES)
