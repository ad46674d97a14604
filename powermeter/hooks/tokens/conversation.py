"""One connection to a language model's server, followed from both sides: which request took how long, and what it counted."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable, Mapping

from powermeter.hooks.tokens.http_messages import Messages, NotFollowed
from powermeter.hooks.tokens.prefill_and_decode import WARM_S, loading, phases_of
from powermeter.hooks.tokens.reply import Reply
from powermeter.hooks.tokens.reported_counts import Usage, has_text, is_begun
from powermeter.hooks.tokens.request import Request
from powermeter.marking.printed_lines import PrintedEvent

_GENERATING = ("completion", "/generate", "/chat", "/messages", "/responses", "infill")
RELAYED_S = 0.001
"""How late a piece reaches the relay after it was made."""
_MOST_ASKED = 1 << 20
_MOST_PIPELINED = 64


class Conversation:
    """Follows the bytes of one connection; each side is fed by a thread of its own.

    Args:
        on_found: Called with the events of each answer.
        on_unknown: Called where an answer to a request for tokens did not report how many.
    """

    def __init__(
        self, on_found: Callable[[list[PrintedEvent]], None], on_unknown: Callable[[], None]
    ) -> None:
        self._on_found = on_found
        self._on_unknown = on_unknown
        self._lock = threading.Lock()
        self._asked: deque[_Asked] = deque()
        self._sent = _Asked()
        self._answer: _Answering | None = None
        self.is_followed = True
        self._now_ns = 0
        self._client = Messages(self._question, self._question_body, self._asked_all, is_answer=False)
        self._server = Messages(self._reply, self._reply_body, self._replied, is_answer=True)

    def from_client(self, data: bytes, at_ns: int) -> None:
        """Take what the client sent, and when (monotonic ns)."""
        self._feed(self._client, data, at_ns)

    def from_server(self, data: bytes, at_ns: int) -> None:
        """Take what the server sent, and when."""
        self._feed(self._server, data, at_ns)

    def end(self) -> None:
        """Note that the connection is over; an answer that it cut off is marked as far as it came."""
        with self._lock:
            if not self.is_followed:
                return
            try:
                self._server.end()
            except NotFollowed:
                pass
            if self._answer is not None:
                self._answer.is_cut = True
                self._replied()

    def _feed(self, messages: Messages, data: bytes, at_ns: int) -> None:
        with self._lock:
            self._now_ns = at_ns
            if not self.is_followed:
                return
            try:
                messages.feed(data)
            except NotFollowed:
                self.is_followed = False

    def _question(self, first: str, headers: Mapping[str, str]) -> bool:
        method, _, rest = first.partition(" ")
        self._sent = _Asked(method, rest.partition(" ")[0])
        return True

    def _question_body(self, data: bytes) -> None:
        if self._sent.is_for_tokens and len(self._sent.body) < _MOST_ASKED:
            self._sent.body += data

    def _asked_all(self) -> None:
        self._sent.at_ns = self._now_ns
        if len(self._asked) >= _MOST_PIPELINED:
            raise NotFollowed("too many requests without an answer")
        self._asked.append(self._sent)
        self._sent = _Asked()

    def _reply(self, first: str, headers: Mapping[str, str]) -> bool:
        if first.split(" ")[1:2] == ["100"]:
            return False
        asked = self._asked.popleft() if self._asked else self._sent
        self._answer = _Answering(
            asked,
            self._now_ns,
            Reply(headers.get("content-type", ""), headers.get("content-encoding", ""), self._piece),
        )
        return asked.method != "HEAD"

    def _reply_body(self, data: bytes) -> None:
        if self._answer is not None:
            self._answer.now_ns = self._now_ns
            self._answer.reply.feed(data)

    def _piece(self, piece: object) -> None:
        if self._answer is not None:
            self._answer.take(piece)

    def _replied(self) -> None:
        answer = self._answer
        if answer is None:
            return
        answer.reply.end()
        self._answer = None
        if not answer.asked.is_for_tokens:
            return
        found = answer.found()
        if found:
            self._on_found(found)
        if not answer.usage.is_counted:
            self._on_unknown()


class _Asked:
    """A request: its method, its path, and when it was all sent."""

    def __init__(self, method: str = "", path: str = "") -> None:
        self.method = method
        self.path = path
        self.at_ns = 0
        self.body = bytearray()

    @property
    def is_for_tokens(self) -> bool:
        """Whether it asks for an answer of a language model."""
        return self.method == "POST" and any(word in self.path for word in _GENERATING)

    @property
    def model(self) -> str:
        """The model that it names; empty where it names none."""
        try:
            asked = json.loads(bytes(self.body)) if len(self.body) < _MOST_ASKED else None
        except (ValueError, RecursionError):
            return ""
        model = asked.get("model") if isinstance(asked, dict) else None
        return model if isinstance(model, str) else ""


class _Answering:
    """An answer while it comes."""

    def __init__(self, asked: _Asked, now_ns: int, reply: Reply) -> None:
        self.asked = asked
        self.reply = reply
        self.usage = Usage()
        self.now_ns = now_ns
        self._first_ns: int | None = None
        self._last_ns = self.now_ns
        self._pieces = 0
        self.is_cut = False

    def take(self, piece: object) -> None:
        self._pieces += 1
        self.usage.take(piece)
        if self._first_ns is None and is_begun(piece):
            self._first_ns = self.now_ns
        if has_text(piece):
            self._last_ns = self.now_ns

    def found(self) -> list[PrintedEvent]:
        """Return the events of it; none where nothing of it was understood."""
        usage, start = self.usage, self.asked.at_ns
        if not usage.is_counted and self._first_ns is None:
            return []
        end = max(self._last_ns, start)
        request = Request(start, end, model=usage.model or self.asked.model, doubt_s=RELAYED_S)
        request.prompt, request.cached, request.generated = usage.prompt, usage.cached, usage.generated
        request.drafted, request.accepted = usage.drafted, usage.accepted
        if self.is_cut:
            request.error = "cut off"
        found: list[PrintedEvent] = []
        if self._pieces > 1:
            request.first_ns = self._first_ns
        if usage.generated_s is not None and usage.prompt_s is not None:
            # The engine's own lengths, laid before the last token.
            first = max(end - round(usage.generated_s * 1e9), start)
            if self._pieces > 1 and self._first_ns is not None:
                request.doubt_s += min(abs(self._first_ns - first) * 1e-9, 0.05)
            request.first_ns = first
            request.prefill_ns = max(first - round(usage.prompt_s * 1e9), start)
        if usage.load_s is not None and usage.load_s > WARM_S:
            ready = min(start + round(usage.load_s * 1e9), request.first_ns or end)
            found.append(loading(start, ready, request.model, RELAYED_S))
            request.prefill_ns = max(ready, request.prefill_ns or start)
        return [*found, *phases_of(request)]
