"""Opening the link that a URL's location names: a port, an address, a host, or the only one plugged in: what it promises."""

from __future__ import annotations

import socket
import sys

import pytest

from powermeter.drivers.links.opening import closed_on_failure, open_link
from powermeter.errors import ConfigurationError, DataError, OpenError, ReadError, Reason

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs pseudo-terminals")


@pytest.mark.parametrize("location", ["", "somewhere"])
def test_a_location_that_names_nothing(location: str) -> None:
    with pytest.raises(ConfigurationError, match="does not state where it is"):
        open_link(location, instrument="TC66")


def test_tcp_refused_closed_and_silent() -> None:
    server = socket.create_server(("127.0.0.1", 0))
    port = server.getsockname()[1]
    link = open_link(f"127.0.0.1:{port}", instrument="scpi", tcp_port=5025)
    peer, _ = server.accept()
    assert link.read(10, 0.01) == b""
    peer.sendall(b"1.5\n")
    assert link.read_line(10, 0.5) == b"1.5\n"
    peer.close()
    with pytest.raises(ReadError, match="closed the connection"):
        link.read(10, 0.5)
    link.close()
    server.close()
    with pytest.raises(OpenError, match="is it on and is the address right") as caught:
        open_link(f"127.0.0.1:{port}", instrument="scpi", tcp_port=5025)
    assert caught.value.reason is Reason.ABSENT


class Counting:
    """A source that counts how often it is closed."""

    closed = 0
    address = "um25c://x"

    def close(self) -> None:
        self.closed += 1


@pytest.mark.parametrize(
    ("raised", "text"),
    [
        (ReadError("no answer", Reason.NO_ANSWER), "no answer; is this the UM25C's port?"),
        (DataError("the CRC is wrong"), "um25c://x: the CRC is wrong; is this the UM25C's port?"),
        (KeyboardInterrupt(), ""),
        (OpenError("another model"), "another model"),
    ],
)
def test_an_opening_that_fails_closes_what_it_opened(raised: BaseException, text: str) -> None:
    source = Counting()
    kind = OpenError if isinstance(raised, (ReadError, DataError)) else type(raised)
    with (
        pytest.raises(kind) as caught,
        closed_on_failure(source, "is this the UM25C's port?"),  # type: ignore[arg-type]
    ):
        raise raised
    assert source.closed == 1
    assert str(caught.value) == text
    if isinstance(raised, ReadError):
        assert caught.value.reason is Reason.NO_ANSWER  # type: ignore[attr-defined]
