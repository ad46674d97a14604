"""The rate that is offered where a log holds no times."""

import pytest

from powermeter.importers.headers import heading
from powermeter.importers.usual_rates import usual_rate


@pytest.mark.parametrize(
    ("names", "rate"),
    [
        (("PkgWatt", "Busy%"), "5s where turbostat"),
        (("Busy%", "RAMWatt", "PkgWatt"), "5s where turbostat"),
        (("PkgWatt",), "10Hz"),
        (("device", "Average Graphics Package Power (W)"), "1s"),
        (("Power (W)", "sampled at 50 Hz"), "50Hz"),
        (("power",), "10Hz"),
    ],
)
def test_a_tools_own_rate_is_offered(names, rate):
    assert usual_rate([heading(name) for name in names]).startswith(rate)
