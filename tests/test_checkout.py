"""A script that is run in a checkout's folder measures, whether or not the package is installed elsewhere too."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import powermeter

ROOT = Path(__file__).resolve().parents[1]
UNINSTALLED = (
    "import sys; sys.meta_path[:] = [f for f in sys.meta_path\n"
    "    if 'editable' not in getattr(f, '__name__', type(f).__name__).lower()]\n"
)


def run(code: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", UNINSTALLED + code], cwd=cwd, capture_output=True, text=True, check=False
    )


@pytest.mark.thorough
@pytest.mark.thorough
def test_a_script_in_the_checkouts_folder_measures(tmp_path):
    code = (
        "import powermeter, time\n"
        f"with powermeter.Meter('virtual://', path={str(tmp_path / 'run.power')!r}) as meter:\n"
        "    with meter.event('infer'): time.sleep(0.2)\n"
        "print(meter.summary())\n"
        "import powermeter.calibration, powermeter.drivers\n"
        "print(powermeter.__file__, powermeter.drivers.__file__)\n"
    )
    done = run(code, ROOT)
    assert done.returncode == 0, done.stderr
    assert "infer" in done.stdout
    assert done.stdout.splitlines()[-1] == f"{ROOT}/powermeter/__init__.py {ROOT}/drivers/__init__.py"


def tree(root: Path, inside: bool) -> Path:
    package = root / "powermeter"
    for wing in powermeter.WINGS:
        folder = (package if inside else root) / wing
        folder.mkdir(parents=True)
        (folder / "__init__.py").touch()
    package.mkdir(exist_ok=True)
    return package


@pytest.mark.parametrize(("inside", "lacks"), [(True, None), (False, "reports")])
def test_nothing_is_looked_for_beside_an_installed_package(tmp_path, monkeypatch, inside, lacks):
    """A folder `drivers` of somebody else's beside it is not ours."""
    package = tree(tmp_path, inside)
    if lacks:
        (tmp_path / lacks / "__init__.py").unlink()
    finders: list[object] = []
    monkeypatch.setattr(sys, "meta_path", finders)
    powermeter.find_wings(str(package))
    assert finders == []


def test_wings_beside_are_found_before_those_of_another_checkout(tmp_path, monkeypatch):
    other = powermeter.WingsBeside(str(tmp_path / "other"))  # as the finder of its editable installation
    monkeypatch.setattr(sys, "meta_path", [other])
    powermeter.find_wings(str(tree(tmp_path, False)))
    spec = sys.meta_path[0].find_spec("powermeter.drivers", None)
    assert spec is not None and spec.origin == str(tmp_path / "drivers" / "__init__.py")


def test_wings_beside_are_found_and_nothing_else(tmp_path, monkeypatch):
    finders: list[powermeter.WingsBeside] = []
    monkeypatch.setattr(sys, "meta_path", finders)
    powermeter.find_wings(str(tree(tmp_path, False)))
    (finder,) = finders
    spec = finder.find_spec("powermeter.reports")
    assert spec is not None and spec.origin == str(tmp_path / "reports" / "__init__.py")
    assert spec.submodule_search_locations == [str(tmp_path / "reports")]
    assert [
        finder.find_spec(name) for name in ("powermeter.tests", "reports", "powermeter.reports.html")
    ] == [None] * 3
