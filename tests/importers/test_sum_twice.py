"""A sum that would count energy twice is refused, and one of rails beside each other is not."""

import pytest

from powermeter.channel import Rail
from powermeter.errors import ConfigurationError
from powermeter.importers.whole_or_sum import decide

W = "W"


@pytest.mark.parametrize(
    ("watts", "again"),
    [
        ({"Ppv": 2100, "Pac": 2000}, "Pac"),
        ({"Ppv1": 1400, "Ppv2": 700, "Pac": 2000}, "Pac"),
        ({"Eac_Today": 5, "Eac_Total": 5}, "Eac_Total"),
        ({"line1": 10, "line2": 20, "line": 30.1}, "line"),
    ],
)
def test_what_is_counted_already_is_not_added(watts, again):
    with pytest.raises(ConfigurationError, match=rf"--sum would count .* twice: .*--rail {again}\Z"):
        decide(
            [Rail(name) for name in watts],
            where="f",
            add_up=True,
            means={n: (w, W) for n, w in watts.items()},
        )


@pytest.mark.parametrize(
    "watts", [{"Ppv1": 1400, "Ppv2": 700}, {"a": 1, "b": 1}, {"line1": 10, "line2": 20, "line": 31}]
)
def test_rails_beside_each_other_are_added_up(watts):
    found = decide(
        [Rail(name) for name in watts], where="f", add_up=True, means={n: (w, W) for n, w in watts.items()}
    )
    assert found.is_sum and found.headline == "all rails"
