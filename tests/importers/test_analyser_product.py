"""Watts that volts and amperes beside them do not make: PTDaemon's fields exchanged."""

import pytest

from powermeter.importers import open_log


@pytest.mark.parametrize(
    ("watts", "volts", "amps", "factor", "said"),
    [
        (150, 230.1, 0.66, 0.98, False),
        (3.1, 230.1, 0.05, 0.27, False),  # an idle adapter
        (230.1, 150, 0.66, 0.98, True),
        (0.98, 230.1, 0.66, 150, True),
        (0.66, 230.1, 150, 0.98, True),
        (150, -1, -1, -1, False),  # not available
    ],
)
def test_fields_that_were_exchanged_are_named(tmp_path, watts, volts, amps, factor, said):
    path = tmp_path / "spl.txt"
    path.write_text(
        "".join(
            f"Time,01-01-2025 00:00:{i:02d}.123,Watts,{watts},Volts,{volts},Amps,{amps},PF,{factor},Mark,run\n"
            for i in range(20)
        )
    )
    codes = [note.code for note in open_log(path).warnings]
    assert ("power-against-product" in codes) is said


def test_totals_of_several_inputs_are_no_product(tmp_path):
    path = tmp_path / "spl.txt"
    path.write_text(
        "".join(
            f"Time,01-01-2025 00:00:{i:02d}.123,Watts,2052,Volts,208.1,Amps,3.3,PF,0.99,Mark,run,"
            "Ch1,Watts,684,Volts,208.1,Amps,3.3,PF,0.99,Ch2,Watts,1368,Volts,208.1,Amps,6.6,PF,0.99\n"
            for i in range(20)
        )
    )
    assert "power-against-product" not in [note.code for note in open_log(path).warnings]
