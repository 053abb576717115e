"""`monitor store check`: whole, or what isn't, beside a running monitor and without a trace."""

import asyncio
from pathlib import Path

import pytest

from glasswatch.errors import ExitCode
from tests.support.clock import START
from tests.support.store_commands import StoreSite, store_site

WHOLE: dict[str, list[str]] = {"database": [], "audit": [], "records": [], "hours": []}


@pytest.fixture
def site(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> StoreSite:
    """A site whose store has seen an outage, and was closed in good order."""
    found = store_site(tmp_path, capsys)

    async def life() -> None:
        store = found.store()
        await found.live(store)
        await store.close()

    asyncio.run(life())
    return found


def test_a_whole_store_is_good(site: StoreSite) -> None:
    """Each part says so; nothing is written."""
    with site.unchanged():
        code, found, _ = site.call("check")
        shown = site.text("check")
    assert found["flaws"] == WHOLE
    assert (code, found["notes"]) == (ExitCode.GOOD, [])
    assert shown.splitlines() == [
        str(site.file),
        "  the database: good",
        "  the audit: good",
        "  what is on record: good",
        "  the hourly counts: good",
    ]


def test_beside_a_running_monitor(site: StoreSite) -> None:
    """Which goes on writing."""

    async def life() -> tuple[int, dict[str, object]]:
        store = site.store()
        await store.open()
        code, found, _ = await asyncio.to_thread(site.call, "check")
        await store.alive(START)
        await store.close()
        return code, found

    code, found = asyncio.run(life())
    assert (code, found["flaws"]) == (ExitCode.GOOD, WHOLE)


FLAWS = {
    "an outage that nobody holds": (
        "UPDATE outages SET record = json_set(record, '$.ended_at', null, '$.id', 'another')",
        "records",
        "is open, and the platform doesn't hold it",
    ),
    "an outage that begins after its end": (
        "UPDATE outages SET record = json_set(record, '$.opened_at', '2027-01-01T00:00:00+00:00')",
        "records",
        "ends or is confirmed before it begins",
    ),
    "an outage that was lost": ("DELETE FROM outages", "records", "is not in the history"),
    "a cause that nobody holds": ("UPDATE causes SET ended_at = NULL", "records", "the platform doesn't hold it"),
    "a document that is another": ("UPDATE flag_documents SET jws = 'x'", "records", "not what its digest says"),
    "a change that goes back": ("UPDATE flag_documents SET change = 0", "records", "an earlier version change"),
    "a version that was never reserved": (
        "UPDATE flag_documents SET ver = ver + 1000000",
        "records",
        "above the highest version",
    ),
    "a platform's row that was edited": ("UPDATE platforms SET state = '{}'", "records", "is damaged"),
    "a span that ends before it begins": (
        "UPDATE blind_spans SET until = since - 1",
        "records",
        "ends before it begins",
    ),
    "an hour that counts nothing": ("UPDATE outcome_hours SET runs = 0", "hours", "counts what can't be"),
    "an hour whose spread is damaged": (
        "UPDATE outcome_hours SET spread = x'01'",
        "hours",
        "has a spread that can't be read",
    ),
    "an hour that took less than its longest": (
        "UPDATE outcome_hours SET took_microseconds = 1",
        "hours",
        "took less in all than its longest",
    ),
    "an audit that was edited": ("UPDATE audit SET actor = 'somebody' WHERE seq = 2", "audit", "broken at entry 2"),
    "a row that refers to nothing": ("DELETE FROM series", "database", "refers to one of series that is not there"),
}


@pytest.mark.parametrize("case", FLAWS)
def test_what_can_not_be_is_a_finding(site: StoreSite, case: str) -> None:
    """In its part, in words."""
    edit, part, words = FLAWS[case]
    site.sql(edit)
    code, found, _ = site.call("check")
    assert code == ExitCode.FINDING
    assert any(words in line for line in found["flaws"][part]), found
    assert "BROKEN" in site.text("check")


def test_two_open_blind_spans_are_a_finding(site: StoreSite) -> None:
    """There is one at most."""
    site.sql("INSERT INTO blind_spans VALUES ('main', 1, NULL), ('main', 2, NULL)")
    assert site.call("check")[1]["flaws"]["records"] == ["2 blind spans are open"]


def test_a_clock_that_was_set_back_is_no_flaw(site: StoreSite) -> None:
    """Signs of life overlap then; it is said."""
    site.sql(
        "INSERT INTO alive_spans (vantage, run, since, until) SELECT 'main', 'r', since - 10, until FROM alive_spans"
    )
    site.sql("UPDATE alive_spans SET until = until + 50 WHERE id = 1")
    code, found, _ = site.call("check")
    assert (code, found["notes"]) == (ExitCode.GOOD, ["signs of life overlap 1 times: the clock was set back"])
    assert "(signs of life overlap 1 times" in site.text("check")


def test_a_damaged_file_is_a_finding(site: StoreSite) -> None:
    """A page in its middle is not what it was; then a file that is no database at all."""
    raw = bytearray(site.file.read_bytes())
    for page in range(8, len(raw) // 4096):
        raw[page * 4096 : page * 4096 + 200] = b"\xff" * 200
    site.file.write_bytes(raw)
    code, found, _ = site.call("check")
    assert code == ExitCode.FINDING
    assert found["flaws"]["database"]
    site.file.write_bytes(b"no database" * 1000)
    code, found, _ = site.call("check")
    assert (code, "isn't a SQLite database" in found["flaws"]["database"][0]) == (ExitCode.FINDING, True)


@pytest.mark.parametrize("revision", ["0004", "9999"])
def test_another_versions_store_can_not_be_judged(site: StoreSite, revision: str) -> None:
    """Older or newer."""
    site.sql("UPDATE glasswatch_revision SET version_num = ?", revision)
    code, _, said = site.call("check")
    assert code == ExitCode.NOT_MEASURED
    assert f"its schema is {revision}" in said


def test_no_store_can_not_be_judged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is not made either."""
    site = store_site(tmp_path, capsys)
    with site.unchanged():
        code, _, said = site.call("check")
    assert (code, "there is no store" in said) == (ExitCode.NOT_MEASURED, True)
