"""A client's round of federated learning, by the formula and by country."""

from __future__ import annotations

import pytest

from powermeter.errors import ConfigurationError
from powermeter.footprint import footprint
from powermeter.footprint.federated import Campaign, Round, default_router
from powermeter.result import Grade, Result

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


def test_clients_are_summed_with_their_own_grids() -> None:
    campaign = Campaign(Round(TRAINING, 1e6, 1e6, 8e6, 8e6), 10, {"FRA": 2, "POL": 3}, server_j=3.6e6)
    assert campaign.energy().value == pytest.approx(300 * 50)
    rows = dict(campaign.carbon("FRA", losses=False))
    joules = {"FRA": 6000.0, "POL": 9000.0}
    for country, count in (("FRA", 2), ("POL", 3)):
        alone = footprint(Result.of(joules[country], "J"), country, losses=False).carbon.value
        assert rows[f"{count} clients in {country}"].value == pytest.approx(alone)
    assert rows["server"].value == pytest.approx(56.039 * 1.56)
    assert rows["server"].grade is Grade.ASSUMED


@pytest.mark.parametrize(
    "call",
    [
        lambda: Round(Result.of(1.0, "W"), 1, 1, 1, 1),
        lambda: Round(TRAINING, -1, 1, 1, 1),
        lambda: Round(TRAINING, 1, 1, 0, 1),
        lambda: Campaign(Round(TRAINING, 1, 1, 1, 1), 0, {"FRA": 1}),
        lambda: Campaign(Round(TRAINING, 1, 1, 1, 1), 1, {}),
    ],
)
def test_impossible_rounds(call) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ConfigurationError):
        call()
