"""What the pages promise exists: every URL scheme, every verb, every link; every verb's help shows an example."""

from __future__ import annotations

import ast
import re
import shlex
from importlib.util import find_spec
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import powermeter
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


FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def commands_of(page: Path) -> list[str]:
    """Return the commands of ours in a page's blocks, a line that ends in a backslash joined with the next."""
    found = []
    for kind, text in FENCE.findall(page.read_text(encoding="utf-8")):
        if kind in ("", "console", "bash", "sh"):
            for line in text.replace("\\\n", " ").splitlines():
                command = line.strip().removeprefix("$ ")
                if command.startswith("powermeter ") and "…" not in command and "[OPTIONS]" not in command:
                    found.append(command)
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_option_of_a_command_on_a_page_exists(page: Path) -> None:
    for command in commands_of(page):
        if command.count("'") % 2 or command.count('"') % 2:
            continue  # it goes on in the next line
        words = shlex.split(command, comments=True)
        ends = [i for i, word in enumerate(words) if word in ("|", ">", "2>", "&", "&&", ";", "<")]
        verb, *arguments = words[1 : min(ends, default=len(words))]
        target = VERBS.get(verb)
        if target is None:
            assert verb.startswith("-"), command
            continue
        try:
            registry.load(target).make_context(verb, arguments, resilient_parsing=True)
        except click.ClickException as error:
            raise AssertionError(f"{page.name}: {command}: {error.format_message()}") from error


@pytest.mark.parametrize(
    "page", [p for p in PAGES if p.parent.name != "reference"], ids=lambda page: page.name
)
def test_python_on_a_page_compiles_and_names_what_exists(page: Path) -> None:
    for kind, text in FENCE.findall(page.read_text(encoding="utf-8")):
        if kind != "python":
            continue
        code = "\n".join(line for line in text.splitlines() if not line.startswith("%"))
        compile(code, str(page), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        for name in re.findall(r"(?<![\w.])powermeter\.([A-Za-z]\w*)", code):
            # A wing is an attribute only once something imported it.
            assert hasattr(powermeter, name) or find_spec(f"powermeter.{name}"), f"{page.name}: {name}"
