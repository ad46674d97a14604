"""A server's Redfish service: reports of telemetry, and loops over its power."""

import json

import pytest
from tool_log import load

from powermeter.errors import ConfigurationError, DataError


def power(watts):
    return json.dumps(
        {
            "@odata.type": "#Power.v1_5_0.Power",
            "PowerControl": [{"PowerConsumedWatts": watts, "PowerMetrics": {"AverageConsumedWatts": 999}}],
            "PowerSupplies": [{"LastPowerOutputWatts": 170}],
        },
        indent=1,
    )


def environment(watts):
    return json.dumps(
        {"@odata.type": "#EnvironmentMetrics.v1_3_0.EnvironmentMetrics", "PowerWatts": {"Reading": watts}}
    )


@pytest.mark.parametrize("answer", [power, environment])
@pytest.mark.parametrize(
    "stamp",
    [
        "Thu Nov 27 10:00:{i:02d} UTC 2025\n",
        "HTTP/1.1 200 OK\nDate: Thu, 27 Nov 2025 10:00:{i:02d} GMT\nServer: iDRAC\n\n",
    ],
)
def test_answers_stand_at_the_times_before_them(tmp_path, answer, stamp):
    text = "".join(stamp.format(i=10 + i) + answer(340 + i) + "\n" for i in range(10))
    log, energies, _ = load(tmp_path, text)
    assert log.format == "redfish" and log.clock == "utc" and energies == {"server": pytest.approx(9 * 344.5)}


def test_without_times_a_rate_is_asked_for_and_used(tmp_path):
    with pytest.raises(ConfigurationError, match="--rate 10s"):
        load(tmp_path, power(340) * 5)
    assert load(tmp_path, power(340) * 5, period_s=10.0)[1] == {"server": pytest.approx(340 * 40)}


def test_one_answer_is_one_reading(tmp_path):
    with pytest.raises(DataError, match=r"one reading \(344 W\)"):
        load(tmp_path, power(344))


def report(*names):
    values = [
        {"MetricId": name, "MetricValue": str(340 + i), "Timestamp": f"2025-11-27T10:00:{i:02d}Z"}
        for i in range(10)
        for name in names
    ]
    return json.dumps(
        {"@odata.type": "#MetricReport.v1_4_2.MetricReport", "Id": "PowerMetrics", "MetricValues": values}
    )


def test_a_report_of_telemetry_has_its_times(tmp_path):
    _, energies, _ = load(tmp_path, report("SystemInputPower", "CPUTemp"))
    assert list(energies.values()) == [pytest.approx(9 * 344.5)]


def test_a_report_of_temperatures_is_no_power(tmp_path):
    with pytest.raises(DataError, match=r"no metric of power.*CPUTemp"):
        load(tmp_path, report("CPUTemp"))


def reports_at(*starts):
    return "\n".join(
        json.dumps(
            {
                "@odata.type": "#MetricReport.v1_4_2.MetricReport",
                "MetricValues": [
                    {
                        "MetricId": "SystemPower",
                        "MetricValue": str(300 + start + i),
                        "MetricProperty": "/x/PowerWatts",
                        "Timestamp": f"2025-11-27T10:{(start + i) // 60:02d}:{(start + i) % 60:02d}Z",
                    }
                    for i in range(0, 60, 10)
                ],
            }
        )
        for start in starts
    )


def test_reports_that_overlap_are_one_series_and_a_clock_set_back_is_refused(tmp_path):
    _, energies, _ = load(tmp_path, reports_at(0, 30, 90))
    assert energies == {"System": pytest.approx(140 * 370)}
    with pytest.raises(DataError, match="report 3: a clock was set"):
        load(tmp_path, reports_at(0, 60, 35))


def test_answers_a_loop_stamped_itself_are_read_at_those_times(tmp_path):
    text = "".join(
        json.dumps(
            {
                "@odata.id": "/redfish/v1/Chassis/1/Power",
                "timestamp": f"2025-03-04T10:00:{10 + i}Z",
                "PowerControl": [{"MemberId": "0", "PowerConsumedWatts": 340 + i, "PowerCapacityWatts": 800}],
            }
        )
        + "\n"
        for i in range(10)
    )
    log, energies, _ = load(tmp_path, text)
    assert log.format == "redfish" and energies == {"server": pytest.approx(9 * 344.5)}


def test_values_stamped_in_two_zones_stand_in_their_order(tmp_path):
    """Every ten seconds one in turn of UTC and of two hours east: 300 W to 410 W over 110 s."""
    stamps = ["2025-11-27T10:{:02d}:{:02d}Z", "2025-11-27T12:{:02d}:{:02d}+02:00"]
    values = [
        {
            "MetricId": "SystemPowerWatts",
            "MetricValue": 300 + i,
            "Timestamp": stamps[i // 10 % 2].format(i // 60, i % 60),
        }
        for i in range(0, 120, 10)
    ]
    text = json.dumps({"@odata.type": "#MetricReport.v1_4_2.MetricReport", "MetricValues": values})
    assert list(load(tmp_path, text)[1].values()) == [pytest.approx(110 * 355)]
