import tomllib
from pathlib import Path

from tests.support.documents import ROOT

DECIDING = {"rules", "model"}


def test_no_module_of_the_monitor_slips_into_the_rules_unnoticed() -> None:
    """The contract that keeps rules pure names every other part of the monitor: one that is added is added there."""
    (contract,) = (
        each
        for each in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
        if each["name"].startswith("rules decide")
    )
    there = {path.stem for path in (ROOT / "monitor").iterdir() if _is_module(path)}
    named = {each.removeprefix("monitor.") for each in contract["forbidden_modules"] if each.startswith("monitor.")}
    assert named == there - DECIDING


def _is_module(path: Path) -> bool:
    is_package = path.is_dir() and (path / "__init__.py").exists()
    return is_package or (path.suffix == ".py" and not path.name.startswith("__"))
