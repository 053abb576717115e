"""The project's own text, to be held against the code: which files there are, and what stands in them.

What git ignores is left out by name, so that nothing here needs git: a downloaded archive can be checked as well.
"""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
REFERENCE = DOCS / "reference"

_KEPT = {".ci"}
_LEFT_OUT = {"build", "var", "__pycache__"}
_OWN_DOT_FILES = {".gitignore"}


def files(under: Path = ROOT) -> Iterator[Path]:
    """Yield every file of the project, sorted; what is made by running it is none."""
    for path in sorted(under.iterdir()):
        name = path.name
        if path.is_dir():
            is_hidden = name.startswith(".") and name not in _KEPT
            if not is_hidden and name not in _LEFT_OUT and not name.endswith(".egg-info"):
                yield from files(path)
        elif name in _OWN_DOT_FILES or not name.startswith((".", "glasswatch.db")):
            yield path


def markdown() -> list[Path]:
    """Return every Markdown file."""
    return [path for path in files() if path.suffix == ".md"]


def place(path: Path) -> str:
    """Return where a file stands in the project."""
    return path.relative_to(ROOT).as_posix()


def section(text: str, title: str) -> str:
    """Return what stands under a heading, its subsections left out."""
    parts = re.split(rf"^#+ {re.escape(title)}$", text, maxsplit=1, flags=re.MULTILINE)
    assert len(parts) == 2, f"there is no section {title}"
    return re.split(r"^#+ ", parts[1], maxsplit=1, flags=re.MULTILINE)[0]


def headings(text: str) -> list[str]:
    """Return the headings, without their marks; lines of code that look like some are none."""
    return re.findall(r"^#+ (.+)$", without_code(text), re.MULTILINE)


def rows(text: str) -> list[tuple[str, ...]]:
    """Return the cells of every table row, head and rule left out."""
    found: list[tuple[str, ...]] = []
    previous = ""
    for line in text.splitlines():
        if line.startswith("|") and previous.startswith("|") and not re.fullmatch(r"[|\s:-]+", line):
            found.append(tuple(cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]))
        previous = line
    return found


def blocks(text: str, language: str) -> list[str]:
    """Return the contents of every fenced block in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def without_code(text: str) -> str:
    """Return the text without its fenced blocks."""
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


def anchor(heading: str) -> str:
    """Return the name under which a link reaches a heading."""
    words = re.sub(r"[^\w\- ]", "", heading.lower())
    return words.replace(" ", "-")
