"""CodeCarbon's emissions.csv."""

import pytest
from tool_log import load

from powermeter.importers import open_log


def test_codecarbon_without_parts(tmp_path):
    text = "timestamp,project_name,duration,emissions,energy_consumed\n2026-01-02T03:04:05,demo,31.5,0.001,0.0035\n"
    _, energies, _ = load(tmp_path, text, "emissions.csv")
    assert energies == {"machine": pytest.approx(12600.0)}


HEADER = "timestamp,project_name,run_id,duration,emissions,cpu_energy,energy_consumed"


def _log(tmp_path, rows):
    path = tmp_path / "emissions.csv"
    lines = [f"2025-03-14T{at},a,{run},{s},0,{kwh},{kwh}" for at, run, s, kwh in rows]
    path.write_text("\n".join([HEADER, *lines]))
    return open_log(path)


def _joules(log):
    (rows,) = log.sources
    index = next(i for i, channel in enumerate(rows.channels) if channel.name == "machine.energy")
    return rows.channels[index].scale * (int(rows.codes[index][-1]) - int(rows.codes[index][0]))


def test_later_totals_of_one_run_are_one_run_and_its_last_row_counts(tmp_path):
    """Totals of 1, 2 and 3 mWh of one run, then a run that began later under the same id: 3 + 1 mWh, not 7."""
    rows = [("09:00:15", 15, 1e-6), ("09:00:30", 30, 2e-6), ("09:00:46", 45, 3e-6), ("09:02:00", 15, 1e-6)]
    log = _log(tmp_path, [(at, "one", s, kwh) for at, s, kwh in rows])
    assert _joules(log) == pytest.approx(14.4)
    assert [(event.start_ns, event.end_ns) for event in log.events] == [
        (0, 45_000_000_000),
        (45_000_000_000, 60_000_000_000),
    ]
    (note,) = (note for note in log.warnings if note.code == "later-totals")
    assert "2 rows of the same run_id" in str(note) and "(14.40 J; all rows added up are 25.20 J)" in str(
        note
    )


def test_two_runs_that_flush_in_turns_are_two_runs(tmp_path):
    """Each writes 1, then 2 mWh: 4 mWh, of which 2 ran beside the other."""
    rows = [("09:00:15", "a", 15, 1e-6), ("09:00:16", "b", 15, 1e-6)]
    rows += [("09:00:30", "a", 30, 2e-6), ("09:00:31", "b", 30, 2e-6)]
    log = _log(tmp_path, rows)
    assert len(log.events) == 2 and _joules(log) == pytest.approx(14.4)
    assert "rows-overlap" in [note.code for note in log.warnings]


def test_where_a_row_names_no_run_all_rows_count_and_the_energy_without_is_stated(tmp_path):
    rows = [("09:00:15", "one", 15, 1e-6), ("09:00:30", "one", 30, 2e-6), ("09:05:00", "", 30, 1e-6)]
    log = _log(tmp_path, rows)
    assert _joules(log) == pytest.approx(14.4)
    (note,) = (note for note in log.warnings if note.code == "later-totals")
    assert "it is 10.80 J, here 14.40 J" in str(note)


def test_runs_without_an_id_or_with_one_each_are_no_later_totals(tmp_path):
    path = tmp_path / "emissions.csv"
    lines = [
        f"2025-03-14T09:0{i}:00,a,{run},{60 * i + 1},0,{i}e-6,{i}e-6"
        for i, run in enumerate(["", "", "b", "c"])
    ]
    path.write_text(
        "\n".join(["timestamp,project_name,run_id,duration,emissions,cpu_energy,energy_consumed", *lines])
    )
    assert not [note for note in open_log(path).warnings if note.code == "later-totals"]


RUN = "timestamp,project_name,run_id,duration,emissions,cpu_energy,gpu_energy,ram_energy,energy_consumed\n"
ROW = "2025-03-14T09:27:{at},cc,5b0fa12a,{at}.0,0.0003,0.0002,0.0005,0.0001,{total}\n"


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        (ROW.format(at=15, total="0.0008"), None),
        (ROW.format(at=15, total="0.0068"), "parts-against-total"),
        (ROW.format(at=15, total="0.0008").replace("T09:27", "T0z:27"), "missing-values"),
        (2 * ROW.format(at=15, total="0.0008"), "rows-repeated"),
    ],
)
def test_cells_that_contradict_each_other_are_reported(tmp_path, rows, code):
    path = tmp_path / "emissions.csv"
    path.write_text(RUN + rows)
    found = {note.code for note in open_log(path).warnings}
    assert found & {"parts-against-total", "missing-values", "rows-repeated"} == ({code} if code else set())


def test_a_run_that_began_when_the_one_before_had_ended_overlaps_nothing(tmp_path):
    """30 s that end at 09:00:30, then 30 s that end at 09:01:00: back to back."""
    log = _log(tmp_path, [("09:00:30", "a", 30, 1e-6), ("09:01:00", "b", 30, 1e-6)])
    assert len(log.events) == 2 and "rows-overlap" not in [note.code for note in log.warnings]
