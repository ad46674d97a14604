"""`powermeter.tokens(stream)`: the tokens of an answer one by one, and the events of its phases.

The prefill lasts from the request to the first piece of the answer, the decode from there to the last.  Tokens are counted from what
the engine reports (`usage`, `timings`), or from ids of tokens; pieces of text are not tokens, and are not counted as such.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from typing import Any

from powermeter.hooks.tokens.prefill_and_decode import loading, phases_of
from powermeter.hooks.tokens.request import Request
from powermeter.hooks.tokens.usage import Usage, field, has_text, is_begun
from powermeter.marking import span as spans
from powermeter.marking.past import mark_past_here
from powermeter.marking.printed_lines import PrintedEvent

_WARM_S = 0.2


class Answer:
    """An answer while it comes: what was counted, and when.

    Args:
        started_ns: When the request was made.
        model: The model's name; found in the answer where empty.
        prompt: Prompt tokens that are processed, where the engine does not report them.
        count: Tokens of a piece: a number or a function of it; None where the engine reports them.
    """

    def __init__(
        self,
        started_ns: int,
        model: str = "",
        prompt: float | None = None,
        count: float | Callable[[Any], float] | None = None,
    ) -> None:
        self.usage = Usage(model=model)
        self._start_ns = started_ns
        self._prompt = prompt
        self._count = count
        self._counted = 0.0
        self._is_counted = True
        self._first_ns: int | None = None
        self._last_ns = started_ns
        self._is_over = False

    def take(self, piece: Any) -> None:
        """Take in a piece that has just come."""
        now = time.monotonic_ns()
        size = self._size(piece)
        if size is not None or isinstance(piece, (str, bytes)):
            if self._first_ns is None:
                self._first_ns = now
            self._last_ns = now
            if size is None:
                self._is_counted = False
            else:
                self._counted += size
            return
        self.usage.take(piece)
        if self._first_ns is None and is_begun(piece):
            self._first_ns = now
        if has_text(piece) or self._first_ns is None:
            self._last_ns = now

    def _size(self, piece: Any) -> float | None:
        """Return how many tokens a piece is; None where that is for the engine to report."""
        if self._count is not None:
            return float(self._count(piece) if callable(self._count) else self._count)
        if isinstance(piece, bool):
            return None
        if isinstance(piece, int):
            return 1.0
        if isinstance(piece, (list, tuple)):
            return float(len(piece)) if piece and all(isinstance(one, int) for one in piece) else None
        kind = str(getattr(piece, "dtype", ""))
        return float(piece.size if isinstance(piece.size, int) else piece.numel()) if "int" in kind else None

    def end(self, error: str = "") -> None:
        """Mark the phases, once."""
        if self._is_over:
            return
        self._is_over = True
        for one in self._found(error):
            mark_past_here(one.name, one.start_ns, one.end_ns, one.count, one.attributes)

    def whole(self, reply: Any) -> None:
        """Take in an answer that came as one: its first token was when its timings report it, if they do."""
        self._last_ns = time.monotonic_ns()
        self.usage.take(reply)
        made = self.usage.generated_s
        if made is not None and self.usage.prompt_s is not None:
            self._first_ns = max(self._last_ns - round(made * 1e9), self._start_ns)

    def _found(self, error: str) -> list[PrintedEvent]:
        usage = self.usage
        request = Request(self._start_ns, self._last_ns, first_ns=self._first_ns, model=usage.model)
        request.prompt = usage.prompt if self._prompt is None else self._prompt
        request.cached, request.generated = usage.cached, usage.generated
        request.drafted, request.accepted, request.error = usage.drafted, usage.accepted, error
        if request.generated is None and self._is_counted and self._counted:
            request.generated = self._counted
        found = []
        if usage.load_s is not None and usage.load_s > _WARM_S:
            ready = self._start_ns + round(usage.load_s * 1e9)
            if self._first_ns is None or ready < self._first_ns:
                found.append(loading(self._start_ns, ready, usage.model, 0.01))
                request.prefill_ns = ready
        if usage.prompt_s is not None and self._first_ns is not None and usage.generated_s is not None:
            began = self._first_ns - round(usage.prompt_s * 1e9)
            request.prefill_ns = max(began, request.prefill_ns or self._start_ns)
        return [*found, *phases_of(request)]


class Tokens:
    """The pieces of a stream, passed on; `close` ends it early.

    Args:
        stream: An iterator, or an asynchronous one.
        answer: What takes note of them.
    """

    def __init__(self, stream: Any, answer: Answer) -> None:
        self._stream = stream
        self._iterator: Any = None
        self._answer = answer

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        if self._iterator is None:
            self._iterator = iter(self._stream)
        try:
            piece = next(self._iterator)
        except StopIteration:
            self._answer.end()
            raise
        except BaseException as error:
            self._answer.end(type(error).__name__)
            raise
        self._answer.take(piece)
        return piece

    def __await__(self) -> Generator[Any, None, Any]:
        """Return, once an asynchronous client has answered, the answer that came as one, or the stream of its pieces."""
        return self._answered().__await__()

    async def _answered(self) -> Any:
        try:
            if hasattr(self._stream, "__await__"):
                self._stream = await self._stream
        except BaseException as error:
            self._answer.end(type(error).__name__)
            raise
        if _comes_in_pieces(self._stream):
            return self
        return _whole(self._stream, self._answer)

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:
        if self._iterator is None:
            await self._answered()
            self._iterator = aiter(self._stream)
        try:
            piece = await anext(self._iterator)
        except StopAsyncIteration:
            self._answer.end()
            raise
        except BaseException as error:
            self._answer.end(type(error).__name__)
            raise
        self._answer.take(piece)
        return piece

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def close(self) -> None:
        """End it early, and close the stream."""
        self._answer.end()
        close = getattr(self._stream, "close", None)
        if close is not None:
            close()

    async def aclose(self) -> None:
        """End it early, and close an asynchronous stream."""
        self._answer.end()
        close = getattr(self._stream, "aclose", None) or getattr(self._stream, "close", None)
        if close is not None:
            closing = close()
            if hasattr(closing, "__await__"):
                await closing

    def __enter__(self) -> Tokens:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    async def __aenter__(self) -> Tokens:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.aclose()

    def __del__(self) -> None:
        self._answer.end()  # the loop was left early


def tokens(
    stream: Any,
    *,
    model: str = "",
    prompt_tokens: float | None = None,
    count: float | Callable[[Any], float] | None = None,
) -> Any:
    """Return the pieces of a language model's answer, one by one; its prefill and decode are events.

    ::

        for piece in powermeter.tokens(lambda: client.chat.completions.create(..., stream=True)):
            print(piece.choices[0].delta.content)

    Tokens are counted by what the engine reports (`usage` and `timings` of OpenAI-like servers, llama.cpp, Ollama), or
    one for each id; pieces of text are not counted.  An answer that came as one is returned as it is.

    Args:
        stream: A generator, iterator or asynchronous iterator; or a function that makes the request and returns one,
            so that the time until it answers counts.
        model: The model's name, where the answer does not hold it.
        prompt_tokens: How many prompt tokens are processed, where the engine does not report them.
        count: How many tokens a piece is, a number or a function of it, where the engine does not report them.
    """
    makes_it = callable(stream) and not hasattr(stream, "__iter__") and not hasattr(stream, "__aiter__")
    if spans.attached() is None:
        return stream() if makes_it else stream
    answer = Answer(time.monotonic_ns(), model, prompt_tokens, count)
    if makes_it:
        stream = stream()
    if not hasattr(stream, "__await__") and not _comes_in_pieces(stream):
        return _whole(stream, answer)
    return Tokens(stream, answer)


def _comes_in_pieces(stream: Any) -> bool:
    """Return whether it is a stream; not so a whole answer, of which some can be iterated over too."""
    if any(hasattr(stream, name) for name in ("__next__", "__anext__", "__aiter__")):
        return True
    return hasattr(stream, "__iter__") and not _is_reply(stream)


def _is_reply(stream: Any) -> bool:
    """Return whether it is a whole answer: a mapping, or an object with fields such as those of pydantic, which iterate too."""
    return isinstance(stream, (dict, str)) or any(
        field(stream, name) is not None for name in ("choices", "usage", "eval_count")
    )


def _whole(reply: Any, answer: Answer) -> Any:
    """Return an answer that came as one; nobody reported when its first token was, unless its timings do."""
    answer.whole(reply)
    answer.end()
    return reply
