"""Lengths and energies of stretches that changed places: asked about where only the exchange has a power that there is."""

import pytest

from powermeter.errors import ConfigurationError
from powermeter.importers import Choices, open_log

HEADER = "label,timestamp,duration,pkg,dram,socket\n"


def table(tmp_path, duration_us, pkg_uj):
    path = tmp_path / "p.csv"
    path.write_text(HEADER + "".join(f"f,{1e9 + 200 * i},{duration_us},{pkg_uj},1.0,0\n" for i in range(4)))
    return path


@pytest.mark.parametrize(
    ("duration_us", "pkg_uj", "asked"),
    [
        (5e6, 1e8, False),  # 20 W
        (1e8, 5e6, True),  # 0.05 W, or 20 W
        (5e6, 1e12, False),  # 200 kW, or 5 µW: neither
    ],
)
def test_only_what_the_exchange_would_mend_is_asked_about(tmp_path, duration_us, pkg_uj, asked):
    path = table(tmp_path, duration_us, pkg_uj)
    if not asked:
        open_log(path)
        return
    with pytest.raises(ConfigurationError, match=r"'duration' and 'package0' changed places.*--as per-row"):
        open_log(path)
    open_log(path, choices=Choices(as_={"": "per-row"}))
