"""HTTP/1.1 messages of one direction of a connection, read along while their bytes pass (RFC 9112, 6 and 7).

Nothing is changed or held back.  What cannot be followed raises, and then the connection only passes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

MOST_HEAD = 1 << 16
_MOST_SIZE_LINE = 4096
_MOST_BODY = 1 << 40


class NotFollowed(ValueError):
    """The bytes are not HTTP/1.1 as it is known here."""


class Messages:
    """The messages of one direction.

    Args:
        on_head: Called with the start line and the headers (names in lower case); returns whether a body may follow,
            which for an answer depends on the question.
        on_body: Called with each piece of a body.
        on_end: Called when a message is over.
        is_answer: Whether it is the server's direction: a body without a length lasts until the end.
    """

    def __init__(
        self,
        on_head: Callable[[str, Mapping[str, str]], bool],
        on_body: Callable[[bytes], None],
        on_end: Callable[[], None],
        *,
        is_answer: bool,
    ) -> None:
        self._on_head = on_head
        self._on_body = on_body
        self._on_end = on_end
        self._is_answer = is_answer
        self._step: Callable[[bytes], bytes] = self._head
        self._held = b""
        self._left = 0

    def feed(self, data: bytes) -> None:
        """Read on.

        Raises:
            NotFollowed: It is not a message as known here.
        """
        data = self._held + data
        self._held = b""
        while data:
            before = self._step
            rest = self._step(data)
            if rest == data and self._step == before:
                self._held = rest
                return
            data = rest

    def end(self) -> None:
        """Note that the connection has ended: so has a body without a length."""
        if self._step == self._until_end:
            self._finish()

    def _finish(self) -> None:
        self._step = self._head
        self._on_end()

    def _head(self, data: bytes) -> bytes:
        end = data.find(b"\r\n\r\n")
        if end < 0:
            if len(data) > MOST_HEAD:
                raise NotFollowed("a head without an end")
            if len(data) >= 8 and not data[:8].lstrip(b"\r\n").split(b"/")[0].replace(b" ", b"").isalpha():
                raise NotFollowed("no HTTP/1.1")
            return data
        first, *lines = data[:end].lstrip(b"\r\n").decode("latin-1").split("\r\n")
        headers: dict[str, str] = {}
        for line in lines:
            name, colon, value = line.partition(":")
            if not colon:
                raise NotFollowed("a head that is none")
            key = name.strip().lower()
            headers[key] = f"{headers[key]}, {value.strip()}" if key in headers else value.strip()
        self._begin(first, headers)
        return data[end + 4 :]

    def _begin(self, first: str, headers: Mapping[str, str]) -> None:
        if "HTTP/1." not in first:
            raise NotFollowed(f"not HTTP/1.1: {first[:40]!r}")
        status = first.split(" ")[1] if self._is_answer and " " in first else ""
        if status == "101":
            raise NotFollowed("the connection becomes another protocol")
        has_body = self._on_head(first, headers)
        if status.startswith("1"):
            return
        if not has_body or status in ("204", "304"):
            self._finish()
        elif "chunked" in headers.get("transfer-encoding", "").lower():
            self._step = self._size
        elif "content-length" in headers:
            text = headers["content-length"].split(",")[0].strip()
            if not text.isdecimal() or int(text) > _MOST_BODY:
                raise NotFollowed("a length that is none")
            self._left = int(text)
            self._step = self._known
            if not self._left:
                self._finish()
        elif self._is_answer:
            self._step = self._until_end
        else:
            self._finish()

    def _known(self, data: bytes) -> bytes:
        piece, rest = data[: self._left], data[self._left :]
        self._left -= len(piece)
        self._on_body(piece)
        if not self._left:
            self._finish()
        return rest

    def _until_end(self, data: bytes) -> bytes:
        self._on_body(data)
        return b""

    def _size(self, data: bytes) -> bytes:
        end = data.find(b"\r\n")
        if end < 0:
            if len(data) > _MOST_SIZE_LINE:
                raise NotFollowed("a chunk without a size")
            return data
        text = data[:end].split(b";")[0].strip()
        try:
            size = int(text, 16)
        except ValueError:
            raise NotFollowed("a chunk without a size") from None
        if not 0 <= size <= _MOST_BODY:
            raise NotFollowed("a chunk beyond bounds")
        self._left = size
        self._step = self._chunk if size else self._trailer
        return data[end + 2 :]

    def _chunk(self, data: bytes) -> bytes:
        piece, rest = data[: self._left], data[self._left :]
        self._left -= len(piece)
        self._on_body(piece)
        if not self._left:
            self._step = self._after_chunk
        return rest

    def _after_chunk(self, data: bytes) -> bytes:
        if len(data) < 2:
            return data
        if data[:2] != b"\r\n":
            raise NotFollowed("a chunk longer than its size")
        self._step = self._size
        return data[2:]

    def _trailer(self, data: bytes) -> bytes:
        end = data.find(b"\r\n")
        if end < 0:
            if len(data) > MOST_HEAD:
                raise NotFollowed("a trailer without an end")
            return data
        if end == 0:
            self._finish()
        return data[end + 2 :]
