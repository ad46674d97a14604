"""What runs in the guest: every check in turn, one line each, status 1 where one failed."""

from __future__ import annotations

import os
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import behaviour
import meters
import recordings
import registers
import stub

failures = 0


def check(name: str, test: Callable[[], str | None]) -> None:
    """Run one check; it gives a remark, or raises."""
    global failures
    if os.environ.get("LAB_ONLY", "") not in name:
        return
    started = time.monotonic()
    try:
        remark = test() or ""
        verdict = "ok  "
    except Exception as error:  # noqa: BLE001 – a check that breaks is a check that failed
        failures += 1
        verdict, remark = "FAIL", f"{type(error).__name__}: {error}"
        if not isinstance(error, AssertionError):
            traceback.print_exc(file=sys.stdout)
    print(f"{verdict} {name:<46} {time.monotonic() - started:5.1f} s  {remark}", flush=True)


def compare(case: registers.Case, bus: int, player: stub.Player, device: Path) -> str:
    """Compare one chip with the kernel's driver."""
    result = registers.compare(case, bus, player, device)
    problem = result.verdict()
    assert not problem, problem
    return f"{registers.SETTINGS} settings, {result.compared} readings equal; shifted codes noticed {result.noticed}"


def profile_checks(bus: int, player: stub.Player) -> None:
    """Play a profile into INA219 of ours and of the kernel's, record them at once, and have a third one restart meanwhile."""
    profile = recordings.Profile.make(24.0)
    rails = {
        "i2c": f"ina219://{bus}/0x48?shunt=0.1ohm&rails=i2c&averages=1&bits=12&rate=25Hz",
        "hwmon": f"hwmon://ina219-i2c-{bus}-40?shunt=0.1ohm&rails=hwmon&rate=25Hz",
    }
    made: list[tuple[Path, list[int]]] = []

    def play() -> str:
        urls = [*rails.values(), behaviour.RESTARTED.format(bus=bus)]
        chips = [0x48, 0x40, behaviour.RESTARTS]
        made.append(recordings.record("profile", urls, profile, player, chips, behaviour.POWER_UP))
        return f"{len(made[0][1])} steps played"

    check("profile, played and recorded", play)
    for rail in rails if made else ():
        check(
            f"profile through {rail}: energy",
            lambda rail=rail: recordings.judge(made[0][0], rail, profile, made[0][1], 0.013),
        )
    if made:
        check(
            "profile: a chip that restarts is set up again", lambda: behaviour.restarted(made[0][0], player)
        )


def main() -> int:
    """Set the stub up and run the checks."""
    print(f"laboratory: inside Linux {os.uname().release}, Python {sys.version.split()[0]}", flush=True)
    bus = stub.start_stub()
    with stub.Player(bus) as player:
        for address, chip in {**stub.BOUND, **stub.FREE}.items():
            player.write(address, stub.RESET[chip])
        stub.load("ina2xx", "ina3221", "ina238")
        devices = {address: stub.bind(bus, chip, address) for address, chip in stub.BOUND.items()}
        check("discovery finds all nine, writes nothing", lambda: behaviour.discovery(bus, player))
        check("a chip the kernel holds is left to it", lambda: behaviour.held(bus))
        for case in registers.CASES:
            check(
                f"{case.chip}: registers, ours and the kernel's",
                lambda case=case: compare(case, bus, player, devices[case.address]),
            )
        check("hwmon:// corrects the kernel's shunt", lambda: behaviour.corrected(bus, player, devices))
        profile_checks(bus, player)
        stub.unbind(bus, 0x40)
        stub.unbind(bus, 0x41)
        stub.unload("ina2xx")
        stub.load("industrialio", "kfifo_buf", "ina2xx-adc")
        for address, chip in ((0x40, "ina219"), (0x41, "ina226")):
            stub.bind(bus, chip, address)
            check(
                f"{chip}: IIO and ours, register by register",
                lambda chip=chip, address=address: behaviour.iio(chip, address, player),
            )
        check("profile through the kernel's IIO buffer", lambda: behaviour.buffered(player))
    check("hid: a FNB58 of the kernel's own making", meters.fnirsi)
    check("hid: a WITRN U3 of the kernel's own making", meters.witrn)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
