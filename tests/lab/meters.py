"""HID meters made by the kernel's `/dev/uhid`: our drivers find and read a real `/dev/hidrawN`."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import numpy as np
from stub import load

from powermeter import registry
from powermeter.drivers.links.hid import hid_devices
from powermeter.drivers.links.link import UsbId
from powermeter.source import StreamingSource
from powermeter.testing.hid_meters import SimulatedFnirsi, SimulatedWitrn
from powermeter.testing.load import Load
from powermeter.testing.meter import SimulatedMeter
from powermeter.testing.terminal import Simulation
from powermeter.testing.uhid import UhidPort

LOAD = Load("sine", 1.0, 4.0, 3.0)
SECONDS = 3.0


def read(meter: SimulatedMeter) -> str:
    """Make the device, find it by its ids alone, read it, pull it; its power must be the load's."""
    for module in ("hid", "hid-generic", "uhid"):
        if not Path("/sys/module", module.replace("-", "_")).exists():
            load(module)
    assert meter.hid is not None
    simulation = Simulation(meter, UhidPort(*meter.hid, name=f"simulated {meter.kind}"))
    simulation.port.plug()
    thread = threading.Thread(target=simulation.run)
    thread.start()
    try:
        ids = [UsbId(*meter.hid, meter.kind)]
        deadline = time.monotonic() + 5
        while not hid_devices(ids) and time.monotonic() < deadline:
            time.sleep(0.05)
        (device,) = hid_devices(ids)
        assert device.path.startswith("/dev/hidraw"), device
        source = registry.source(f"{meter.kind}://")
        assert isinstance(source, StreamingSource)
        (found,) = type(source).discover()
        assert found.url == f"{meter.kind}://{device.path}" and not found.problem, found
        source.open()
        times, codes = [], []
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            block = source.read_block(0.2)
            if block is not None:
                times.append(block.times_ns)
                codes.append(block.codes[:, :2] * [channel.scale for channel in source.channels[:2]])
        source.close()
    finally:
        simulation.stop()
        thread.join(10)
    at_s = (np.concatenate(times) - simulation.origin_ns) * 1e-9
    watts = np.prod(np.concatenate(codes), axis=1)
    assert len(watts) > 60 * SECONDS, f"{len(watts)} samples in {SECONDS} s"
    error = float(np.mean(watts) / np.mean(LOAD.power_w(at_s)) - 1)
    assert abs(error) < 0.03, f"power off by {error:.1%}"
    assert not hid_devices(ids), "the device is still there after it was pulled"
    return f"{device.path}, {len(watts)} samples, mean power off by {error:+.2%}, refused {source.counts()['frames_refused']}"


def fnirsi() -> str:
    """A FNB58."""
    return read(SimulatedFnirsi(LOAD))


def witrn() -> str:
    """A WITRN U3."""
    return read(SimulatedWitrn(LOAD))
