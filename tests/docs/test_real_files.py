"""The list of real logs in docs/importing.md: repository, path and how each came out; thirty at least came out equal.

The files themselves are others' and are not kept, so a test can hold the list and no more.
"""

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs/importing.md"
REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")
FEWEST_FILES, FEWEST_KINDS = 30, 15


def rows():
    section = PAGE.read_text().partition("## Real files that were read")[2].partition("\n## ")[0]
    cells = [
        [cell.strip() for cell in line.split("|")[1:-1]]
        for line in section.splitlines()
        if line.startswith("|")
    ]
    return cells[2:]


def test_each_row_names_its_repository_and_how_it_came_out():
    for repositories, _, what, came_out in rows():
        assert all(map(REPOSITORY.fullmatch, repositories.split(", "))), repositories
        assert what and came_out, repositories


def test_thirty_files_of_many_kinds_came_out_equal():
    equal = [(files, what) for _, files, what, came_out in rows() if came_out.partition(";")[0] == "equal"]
    assert sum(len(re.findall(r"`[^`]+`", files)) for files, _ in equal) >= FEWEST_FILES
    assert len({re.split(r"[:,;]", what)[0] for _, what in equal}) >= FEWEST_KINDS
