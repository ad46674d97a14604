"""Pipes whose descriptors are left alone once they are another file's."""

from __future__ import annotations

import os

import pytest

from powermeter.recorder.own_pipes import Pipe

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork, and descriptors of POSIX")


@pytest.fixture
def pipe():
    theirs, ours = os.pipe()
    yield theirs, Pipe(ours)
    os.close(theirs)


def test_lines_go_through_whole(pipe):
    theirs, ours = pipe
    ours.send("one")
    ours.send("zwei ü")
    ours.close()
    ours.close()
    ours.send("three")
    assert list(Pipe(theirs).lines()) == [b"one", "zwei ü".encode()] and ours.closed and not ours.is_lost


def test_a_long_line_comes_in_pieces():
    theirs, ours = os.pipe()
    if os.fork() == 0:
        Pipe(ours).send("x" * 300_000)
        os._exit(0)
    os.close(ours)
    reader = Pipe(theirs)
    assert [len(line) for line in reader.lines()] == [300_000]
    reader.close()
    os.wait()


def test_a_file_that_took_its_number_is_neither_written_to_nor_read_nor_closed(pipe, tmp_path):
    _, ours = pipe
    (tmp_path / "mine").write_bytes(b"mine\n")
    mine = os.open(tmp_path / "mine", os.O_RDWR)
    os.dup2(mine, ours.descriptor)
    assert ours.is_lost
    ours.send("stop")
    assert list(ours.lines()) == []
    ours.close()
    assert ours.is_lost and os.pread(ours.descriptor, 9, 0) == b"mine\n"
    os.close(ours.descriptor)
    os.close(mine)


def test_one_whose_number_is_free_is_lost(pipe):
    _, ours = pipe
    os.close(ours.descriptor)
    assert ours.is_lost
    ours.send("stop")
    ours.close()
