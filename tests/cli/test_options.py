"""An option that several verbs take is written once, in `powermeter/cli/options.py`."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

import click
import pytest

from powermeter import registry
from powermeter.cli.options import take_renamed

CLI = Path(__file__).resolve().parents[2] / "powermeter" / "cli"


@pytest.mark.thorough
def test_no_option_is_written_in_two_files() -> None:
    written = defaultdict(list)
    for path in sorted(CLI.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "click.option":
                written[ast.unparse(node)].append(path.name)
    assert len(written) > 100
    assert not {text: names for text, names in written.items() if len(names) > 1}


@pytest.mark.parametrize("name", ["--force", "--json", "--line", "--per", "--place"])
def test_an_option_takes_the_same_values_on_every_verb(name: str) -> None:
    commands = {verb: registry.load(target) for verb, target in registry.VERBS.items()}
    taken = {
        (option.is_flag, option.multiple, str(option.type))  # `lifetime` has two places: the home is one
        for verb in commands.values()
        for option in verb.params
        if isinstance(option, click.Option) and name in option.opts
    }
    assert len(taken) == 1


@pytest.mark.parametrize("verb", ["show", "footprint"])
def test_a_cooling_file_that_is_missing_is_one_sentence(run, run_power: Path, verb: str) -> None:
    missing = run_power.with_name("plants.toml")
    status, _, problem = run(verb, run_power, "--place", "FRA", "--cooling", missing)
    assert status == 2
    assert problem.count("plants.toml") == 1
    assert problem.count("\n") == 1


def test_an_earlier_name_of_an_option_works_and_is_named(capsys):
    chosen = {"max_time": "10m", "at_most": "3s", "max_repeats": 7, "most": None}
    take_renamed(chosen, {"--at-most": "--max-time", "--most": "--max-repeats"}, until="1 June 2027")
    assert chosen == {"max_time": "3s", "max_repeats": 7}
    out, err = capsys.readouterr()
    assert (
        out == "" and err == "powermeter: --at-most is now --max-time; the old name works until 1 June 2027\n"
    )


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("verb", "old", "new", "value"),
    [
        ("budget", "-s", "--stage", "*=100Wh"),
        ("footprint", "--share", "--device-share", "0.5"),
        ("lifetime", "--what", "--tornado", "energy"),
    ],
)
def test_an_option_that_meant_two_things_has_its_own_name(run, run_power, verb, old, new, value):
    more = (
        ["--battery", "phone"] if verb == "budget" else ["--device", "board"] if verb == "footprint" else []
    )
    status, expected, _ = run(verb, run_power, *more, new, value)
    assert (status, run(verb, run_power, *more)[1] == expected) == (0, False)
    assert run(verb, run_power, *more, old, value) == (
        0,
        expected,
        f"powermeter: {old} is now {new}; the old name works until 1 June 2027\n",
    )


def test_both_names_of_one_option_are_refused(run, run_power):
    """The later one won silently: 0.9 was typed and half of the device was counted."""
    asked = ("footprint", run_power, "--device", "board", "--device-share", "0.9", "--share", "0.5")
    status, out, problem = run(*asked)
    assert (status, out) == (2, "") and "--share is the earlier name of --device-share" in problem


def test_a_certificates_key_has_its_own_name(run, run_power):
    asked = ("serve", run_power, "--listen", "0.0.0.0:1")
    assert "--certificate and --certificate-key" in run(*asked, "--certificate-key", "k")[2]
    assert "--key is now --certificate-key" in run(*asked, "--key", "k")[2]
