"""A transfer by the byte and by the power of its line: the coefficients of Malmodin 2020, by hand."""

from __future__ import annotations

import pytest

from powermeter.errors import ConfigurationError
from powermeter.footprint.network import Transfer, streaming


def test_a_minute_of_streaming_over_a_fixed_line() -> None:
    """5 Mbit/s: line 1.5 + 0.03 × 5, router 16.5 + 0.02 × 5, data centre 7; 25.25 W for 60 s."""
    minute = streaming(60, 5.0)
    by_bytes, by_power = minute.both()
    assert by_power.value == pytest.approx(60 * (1.65 + 16.6 + 7.0))
    assert by_bytes.value == pytest.approx(0.0375 * 0.006 * 3.6e6)
    assert minute.rising() == pytest.approx(60 * 5 * (0.03 + 0.02))


def test_a_minute_of_streaming_over_a_mobile_line() -> None:
    """Line 0.2 + 0.03 × 5, base station 1 + 1.5 × 5, data centre 7."""
    minute = streaming(60, 5.0, "mobile")
    assert minute.both()[1].value == pytest.approx(60 * (0.35 + 8.5 + 7.0))
    assert minute.both()[0].value == pytest.approx(0.0375 * 0.1 * 3.6e6)


def test_an_idle_line_costs_its_power_and_no_bytes() -> None:
    idle = Transfer(0, 3600)
    by_bytes, by_power = idle.both()
    assert by_bytes.value == 0
    assert by_power.value == pytest.approx(3600 * 18.0)
    assert idle.rising() == 0
    assert "rises with the bits" in "\n".join(idle.lines())


def test_the_difference_is_shown() -> None:
    text = "\n".join(streaming(60).lines())
    by_bytes, by_power = streaming(60).both()
    assert "by the byte (fixed line" in text
    assert f"{by_power.value / by_bytes.value:.2g} times the other" in text


@pytest.mark.parametrize(("size", "seconds", "line"), [(-1, 1, "fixed"), (1, 0, "fixed"), (1, 1, "pigeon")])
def test_impossible_transfers(size: float, seconds: float, line: str) -> None:
    with pytest.raises(ConfigurationError):
        Transfer(size, seconds, line)
