"""`powermeter.tokens(stream)`: the tokens of an answer one by one, and the events of its phases.

The prefill lasts from the request to the first piece of the answer, the decode from there to the last.  Tokens are counted from what
the engine reports (`usage`, `timings`), or from ids of tokens; pieces of text are not tokens, and are not counted as such.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from typing import Any, TypeVar, cast, overload

from powermeter.hooks.tokens.reported_counts import field
from powermeter.hooks.tokens.streamed_answer import Answer
from powermeter.marking import span as spans

S = TypeVar("S")


class _Ends:
    """Ends an answer with what is raised inside: without an error where the stream is over."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def __enter__(self) -> None:
        return

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            is_over = issubclass(kind, StopIteration | StopAsyncIteration)
            self._answer.end("" if is_over else kind.__name__)


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
        self._ends = _Ends(answer)

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        if self._iterator is None:
            self._iterator = iter(self._stream)
        with self._ends:
            piece = next(self._iterator)
        self._answer.take(piece)
        return piece

    def __await__(self) -> Generator[Any, None, Any]:
        """Return, once an asynchronous client has answered, the answer that came as one, or the stream of its pieces."""
        return self._answered().__await__()

    async def _answered(self) -> Any:
        with self._ends:
            if hasattr(self._stream, "__await__"):
                self._stream = await self._stream
        if _comes_in_pieces(self._stream):
            return self
        return _whole(self._stream, self._answer)

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:
        if self._iterator is None:
            await self._answered()
            self._iterator = aiter(self._stream)
        with self._ends:
            piece = await anext(self._iterator)
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


@overload
def tokens(
    stream: Callable[[], S],
    *,
    model: str = "",
    prompt_tokens: float | None = None,
    count: float | Callable[[Any], float] | None = None,
) -> S: ...


@overload
def tokens(
    stream: S,
    *,
    model: str = "",
    prompt_tokens: float | None = None,
    count: float | Callable[[Any], float] | None = None,
) -> S: ...


def tokens(
    stream: S | Callable[[], S],
    *,
    model: str = "",
    prompt_tokens: float | None = None,
    count: float | Callable[[Any], float] | None = None,
) -> S:
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
    answer = None if spans.attached() is None else Answer(time.monotonic_ns(), model, prompt_tokens, count)
    pieces: Any = stream() if makes_it and callable(stream) else stream
    if answer is None:
        return cast(S, pieces)
    if not hasattr(pieces, "__await__") and not _comes_in_pieces(pieces):
        return cast(S, _whole(pieces, answer))
    return cast(S, Tokens(pieces, answer))  # stands in for the stream


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
