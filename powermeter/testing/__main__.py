"""`python -m powermeter.testing um25c /tmp/um25c`: a meter for people without one.

Then, in another terminal: `powermeter record --source um25c:///tmp/um25c --duration 30s`.  It runs until Ctrl-C, or,
in the background, until `kill %1`; where its standard input is a pipe, until that ends.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import sys
import threading
from functools import partial
from pathlib import Path
from typing import Any

import click

from powermeter.errors import PowermeterError
from powermeter.testing.faults import Faults
from powermeter.testing.hid_meters import SimulatedFnirsi, SimulatedWitrn
from powermeter.testing.line_meters import (
    SimulatedAtorch,
    SimulatedJ7C,
    SimulatedKorad,
    SimulatedLines,
    SimulatedMultimeter,
    SimulatedScpi,
    SimulatedSmartPower3,
)
from powermeter.testing.load import SHAPES, Load
from powermeter.testing.meter import SimulatedMeter
from powermeter.testing.ppk2 import SimulatedPPK2
from powermeter.testing.request_meters import (
    SimulatedAvhzy,
    SimulatedKM003C,
    SimulatedTC66,
    SimulatedUM24C,
    SimulatedUM25C,
    SimulatedUM34C,
)
from powermeter.testing.terminal import SimulatedPort, Simulation, SocketPort, TerminalPort
from powermeter.testing.uhid import UhidPort
from powermeter.units import parse_duration, parse_quantity

METERS: dict[str, type[SimulatedMeter]] = {
    meter.kind: meter
    for meter in (
        SimulatedAtorch,
        SimulatedAvhzy,
        SimulatedFnirsi,
        SimulatedJ7C,
        SimulatedKM003C,
        SimulatedKorad,
        SimulatedLines,
        SimulatedMultimeter,
        SimulatedPPK2,
        SimulatedScpi,
        SimulatedSmartPower3,
        SimulatedTC66,
        SimulatedUM24C,
        SimulatedUM25C,
        SimulatedUM34C,
        SimulatedWitrn,
    )
}


def port_for(meter: SimulatedMeter, where: str) -> SimulatedPort:
    """Return the port that a meter of this kind is read through.

    Args:
        meter: Decides between HID and bytes.
        where: A path to create, `host:port` for TCP (port 0 takes a free one), or `uhid` for a HID device
            made by the kernel.
    """
    if meter.hid is not None:
        if where == "uhid":
            return UhidPort(*meter.hid, name=f"simulated {meter.kind}")
        return SocketPort(socket.AF_UNIX, socket.SOCK_SEQPACKET, where)
    host, colon, number = where.rpartition(":")
    if colon and number.isdigit() and "/" not in where:
        return SocketPort(socket.AF_INET, socket.SOCK_STREAM, (host, int(number)))
    return TerminalPort(Path(where))


def ends_with(descriptor: int) -> bool:
    """Return whether the end of this input ends the simulation: of a pipe only.

    A terminal would stop a background job that reads it, and `/dev/null` has ended before it began.
    """
    try:
        mode = os.fstat(descriptor).st_mode
    except OSError:  # closed
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def _stop_at_end_of_input(simulation: Simulation) -> None:
    sys.stdin.read()
    simulation.stop()


def _quantity(
    unit: str, context: click.Context, parameter: click.Parameter, value: str | None
) -> float | None:
    try:
        return None if value is None else parse_quantity(value, unit)
    except PowermeterError as error:
        raise click.BadParameter(str(error)) from None


@click.command(context_settings={"help_option_names": ["-h", "--help"]}, help=__doc__)
@click.argument("kind", type=click.Choice(sorted(METERS)))
@click.argument("where")
@click.option("--shape", type=click.Choice(SHAPES), default="sine", show_default=True, help="of the load")
@click.option(
    "--low", default="1W", callback=partial(_quantity, "W"), show_default=True, help="its least power"
)
@click.option(
    "--high", default="4W", callback=partial(_quantity, "W"), show_default=True, help="its largest power"
)
@click.option(
    "--period", default="10s", callback=partial(_quantity, "s"), show_default=True, help="one swing"
)
@click.option("--volts", default=None, callback=partial(_quantity, "V"), help="the rail's voltage")
@click.option("--faults", default="", help="for example corrupt=1%,drop=1%,disconnect=20s+1s")
@click.option("--seed", default=1, help="of the faults")
@click.option("--duration", default=None, help="how long to run; default: until it is stopped")
def main(
    kind: str,
    where: str,
    shape: str,
    low: float,
    high: float,
    period: float,
    volts: float | None,
    faults: str,
    seed: int,
    duration: str | None,
) -> None:
    try:
        load = Load(shape, low, high, period)
        options: dict[str, Any] = {} if volts is None else {"volts": volts}
        meter = METERS[kind](load, **options)
        simulation = Simulation(meter, port_for(meter, where), Faults.parse(faults, seed))
        seconds = None if duration is None else parse_duration(duration)
        simulation.port.plug()
    except PowermeterError as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(f"cannot make {where}: {error}") from None
    print(
        json.dumps({"kind": kind, "where": simulation.port.where, "origin_ns": simulation.origin_ns}),
        flush=True,
    )
    signal.signal(signal.SIGTERM, lambda *_: simulation.stop())
    if seconds is None and ends_with(0):
        threading.Thread(target=_stop_at_end_of_input, args=(simulation,), daemon=True).start()
    try:
        simulation.run(seconds)
    except KeyboardInterrupt:
        pass
    report = {"faults": simulation.faults.hits, "overflowed": simulation.overflowed, "dropped": meter.dropped}
    print(json.dumps(report), flush=True)


if __name__ == "__main__":
    main()
