"""A table without electricity is refused with what it has, and with what may help."""

import pytest

from powermeter.errors import DataError
from powermeter.importers import open_log


@pytest.mark.parametrize(
    ("header", "cell", "hint"),
    [
        ("time_s,speed_m/s", "5", r"\(time_s, speed_m/s\)$"),
        ("time_s,utilization.gpu [%]", "5 %", "--query-gpu=timestamp,power.draw"),
        ("time_s,rated_power_W", "5", "where it is one, --column rated_power_W=W"),
    ],
)
def test_what_a_table_has_and_what_may_help(tmp_path, header, cell, hint):
    path = tmp_path / "t.csv"
    path.write_text(header + "\n" + "".join(f"{i},{cell}\n" for i in range(20)))
    with pytest.raises(DataError, match=hint):
        open_log(path)
