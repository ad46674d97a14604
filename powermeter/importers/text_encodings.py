"""Recognises how a text is encoded: by its mark, else UTF-8, else by the words of headers in Asia's and Russia's older encodings."""

from __future__ import annotations

import codecs

from powermeter.importers.header_languages import WORDS_OF_HEADERS

_OLDER = ("gb18030", "cp932", "big5", "cp949", "cp1251")
_SHORTEST = 2
_LOOKED_AT = 256
_NEARLY_ALL = 0.9


def encoding_of(head: bytes) -> str:
    """Return the encoding of a text by its first bytes; UTF-8 where nothing shows another."""
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    return _unmarked_utf_16(head) or _older(head) or "utf-8-sig"


def _unmarked_utf_16(head: bytes) -> str | None:
    """Return UTF-16's order of bytes where every second byte is NUL, as in Western text."""
    some = head[:_LOOKED_AT]
    pairs = len(some) // 2
    for order, offset in (("utf-16-le", 1), ("utf-16-be", 0)):
        nuls, others = some[offset::2].count(0), some[1 - offset :: 2].count(0)
        if pairs > _SHORTEST and nuls >= _NEARLY_ALL * pairs and not others:
            return order
    return None


def _older(head: bytes) -> str | None:
    """Return the older encoding in which most words of headers stand in bytes that are not UTF-8; None where none does."""
    if head.isascii():
        return None
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        counts = {encoding: _words(head, encoding) for encoding in _OLDER}
        best = max(_OLDER, key=counts.__getitem__)
        return best if counts[best] else None
    return None


def _words(head: bytes, encoding: str) -> int:
    """Return how many words of headers stand in a text, where it is of that encoding."""
    encoded = (word.encode(encoding, "ignore") for word in WORDS_OF_HEADERS)
    return sum(len(word) > 2 * _SHORTEST - 1 and word in head for word in encoded)
