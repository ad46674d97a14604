"""A client's round of federated learning, by the formula and by country."""

from __future__ import annotations

import pytest

from powermeter.errors import ConfigurationError
from powermeter.footprint.federated import Round, default_router
from powermeter.result import Result

TRAINING = Result.of(300.0, "J", {"gain:m": 3.0})


def test_energy_of_a_round() -> None:
    """100 s at 3 W, 5 MB up at 8 Mbit/s and down at 40 Mbit/s: 6 s at 0.5 + 7.5 W."""
    client = Round(TRAINING, 5e6, 5e6, 8e6, 40e6, radio_w=0.5, router=default_router())
    assert client.transfer_s == pytest.approx(6.0)
    found = client.line().result()
    assert found.value == pytest.approx(300 + 8.0 * 6)
    assert found.parts["gain:m"] == pytest.approx(3.0)
    assert "factor:router.power" in found.parts
    assert sum(client.shares().values()) == pytest.approx(348)


def test_router_and_radio_may_be_left_out() -> None:
    assert Round(TRAINING, 5e6, 5e6, 8e6, 40e6).line().value == pytest.approx(300)


@pytest.mark.parametrize(
    "call",
    [
        lambda: Round(Result.of(1.0, "W"), 1, 1, 1, 1),
        lambda: Round(TRAINING, -1, 1, 1, 1),
        lambda: Round(TRAINING, 1, 1, 0, 1),
    ],
)
def test_impossible_rounds(call) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ConfigurationError):
        call()
