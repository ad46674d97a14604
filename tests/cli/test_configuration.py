"""What a file sets, what is typed over it, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from powermeter.channel import Channel, Quantity, Rail
from powermeter.cli import run
from powermeter.cli.configuration import find, named
from powermeter.errors import ConfigurationError, DataError
from powermeter.recording import Writer


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "deep" / "er")
    monkeypatch.delenv("POWERMETER_CONFIG", raising=False)
    return tmp_path


def test_the_nearest_file_above_counts_and_a_project_without_our_table_is_passed_over(project: Path) -> None:
    (project / "powermeter.toml").write_text('battery = "2Ah"\n')
    (project / "deep" / "pyproject.toml").write_text("[tool.other]\nx = 1\n")
    assert find().path == project / "powermeter.toml"
    (project / "deep" / "pyproject.toml").write_text('[tool.powermeter]\nbattery = "3Ah"\n')
    assert find().path == project / "deep" / "pyproject.toml"
    assert find().shared == {"battery": "3Ah"}


def test_the_environment_names_another_file_or_none(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "powermeter.toml").write_text('battery = "2Ah"\n')
    (project / "other.toml").write_text('place = "DEU"\n')
    monkeypatch.setenv("POWERMETER_CONFIG", str(project / "other.toml"))
    assert find().shared == {"place": "DEU"}
    monkeypatch.setenv("POWERMETER_CONFIG", "")
    assert find().path is None
    monkeypatch.setenv("POWERMETER_CONFIG", "none.toml")
    with pytest.raises(ConfigurationError, match="no such file"):
        find()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("batery = '4Ah'\n", "did you mean battery"),
        ("private = 'yes'\n", "private takes true or false"),
        ("battery = true\n", "battery takes a text"),
        ("source = [1]\n", "source takes a text or a list"),
        ("[sources]\nboard = 'no url'\n", "takes names with URLs"),
        ("[shwo]\nby = 'model'\n", "did you mean show"),
    ],
)
def test_a_file_that_names_what_does_not_exist_is_refused_with_the_nearest(
    project: Path, text: str, words: str
) -> None:
    (project / "powermeter.toml").write_text(text)
    with pytest.raises(ConfigurationError, match=words):
        find()


def test_what_is_not_toml_is_named(project: Path) -> None:
    (project / "powermeter.toml").write_text("battery = \n")
    with pytest.raises(DataError, match=r"powermeter\.toml"):
        find()


def test_an_option_that_a_verb_lacks_is_refused(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "powermeter.toml").write_text("[budget]\ncapacity = '4Ah'\n")
    assert run(["budget", "--power", "2W"]) == ConfigurationError.exit_code
    assert "[budget] has no option 'capacity'" in capsys.readouterr().err


def test_the_file_goes_before_the_default_and_what_is_typed_before_the_file(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "powermeter.toml").write_text('battery = "2Ah"\n')

    def used_share(*typed: str) -> str:
        assert run(["budget", "--current", "1A", "--duration", "1h", *typed]) == 0
        return capsys.readouterr().out

    assert "50.00 %" in used_share() and "2 Ah" in used_share()  # 1 Ah of 2
    assert "4 Ah" in used_share("--battery", "4Ah")


def test_names_of_sources_become_their_urls_in_the_file_and_where_typed(project: Path) -> None:
    (project / "powermeter.toml").write_text('source = "board"\n[sources]\nboard = "virtual://?rate=100Hz"\n')
    assert named(("board", "estimate://")) == ("virtual://?rate=100Hz", "estimate://")
    with pytest.raises(ConfigurationError, match="did you mean board"):
        named(("borad",))


@pytest.mark.thorough
def test_a_run_is_recorded_as_the_file_sets_it(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import powermeter

    text = 'source = "board"\nprivate = true\nbattery = "2Ah"\n[sources]\nboard = "virtual://?rate=200Hz"\n'
    (project / "powermeter.toml").write_text(text)
    assert run(["record", "--quiet", "--duration", "0.1s", "-o", "run.power"]) == 0
    with powermeter.open("run.power") as recording:
        assert recording.sources[0].url == "virtual://?rate=200Hz"
        assert recording.metadata["battery"] == "2Ah" and recording.metadata["private"] is True
        assert "name" not in recording.metadata["host"] and recording.metadata["command"] == []
    capsys.readouterr()


def test_tables_that_are_none_in_a_project_s_file_end_in_one_line(project: Path) -> None:
    (project / "pyproject.toml").write_text('tool = 3\n# "[tool.powermeter" is mentioned\n')
    assert find().shared == {}
    (project / "pyproject.toml").write_text('[tool]\npowermeter = 3\n# "[tool.powermeter"\n')
    with pytest.raises(ConfigurationError, match="takes a table"):
        find()


def test_what_a_file_sets_for_live_sources_does_not_forbid_watching_a_recording(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "powermeter.toml").write_text('source = "virtual://?rate=100Hz"\n')
    with Writer.create(project / "q.power") as writer:
        source = writer.add_source("m://", "m", "m", (Channel("p", Quantity.POWER, 1e-3, Rail("system")),))
        writer.append(source, np.arange(0, 1_000_000_000, 10_000_000), np.full((100, 1), 3000))
    assert run(["live", str(project / "q.power")]) == 2
    assert "no longer being recorded" in capsys.readouterr().err
    assert run(["live", str(project / "q.power"), "--source", "virtual://"]) == 2
    assert "leave --source out" in capsys.readouterr().err


@pytest.mark.thorough
def test_the_place_of_a_file_is_the_device_s_where_a_verb_has_two(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "powermeter.toml").write_text('place = "FRA"\n')
    assert run(["lifetime", "--energy", "36J", "--away", "USA"]) == 0
    assert "UNKNOWN" not in capsys.readouterr().out
    assert run(["config", "--show"]) == 0
    assert "lifetime --home FRA  (top, line 1)" in capsys.readouterr().out


@pytest.mark.thorough
def test_one_text_in_a_verb_s_table_is_one_value_of_an_option_that_may_be_repeated(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "powermeter.toml").write_text(
        '[sources]\nboard = "virtual://?rate=50Hz"\n[record]\nsource = "board"\nattribute = "model=tiny"\n'
    )
    assert run(["config"]) == 0
    printed = capsys.readouterr().out
    assert "record --source 'virtual://?rate=50Hz'  ([record], line 4)" in printed
    assert run(["record", "--quiet", "-o", "one.power", "--duration", "100ms"]) == 0
    capsys.readouterr()
    assert run(["show", "one.power", "--json"]) == 0
    assert '"model": "tiny"' in capsys.readouterr().out
