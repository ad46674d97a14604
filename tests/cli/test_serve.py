"""`serve`: what it prints of a broker's trouble, and when it ends."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from powermeter.cli import serve
from powermeter.errors import ConfigurationError


class Publisher:
    """Goes through problems, one each step."""

    def __init__(self, problems: list[str], done: bool = True) -> None:
        self.left, self.problem, self.done = list(problems), "", done

    def step(self) -> bool:
        self.problem = self.left.pop(0) if self.left else ""
        return self.done


def watched(growing: list[bool]) -> Any:
    left = list(growing)
    return SimpleNamespace(look=lambda now: SimpleNamespace(growing=left.pop(0) if left else False))


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    lines: list[str] = []
    monkeypatch.setattr(serve, "put_stderr", lines.append)
    monkeypatch.setattr(serve, "STEP_S", 0.0)
    return lines


def test_a_brokers_trouble_is_printed_once_while_it_is_the_same(said: list[str]) -> None:
    problems = ["", "refused; trying again in 1 s", "refused; trying again in 2 s", "", "gone", "gone"]
    one = Publisher(problems)
    serve.run_until(threading.Event(), None, [watched([True] * 6)], [one], until_closed=True)
    assert said == ["powermeter: refused; trying again in 1 s", "powermeter: gone"]
    assert one.left == []


@pytest.mark.parametrize(("growing", "done"), [(True, True), (False, False)])
def test_it_goes_on_while_a_recording_grows_or_something_is_not_sent(
    said: list[str], growing: bool, done: bool
) -> None:
    stop = threading.Event()
    one = Publisher([str(i) for i in range(5)], done)
    looks = watched([growing] * 5)
    step = one.step

    def counted() -> bool:
        if len(one.left) == 1:
            stop.set()  # it would go on for ever
        return step()

    one.step = counted  # type: ignore[method-assign]
    serve.run_until(stop, None, [looks], [one], until_closed=True)
    assert one.left == []


def test_without_being_asked_to_it_does_not_end_with_the_recording(said: list[str]) -> None:
    stop = threading.Event()
    one = Publisher(["", "", ""])
    step = one.step

    def counted() -> bool:
        if len(one.left) == 1:
            stop.set()
        return step()

    one.step = counted  # type: ignore[method-assign]
    serve.run_until(stop, None, [watched([])], [one], until_closed=False)
    assert one.left == [] and said == []


def test_where_it_listens_and_what_it_asks_for(tmp_path) -> None:
    token = tmp_path / "token"
    token.write_text(" s3cret\n")
    found = serve.where_to_listen("127.0.0.1:9567", None, None, token)
    assert (found.host, found.port, found.token) == ("127.0.0.1", 9567, "s3cret")
    assert serve.where_to_listen("[::1]:80", None, None, None).host == "::1"
    assert serve.where_to_listen("localhost:65535", None, None, None).token is None
    for wrong in ("9567", "localhost:", "localhost:http", "localhost:65536", "localhost:-1"):
        with pytest.raises(ConfigurationError, match="write HOST:PORT"):
            serve.where_to_listen(wrong, None, None, None)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        serve.where_to_listen("localhost:1", None, None, tmp_path / "absent")
