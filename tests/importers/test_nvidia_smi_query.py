"""A loop over `nvidia-smi -q -d POWER`, as drivers 535 (one draw) and 560 (average and instantaneous) print it, as text and in XML."""

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


XML_OLD = "<power_readings>\n<power_state>P0</power_state>\n<power_draw>{p:.2f} W</power_draw>\n<power_limit>450.00 W</power_limit>\n</power_readings>"
XML_NEW = (
    "<gpu_power_readings><power_draw>N/A</power_draw>\n<average_power_draw>1.00 W</average_power_draw>\n"
    "<instant_power_draw>{p:.2f} W</instant_power_draw></gpu_power_readings>\n"
    "<gpu_memory_power_readings><average_power_draw>2.00 W</average_power_draw></gpu_memory_power_readings>\n"
    "<module_power_readings><power_draw>999.00 W</power_draw></module_power_readings>"
)


def document(second, powers, body, between="\n"):
    cards = between.join(
        f'<gpu id="00000000:{i + 1:02X}:00.0">{between}{body.format(p=p)}{between}</gpu>'
        for i, p in enumerate(powers)
    )
    head = '<?xml version="1.0" ?>\n<!DOCTYPE nvidia_smi_log SYSTEM "nvsmi_device_v12.dtd">\n'
    stamp = f"<timestamp>Tue Mar  5 14:00:{second:02d} 2024</timestamp>"
    return f"{head}<nvidia_smi_log>{between}{stamp}{between}{cards}{between}</nvidia_smi_log>\n"


@pytest.mark.parametrize("between", ["\n\t\t", ""])
@pytest.mark.parametrize("body", [XML_OLD, XML_NEW])
def test_the_same_in_xml_whatever_stands_in_a_line(tmp_path, body, between):
    path = tmp_path / "q.xml"
    path.write_text("".join(document(i, (60 + i, 100), body, between) for i in range(11)))
    found = convert(path, tmp_path / "o.power", choices=Choices())
    assert found.format == "nvidia-smi-query"
    assert analyse(tmp_path / "o.power").energy.value == pytest.approx(10 * 165)


def test_what_an_xml_defines_for_itself_is_not_followed(tmp_path):
    path = tmp_path / "q.xml"
    bomb = '<!DOCTYPE x [<!ENTITY a "9"><!ENTITY b "&a;&a;&a;">]>\n'
    path.write_text(
        bomb + "".join(document(i, (60,), XML_OLD) for i in range(5)).replace("60.00 W", "&b; W", 1)
    )
    found = convert(path, tmp_path / "o.power", choices=Choices())
    assert analyse(tmp_path / "o.power").energy.value == pytest.approx(3 * 60)
    assert any("1 of 5 rows hold no number (1 × &b;" in str(note) for note in found.warnings)


def test_reports_without_a_draw_are_refused(tmp_path):
    path = tmp_path / "q.xml"
    path.write_text("".join(document(i, (60,), "") for i in range(4)))
    with pytest.raises(DataError, match="-d POWER"):
        convert(path, tmp_path / "o.power", choices=Choices())
