"""What the pages promise exists: every URL scheme, every verb, every link; every verb's help shows an example."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from powermeter import registry
from powermeter.cli import cli
from powermeter.registry import VERBS

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("**/*.md")])
NOT_SOURCES = {"http", "https", "file", "s3", "ssh", "spark", "memory", "mqtt", "mqtts"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_scheme_on_a_page_is_a_driver(page: Path) -> None:
    known = registry.names("drivers", registry.DRIVERS)
    named = set(re.findall(r"(?<![\w-])([a-z][a-z0-9_-]*)://", page.read_text(encoding="utf-8")))
    if page.name == "CONTRIBUTING.md":
        named.discard("volta")
    assert named - NOT_SOURCES <= set(known), f"{page.name} names sources that do not exist"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_verb_on_a_page_is_a_command(page: Path) -> None:
    named = re.findall(r"(?:^\$ |`)powermeter ([a-z-]+)", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert set(named) <= set(VERBS)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_between_pages_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+?)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_verb_opens_its_help_with_an_example(verb: str) -> None:
    result = CliRunner().invoke(cli, [verb, "--help"])
    assert result.exit_code == 0
    assert f"powermeter {verb}" in result.output.split("Options:")[0].split("Usage:")[1].split("\n", 1)[1]


def test_every_driver_is_on_a_page() -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    missing = [scheme for scheme in registry.DRIVERS if f"{scheme}://" not in text]
    assert not missing
