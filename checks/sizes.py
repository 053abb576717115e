"""Holds the tree to its size limits: no giant file, no giant function, no list of parameters, no junk drawer.

Hard limits (CONTRIBUTING.md): 400 lines a file (600 in tests), 60 lines and 5 parameters a function; a click command
may take more parameters, because each is one of its options. Prints every breach and exits 1 if there is one.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TREES = ("glasswatch", "platforms", "monitor", "drills", "checks", "benchmarks", "examples", "tests")
FILE_LINES, TEST_FILE_LINES, FUNCTION_LINES, PARAMETERS = 400, 600, 60, 5
JUNK = {"utils", "util", "helpers", "helper", "common", "misc", "manager"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def _is_command(function: Function) -> bool:
    return any("command" in ast.unparse(decorator) for decorator in function.decorator_list)


def _parameters(function: Function) -> int:
    arguments = function.args
    names = [each.arg for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    return len([name for name in names if name not in {"self", "cls"}])


def _breaches(path: Path) -> Iterator[str]:
    place = path.relative_to(ROOT)
    is_test = place.parts[0] == "tests"
    text = path.read_text(encoding="utf-8")
    limit = TEST_FILE_LINES if is_test else FILE_LINES
    if (lines := text.count("\n")) > limit:
        yield f"{place}: {lines} lines, at most {limit}"
    if path.stem in JUNK:
        yield f"{place}: says nothing about what it holds; name it for that"
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, Function):
            continue
        size = (node.end_lineno or node.lineno) - node.lineno + 1
        if size > FUNCTION_LINES:
            yield f"{place}:{node.lineno}: {node.name} has {size} lines, at most {FUNCTION_LINES}"
        if not is_test and not _is_command(node) and (count := _parameters(node)) > PARAMETERS:
            yield f"{place}:{node.lineno}: {node.name} takes {count} parameters, at most {PARAMETERS}"


def main() -> int:
    """Print every breach; return 1 if there is one."""
    found = [breach for tree in TREES for path in sorted((ROOT / tree).rglob("*.py")) for breach in _breaches(path)]
    for breach in found:
        print(breach)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
