"""Words of other verbs and other tools: what is offered exists here, and is offered."""

from __future__ import annotations

from pathlib import Path

import pytest

from powermeter import cli, registry
from powermeter.cli.option_synonyms import KINDS, OPTIONS, VERBS


@pytest.mark.parametrize(("verb", "typed"), OPTIONS)
def test_an_option_of_another_verb_is_answered_by_the_own_one(
    verb: str, typed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    meant = OPTIONS[verb, typed]
    known = {name for option in registry.load(registry.VERBS[verb]).params for name in option.opts}
    assert meant in known and typed not in known
    assert cli.run([verb, "run.power", typed, "x"]) == 2
    assert f"no such option '{typed}'; did you mean {meant}? (" in capsys.readouterr().err


@pytest.mark.parametrize(("typed", "meant"), VERBS.items())
def test_a_verb_of_other_tools(typed: str, meant: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert meant.split()[0] in registry.VERBS and typed not in registry.VERBS
    assert cli.run([typed]) == 2
    assert f"did you mean {meant}?" in capsys.readouterr().err


@pytest.mark.parametrize(("typed", "meant"), KINDS.items())
def test_an_extension_names_the_kind_of_a_report(
    typed: str, meant: str, tmp_path: Path, run_power: Path
) -> None:
    assert meant in registry.REPORTS and typed not in registry.REPORTS
    for kind in (typed, meant):
        assert cli.run(["report", str(run_power), "--to", kind, "-o", str(tmp_path / f"{kind}.out")]) == 0
    assert (tmp_path / f"{typed}.out").read_text().splitlines()[:1] == (
        (tmp_path / f"{meant}.out").read_text().splitlines()[:1]
    )


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        (["show", "run.power", "--bsaeline", "1W"], "'--bsaeline'; did you mean --baseline? ("),
        (["show", "run.power", "--lable", "x"], "'--lable'; did you mean --label? ("),
        (["show", "--hlep"], "'--hlep'; did you mean --help? ("),
        (["show", "--nonsense"], "'--nonsense' ("),
    ],
)
def test_an_option_is_suggested_as_every_other_name_is(
    arguments: list[str], answer: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(arguments) == 2
    assert f"no such option {answer}" in capsys.readouterr().err
