"""Each module has its test file where a person would look for it, or is listed here with where it is tested."""

from __future__ import annotations

from pathlib import Path

from powermeter import toml

TESTS = Path(__file__).resolve().parent
ROOT = TESTS.parent


def _listed() -> dict[str, tuple[str, str]]:
    """Module → (test file, reason), from the one list."""
    found: dict[str, tuple[str, str]] = {}
    for group in toml.read(TESTS / "mirror.toml")["elsewhere"]:
        assert group["modules"], f"nothing is listed at {group['tests']}: {group['why']}"
        for module in group["modules"]:
            assert module not in found, f"{module} is listed twice"
            found[module] = (group["tests"], group["why"])
    return found


ELSEWHERE = _listed()


def modules() -> list[str]:
    """Every module of ours, as a path without `.py`: `drivers/ina/chip`, `powermeter/units`."""
    found = []
    for top in ("powermeter", "drivers", "calibration", "reports"):
        for path in sorted((ROOT / top).rglob("*.py")):
            if path.name not in ("__init__.py", "__main__.py"):
                found.append(path.relative_to(ROOT).with_suffix("").as_posix())
    return found


def mirror(module: str) -> Path:
    """Where a module's tests are looked for: `tests/drivers/ina/test_chip.py`, `tests/test_units.py`."""
    *rooms, name = module.removeprefix("powermeter/").split("/")
    return TESTS.joinpath(*rooms, f"test_{name.rstrip('_')}.py")


def lacks(module: str) -> str | None:
    """Return what to do where a module has neither its test file nor a reason why it has none."""
    own = mirror(module).exists()
    if own or module not in ELSEWHERE:
        return (
            None
            if own
            else f"write {mirror(module).relative_to(ROOT)}, or list {module} in tests/mirror.toml"
        )
    where, why = ELSEWHERE[module]
    return None if (TESTS / where).exists() and why else f"{module}: there is no {where}, or no reason"


def test_each_module_has_its_test_file_or_a_reason() -> None:
    assert list(filter(None, map(lacks, modules()))) == []


def test_what_is_neither_there_nor_listed_is_named() -> None:
    """One test for all modules: as eight hundred they took five processor-seconds."""
    assert len(modules()) > 700
    assert (
        lacks("drivers/nowhere")
        == "write tests/drivers/test_nowhere.py, or list drivers/nowhere in tests/mirror.toml"
    )


def test_no_module_is_listed_that_is_not_there() -> None:
    assert set(ELSEWHERE) <= set(modules())


def test_no_module_is_listed_that_has_its_test_file() -> None:
    assert [module for module in ELSEWHERE if mirror(module).exists()] == []
