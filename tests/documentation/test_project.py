"""README, Makefile, changelog, lock files and links keep what they promise."""

import re
from pathlib import Path

import pytest

from tests.support.documents import ROOT, anchor, files, headings, markdown, place, without_code

README = (ROOT / "README.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()
LOCKS = ("requirements.lock", "requirements-dev.lock")
FIRST_LINES = 40
WIDTH = 124

# Put together here, so that this file does not hold what it looks for.
FORBIDDEN = {
    "a machine's own path": "|".join(f"/{name}/" for name in ("work", "root", "home/[a-z]+", "tmp/build")),
    "a registry's address": "|".join(
        rf"{name}\.{end}" for name, end in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "(org|com)"))
    ),
}


def _targets() -> list[str]:
    phony = re.search(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE)
    assert phony is not None
    return phony.group(1).split()


def test_readme_begins_with_the_two_commands_and_their_output() -> None:
    """Whoever reads one screen can start it and test it."""
    first = "\n".join(README.splitlines()[:FIRST_LINES])
    assert "$ make run\n" in f"{first}\n"
    assert "$ make test\n" in f"{first}\n"
    assert first.count("```") % 2 == 0


def test_readme_names_the_licence() -> None:
    """The file it links to is the licence it names."""
    assert "Apache-2.0" in README
    assert "Apache License" in (ROOT / "LICENSE").read_text()


def test_every_target_is_explained() -> None:
    """`make help` lists exactly the targets there are."""
    listed = re.findall(r"^([a-z-]+):.*## ", MAKEFILE, re.MULTILINE)
    assert sorted(listed) == sorted(_targets())


@pytest.mark.parametrize("path", markdown(), ids=place)
def test_only_targets_that_exist_are_mentioned(path: Path) -> None:
    """`make something` in a document can be typed."""
    mentioned = re.findall(r"(?:`|\$ |^)(?:[A-Z_]+=\S+ )*make ([a-z-]+)", path.read_text(), re.MULTILINE)
    assert [name for name in mentioned if name not in _targets()] == []


@pytest.mark.parametrize("path", markdown(), ids=place)
def test_every_relative_link_leads_somewhere(path: Path) -> None:
    """Files exist, and so do the headings that are linked to."""
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", without_code(path.read_text())):
        if re.match(r"[a-z]+:", link):
            continue
        file, _, name = link.partition("#")
        target = (path.parent / file).resolve() if file else path
        is_there = target.exists() and target.is_relative_to(ROOT)
        if not is_there or (name and name not in [anchor(each) for each in headings(target.read_text())]):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("path", markdown(), ids=place)
def test_prose_is_wrapped(path: Path) -> None:
    """Lines fit a screen; tables and code may be wider."""
    lines = [line for line in without_code(path.read_text()).splitlines() if not line.startswith("|")]
    assert [line for line in lines if len(line) > WIDTH] == []


@pytest.mark.parametrize("what", FORBIDDEN)
def test_nothing_of_the_machine_it_was_made_on_is_left(what: str) -> None:
    """No path of one machine and no registry stands in any text of the project."""
    pattern = re.compile(FORBIDDEN[what])
    found = []
    for path in files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{place(path)}: {match.group()}" for match in pattern.finditer(text)]
    assert found == []


def test_the_patterns_find_what_they_look_for() -> None:
    """The test above is able to fail."""
    slash, dot = "/", "."
    for what, text in (
        ("a machine's own path", f"{slash}work{slash}main"),
        ("a registry's address", f"files{dot}pythonhosted{dot}org"),
    ):
        assert re.search(FORBIDDEN[what], text)


def test_the_changelog_has_a_place_for_what_is_new() -> None:
    """The first section is for what is not released yet."""
    assert headings((ROOT / "CHANGELOG.md").read_text())[:2] == ["Changelog", "Unreleased"]


@pytest.mark.parametrize("name", LOCKS)
def test_locks_hold_hashes_and_no_addresses(name: str) -> None:
    """Every package is pinned and hashed; where it comes from is the machine's own affair."""
    text = (ROOT / name).read_text()
    entries = re.split(r"\n(?=\S)", text.strip())
    assert len(entries) > 10
    assert [entry.split()[0] for entry in entries if "==" not in entry or "--hash=sha256:" not in entry] == []
    assert re.search(r"://|--index-url|--find-links", text) is None
