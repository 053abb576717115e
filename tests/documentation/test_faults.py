"""The page of what is broken on purpose says what the scenarios show."""

import ast

import pytest

from tests.faults.catalogue import GROUPS, Row
from tests.faults.invariants import INVARIANTS
from tests.support.documents import ROOT

PAGE = ROOT / "docs" / "guide" / "faults.md"
SCENARIOS = ROOT / "tests" / "faults"
NO_SCENARIOS = {"test_invariants.py", "test_plan.py"}


def _shown(title: str) -> list[str]:
    """Return the rows of the table below a heading."""
    section = PAGE.read_text().split(f"\n## {title}\n")[1].split("\n## ")[0]
    return [line for line in section.splitlines() if line.startswith("| ")][1:]


def _line(row: Row) -> str:
    return f"| {row.fault} | {row.does} |"


def _scenarios() -> set[str]:
    found = set()
    for path in SCENARIOS.glob("test_*.py"):
        if path.name not in NO_SCENARIOS:
            tree = ast.parse(path.read_text())
            names = [node.name for node in tree.body if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef)]
            group = path.stem.removeprefix("test_")
            found |= {f"{group}/{name.removeprefix('test_')}" for name in names if name.startswith("test_")}
    return found


@pytest.mark.parametrize("title", GROUPS)
def test_every_fault_is_shown(title: str) -> None:
    """Each once, in its group, with what is done about it, and nothing else."""
    assert _shown(title) == [_line(row) for row in GROUPS[title] if row.is_there]


def test_every_fault_has_its_scenario() -> None:
    """And every scenario is about one."""
    assert {row.scenario for rows in GROUPS.values() for row in rows} == _scenarios()


def test_every_invariant_is_explained() -> None:
    """The page lists as many as are judged."""
    section = PAGE.read_text().split("\n## What must hold\n")[1].split("\n## ")[0]
    assert sum(line.startswith("- **") for line in section.splitlines()) == len(INVARIANTS)
