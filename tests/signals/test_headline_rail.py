"""Which rails there are, which overlap, which one stands for what the battery sees."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.channel import SATURATED, Boundary, Channel, Kind, Quantity, Rail, saturated
from powermeter.errors import ConfigurationError, DataError
from powermeter.recording import Samples, SourceInfo
from powermeter.result import Grade
from powermeter.signals.headline_rail import choose, overlap, whole
from powermeter.signals.line import Line
from powermeter.signals.rails import lines
from powermeter.testing.simulation import SimulatedRecording


def recording(*sources: tuple[str, list[Channel]]) -> SimulatedRecording:
    made = SimulatedRecording()
    times = np.arange(10, dtype=np.int64) * 100_000_000
    for i, (name, channels) in enumerate(sources, start=1):
        made.sources.append(SourceInfo(i, f"virtual://{name}", name, "virtual", {}, tuple(channels)))
        codes = {c.name: np.full(10, 1000 * (k + 1), np.int64) for k, c in enumerate(channels)}
        made.data[i] = Samples(times, codes, np.zeros(10, np.uint8))
    return made


def power(rail: Rail, quantity: Quantity = Quantity.POWER, **how) -> Channel:
    return Channel(f"{rail.name.lower()}.{quantity.value}", quantity, 0.001, rail, **how)


def found(*sources: tuple[str, list[Channel]]) -> tuple[Line, ...]:
    return lines(recording(*sources))


def names(some: tuple[Line, ...]) -> list[str]:
    return [line.rail.name for line in some]


def test_the_board_is_chosen_before_its_parts_and_never_added_to_them() -> None:
    inside = [
        power(Rail("VDD_IN")),
        power(Rail("CPU", "VDD_IN", Boundary.PART)),
        power(Rail("SOC", "VDD_IN", Boundary.PART)),
    ]
    rails = found(("jetson", inside))
    assert choose(rails).rail.name == "VDD_IN"
    assert whole(rails) == ()
    board, cpu, soc = rails
    assert overlap(board, cpu, rails) and overlap(cpu, board, rails) and not overlap(cpu, soc, rails)


def test_siblings_are_added_only_where_their_parent_is_named_and_not_measured() -> None:
    orin = [power(Rail(n, "INPUT", Boundary.MODULE)) for n in ("VDD_GPU_SOC", "VDD_CPU_CV", "VIN_SYS_5V0")]
    rails = found(("jetson", orin))
    (together,) = whole(rails)
    assert together.rail.name == "INPUT"
    trace = together.power()
    assert trace is not None and trace.values[0] == pytest.approx(1 + 2 + 3) and trace.grade is Grade.DERIVED
    assert "VDD_CPU_CV" in together.covers
    strangers = found(("meter", [power(Rail("A")), power(Rail("B"))]))
    assert whole(strangers) == ()


def test_two_instruments_on_one_thing_overlap() -> None:
    rails = found(("usb", [power(Rail("VBUS"))]), ("ina", [power(Rail("VIN"))]))
    assert overlap(rails[0], rails[1], rails)
    assert whole(rails) == ()
    gpus = found(
        ("gpu0", [power(Rail("GPU0", None, Boundary.DEVICE))]),
        ("gpu1", [power(Rail("GPU1", None, Boundary.DEVICE))]),
    )
    assert not overlap(gpus[0], gpus[1], gpus)


def test_a_measured_rail_goes_before_a_model_of_it() -> None:
    rails = found(
        ("estimate", [power(Rail("machine", None, Boundary.MODEL), grade=Grade.ESTIMATED)]),
        ("gpu", [power(Rail("GPU", None, Boundary.DEVICE))]),
    )
    assert choose(rails).rail.name == "GPU"


@pytest.mark.parametrize("first", [0, 1])
def test_of_two_rails_alike_the_measured_one_is_counted(first: int) -> None:
    two = [
        ("estimate", [power(Rail("guessed"), grade=Grade.ESTIMATED)]),
        ("meter", [power(Rail("VIN"))]),
    ]
    assert choose(found(two[first], two[1 - first])).rail.name == "VIN"


@pytest.mark.parametrize(("volts", "common"), [((5.0, 5.0), 5.0), ((5.0, 3.3), None), ((5.0, None), None)])
def test_a_sum_has_a_voltage_where_its_parts_have_one(volts, common) -> None:
    parts = [
        power(Rail(name, "INPUT", Boundary.PART, nominal_v=v)) for name, v in zip("AB", volts, strict=True)
    ]
    (together,) = whole(found(("jetson", parts)))
    assert together.rail.nominal_v == common


def test_a_rail_is_named_by_its_name_or_with_its_source() -> None:
    rails = found(("one", [power(Rail("VIN"))]), ("two", [power(Rail("VIN"))]))
    assert choose(rails, "two/VIN").source == "2"
    with pytest.raises(ConfigurationError, match="names several rails"):
        choose(rails, "vin")
    with pytest.raises(ConfigurationError, match="there are: one/VIN, two/VIN"):
        choose(rails, "VOUT")


def test_the_energy_counter_goes_before_the_power_channel() -> None:
    rail = Rail("package-0", None, Boundary.PART)
    rails = found(("rapl", [power(rail), power(rail, Quantity.ENERGY, kind=Kind.COUNTER)]))
    trace = rails[0].power()
    assert trace is not None and trace.quantity is Quantity.ENERGY


def test_what_is_not_measured_is_derived_and_says_so() -> None:
    rail = Rail("VBUS", nominal_v=5.0)
    (amps,) = found(("ina", [power(rail, Quantity.CURRENT)]))
    watts = amps.power()
    assert watts is not None and watts.values[0] == pytest.approx(5.0) and watts.grade is Grade.DERIVED
    assert any(e.key.startswith("model:nominal") for e in watts.errors)
    (both,) = found(("usb", [power(rail), power(rail, Quantity.VOLTAGE)]))
    charge = both.current()
    assert charge is not None and charge.values[0] == pytest.approx(0.5) and charge.grade is Grade.DERIVED
    (bare,) = found(("x", [power(Rail("X"))]))
    assert bare.current() is None
    (heatless,) = found(("y", [power(Rail("Y"), Quantity.CURRENT)]))
    assert heatless.power() is None
    with pytest.raises(DataError):
        choose([heatless])


def test_a_mistyped_rail_is_named(tmp_path):
    from powermeter.analysis.energy import analyse
    from powermeter.errors import ConfigurationError
    from powermeter.testing.boards import simulate_run

    path = simulate_run(tmp_path / "run.power", "pi-4")
    with pytest.raises(ConfigurationError, match=r"did you mean input\?"):
        analyse(path, rail="inptu")


def test_one_rail_at_the_end_of_its_range_leaves_the_others_numbers():
    made = recording(("two", [power(Rail("A")), power(Rail("B"))]))
    made.data[1].flags[3:5] = saturated(0)
    made.data[1].flags[7] = SATURATED
    a, b = lines(made)
    assert (a.power().saturated, b.power().saturated) == (3, 1)
