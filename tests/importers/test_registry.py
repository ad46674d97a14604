"""Every importer is registered under its own name, documented, and refuses what it has no use for."""

import inspect
from pathlib import Path

import pytest

from powermeter import importers, registry
from powermeter.errors import ConfigurationError
from powermeter.importers import LAST

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
