"""The page of servers that misbehave says what the tests hold."""

from tests.servers import matrix_content, matrix_talk, matrix_way
from tests.servers.matrix import Row
from tests.support.documents import ROOT

PAGE = ROOT / "docs" / "reference" / "misbehaving-servers.md"
GROUPS = (
    matrix_talk.CONNECTIONS,
    matrix_talk.FRAMING,
    matrix_talk.HEADS,
    matrix_talk.HANGING,
    matrix_content.BODIES,
    matrix_content.CODINGS,
    matrix_content.DOCUMENTS,
    matrix_way.TLS,
    matrix_way.REDIRECTS,
    matrix_way.STATUSES,
)


def line(row: Row) -> str:
    """Return the row as the page shows it."""
    kind, reason, detail = row.found
    warned = "".join(f", warning `{warning}`" for warning in row.warnings)
    return f"| {row.does} | {kind.replace('_', ' ')}{warned} | `{reason}` | {detail.replace('|', chr(92) + '|')} |"


def test_every_row_is_shown() -> None:
    """Each once, with what is found, and nothing else."""
    shown = [text for text in PAGE.read_text().splitlines() if text.startswith("| ") and "---" not in text]
    shown = [text for text in shown if not text.startswith("| the server")]
    assert shown == [line(row) for group in GROUPS for row in group]


def test_every_row_is_in_a_group() -> None:
    """None is tested and not shown."""
    rows = (*matrix_talk.ROWS, *matrix_content.ROWS, *matrix_way.ROWS)
    assert [row.name for group in GROUPS for row in group] == [row.name for row in rows]
