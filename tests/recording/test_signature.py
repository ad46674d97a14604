"""Keys, and that a signature is of one key and one text."""

from __future__ import annotations

import pytest

from powermeter.errors import ConfigurationError
from powermeter.recording import schema, signature

SECRET, OTHER = b"a secret of more than 16 bytes", b"another secret of that length"
SIGNED = {
    "rows": dict.fromkeys(schema.TABLES[schema.NEWEST], 3),
    "chains": dict.fromkeys(schema.TABLES[schema.NEWEST], "0a"),
}


def test_a_signature_is_of_its_key_and_its_text_alone():
    method, name, value = signature.made(signature.message(SIGNED), SECRET)
    stated = {**SIGNED, "method": method, "key": name, "value": value}
    assert signature.is_valid(stated, SECRET) and not signature.is_valid(stated, OTHER)
    for table in SIGNED["rows"]:
        assert not signature.is_valid({**stated, "rows": {**SIGNED["rows"], table: 2}}, SECRET)
        assert not signature.is_valid({**stated, "chains": {**SIGNED["chains"], table: "0b"}}, SECRET)


def test_a_signature_over_fewer_tables_is_none():
    """One of its maker, over all tables but one: what stands in that one it does not vouch for."""
    fewer = {part: {t: v for t, v in tables.items() if t != "gap"} for part, tables in SIGNED.items()}
    assert "gap" in SIGNED["rows"]
    method, name, value = signature.made(signature.message(fewer), SECRET)
    assert not signature.is_valid({**fewer, "method": method, "key": name, "value": value}, SECRET)


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 15])
def test_a_key_must_be_a_key(tmp_path, content):
    (tmp_path / "key").write_bytes(content)
    with pytest.raises(ConfigurationError, match="at least 16 bytes"):
        signature.read_key(tmp_path / "key")
    with pytest.raises(ConfigurationError, match="not a key file"):
        signature.read_key(tmp_path)
