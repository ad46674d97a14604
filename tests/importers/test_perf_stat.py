"""`perf stat` of energies: runs, intervals, two sockets."""

import pytest
from tool_log import load

from powermeter.errors import DataError

PERF = """
 Performance counter stats for 'system wide':

          1,131.75 Joules power/energy-pkg/
             21.50 Joules power/energy-ram/
   <not supported> Joules power/energy-gpu/

      12.501234567 seconds time elapsed
"""


def test_perf_stat_of_a_run(tmp_path):
    log, energies, _ = load(tmp_path, PERF)
    assert energies["package"] == pytest.approx(1131.75) and energies["dram"] == pytest.approx(21.5)
    assert log.sources[0].ends_ns == (0, 12_501_234_567)
    assert any("not supported" in note for note in log.warnings)


@pytest.mark.parametrize(
    "text",
    [
        "# time counts unit events\n     1.000 14.25 Joules power/energy-pkg/\n     2.000 18.50 Joules power/energy-pkg/\n",
        "1.000,14.25,Joules,power/energy-pkg/,1,100.00,,\n2.000,18.50,Joules,power/energy-pkg/,1,100.00,,\n",
        "1.000;14.25;Joules;power/energy-pkg/;1;100.00;;\n2.000;18.50;Joules;power/energy-pkg/;1;100.00;;\n",
    ],
)
def test_perf_stat_of_intervals_begins_at_zero(tmp_path, text):
    log, energies, _ = load(tmp_path, text)
    assert energies["package"] == pytest.approx(32.75) and log.sources[0].ends_ns == (0, 2 * 10**9)


def test_perf_stat_of_two_sockets(tmp_path):
    text = "".join(
        f"{t}.000,S{s},8,{10 + s}.5,Joules,power/energy-pkg/,1,100.00,,\n" for t in (1, 2) for s in (0, 1)
    )
    _, energies, headline = load(tmp_path, text)
    assert energies["package0"] == pytest.approx(21.0) and energies["package1"] == pytest.approx(23.0)
    assert energies[headline] == pytest.approx(44.0)


def test_perf_stat_without_a_time_says_what_to_log(tmp_path):
    with pytest.raises(DataError, match="log with -I 1000"):
        load(tmp_path, "131.75,Joules,power/energy-pkg/,1,100.00,,\n")


def test_a_line_that_stands_twice_counts_once(tmp_path):
    """6 J are 6 J, however often one line was copied."""
    lines = [
        "1.000,14.25,Joules,power/energy-pkg/,1,100.00,,",
        "2.000,6.00,Joules,power/energy-pkg/,1,100.00,,",
    ]
    log, energies, _ = load(tmp_path, "\n".join([lines[0], *[lines[1]] * 201]) + "\n")
    assert energies["package"] == pytest.approx(20.25)
    assert any(note.code == "rows-repeated" and "200 lines" in note for note in log.warnings)


def test_runs_printed_one_after_another_are_laid_behind_each_other(tmp_path):
    log, energies, _ = load(tmp_path, PERF + PERF)
    assert energies["package"] == pytest.approx(2 * 1131.75)
    assert log.sources[0].ends_ns == (0, 25_002_469_134)
    assert any("2 reports were laid one after another" in note for note in log.warnings)


def test_intervals_that_begin_anew_are_laid_behind_each_other(tmp_path):
    text = "".join(f"{t}.000,10.0,Joules,power/energy-pkg/,1,100.00,,\n" for t in (1, 2, 1, 2, 3))
    log, energies, _ = load(tmp_path, text)
    assert energies["package"] == pytest.approx(50.0) and log.sources[0].ends_ns == (0, 5 * 10**9)


def test_the_number_of_processors_is_not_taken_for_joules(tmp_path):
    """Without its column of amounts each line ends in how many processors its socket stands for."""
    text = "".join(f"{t}.000,S0,1,Joules,power/energy-pkg/,1,100.00,,\n" for t in (1, 2, 3))
    with pytest.raises(DataError, match="no line of perf stat in it holds Joules"):
        load(tmp_path, text)


def test_a_damaged_line_is_counted(tmp_path):
    log, energies, _ = load(tmp_path, PERF.replace("1,131.75 Joules power", "1,131.75 Jo power"))
    assert "package" not in energies
    assert any(note.code == "rows-left-out" and "line 4" in note for note in log.warnings)


def test_two_dies_of_a_socket_add_up(tmp_path):
    text = "".join(
        f"{t}.000,S0-D{d},8,{10 + d}.5,Joules,power/energy-pkg/,1,100.00,,\n" for t in (1, 2) for d in (0, 1)
    )
    assert load(tmp_path, text)[1]["package0"] == pytest.approx(44.0)


def test_a_package_that_used_nothing_beside_memory_is_doubted(tmp_path):
    log, *_ = load(tmp_path, PERF.replace("1,131.75", "    0.00"))
    (note,) = (note.text for note in log.warnings if note.code == "all-zero")
    assert note.startswith("package: 0 J in all")
    log, *_ = load(tmp_path, PERF)
    assert "all-zero" not in [note.code for note in log.warnings]


def intervals(*joules, separator=","):
    return "".join(
        f"{t}.000{separator}{j:.2f}{separator}Joules{separator}power/energy-pkg/{separator}1{separator}100.00\n"
        for t, j in enumerate(joules, 1)
    )


@pytest.mark.parametrize(
    "end",
    [
        "         summary,33.00,Joules,power/energy-pkg/,3000,100.00,,\n",
        " Performance counter stats:\n\n 33.01 Joules power/energy-pkg/\n\n 3.001 seconds time elapsed\n",
    ],
)
def test_the_sums_of_intervals_count_once(tmp_path, end):
    """`perf stat -I 1000 --summary` prints below its intervals what they add up to: 66 J in 3 s had been counted."""
    log, energies, _ = load(tmp_path, intervals(10, 12, 11) + end)
    assert energies["package"] == pytest.approx(33.0) and log.sources[0].ends_ns == (0, 3 * 10**9)
    assert any("1 line that adds up the intervals above" in note for note in log.warnings)
    log, energies, _ = load(tmp_path, intervals(10, 12, 11) + end + intervals(10, 12, 11) + end)
    assert energies["package"] == pytest.approx(66.0) and log.sources[0].ends_ns == (0, 6 * 10**9)


def test_another_run_below_intervals_is_laid_behind_them(tmp_path):
    log, energies, _ = load(tmp_path, intervals(10, 12, 11) + PERF)
    assert energies["package"] == pytest.approx(33 + 1131.75)
    assert log.sources[0].ends_ns == (0, 3 * 10**9 + 12_501_234_567)


@pytest.mark.parametrize("order", [1, -1])
def test_a_report_without_a_length_is_in_no_number_of_others(tmp_path, order):
    """Cut before its line of seconds elapsed, its joules had been added to the time of the report above."""
    cut = PERF[: PERF.index("12.50")]
    log, energies, _ = load(tmp_path, "\n".join([PERF, cut][::order]) + "\n")
    assert energies["package"] == pytest.approx(1131.75) and log.sources[0].ends_ns == (0, 12_501_234_567)
    assert any(note.code == "series-left-out" and "states no time" in note for note in log.warnings)
