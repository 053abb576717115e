"""Writes dashboards/grafana/*.json from the boards of `checks`, or says where the files differ from them.

python -m checks.dashboards --write    writes them
python -m checks.dashboards            prints the differences; exits 1 if there are any
"""

import difflib
import json
import sys
from pathlib import Path

from checks.account_boards import BOARDS
from checks.panels import written

FOLDER = Path(__file__).resolve().parent.parent / "dashboards" / "grafana"


def render() -> dict[str, str]:
    """Return every file's text by its name."""
    return {f"{board.uid}.json": json.dumps(written(board), indent=2, sort_keys=True) + "\n" for board in BOARDS}


def main() -> int:
    """Write the files, or print how they differ; return 1 if they do."""
    wanted = render()
    if sys.argv[1:] == ["--write"]:
        FOLDER.mkdir(exist_ok=True)
        for path in FOLDER.glob("*.json"):
            if path.name not in wanted:
                path.unlink()
        for name, text in wanted.items():
            (FOLDER / name).write_text(text, encoding="utf-8")
        return 0
    found = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.json")}
    differences = [
        line
        for name in sorted({*wanted, *found})
        for line in difflib.unified_diff(
            found.get(name, "").splitlines(), wanted.get(name, "").splitlines(), name, "as it should be", lineterm=""
        )
    ]
    print("\n".join(differences), end="\n" if differences else "")
    return bool(differences)


if __name__ == "__main__":
    sys.exit(main())
