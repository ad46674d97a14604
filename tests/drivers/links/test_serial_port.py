"""Serial ports through pyserial: exclusive, bounded, and with one error for each way they fail: what it promises."""

from __future__ import annotations

import errno
import os
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from waiting import CEILING_S

from powermeter.channel import Channel, Quantity
from powermeter.drivers.links import serial_port as serial_link
from powermeter.drivers.links.link import UsbId
from powermeter.drivers.links.serial_port import SerialLink
from powermeter.errors import OpenError, ReadError, Reason
from powermeter.result import Grade
from powermeter.testing.terminal import TerminalPort

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs pseudo-terminals")


@pytest.fixture
def terminal() -> Iterator[tuple[int, str]]:
    master, slave = os.openpty()
    yield master, os.ttyname(slave)
    for handle in (master, slave):
        try:
            os.close(handle)
        except OSError:
            pass


def fake_port(device: str, vid: int | None, pid: int, serial: str, location: str = "1-1:1.0") -> Any:
    return SimpleNamespace(
        device=device,
        vid=vid,
        pid=pid,
        serial_number=serial,
        location=location,
        product="PPK2",
        description="PPK2",
    )


PPK2 = UsbId(0x1915, 0xC00A, "PPK2")


def test_reads_what_came_within_the_time(terminal: tuple[int, str]) -> None:
    master, path = terminal
    link = SerialLink(path, baud=9600, instrument="meter")
    assert link.read(10, 0.01) == b""
    os.write(master, b"abcdef")
    assert link.read(4, 0.5) == b"abcd"
    assert link.read_exactly(4, 0.05) == b"ef"  # what came, not an error
    os.write(master, b"one\r\ntwo\nthr")
    assert link.read_line(64, 0.5) == b"one\n" and link.read_line(64, 0.5) == b"two\n"
    assert link.read_line(64, 0.05) == b"thr"
    os.write(master, b"old")
    link.clear()
    os.write(master, b"new")
    assert link.read(10, 0.5) == b"new"
    link.write(b"F0")
    assert os.read(master, 10) == b"F0"
    assert link._port.baudrate == 9600 and link._port.exclusive
    link.close()
    link.close()


def test_a_second_open_is_refused_as_busy(terminal: tuple[int, str]) -> None:
    first = SerialLink(terminal[1], baud=9600, instrument="meter")
    with pytest.raises(OpenError, match="in use by another program") as caught:
        SerialLink(terminal[1], baud=9600, instrument="meter")
    assert caught.value.reason is Reason.BUSY
    first.close()
    SerialLink(terminal[1], baud=9600, instrument="meter").close()


@pytest.mark.parametrize("call", ["read", "write", "clear", "read_line", "read_exactly"])
def test_a_pulled_port_is_one_error_whatever_call_meets_it(terminal: tuple[int, str], call: str) -> None:
    master, path = terminal
    link = SerialLink(path, baud=9600, instrument="UM25C")
    os.close(master)
    arguments: dict[str, tuple[Any, ...]] = {
        "read": (10, 0.2),
        "write": (b"x",),
        "clear": (),
        "read_line": (10, 0.2),
        "read_exactly": (3, 0.2),
    }
    with pytest.raises(ReadError, match=r"UM25C on .* is gone") as caught:
        getattr(link, call)(*arguments[call])
    assert caught.value.reason is Reason.NO_ANSWER
    link.close()
    with pytest.raises(ReadError, match="is closed"):
        link.read(1, 0.0)


def test_a_port_closed_by_another_thread_is_an_error_of_ours(terminal: tuple[int, str]) -> None:
    link = SerialLink(terminal[1], baud=9600, instrument="meter")
    found: list[BaseException] = []

    def read() -> None:
        try:
            for _ in range(10_000):
                link.read(10, 0.01)
        except BaseException as error:  # noqa: BLE001 – the kind of it is what is tested
            found.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    link.close()
    thread.join(CEILING_S)
    assert not thread.is_alive() and [type(error) for error in found] == [ReadError]


def test_absent_and_no_port(tmp_path: Path) -> None:
    with pytest.raises(OpenError, match="there is no port") as caught:
        SerialLink("/dev/powermeter-not-there", baud=9600, instrument="meter")
    assert caught.value.reason is Reason.ABSENT
    (tmp_path / "file").write_text("")
    with pytest.raises(OpenError) as caught:
        SerialLink(str(tmp_path / "file"), baud=9600, instrument="meter")
    assert caught.value.reason is Reason.WRONG_DEVICE


def test_no_permission_names_the_group(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import grp

    import serial

    def refuse(*_: Any, **__: Any) -> None:
        raise serial.SerialException(errno.EACCES, "could not open port: Permission denied")

    port = tmp_path / "ttyACM0"
    port.write_text("")
    monkeypatch.setattr(serial, "Serial", refuse)
    monkeypatch.setattr(grp, "getgrgid", lambda _: SimpleNamespace(gr_name="dialout"))
    with pytest.raises(OpenError, match=r"sudo usermod -aG dialout \$USER, then log in again") as caught:
        SerialLink(str(port), baud=9600, instrument="meter")
    assert caught.value.reason is Reason.PERMISSION


def test_found_by_usb_id_and_serial_number(monkeypatch: pytest.MonkeyPatch) -> None:
    ports = [
        fake_port("/dev/ttyACM3", 0x1915, 0xC00A, "B", "1-2:1.1"),
        fake_port("/dev/ttyACM9", 0x1915, 0xC00A, "B", "1-2:1.0"),
        fake_port("/dev/ttyACM2", 0x1915, 0xC00A, "A", "1-3:1.0"),
        fake_port("/dev/ttyUSB0", 0x1A86, 0x7523, ""),
        fake_port("/dev/ttyS0", None, 0, ""),
    ]
    monkeypatch.setattr(serial_link, "list_ports", lambda: ports)
    assert serial_link.find_usb_port([PPK2], "B", "PPK2") == "/dev/ttyACM9"  # the lower interface of the two
    with pytest.raises(OpenError, match="2 are plugged in; choose one by serial number: A, B"):
        serial_link.find_usb_port([PPK2], "", "PPK2")
    with pytest.raises(OpenError, match="with serial number C") as caught:
        serial_link.find_usb_port([PPK2], "C", "PPK2")
    assert caught.value.reason is Reason.ABSENT


def test_an_instrument_is_found_again_under_another_name(
    terminal: tuple[int, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Linux gives a meter that was pulled and put back the next free name."""
    first, second = str(tmp_path / "ttyACM0"), str(tmp_path / "ttyACM1")
    Path(first).symlink_to(terminal[1])
    ports = [fake_port(first, 0x1915, 0xC00A, "B")]
    monkeypatch.setattr(serial_link, "list_ports", lambda: ports)
    SerialLink(first, baud=9600, instrument="PPK2").close()
    ports[:] = [fake_port(first, 0x1915, 0xC00A, "ANOTHER")]
    SerialLink(first, baud=9600, instrument="PPK2").close()  # is not looked for: it came second
    Path(first).unlink()
    Path(second).symlink_to(terminal[1])
    ports[:] = [fake_port("/dev/ttyACM7", 0x1915, 0xC00A, "OTHER"), fake_port(second, 0x1915, 0xC00A, "B")]
    link = SerialLink(first, baud=9600, instrument="PPK2")
    assert link.where == second
    link.close()
    ports.pop()
    with pytest.raises(OpenError, match="there is no port"):
        SerialLink(first, baud=9600, instrument="PPK2")


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (lambda: OSError(errno.EBUSY, "busy"), Reason.BUSY),
        (lambda: bare(errno.EAGAIN, "again"), Reason.BUSY),
        (lambda: bare(errno.EPERM), Reason.PERMISSION),
        (lambda: bare(errno.ENODEV), Reason.ABSENT),
        (lambda: bare(errno.ENOTTY), Reason.WRONG_DEVICE),
        (lambda: bare("could not open: strange"), Reason.NO_ANSWER),
        (lambda: bare(), Reason.NO_ANSWER),
    ],
)
def test_an_error_s_number_is_looked_for_in_both_places(
    made: Callable[[], Exception], reason: Reason, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """`termios.error` is no OSError: its number is its first argument, and others have a text there, or nothing."""
    import serial

    def refuse(*_: Any, **__: Any) -> None:
        raise made()

    port = tmp_path / "ttyACM0"
    port.write_text("")
    monkeypatch.setattr(serial, "Serial", refuse)
    with pytest.raises(OpenError) as caught:
        SerialLink(str(port), baud=9600, instrument="meter")
    assert caught.value.reason is reason


def bare(*arguments: Any) -> Exception:
    import termios

    return termios.error(*arguments)


@pytest.mark.parametrize(
    ("name", "grade"), [("meter.simulated", Grade.SIMULATED), ("bridge", Grade.MEASURED)]
)
def test_what_our_own_simulation_plays_is_graded_as_simulated(
    terminal: tuple[int, str], tmp_path: Path, name: str, grade: Grade
) -> None:
    """A terminal alone is none: a bridge to a meter elsewhere ends in one too."""
    (tmp_path / name).symlink_to(terminal[1])
    (tmp_path / "meter").symlink_to(name)
    (tmp_path / "alias").symlink_to(tmp_path / "meter")
    for way in (name, "meter", "alias"):
        link = SerialLink(str(tmp_path / way), baud=9600, instrument="meter")
        (channel,) = link.graded([Channel("power", Quantity.POWER, 1e-3)])
        link.close()
        assert channel.grade is grade, way


def test_the_port_of_a_simulated_meter_leads_through_a_name_that_states_it(tmp_path: Path) -> None:
    port = TerminalPort(tmp_path / "meter")
    for _ in range(2):  # plugged in again
        port.plug()
        link = SerialLink(port.where, baud=9600, instrument="meter")
        assert link.is_simulated
        link.close()
        port.unplug()
    assert list(tmp_path.iterdir()) == []
