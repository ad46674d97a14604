"""What `--force` may replace, and that a file appears whole or not at all."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import pytest

from powermeter.errors import ConfigurationError, ExistsError
from powermeter.recording import Writer
from powermeter.recording.output_file import (
    STANDARD_OUTPUT,
    check_output,
    in_place,
    unknown_extension,
    write_files,
)


def test_a_new_name_may_be_written_and_an_old_one_only_by_force(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    check_output(path, force=False)
    path.write_text("time_s,meter/flags\n")
    with pytest.raises(ExistsError, match="--force"):
        check_output(path, force=False)
    check_output(path, force=True)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_only_a_regular_file_is_ever_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (pipe, tmp_path, Path("/dev/null")):
        with pytest.raises(ConfigurationError):
            check_output(path, force=True)
    with pytest.raises(ConfigurationError, match="no folder"):
        check_output(tmp_path / "nowhere" / "out.csv", force=True)


def test_what_is_read_is_never_replaced_also_under_another_name(tmp_path: Path) -> None:
    source, link = tmp_path / "run.power", tmp_path / "link.power"
    source.write_text("samples")
    link.symlink_to(source)
    for path in (source, link):
        with pytest.raises(ConfigurationError, match="that is read"):
            check_output(path, force=True, inputs=[source])


def test_a_link_is_replaced_and_not_what_it_leads_to(tmp_path: Path) -> None:
    kept, link = tmp_path / "kept", tmp_path / "link"
    kept.write_text("kept")
    link.symlink_to(kept)
    with pytest.raises(ExistsError):
        write_files({link: "new"}, force=False)
    write_files({link: "new"}, force=True)
    assert kept.read_text() == "kept" and link.read_text() == "new" and not link.is_symlink()


def test_of_several_files_all_are_written_or_none(tmp_path: Path) -> None:
    first, second = tmp_path / "a.md", tmp_path / "b.svg"
    second.write_text('<svg class="figure wide">')
    with pytest.raises(ExistsError):
        write_files({first: "one", second: b"two"}, force=False)
    assert not first.exists() and second.read_text().startswith("<svg")
    write_files({first: "one", second: b"two"}, force=True)
    assert (first.read_text(), second.read_text()) == ("one", "two")
    assert sorted(tmp_path.iterdir()) == [first, second]


def test_a_file_that_fails_half_way_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("old")
    with pytest.raises(RuntimeError), in_place(path) as part:
        part.write_text("half")
        raise RuntimeError
    with pytest.raises(ConfigurationError, match="No space left"), in_place(path) as part:
        part.write_text("half")
        raise OSError(28, "No space left on device")
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_a_dash_is_standard_output(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    check_output(STANDARD_OUTPUT, force=False)
    with pytest.raises(ConfigurationError, match="a recording is a file"):
        check_output(STANDARD_OUTPUT, force=False, by_recording=True)
    write_files({STANDARD_OUTPUT: "µJ\n"}, force=False)
    assert capfdbinary.readouterr().out == "µJ\n".encode()
    assert not Path("-").exists()


@pytest.mark.parametrize(
    ("name", "content", "mode", "replaced"),
    [
        ("x.md", b"# anything", 0o644, False),
        ("x.md", b"# Energy of infer.py\n\nAMD EPYC\n", 0o644, False),
        (
            "x.md",
            b"# Energy of the model: a\n\nFor the technical documentation under Article 53",
            0o644,
            True,
        ),
        ("x.csv", b"", 0o644, True),
        ("x.html", b"<!DOCTYPE html>\n<html>", 0o644, False),
        ("x.pdf", b"%PDF-1.7", 0o644, False),
        ("x.pdf", b"%PDF-1.4 << /Creator (powermeter) >>", 0o644, True),
        ("x.csv", b"label,energy\ninfer,3\n", 0o644, False),
        ("infer.py", b"print(1)", 0o644, False),  # the measured script
        ("x.md", b"#!/bin/sh\n", 0o644, False),
        ("run.txt", b"echo", 0o755, False),
        ("x.power", b"SQLite format 3\0" + bytes(200), 0o644, False),  # somebody else's data base
        ("x.power", b"", 0o644, True),
        ("README", b"text", 0o644, False),
    ],
)
def test_force_replaces_only_what_we_write(tmp_path, name, content, mode, replaced):
    path = tmp_path / name
    path.write_bytes(content)
    path.chmod(mode)
    if replaced:
        check_output(path, force=True)
    else:
        with pytest.raises(ConfigurationError, match="not a file that powermeter writes"):
            check_output(path, force=True)
    assert path.read_bytes() == content


@pytest.mark.parametrize("name", ["odd.name", "b.power", "table.csv"])
def test_only_a_recording_replaces_a_recording_under_any_name(tmp_path, name):
    path = tmp_path / name
    with Writer.create(path, {}):
        pass
    check_output(path, force=True, by_recording=True)
    with pytest.raises(ConfigurationError, match="only another recording replaces it"):
        check_output(path, force=True)
    with pytest.raises(ConfigurationError, match="only another recording replaces it"):
        write_files({path: "text"}, force=True)
    path.unlink()
    write_files({path: "text"}, force=True)


def test_a_recording_of_which_only_the_log_knows_what_it_is_is_being_written(tmp_path):
    """No advice to delete it: another `record` has just begun it."""
    path = tmp_path / "run.power"
    with Writer.create(path):
        head = path.read_bytes()
        assert head[68:72] == bytes(4), "its identity is in the log until the first checkpoint"
        with pytest.raises(ExistsError, match="being written"):
            check_output(path, force=True, by_recording=True)


@pytest.mark.skipif(os.name == "nt", reason="no devices by name")
def test_a_device_is_refused_as_one_and_no_extension_is_proposed(tmp_path):
    """`-o /dev/null` was answered with `/dev/null.html`."""
    with pytest.raises(ConfigurationError, match=r"^/dev/null is not a regular file.*standard output"):
        unknown_extension(Path("/dev/null"), "type -o /dev/null.html")
    with pytest.raises(ConfigurationError, match="is a folder"):
        unknown_extension(tmp_path, "use .html")
    assert str(unknown_extension(tmp_path / "x", "use .html")).endswith("what is written; use .html")
    assert str(unknown_extension(tmp_path / "x.q", "use .html")).endswith("unknown file extension; use .html")


def test_a_name_that_is_too_long_is_named(tmp_path):
    """Of 2000 characters the error was `File name too long`, with neither name nor the status of a wrong option."""
    with pytest.raises(ConfigurationError, match=r"xxx.*: file name too long"):
        check_output(tmp_path / ("x" * 2000), force=False)


def test_text_at_a_terminal_is_in_its_encoding(monkeypatch: pytest.MonkeyPatch) -> None:
    """An ASCII terminal showed the bytes of UTF-8."""
    raw = io.BytesIO()
    terminal = io.TextIOWrapper(raw, "latin-1")
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdout", terminal)
    write_files({STANDARD_OUTPUT: "µJ\n"}, force=False)
    assert raw.getvalue() == b"\xb5J\n"
