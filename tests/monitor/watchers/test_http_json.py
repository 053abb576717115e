"""Searches over HTTP: a real server on loopback, in the shapes that searches answer in."""

import json
from datetime import timedelta
from urllib.parse import unquote

import pytest

from monitor.errors import CannotSee
from monitor.model.watch import LogPart
from monitor.settings.watchers import HttpJsonWatcherSettings
from monitor.watchers import http_json
from monitor.watchers.context import WatcherContext
from tests.servers.http import answer, answering, closing, repeating, silent
from tests.servers.raw import Script, serving
from tests.support.clock import START, ManualClock

SEARCH = "/search?q=breakglass&from=$since"


class Search:
    """A watcher of a search that answers as told."""

    def __init__(self, **settings: object) -> None:
        self.clock = ManualClock()
        self.settings: dict[str, object] = {
            "platform": "payments",
            "target": "db-1",
            "hits": "hits.hits",
            "at": "_source.at",
            "entry": "_id",
            "person": "_source.user",
            "timeout": timedelta(seconds=20),
            **settings,
        }
        self.heads: list[bytes] = []

    async def read(self, script: Script | bytes, place: str | None = None) -> LogPart:
        """Ask a server that answers so."""
        made = answering(script, keeps=self.heads) if isinstance(script, bytes) else script
        async with serving(made) as server:
            settings = HttpJsonWatcherSettings.model_validate({"url": server.url(SEARCH), **self.settings})
            return await http_json.make("search", settings, WatcherContext(self.clock)).read(place)

    @property
    def since(self) -> list[str]:
        """From when each request asked for entries."""
        return [unquote(head.split(b"from=")[1].split(b" ")[0].decode()) for head in self.heads]


def hits(*found: tuple[str, float, str]) -> bytes:
    """Return an answer as Elasticsearch gives it: id, seconds after the start, user."""
    listed = [
        {"_id": name, "_source": {"at": (START + timedelta(seconds=seconds)).isoformat(), "user": user}}
        for name, seconds, user in found
    ]
    return answer(body=json.dumps({"hits": {"hits": listed}}).encode())


async def test_what_a_search_shows_are_entries_once_it_watches() -> None:
    """What is older than the watcher is nobody's news; the next question overlaps, and knows what it saw."""
    search = Search()
    first = await search.read(hits(("a", -10, "old")))
    assert first.entries == ()
    search.clock.advance(600)
    second = await search.read(hits(("a", -10, "old"), ("b", 500, "anna"), ("c", 590, "ben")), first.place)
    assert [(entry.person, entry.at) for entry in second.entries] == [
        ("anna", START + timedelta(seconds=500)),
        ("ben", START + timedelta(seconds=590)),
    ]
    search.clock.advance(30)
    third = await search.read(hits(("c", 590, "ben")), second.place)
    assert [entry.id for entry in third.entries] == [second.entries[1].id]
    expected = [START, START, START + timedelta(seconds=290)]
    assert search.since == [each.isoformat() for each in expected]


async def test_a_search_may_tell_the_second_person() -> None:
    """Of a two-person way past a reader both are users."""
    search = Search(second="_source.with")
    source = {"at": START.isoformat(), "user": "anna", "with": "ben"}
    part = await search.read(answer(body=json.dumps({"hits": {"hits": [{"_id": "a", "_source": source}]}}).encode()))
    assert [(entry.person, entry.second) for entry in part.entries] == [("anna", "ben")]


async def test_an_entry_ahead_of_the_clock_moves_nothing() -> None:
    """One wrong clock must not blind the watcher to all others."""
    search = Search()
    part = await search.read(hits(("a", 9_999_999, "anna")))
    assert len(part.entries) == 1
    assert json.loads(part.place)[1] == START.isoformat()


TIMES: tuple[tuple[object, float], ...] = (
    ("1772334001", 1),
    (1772334001, 1),
    (1772334001500, 1.5),
    ("1772334001500000000", 1.5),
    ("2026-03-01T03:00:01Z", 1),
)


@pytest.mark.parametrize(("at", "seconds"), TIMES)
async def test_times_are_text_or_counts(at: object, seconds: float) -> None:
    """As Loki, Elasticsearch and others write them."""
    search = Search(hits="data", at="[0]", entry=None, person=None)
    part = await search.read(answer(body=json.dumps({"data": [[at, "a line"]]}).encode()))
    (entry,) = part.entries
    assert entry.at is not None
    assert abs((entry.at - START).total_seconds() - seconds) < 0.001


async def test_without_an_id_an_entry_is_known_by_what_it_holds() -> None:
    """And what names target and attempt is taken from it."""
    search = Search(entry=None, target=None, target_at="_source.host", attempt="_source.attempt")
    body = {"hits": {"hits": [{"_source": {"at": START.isoformat(), "host": "db\n9", "attempt": "r-1", "user": None}}]}}
    parts = [await search.read(answer(body=json.dumps(body).encode())) for _ in range(2)]
    assert parts[0].entries == parts[1].entries
    (entry,) = parts[0].entries
    assert (entry.target, entry.attempt, entry.person) == ("db\\u000a9", "r-1", None)


@pytest.mark.parametrize(
    ("script", "why"),
    [
        (answer(401), "answered 401"),
        (answer(302, headers=[("Location", "http://127.0.0.1:1/")]), "answered 302"),
        (answer(body=b"<html>"), "did not answer with JSON"),
        (answer(body=b'{"hits": {}}'), "without a list at hits.hits"),
        (answer(body=b'{"hits": {"hits": [{"_id": "a"}]}}'), "has no time at _source.at"),
        (answer(body=b'{"hits": {"hits": [{"_source": {"at": true}}]}}'), "has no time"),
        (answer(body=b'{"hits": {"hits": [{"_source": {"at": 1e400}}]}}'), "has no time|with JSON"),
        (answer(body=json.dumps({"hits": {"hits": [{}] * 1000}}).encode()), "narrow the search"),
        (silent, "did not answer in time"),
        (closing, "can't be reached"),
        (repeating(b"HTTP/1.1 200 OK\r\n\r\n", b" " * 65536), "more than 4 MiB|in time"),
    ],
    ids=range(11),
)
async def test_what_cannot_be_read_is_not_measured(script: Script | bytes, why: str) -> None:
    """Said without the address's path and query, which may hold secrets."""
    search = Search(timeout=timedelta(seconds=0.5)) if script is silent else Search()
    with pytest.raises(CannotSee, match=why) as caught:
        await search.read(script)
    assert "breakglass" not in str(caught.value)


async def test_a_secret_header_is_sent_and_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """By reference; one that isn't there is not measured."""
    search = Search(headers={"Authorization": {"env": "SEARCH_TOKEN"}})
    with pytest.raises(CannotSee, match="SEARCH_TOKEN"):
        await search.read(hits())
    monkeypatch.setenv("SEARCH_TOKEN", "Bearer hunter2")
    await search.read(hits())
    assert b"authorization: bearer hunter2" in search.heads[-1].lower()


async def test_a_place_that_nobody_wrote_begins_now() -> None:
    """As a first start does."""
    for place in ("", "[1, 2]", '["x", "y"]', '["2026-03-01T03:00:00", "2026-03-01T03:00:00"]'):
        search = Search()
        assert json.loads((await search.read(hits(), place)).place) == [START.isoformat()] * 2
