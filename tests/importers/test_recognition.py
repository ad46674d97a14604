"""Every importer is registered under its own name, documented, and refuses what it has no use for."""

import inspect
from pathlib import Path

import pytest

from powermeter import cli, importers, registry
from powermeter.errors import ConfigurationError
from powermeter.importers.recognition import LAST
from powermeter.recording import Recording

DOCS = Path(__file__).resolve().parents[2] / "docs" / "importing.md"


@pytest.mark.parametrize("name", sorted(registry.IMPORTERS))
def test_each_importer(name):
    found = importers.importer(name)
    assert found.name == name
    assert found.title[0].islower() or found.title.split()[0] in ("Intel",)
    assert inspect.getdoc(inspect.getmodule(found))
    assert f"| `{name}` |" in DOCS.read_text()


def test_the_general_one_is_tried_last():
    assert list(importers.importers())[-1] == LAST


def test_an_unknown_format_offers_the_nearest():
    with pytest.raises(ConfigurationError, match="tegrastats"):
        importers.importer("tegrastat")


def test_each_importer_names_only_choices_that_exist():
    known = {
        "decimal",
        "unit",
        "rate",
        "column",
        "voltage",
        "zone",
        "session",
        "events",
        "rail",
        "sum",
        "as",
        "dates",
        "interleaved",
        "accuracy",
    }
    for found in importers.importers().values():
        assert found.takes <= known


def test_what_an_import_assumed_is_stored_with_its_code(tmp_path):
    log = tmp_path / "a.csv"
    log.write_text("time,power (W)\n" + "".join(f"2024-05-01 10:00:{i:02d},{i % 3 + 1}\n" for i in range(30)))
    out = tmp_path / "a.power"
    assert cli.run(["import", str(log), "-o", str(out)]) == 0
    with Recording.open(out) as recording:
        texts, codes = recording.metadata["import_warnings"], recording.metadata["import_codes"]
    assert len(texts) == len(codes) > 1
    assert ["no-zone", "info"] in codes and all(len(pair) == 2 for pair in codes)
