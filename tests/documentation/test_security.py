import re

from tests.support.documents import ROOT

_PATH = re.compile(r"`(tests/[\w/]+\.py)`")


def test_each_promise_names_a_test_that_is_there() -> None:
    """A row of a table of promises ends with the tests that show it, and each of them exists and tests something."""
    text = (ROOT / "SECURITY.md").read_text().partition("## What is promised")[2].partition("## What is not")[0]
    rows = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| promise")]
    assert len(rows) > 20
    for row in rows:
        promise, shown_by = row.strip("| ").rsplit(" | ", 1)
        named = _PATH.findall(shown_by)
        assert named, promise
        for path in named:
            assert (ROOT / path).exists(), path
            assert re.search(r"def test_\w+", (ROOT / path).read_text()), path
