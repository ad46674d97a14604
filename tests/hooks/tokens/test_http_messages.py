"""HTTP/1.1 read along: any pieces, every kind of length; what cannot be followed is said, and nothing is guessed."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.hooks.tokens.http_messages import MOST_HEAD, Messages, NotFollowed


class Heard:
    def __init__(self, *, is_answer: bool = True, has_body: bool = True) -> None:
        self.heads: list[str] = []
        self.bodies: list[bytes] = []
        self.ended = 0
        self._has_body = has_body
        self.messages = Messages(self.head, self.body, self.end, is_answer=is_answer)

    def head(self, first: str, headers: object) -> bool:
        self.heads.append(first)
        self.bodies.append(b"")
        return self._has_body

    def body(self, data: bytes) -> None:
        self.bodies[-1] += data

    def end(self) -> None:
        self.ended += 1


SOME = (
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
    b"HTTP/1.1 204 No Content\r\n\r\n"
    b"HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n3\r\nabc\r\n4;x=1\r\ndefg\r\n0\r\nTrailer: 1\r\n\r\n"
    b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"
)


@pytest.mark.parametrize("seed", range(6))
def test_messages_come_in_any_pieces(seed: int) -> None:
    rng = np.random.default_rng(seed)
    heard, at = Heard(), 0
    while at < len(SOME):
        size = int(rng.integers(1, [2, 4, 16, 64, 256, 1024][seed]))
        heard.messages.feed(SOME[at : at + size])
        at += size
    assert heard.bodies == [b"hello", b"", b"abcdefg", b""]
    assert heard.ended == 4


def test_a_body_without_a_length_lasts_until_the_end_of_the_connection() -> None:
    heard = Heard()
    heard.messages.feed(b"HTTP/1.0 200 OK\r\n\r\nall of it")
    assert heard.ended == 0
    heard.messages.end()
    assert (heard.bodies, heard.ended) == ([b"all of it"], 1)


def test_an_answer_to_a_head_request_has_no_body_whatever_its_length() -> None:
    heard = Heard(has_body=False)
    heard.messages.feed(
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
    )
    assert heard.ended == 2


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcdef",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"GET " + b"a" * (MOST_HEAD + 1),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1" * 5000,
    ],
)
def test_what_is_not_known_is_not_followed(data: bytes) -> None:
    with pytest.raises(NotFollowed):
        Heard().messages.feed(data)


def test_requests_end_with_their_bodies() -> None:
    heard = Heard(is_answer=False)
    heard.messages.feed(b"GET / HTTP/1.1\r\n\r\nPOST /x HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}")
    assert (heard.heads, heard.ended) == (["GET / HTTP/1.1", "POST /x HTTP/1.1"], 2)
