"""What a row is guarded by, worked out from `docs/file-format.md` with the standard library alone."""

from __future__ import annotations

import hashlib
import zlib

import pytest

from powermeter.recording.hash_chain import canonical, checksum, link

ROW = (7, "run \u00e9", None, b"\x00\xff")
TEXT = b"gap\x1f3\x1f7\x1frun \xc3\xa9\x1f\x1f00ff"


def test_a_row_is_hashed_as_table_id_and_values():
    assert canonical("gap", 3, ROW) == TEXT


@pytest.mark.parametrize(
    ("table", "identifier", "row"), [("event", 3, ROW), ("gap", 4, ROW), ("gap", 3, (*ROW, None))]
)
def test_a_sound_row_in_a_wrong_place_has_another_checksum(table, identifier, row):
    assert checksum("gap", 3, ROW) == zlib.crc32(TEXT) != checksum(table, identifier, row)


def test_each_link_is_over_the_one_before_it():
    first = link(b"", TEXT)
    assert first == hashlib.sha256(TEXT).digest()
    assert link(first, TEXT) == hashlib.sha256(first + TEXT).digest() != first


def test_what_is_not_unicode_is_refused():
    with pytest.raises(UnicodeEncodeError):
        canonical("gap", 3, ("\ud800",))
