"""The one shape of a conversation with TI's power monitors: set up, ask whether a round is done, read it.

A chip's own file (`ina219.py`, `ina226.py`, `ina228.py`, `ina3221.py`) holds its tables and how its
ready flag works; `source.py` makes a source of one or several chips.

Current and power are always computed on the host from signed shunt and bus codes: the chips' power
registers are unsigned and both products are truncated.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from powermeter.errors import ConfigurationError, OpenError, ReadError, Reason
from powermeter.units import format_quantity

from ..links.i2c import RegisterLink
from .datasheet import ChipModel, InputLimits, Register
from .settings import ChipRequest, Setting, choose


class Chip(ABC):
    """One chip on one bus, from setting it up to reading its codes.

    Attributes:
        models: Name in lower case → model.
        wait_for_ready: Whether `poll` asks the chip for a finished conversion; False reads what is there.
    """

    models: ClassVar[Mapping[str, ChipModel]]

    def __init__(self, model: ChipModel, link: RegisterLink, request: ChipRequest) -> None:
        self.model = model
        self.link = link
        self.request = request
        self.setting = choose(list(self.settings()), request, model.tolerance, model.name)
        self.wait_for_ready = True

    @abstractmethod
    def settings(self) -> Iterable[Setting]:
        """Return every setting that serves the ranges asked for.

        Raises:
            ConfigurationError: A range is beyond the chip.
        """

    @abstractmethod
    def poll(self) -> Sequence[int] | None:
        """Return voltage and current code of each channel in turn, then what else the chip counts.

        None means that no conversion was finished since the last call.

        Raises:
            ReadError: The chip does not answer, or what it answers cannot be trusted.
        """

    def limits(self, grade: str) -> InputLimits:
        """Return the limits of the shunt input in the range in use."""
        return self.model.shunt_limits[grade]

    @abstractmethod
    def finished(self) -> bool:
        """Whether a round was finished since the flag was last cleared."""

    def forget(self) -> None:  # noqa: B027
        """Clear the ready flag, where asking has not done so."""

    def measure_round(self, rounds: int = 128, most_s: float = 0.3) -> float:
        """Return the longest that a round takes on this chip's own clock, in seconds.

        Counts the rounds between two sightings of the flag.  A round that goes unseen makes the
        answer too long, never too short; beyond the datasheet's limit it is that limit.
        """
        rounds = max(4, min(rounds, int(most_s / self.setting.round_s)))
        best = self.round_max_s
        for _ in range(2):
            if self.finished():  # of a round that ended at some time before
                self.forget()
            first = self._sighting()
            last: tuple[int, int] | None = None
            for _ in range(rounds):
                last = self._sighting() if first is not None else None
                if last is None:
                    break
            if first is not None and last is not None:
                best = min(best, (last[1] - first[0]) / rounds / 1e9)
        return max(best, self.round_min_s)

    def _sighting(self) -> tuple[int, int] | None:
        """Return times before and after the end of a round, or None where the flag does not show."""
        clock = self.link.clock
        before = clock.now_ns()
        deadline = before + round(3e9 * self.round_max_s) + 1_000_000
        while True:
            asked = clock.now_ns()
            if self.finished():
                self.forget()
                return before, clock.now_ns()
            before = asked
            if asked > deadline:
                return None

    @property
    def shunts(self) -> list[Register]:
        """The shunt registers in use, as the range in use scales them."""
        return [self.setting.shunt or self.model.shunts[i] for i in self.request.channels]

    @property
    def buses(self) -> list[Register]:
        """The bus voltage registers in use."""
        return [self.model.buses[i] for i in self.request.channels]

    @property
    def where(self) -> str:
        """Chip, bus and address, for messages."""
        return f"{self.model.name} on {self.link.where}"

    @property
    def round_max_s(self) -> float:
        """The longest a round of conversions may take."""
        return self.setting.round_s * (1 + self.model.tolerance)

    @property
    def round_min_s(self) -> float:
        """The shortest a round of conversions may take."""
        return self.setting.round_s * (1 - self.model.tolerance)

    def need(self, value: float | None, full: float, unit: str, what: str) -> None:
        """Refuse a range beyond full scale.

        Raises:
            ConfigurationError: It is.
        """
        if value is not None and value > full * 1.000001:
            remedy = "a smaller shunt or another chip" if "shunt" in what else "another chip"
            raise ConfigurationError(
                f"{self.model.name} measures {what} up to {format_quantity(full, unit)}, "
                f"not {format_quantity(value, unit)}; use {remedy}"
            )

    def open(self) -> None:
        """Verify the chip's identity and configure it; one that is configured already is left running.

        Raises:
            OpenError: No answer, another chip, or a chip that does not keep its setup.
        """
        self.link.claim(0x00)
        try:
            self.identify()
            if not self.intact():
                for register, value, _ in self.setting.writes:
                    self.link.write(register, value)
                if not self.intact():
                    raise OpenError(
                        f"{self.where}: it does not keep its configuration; is another program using it?",
                        Reason.WRONG_DEVICE,
                    )
            self.start()
        except ReadError as error:
            raise OpenError(str(error), error.reason) from error

    def start(self) -> None:  # noqa: B027
        """Prepare whatever a fresh start needs; nothing by default."""

    def identify(self) -> None:
        """Compare the identification registers.

        Raises:
            OpenError: They are another chip's.
        """
        for register, expected, mask in self.model.ids:
            found = self.link.read(register)
            if found & mask != expected & mask:
                raise OpenError(
                    f"{self.link.where}: register {register:02X}h reads {found:04X}h, {self.model.name} has "
                    f"{expected:04X}h; run 'powermeter devices' to see what it is",
                    Reason.WRONG_DEVICE,
                )

    def intact(self) -> bool:
        """Whether every register of the setup still holds what was written."""
        return all(
            self.link.read(register) & mask == value & mask for register, value, mask in self.setting.writes
        )

    def lost(self) -> ReadError:
        """Return the error of a chip that restarted."""
        return ReadError(
            f"{self.where} lost its configuration (a brown-out, or another program changed it)",
            Reason.LOST_SETUP,
        )
