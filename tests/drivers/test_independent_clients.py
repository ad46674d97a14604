"""Programs by other people read our simulated meters and our files, and see what we see."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from waiting import CEILING_S, wait_until

from powermeter.drivers.meters import km003c_frames
from powermeter.drivers.meters.ppk2_stream import Decoder, parse_metadata
from powermeter.testing.line_meters import SimulatedKorad, SimulatedMultimeter, SimulatedScpi
from powermeter.testing.load import Load
from powermeter.testing.meter import SimulatedMeter
from powermeter.testing.ppk2 import SimulatedPPK2
from powermeter.testing.request_meters import SimulatedKM003C
from powermeter.testing.terminal import SimulatedPort, Simulation, SocketPort, TerminalPort

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs pseudo-terminals")


@contextmanager
def served(meter: SimulatedMeter, port: SimulatedPort) -> Iterator[Simulation]:
    simulation = Simulation(meter, port)
    port.plug()
    thread = threading.Thread(target=simulation.run)
    thread.start()
    try:
        yield simulation
    finally:
        simulation.stop()
        thread.join(CEILING_S)


@pytest.mark.thorough
def test_ppk2_api_and_we_read_the_same_stream(tmp_path: Path) -> None:
    client = pytest.importorskip("ppk2_api.ppk2_api", reason="pip install ppk2-api, the independent client")
    meter = SimulatedPPK2(Load("pulses", 0.0005, 0.5, 0.2))
    with served(meter, TerminalPort(tmp_path / "ppk2")):
        theirs = client.PPK2_API(str(tmp_path / "ppk2"), timeout=10)
        assert theirs.get_modifiers()
        theirs.use_source_meter()
        theirs.set_source_voltage(3300)
        theirs.toggle_DUT_power("ON")
        theirs.start_measuring()
        raw = bytearray()

        def come() -> bool:
            raw.extend(theirs.get_data())
            return len(raw) > 150_000  # a third of a second

        wait_until(come)
        theirs.stop_measuring()
        metadata = meter.metadata().decode()
        theirs.ser.close()
    samples, bits = theirs.get_samples(bytes(raw))
    decoded = Decoder(parse_metadata(metadata), 3.3).feed(bytes(raw))
    assert decoded.refused == 0
    assert decoded.logic.tolist() == bits and {0, 1} <= set(bits)
    np.testing.assert_allclose(decoded.current_na * 1e-3, samples, rtol=0, atol=6e-4)  # half a nanoampere
    if decoded.losses:  # the machine was busy: the stream has holes, and both saw the same
        return
    whole = decoded.current_na[: len(decoded.current_na) // 20_000 * 20_000]  # whole pulses
    assert np.mean(whole) * 1e-9 * 3.3 == pytest.approx(0.0005 + 0.4995 * 0.05, rel=0.01)


def test_km003c_package_parses_our_frames() -> None:
    package = pytest.importorskip("km003c", reason="pip install km003c, the independent parser")
    meter = SimulatedKM003C(Load("sine", 1.0, 4.0, 0.7))
    for now_s in (0.0, 0.6, 1.1):
        frame = meter.answer(7, now_s)
        ours = km003c_frames.decode(frame, transaction=7)
        (theirs,) = package.parse_packet(frame)["DataResponse"]["payloads"]
        assert ours.voltage_uv * 1e-6 == pytest.approx(theirs.vbus_v, abs=1e-9)
        assert ours.current_ua * 1e-6 == pytest.approx(theirs.ibus_a, abs=1e-9)
        assert ours.temperature_code is not None and ours.temperature_code / 128 == pytest.approx(
            theirs.temp_c, abs=1e-4
        )
        assert theirs.power_w == pytest.approx(meter.watts(now_s), abs=1e-5)
    for rate, ticks in ((0, 500), (1, 100), (2, 20), (3, 1)):
        meter.receive(bytes([0x0E, 1]) + (rate << 1).to_bytes(2, "little"), 1.0)
        frame = meter.queue(8, 1.0 + 20.5 * ticks / 1000)
        ours_queue = km003c_frames.decode_queue(frame)
        (queue,) = package.parse_packet_with_graph_rate(frame, rate)["DataResponse"]["payloads"]
        assert len(ours_queue) == len(queue.samples) == 20 and not queue.has_dropped_samples()
        for mine, other in zip(ours_queue, queue.samples, strict=True):
            assert mine.sequence == other.sequence
            assert mine.voltage_uv * 1e-6 == pytest.approx(other.vbus_v, abs=1e-9)
            assert mine.current_ua * 1e-6 == pytest.approx(other.ibus_a, abs=1e-9)


@pytest.fixture
def sigrok() -> str:
    path = shutil.which("sigrok-cli")
    if path is None:
        if os.environ.get("POWERMETER_TESTS_REQUIRE_ALL"):
            pytest.fail("sigrok-cli is not installed")
        pytest.skip("apt install sigrok-cli, the independent client")
    return path


def run(command: list[str], **environment: str) -> str:
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=CEILING_S,
        check=False,
        env={**os.environ, **environment},
    )
    return done.stdout + done.stderr


def test_sigrok_reads_our_multimeter(sigrok: str) -> None:
    with served(
        SimulatedMultimeter(Load("constant", 1, 1), volts=5.1234),
        SocketPort(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
    ) as here:
        connection = here.port.where.replace(":", "/")
        text = run([sigrok, "-d", f"scpi-dmm:conn=tcp-raw/{connection}", "--samples", "3"])
    assert re.findall(r"P1: ([\d.]+) V DC", text) == ["5.123400"] * 3, text


def test_sigrok_reads_our_supply(sigrok: str) -> None:
    meter = SimulatedScpi(Load("constant", 1.5, 1.5), volts=5.0)
    meter.identity = "RIGOL TECHNOLOGIES,DP832,0001,1.0"
    with served(meter, SocketPort(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0))) as here:
        connection = here.port.where.replace(":", "/")
        text = run([sigrok, "-d", f"scpi-pps:conn=tcp-raw/{connection}", "--samples", "3"])
    assert (
        text.count("V1: 5.0000 V DC") == text.count("I1: 300.0 mA DC") == text.count("P1: 1.5000 W") == 3
    ), text


SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <sys/ioctl.h>
int ioctl(int fd, unsigned long request, ...) {
    static int (*next)(int, unsigned long, ...);
    va_list list; va_start(list, request); void *argument = va_arg(list, void *); va_end(list);
    if (!next) next = dlsym(RTLD_NEXT, "ioctl");
    int result = next(fd, request, argument);
    if (result == -1 && errno == ENOTTY && (request == TIOCMGET || request == TIOCMSET ||
        request == TIOCMBIS || request == TIOCMBIC)) { if (request == TIOCMGET) *(int *)argument = 0; return 0; }
    return result;
}
"""


@pytest.mark.slow
def test_sigrok_reads_our_korad_supply(sigrok: str, tmp_path: Path) -> None:
    """libserialport refuses pseudo-terminals: a link under /dev/.. and modem lines that answer get it past that."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler for the ioctl shim")
    (tmp_path / "shim.c").write_text(SHIM)
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-o", str(tmp_path / "shim.so"), str(tmp_path / "shim.c"), "-ldl"],
        check=True,
    )
    with served(
        SimulatedKorad(Load("constant", 2.3347, 2.3347), volts=5.12), TerminalPort(tmp_path / "korad")
    ):
        link = f"/dev/../../..{tmp_path}/korad"
        text = run(
            [sigrok, "-d", f"korad-kaxxxxp:conn={link}", "--samples", "4"],
            LD_PRELOAD=str(tmp_path / "shim.so"),
        )
    assert "I: 456 mA DC" in text and "V: 5.12 V DC" in text, text
