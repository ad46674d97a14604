"""Lines that could not be read are counted, and the first of them named."""

from __future__ import annotations

from powermeter.importers.unread_lines import Unread, UnreadCells, lines_of


def test_the_first_lines_are_named() -> None:
    unread = Unread()
    assert unread.notes() == []
    for line in range(3, 10):
        unread.add(line)
    (note,) = unread.notes()
    assert note.text == "7 damaged lines were left out (lines 3, 4, 5, 6, 7 …)"


def test_cells_are_named_with_their_column_unless_none_holds_a_number() -> None:
    unread = UnreadCells()
    assert unread.notes("gpu", 20) == []
    unread.add(7)
    (note,) = unread.notes("gpu", 20)
    assert note.text == "gpu: 1 cell holds no number (line 7): missing values"
    assert unread.notes("gpu", 1) == []


def test_lines_of_a_message() -> None:
    assert [lines_of(lines) for lines in ((), (3,), (3, 5))] == ["", " (line 3)", " (lines 3, 5)"]
