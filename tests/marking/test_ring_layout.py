"""Where the words of a ring's page lie: once in `ring`, and the same in `docs/marks.md`, the C header and the module for old Pythons."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from powermeter.marking import bindings, ring
from powermeter.marking.bindings import powermeter_marks
from powermeter.marking.ring_reader import RingReader

PAGE = Path(__file__).resolve().parents[2] / "docs" / "marks.md"
WORDS = (
    *("lost", "waited_ns", "wanted", "left", "taken", "closed", "committed", "newest"),
    *("interrupted", "given_up", "late", "first"),
)
LAYOUT = {
    "magic": 0,
    "capacity": 8,
    "clock": 12,
    "process": 16,
    "space": 24,
    **{name: 8 * getattr(ring, name.upper()) for name in WORDS},
    "program": ring.PROGRAM_AT,
}
"""What the recorder reads or writes → its first byte; those of `ring.HEADER` are its fields in order."""
OFFSETS = """
#include "powermeter_marks.h"
#include <stddef.h>
#define AT(name) printf("%s %zu\\n", #name, offsetof(powermeter_ring, name));
int main(void) { FIELDS return 0; }
"""
OF_THE_HEADER_ALONE = ("next", "numbers", "stuck")


def offsets_in_c(folder: Path, names: list[str]) -> dict[str, int]:
    if shutil.which("cc") is None:
        pytest.skip("cc is not installed here")
    shutil.copy(bindings.HEADER, folder)
    (folder / "offsets.c").write_text(OFFSETS.replace("FIELDS", " ".join(f"AT({name})" for name in names)))
    subprocess.run(["cc", "-I.", "offsets.c", "-o", "offsets"], cwd=folder, check=True, timeout=60)
    printed = subprocess.run(["./offsets"], cwd=folder, check=True, capture_output=True, text=True).stdout
    return {name: int(at) for name, at in (line.split() for line in printed.splitlines())}


def test_each_field_has_a_place_of_its_own() -> None:
    assert len(set(LAYOUT.values())) == len(LAYOUT)
    assert not {8 * word for word in ring.OWN} & set(LAYOUT.values())
    assert all(not 0 <= at - ring.PROGRAM_AT < ring.PROGRAM_BYTES for at in LAYOUT.values() if at != 128)
    assert max(LAYOUT.values()) + 8 <= ring.HEADER_BYTES


def test_the_page_for_other_languages_states_the_same_bytes() -> None:
    table = PAGE.read_text().partition("### The ring")[2].partition("Reserve the bytes")[0]
    rows = re.findall(r"^\| (\d+) \| [^|]+ \| (?:process|recorder) \| (?:`(\w+)`)?", table, re.MULTILINE)
    assert {name: int(at) for at, name in rows if name} == LAYOUT
    assert [int(at) for at, name in rows if not name] == [8 * ring.OWN[0]]
    assert f"| {8 * ring.OWN[0]} | {8 * len(ring.OWN)} bytes |" in table


def test_the_header_has_the_same_bytes_and_its_own_words_are_nobody_else_s(tmp_path: Path) -> None:
    """Its numbers of slots and of events were read as counts of interrupted and of late marks: each C program's recording stated a loss."""
    found = offsets_in_c(tmp_path, [*LAYOUT, *OF_THE_HEADER_ALONE, "slots"])
    assert found.pop("slots") == ring.HEADER_BYTES
    own = {name: found.pop(name) for name in OF_THE_HEADER_ALONE}
    assert found == LAYOUT
    assert set(own.values()) <= {8 * word for word in ring.OWN}


def test_the_module_for_old_pythons_has_the_same_bytes() -> None:
    module = powermeter_marks
    words = (module._LOST, module._TAKEN, module._CLOSED, module._LATE)
    assert words == tuple(LAYOUT[name] for name in ("lost", "taken", "closed", "late"))


def test_a_writer_s_own_numbers_are_no_counts(tmp_path: Path) -> None:
    """A program of last week has the header of last week: it keeps its numbers at bytes 96, 104 and 112."""
    memory = ring.create(str(tmp_path), 77, 8, b"C or C++")
    words = memoryview(memory)[: ring.HEADER_BYTES].cast("Q")
    words[12], words[13], words[14] = 40_000, 20_000, 8
    (path,) = tmp_path.iterdir()
    reader = RingReader(str(path))
    counts = reader.counts()
    assert (counts.lost, counts.given_up, counts.late) == (0, 0, 0)
    words[ring.GIVEN_UP], words[ring.LATE] = 2, 3
    assert (reader.counts().given_up, reader.counts().late) == (2, 3)
    reader.close()
