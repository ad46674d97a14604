"""`%%power` in a notebook that a real kernel executes, and in a shell of IPython's."""

from __future__ import annotations

from pathlib import Path

import pytest
from frameworks import need

import powermeter

need("nbclient", "ipykernel")

import nbformat
from IPython.core.error import UsageError
from IPython.testing.globalipapp import start_ipython
from nbclient import NotebookClient

SOURCE = "virtual://?rate=500Hz&shape=constant&high=3W"
CELLS = [
    "%load_ext powermeter",
    f'%%power infer --n 8 --source "{SOURCE}" --output run.power\nimport time\nfor _ in range(3):\n    time.sleep(0.05)\n6 * 7',
    "text = _power.summary()\nprint(len(text), 'infer' in text)",
    "import powermeter\n_power.analysis()",
    '%%power broken --source "virtual://" --output broken.power\n1 / 0',
    '%%power waits --source "virtual://" --output waits.power\nimport asyncio\nawait asyncio.sleep(0)\nran = 1',
    "'ran' in globals()",
    "%unload_ext powermeter",
]


@pytest.fixture(scope="module")
def notebook(tmp_path_factory):
    folder = tmp_path_factory.mktemp("notebook")
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    client = NotebookClient(
        made, timeout=280, allow_errors=True, resources={"metadata": {"path": str(folder)}}
    )
    client.execute()
    return folder, made


def outputs(cell):
    return "".join(
        one.get("text", "") or one.get("data", {}).get("text/html", "") or one.get("ename", "")
        for one in cell.outputs
    )


def test_a_cell_is_an_event_and_its_energy_is_shown(notebook):
    folder, made = notebook
    assert "error" not in {one.output_type for cell in made.cells[:4] for one in cell.outputs}
    with powermeter.open(folder / "run.power") as recording:
        assert [(e.name, e.count) for e in recording.events()] == [("infer", 8)]
    shown = outputs(made.cells[1])
    assert "<table" in shown and "infer" in shown and "run.power" in shown
    assert "42" in str(made.cells[1].outputs)  # what the cell returns is shown as without us


def test_a_summary_returns_its_text_in_a_notebook_too(notebook):
    size, found = outputs(notebook[1].cells[2]).split()
    assert int(size) > 200 and found == "True"


def test_an_analysis_shows_itself_as_a_table(notebook):
    assert "<table" in outputs(notebook[1].cells[3])


def test_an_error_in_a_cell_shows_and_the_event_ends(notebook):
    folder, made = notebook
    assert "ZeroDivisionError" in str(made.cells[4].outputs)
    assert made.cells[4].outputs[-1].output_type == "error"
    with powermeter.open(folder / "broken.power") as recording:
        (event,) = recording.events()
    assert event.name == "broken" and event.end_ns is not None
    assert event.attributes["error"] == "ZeroDivisionError"


def test_a_cell_that_awaits_is_refused_before_it_runs(notebook):
    folder, made = notebook
    assert "with powermeter.Meter()" in str(made.cells[5].outputs) and not (folder / "waits.power").exists()
    assert "False" in str(made.cells[6].outputs)


@pytest.fixture(scope="module")
def shell():
    found = start_ipython()
    found.run_line_magic("load_ext", "powermeter")
    return found


@pytest.mark.parametrize("line", ["--what x", '--source "', "-x", ""])
def test_what_cannot_be_meant_states_the_usage(shell, line, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="usage: %%power"):
        shell.run_cell_magic("power", line, "1 + 1") if line else shell.run_line_magic("power", "")
    assert not list(Path(tmp_path).iterdir())


@pytest.mark.parametrize("line", [SOURCE, f'-s "{SOURCE}" -o run.power'])
def test_a_source_is_taken_as_one_wherever_it_stands(shell, monkeypatch, tmp_path, line):
    monkeypatch.chdir(tmp_path)
    meter = shell.run_cell_magic("power", line, "1 + 1")
    assert meter.sources == (SOURCE,)
    with powermeter.open(meter.path) as recording:
        assert [(event.name, event.count) for event in recording.events()] == [("cell", 1)]


@pytest.mark.parametrize(
    ("line", "named"), [("--bogus", "'--bogus'"), ("--n x", "--n 'x'"), ("--n -1", "--n '-1'")]
)
def test_a_wrong_word_is_named(shell, monkeypatch, tmp_path, line, named):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=named):
        shell.run_cell_magic("power", f'-s "{SOURCE}" {line}', "1 + 1")
    assert not list(Path(tmp_path).iterdir())


def test_a_source_that_is_not_there_is_one_line(shell, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=r"^powermeter: no source 'nowhere'"):
        shell.run_cell_magic("power", "--source nowhere://", "1 + 1")


@pytest.mark.parametrize("code", ["raise ValueError('of the cell')", "1 +", "%%power --bogus\n1"])
def test_a_notebook_that_is_run_as_a_whole_stops_where_a_measured_cell_fails(
    shell, capsys, monkeypatch, tmp_path, code
):
    monkeypatch.chdir(tmp_path)
    ran = shell.run_cell(f'%%power -s "{SOURCE}" -o run.power\n{code}')
    assert not ran.success
    shown = capsys.readouterr()
    assert (shown.out + shown.err).count("Traceback (most") <= 1
    with powermeter.open(tmp_path / "run.power") as recording:
        (event,) = recording.events()
    assert event.attributes["error"] == type(ran.error_in_exec).__name__
