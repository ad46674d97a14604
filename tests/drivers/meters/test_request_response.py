"""The loop of meters that answer: frames and lines, asking again, what failed, flags, messages at start and end."""

from __future__ import annotations

from collections import deque

import pytest

from powermeter.channel import Channel, Quantity
from powermeter.drivers.links.link import Link
from powermeter.drivers.meters import request_response
from powermeter.drivers.meters.request_response import RequestMeter
from powermeter.errors import DataError, OpenError, ReadError, Reason
from powermeter.source import SATURATED, Address, Row


class Wire(Link):
    """Answers each request with the next of a list; what is written besides is only noted."""

    def __init__(self, *answers: bytes) -> None:
        self.where, self.facts = "wire", {}
        self.answers = deque(answers)
        self.waiting = b""
        self.written: list[bytes] = []
        self.closed = 0

    def write(self, data: bytes) -> None:
        self.written.append(data)
        if data.startswith(b"R"):
            self.waiting += self.answers.popleft() if self.answers else b""

    def read(self, limit: int, timeout_s: float) -> bytes:
        data, self.waiting = self.waiting[:limit], self.waiting[limit:]
        return data

    def clear(self) -> None:
        self.waiting = b""

    def close(self) -> None:
        self.closed += 1


class Framed(RequestMeter):
    """Three bytes: milliwatt and their sum."""

    scheme = "framed"
    title = "framed meter"
    summary = "a meter of three bytes"
    example = "framed:///dev/x"
    request, frame_length, answer_s = b"R", 3, 0.01
    start_message, stop_message = b"ON", b"OFF"

    def decode(self, frame: bytes) -> int:
        if frame[2] != (frame[0] + frame[1]) & 0xFF:
            raise DataError("the sum is wrong")
        return frame[0] << 8 | frame[1]

    def describe(self, reading: int) -> None:
        if reading == 0xFFFF:
            raise OpenError("another meter answers", Reason.WRONG_DEVICE)
        self.channels = (Channel("power", Quantity.POWER, 1e-3, self.rail),)

    def row(self, reading: int) -> Row:
        return Row([reading], SATURATED if reading > 60_000 else 0)


class Lined(Framed):
    """Milliwatt as text."""

    answers_lines, frame_length = True, 16

    def decode(self, frame: bytes) -> int:
        if not frame.isdigit():
            raise DataError(f"{frame!r} is not a number")
        return int(frame)


def opened(kind: type[RequestMeter], *answers: bytes) -> tuple[RequestMeter, Wire]:
    wire = Wire(*answers)
    meter = kind(Address.parse("framed:///dev/x"))
    meter.connect = lambda: wire  # type: ignore[method-assign]
    meter.open()
    return meter, wire


GOOD, OTHER, BAD = b"\x01\x02\x03", b"\xff\x00\xff", b"\x01\x02\x04"


def test_a_row_has_its_codes_and_its_flag():
    meter, wire = opened(Framed, GOOD, GOOD, OTHER)
    assert (meter.sample(), meter.sample()) == (Row([258], 0), Row([0xFF00], SATURATED))
    meter.close()
    meter.close()
    assert wire.written == [b"ON", b"R", b"R", b"R", b"OFF"] and wire.closed == 1


def test_what_cannot_be_trusted_is_asked_for_again_and_counted():
    meter, _ = opened(Framed, GOOD, BAD, b"\x01", GOOD)
    assert meter.sample()[:2] == ([258], 0)
    assert meter.counts() == {"frames_refused": 1, "requests_unanswered": 1}


@pytest.mark.parametrize(
    ("kind", "answers", "reason", "says"),
    [
        (Framed, [GOOD, *[BAD] * 3], Reason.BAD_DATA, "the sum is wrong"),
        (Framed, [GOOD, *[b"\x01"] * 3], Reason.NO_ANSWER, "1 of 3 bytes came within 0.01 s"),
        (Framed, [GOOD], Reason.NO_ANSWER, "0 of 3 bytes"),
        (Lined, [b"5\n", *[b"5"] * 3], Reason.NO_ANSWER, "no whole line came"),
        (Lined, [b"5\n", *[b"five\n"] * 3], Reason.BAD_DATA, "b'five' is not a number"),
    ],
)
def test_what_stays_wrong_is_a_read_error_with_its_reason(kind, answers, reason, says):
    meter, _ = opened(kind, *answers)
    with pytest.raises(ReadError, match=says) as caught:
        meter.sample()
    assert caught.value.reason is reason and "framed meter on wire" in str(caught.value)


def test_lines_end_in_lf_or_cr_lf_and_nothing_behind_them_is_taken():
    meter, wire = opened(Lined, b"5\n", b"17\r\nrest")
    assert meter.sample() == Row([17], 0) and wire.waiting == b"rest"


def test_another_meter_is_refused_and_let_go():
    wire = Wire(b"\xff\xff\xfe")
    meter = Framed(Address.parse("framed:///dev/x"))
    meter.connect = lambda: wire  # type: ignore[method-assign]
    with pytest.raises(OpenError, match="another meter answers"):
        meter.open()
    assert wire.closed == 1 and meter.link is None


def test_silence_at_the_start_asks_whether_it_is_the_right_port():
    wire = Wire()
    meter = Framed(Address.parse("framed:///dev/x"))
    meter.connect = lambda: wire  # type: ignore[method-assign]
    with pytest.raises(OpenError, match=r"is this the framed meter's port\?"):
        meter.open()
    assert wire.written[-1] == b"OFF"


def test_an_answer_to_a_second_attempt_is_stamped_within_that_attempt(monkeypatch):
    """The first request is lost for 1 s; the second is answered after 20 ms: taken at 1.01 s, not at 0.51 s."""
    time = [0]
    monkeypatch.setattr(request_response, "now_ns", lambda: time[0])
    meter, wire = opened(Framed, GOOD, b"", GOOD, GOOD)
    read = wire.read

    def slow(limit: int, timeout_s: float) -> bytes:
        data = read(limit, timeout_s)
        time[0] += 20_000_000 if data else 1_000_000_000
        return data

    monkeypatch.setattr(wire, "read_exactly", slow)
    assert meter.sample() == Row([258], 0, 1_010_000_000)
    assert meter.sample() == Row([258], 0), "the middle of the call is right where nothing failed"
