"""Tables whose lines stand in one pair of quotes each: 4 rows a second apart, 5 W."""

import pytest
from tool_log import load


@pytest.mark.parametrize(
    ("head", "row"),
    [
        ("time_s,power_W", "{t},5.0"),
        ("Zeit (s);Leistung (W)", "{t};5,0"),
        ("time\tpower (mW)", "2025-03-14 10:00:0{t}\t5000"),
    ],
)
def test_lines_in_quotes_are_a_table(tmp_path, head, row):
    text = "".join(f'"{line}"\n' for line in [head, *(row.format(t=t) for t in range(5))])
    log, energies, headline = load(tmp_path, text, "a.csv")
    assert log.format == "quoted-lines" and energies[headline] == pytest.approx(20)


def test_a_table_with_quoted_cells_is_any_table(tmp_path):
    text = "".join(f'"{a}","{b}"\n' for a, b in [("time_s", "power_W"), *((t, 5) for t in range(5))])
    log, energies, headline = load(tmp_path, text, "a.csv")
    assert log.format == "csv" and energies[headline] == pytest.approx(20)
