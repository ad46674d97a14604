"""Alumet's rows: energies that add up."""

import pytest
from tool_log import load

from powermeter.importers import open_log
from powermeter.importers.time_zones import LogZone


def test_alumet_adds_up_the_energies_of_rows(tmp_path):
    head = "metric;timestamp;value;resource_kind;resource_id;consumer_kind;consumer_id;__late_attributes\n"
    rows = "".join(
        f"rapl_consumed_energy_J;2026-06-10T10:00:0{i}Z;{value};local_machine;;local_machine;;domain={domain}_total\n"
        for i in range(4)
        for domain, value in (("package", 10 + i), ("dram", 1))
    )
    _, energies, headline = load(tmp_path, head + rows, "a.csv")
    assert energies["package"] == pytest.approx(46.0) and energies["dram"] == pytest.approx(4.0)
    assert energies[headline] == pytest.approx(50.0)


def test_the_hour_that_comes_twice_is_told_by_the_order_of_the_rows(tmp_path):
    head = "metric;timestamp;value;resource_kind;resource_id;consumer_kind;consumer_id;__late_attributes\n"
    stamps = [f"2025-10-26T0{hour}:{minute:02d}:00" for hour in (2, 2, 3) for minute in (0, 30)]
    rows = "".join(
        f"rapl_consumed_energy_J;{stamp};10;local_machine;;local_machine;;domain={domain}\n"
        for stamp in stamps
        for domain in ("package", "dram")
    )
    log, energies, _ = load(tmp_path, head + rows, "a.csv", zone=LogZone.parse("Europe/Berlin"))
    assert energies["package"] == pytest.approx(60.0)
    assert log.sources[0].ends_ns[1] - log.sources[0].ends_ns[0] == 3 * 3600 * 10**9


def test_rows_without_a_time_or_a_number_are_counted_and_processes_left_out(tmp_path):
    head = "metric;timestamp;value;resource_kind;resource_id;consumer_kind;consumer_id;__late_attributes\n"
    row = "rapl_consumed_energy_J;{};{};local_machine;;{};;domain=package\n"
    good = [row.format(f"2026-06-10T10:00:0{i}Z", 10, "local_machine") for i in range(4)]
    bad = [
        row.format("yesterday", 10, "local_machine"),
        row.format("2026-06-10T10:00:05Z", "x", "local_machine"),
    ]
    share = [row.format("2026-06-10T10:00:02Z", 3, "process")]
    log, energies, _ = load(tmp_path, head + "".join(good + bad + share), "a.csv")
    assert energies["package"] == pytest.approx(40.0)
    assert any("2 rows without a time or a number were left out" in str(note) for note in log.warnings)


def test_a_row_without_all_its_fields_is_counted(tmp_path):
    rows = [
        f"rapl_consumed_energy_J;2025-03-14T09:26:5{i}.1Z;29.8;cpu_package;0;cpu_package;0;domain=package"
        for i in range(6)
    ]
    rows[3] = rows[3].split(";", 1)[1]
    path = tmp_path / "t.csv"
    path.write_text(
        "\n".join(
            [
                "metric;timestamp;value;resource_kind;resource_id;consumer_kind;consumer_id;__late_attributes",
                *rows,
                "",
            ]
        )
    )
    assert any(note.code == "rows-left-out" and "1 row" in str(note) for note in open_log(path).warnings)


def test_a_row_that_stands_twice_counts_once(tmp_path):
    head = "metric;timestamp;value;resource_kind;resource_id;consumer_kind;consumer_id;__late_attributes"
    rows = [
        f"rapl_consumed_energy_J;2025-03-14T09:26:5{i}.1Z;29.5;cpu_package;0;cpu_package;0;domain=package"
        for i in range(6)
    ]
    log, energies, headline = load(tmp_path, "\n".join([head, *rows, ""]), "a.csv")
    again, same, _ = load(tmp_path, "\n".join([head, *rows[:3], *[rows[3]] * 201, *rows[4:], ""]), "b.csv")
    assert energies[headline] == pytest.approx(same[headline])
    assert any(note.code == "rows-repeated" and "200 rows" in str(note) for note in again.warnings)
    assert not any(note.code == "rows-repeated" for note in log.warnings)
