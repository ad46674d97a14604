"""What is in the tree is in the wheel, and nothing of ours lies beside `powermeter` in site-packages."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import Path
from typing import Any

import pytest
from waiting import wait_until

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[1]
WINGS = {"powermeter": "powermeter", "drivers": "powermeter.drivers"}
WINGS |= {"calibration": "powermeter.calibration", "reports": "powermeter.reports"}
NOT_IN_ALL = {"spark", "jetson", "site", "audit", "frameworks", "dev", "proof"}
"""pyspark has no wheel, jetson-stats is of use on a Jetson only, and the rest serves our own build and tests."""
GENERATED = {"__pycache__", "build", "dist"}


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def folders(holding: str = "*") -> dict[str, Path]:
    """Import name → folder, of every folder of ours that holds such files."""
    found = {}
    for top, name in WINGS.items():
        for folder in [ROOT / top, *(p for p in (ROOT / top).rglob("*") if p.is_dir())]:
            inside = folder.relative_to(ROOT / top).parts
            if not GENERATED & set(inside) and any(p.is_file() for p in folder.glob(holding)):
                found[".".join((name, *inside))] = folder
    return found


def test_every_folder_with_python_files_is_a_listed_package(project):
    listed = set(project["tool"]["setuptools"]["packages"])
    assert set(folders("*.py")) <= listed, "these are missing from the wheel without a word"
    assert listed <= set(folders()), "these are listed and not there"


def named(requirements: list[str]) -> set[str]:
    """Return the packages that requirements name, without extras, versions and markers."""
    names = (re.split(r"[^A-Za-z0-9._-]", line)[0] for line in requirements)
    return {re.sub("[-_.]+", "-", name).lower() for name in names}


@pytest.mark.parametrize(
    ("lock", "extras"), [("requirements.lock", ()), (".ci/requirements.lock", ("dev", "proof"))]
)
def test_a_lock_holds_every_dependency_with_hashes(project, lock, extras):
    locked = (ROOT / lock).read_text()
    optional = project["project"]["optional-dependencies"]
    wanted = [*project["project"]["dependencies"], *(line for extra in extras for line in optional[extra])]
    if extras:  # markers of the one platform that this lock is for
        wanted = [line for line in wanted if "python_version <" not in line and "!= 'linux'" not in line]
    for name in named(wanted) - {"powermeter"}:
        assert re.search(rf"^{name}(\[.*\])?==", locked, re.MULTILINE), (
            f"{name} is not locked; make the lock anew, as its first lines say"
        )
    entries = [part for part in locked.replace("\\\n", " ").splitlines() if part[:1].isalpha()]
    assert entries and all("--hash=sha256:" in entry for entry in entries)


def test_every_python_package_has_an_init_file():
    for name, folder in folders("*.py").items():
        assert (folder / "__init__.py").exists(), name


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> zipfile.ZipFile:
    """The wheel, built once by whichever process of the tests is the first to ask."""
    pytest.importorskip("setuptools", minversion="77", reason="building needs setuptools 77")
    base = tmp_path_factory.getbasetemp()
    common = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "wheel"
    note, ended = common / "path", common / "ended"
    try:
        common.mkdir()
    except FileExistsError:
        wait_until(ended.exists, "another process builds the wheel")
        assert note.exists(), "another process could not build the wheel: see its own failure"
    else:
        try:
            note.write_text(str(build(tmp_path_factory)))
        finally:
            ended.touch()
    return zipfile.ZipFile(note.read_text())


def build(tmp_path_factory) -> Path:
    """Return the wheel of a copy of the tree, so that an earlier build cannot ride along."""
    copy = tmp_path_factory.mktemp("tree")
    for name in ("pyproject.toml", "README.md", "LICENSE", "NOTICE", "MANIFEST.in", "build_backend.py"):
        shutil.copy(ROOT / name, copy / name)
    for top in WINGS:
        shutil.copytree(ROOT / top, copy / top, ignore=shutil.ignore_patterns(*GENERATED, "*.pyc"))
    out = tmp_path_factory.mktemp("built")
    code = "import sys, build_backend as b; to = sys.argv[1]; b.get_requires_for_build_wheel(); print(b.build_wheel(to))"
    before = sorted(copy.rglob("*"))
    done = subprocess.run(
        [sys.executable, "-B", "-c", code, str(out)], cwd=copy, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    left = set(copy.rglob("*")) - set(before)
    assert not left, f"building left {sorted(map(str, left))} in the tree"
    return out / done.stdout.splitlines()[-1]


@pytest.mark.thorough
def test_the_wheel_has_one_name_at_its_top(wheel):
    tops = {name.partition("/")[0] for name in wheel.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"powermeter"}


@pytest.mark.thorough
def test_the_wheel_holds_every_file_of_the_tree(wheel):
    """Python files and data alike: a table that stays behind is found by a user, not by a test."""
    inside = set(wheel.namelist())
    for name, folder in folders().items():
        for path in folder.iterdir():
            if path.is_file() and path.suffix != ".pyc" and not path.name.startswith("."):
                assert f"{name.replace('.', '/')}/{path.name}" in inside, path.relative_to(ROOT)


def test_the_wheel_holds_no_tests_and_no_leftovers(wheel):
    for name in wheel.namelist():
        assert "test_" not in Path(name).name and not name.endswith((".pyc", ".orig", "~")), name


def test_the_wheel_says_what_it_is(wheel):
    (metadata,) = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
    said = Parser().parsestr(wheel.read(metadata).decode())
    assert (said["Name"], said["License-Expression"]) == ("powermeter", "Apache-2.0")
    assert said["Requires-Python"] == ">=3.10"
    (entry,) = [name for name in wheel.namelist() if name.endswith("entry_points.txt")]
    assert "powermeter = powermeter.__main__:main" in wheel.read(entry).decode()


@pytest.mark.thorough
def test_the_wheel_imports_from_where_it_is_unpacked(wheel, tmp_path):
    wheel.extractall(tmp_path)
    code = (
        "import powermeter, pathlib, sys\n"
        "from powermeter import registry\n"
        "assert registry.driver_class('virtual').__name__ == 'Virtual'\n"
        "print(pathlib.Path(powermeter.__file__).parent.parent)\n"
    )
    start = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); sys.meta_path[:] = [f for f in sys.meta_path"
    start += " if 'editable' not in getattr(f, '__name__', type(f).__name__).lower()]\n"
    done = subprocess.run(
        [sys.executable, "-c", start + code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()) == tmp_path


def test_the_typed_marker_is_there(wheel):
    assert "powermeter/py.typed" in wheel.namelist()


def test_all_brings_every_extra_that_people_need(project):
    """Joulescope, Bluetooth and TC66 included; what has no wheel for 32-bit ARM has a marker."""
    extras = project["project"]["optional-dependencies"]
    named = {
        extra
        for line in extras["all"]
        if "[" in line
        for extra in line.split("[")[1].split("]")[0].split(",")
    }
    assert named == set(extras) - {"all", *NOT_IN_ALL}
    for line in extras["all"]:
        if any(name in line for name in ("joulescope", "parquet", "hid", "fleet", "mcp")):
            assert "platform_machine" in line
