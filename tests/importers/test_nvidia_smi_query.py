"""A loop over `nvidia-smi -q -d POWER`, as drivers 535 (one draw) and 560 (average and instantaneous) print it."""

import pytest

from powermeter import analyse
from powermeter.errors import DataError
from powermeter.importers import Choices, convert

OLD = "        Power Draw                        : {p:.2f} W\n        Current Power Limit : 450.00 W\n"
NEW = (
    "        Average Power Draw                : 1.00 W\n        Instantaneous Power Draw          : {p:.2f} W\n"
    "    GPU Memory Power Readings\n        Average Power Draw                : N/A\n"
    "    Module Power Readings\n        Power Draw                        : 999.00 W\n"
)


def report(second, powers, body):
    cards = "".join(
        f"GPU 00000000:{i + 1:02X}:00.0\n    GPU Power Readings\n{body.format(p=p)}\n"
        for i, p in enumerate(powers)
    )
    return f"\n==============NVSMI LOG==============\n\nTimestamp   : Tue Mar  5 14:00:{second:02d} 2024\n\n{cards}"


@pytest.mark.parametrize("body", [OLD, NEW])
def test_the_draws_of_two_cards_add_up(tmp_path, body):
    path = tmp_path / "q.txt"
    path.write_text("".join(report(i, (60 + i, 100), body) for i in range(11)))
    found = convert(path, tmp_path / "o.power", choices=Choices())
    assert found.format == "nvidia-smi-query"
    assert analyse(tmp_path / "o.power").energy.value == pytest.approx(10 * 165)


def test_a_report_without_a_time_is_refused(tmp_path):
    path = tmp_path / "q.txt"
    path.write_text("".join(report(i, (60,), OLD) for i in range(4)).replace("Timestamp", "Stamp"))
    with pytest.raises(DataError, match="no time that can be read"):
        convert(path, tmp_path / "o.power", choices=Choices())
