"""What every simulated meter is: something that senses a load, answers bytes and sends some unasked."""

from __future__ import annotations

from typing import ClassVar

from powermeter.testing.load import Load

MWH_J = 3.6


class SimulatedMeter:
    """A meter of a load at a constant voltage.  Time is seconds since the simulation began.

    Frames are built from the published layouts, not with the drivers' code, so that both cannot share
    one mistake.

    Attributes:
        kind: Its name on the command line, which is also the driver's scheme.
        refresh_s: How often its registers change.
        tick_s: How often `send` wants to be called; 0 for a meter that only answers.
        buffer_bytes: What it keeps for a reader that is slow; the rest is lost.
        dropped: Samples it never made because it was not given the processor in time.
        flags_overload: Whether its frames state that it is over its range; the contract suite then sets
            `overloaded` and looks for `SATURATED` in the driver's rows.
        overloaded: Whether it is over its range now.
        checks_frames: Whether its frames carry a check that shows any damaged byte; the contract suite then
            damages each and expects `DataError`.
        loads_w: Loads in W that the contract suite puts on it beside 2 W: one in each of its other ranges.
        both_ways: Whether it senses current that flows back; the contract suite then lets it, at each of these loads.
        states_times: Whether its frames state when each was taken, be it by their numbers at a fixed rate; the contract
            suite then hands on two thirds of them, in bunches, and expects the frames' own times in place of their arrival.
        settling: Whether what it sends now is no reading, as it settles or zeroes itself; the contract suite expects no
            sample of those frames.
        shows_losses: Whether numbers or steady ticks in its frames show which never came; the contract suite
            then drops some and expects gaps with their number, and doubles some, which are no samples.
    """

    kind: ClassVar[str]
    refresh_s: float = 0.5
    tick_s: float = 0.0
    buffer_bytes: int = 1024
    dropped: int = 0
    flags_overload: ClassVar[bool] = False
    overloaded: bool = False
    checks_frames: ClassVar[bool] = True
    shows_losses: ClassVar[bool] = False
    loads_w: ClassVar[tuple[float, ...]] = (0.2, 0.002)
    both_ways: ClassVar[bool] = False
    states_times: ClassVar[bool] = True
    settling: bool = False
    hid: ClassVar[tuple[int, int] | None] = None

    def __init__(self, load: Load, *, volts: float = 5.0) -> None:
        self.load = load
        self.volts = volts

    def receive(self, data: bytes, now_s: float) -> list[bytes]:
        """Return the frames that answer what was received."""
        return []

    def send(self, now_s: float) -> list[bytes]:
        """Return the frames that are due without being asked for."""
        return []

    def restart(self) -> None:
        """Forget what was half received: the cable was pulled and put back."""

    def refreshed_s(self, now_s: float) -> float:
        """Return when the registers changed last."""
        return now_s // self.refresh_s * self.refresh_s

    def watts(self, now_s: float) -> float:
        """Return the power in the registers."""
        return float(self.load.power_w(self.refreshed_s(now_s)))

    def amperes(self, now_s: float) -> float:
        """Return the current in the registers."""
        return self.watts(now_s) / self.volts

    def joules(self, now_s: float) -> float:
        """Return the energy since the simulation began."""
        return self.load.energy_j(0.0, self.refreshed_s(now_s))

    def coulombs(self, now_s: float) -> float:
        """Return the charge since the simulation began."""
        return self.joules(now_s) / self.volts
