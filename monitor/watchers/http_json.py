"""The `http_json` watcher: asks a search over HTTP for entries, again and again.

1. What is asked for overlaps by `late`, because searches show an entry some time after it was written; what was found
   before is known by its id, or by what it holds.
2. What is older than the watcher is nobody's news. A place is since when it watches and the latest time it saw, never
   one ahead of the clock.
3. One request on a new connection, no redirect, no proxy of the environment; 4 MiB and `MOST` entries at most. More is
   an answer that wasn't read: not measured.
4. The address may hold secrets: messages name scheme and host alone.
"""

import asyncio
import json
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import quote, urlsplit

from glasswatch import strict_json
from glasswatch.clock import Clock
from glasswatch.errors import SecretUnavailable
from glasswatch.instants import EPOCH
from glasswatch.secrets import SecretReference
from glasswatch.settings.json_path import parse as steps
from monitor.errors import CannotSee
from monitor.model.watch import LogEntry, LogPart
from monitor.probes.secrets import KeptSecrets
from monitor.settings.watchers import SINCE, HttpJsonWatcherSettings
from monitor.watchers.context import WatcherContext
from monitor.watchers.entries import entry_id, instant, made_of
from platforms.http import AsyncClient, HTTPError, InvalidURL

LARGEST: Final = 4 * 1024 * 1024
MOST: Final = 1000
_OK: Final = 200
_REFUSED: Final = (401, 403)
_UNITS: Final = ((10**17, 10**9), (10**14, 10**6), (10**11, 10**3), (0, 1))  # nano-, micro-, milliseconds, seconds


def make(name: str, settings: HttpJsonWatcherSettings, context: WatcherContext) -> "SearchSource":
    """Return the source. Nothing is sent yet."""
    return SearchSource(name, settings, context.clock)


class SearchSource:
    """A `monitor.ports.LogSource` over a search."""

    def __init__(self, name: str, settings: HttpJsonWatcherSettings, clock: Clock) -> None:
        self._name = name
        self._settings = settings
        self._clock = clock
        self._secrets = KeptSecrets(clock)
        self._trust: ssl.SSLContext | None = None
        parts = urlsplit(settings.url)
        self._shown = f"{parts.scheme}://{parts.netloc}"

    async def read(self, place: str | None) -> LogPart:
        """Return what the search shows since a place.

        Raises:
            CannotSee: it did not answer, or not with what was expected.
        """
        now = self._clock.now()
        begun, latest = _parsed(place) or (now, now)
        document = await self._asked(max(latest - self._settings.late, begun))
        fresh = [entry for entry in self._entries(document) if entry.at is not None and entry.at >= begun]
        seen = max([latest, *(entry.at for entry in fresh if entry.at is not None and entry.at <= now)])
        return LogPart(tuple(fresh), json.dumps([begun.isoformat(), seen.isoformat()]))

    async def aclose(self) -> None:
        """Nothing is held open."""

    async def _asked(self, since: datetime) -> object:
        url = self._settings.url.replace(SINCE, quote(since.astimezone(UTC).isoformat()))
        try:
            async with asyncio.timeout(self._settings.timeout.total_seconds()):
                content = await self._content(url, await self._headers())
        except TimeoutError:
            raise CannotSee(f"{self._shown} did not answer in time") from None
        except SecretUnavailable as fault:
            raise CannotSee(str(fault)) from None
        except (HTTPError, InvalidURL, OSError):
            # The library's own words may quote the address.
            raise CannotSee(f"{self._shown} can't be reached") from None
        try:
            return strict_json.parse(content)
        except ValueError:
            raise CannotSee(f"{self._shown} did not answer with JSON") from None

    async def _content(self, url: str, headers: dict[str, str]) -> bytes:
        content = bytearray()
        async with (
            AsyncClient(
                trust_env=False, timeout=self._settings.timeout.total_seconds(), verify=self._trusted()
            ) as client,
            client.stream("GET", url, headers=headers) as answer,
        ):
            if answer.status_code != _OK:
                self._note_refusal(answer.status_code)
                raise CannotSee(f"{self._shown} answered {answer.status_code}")
            async for part in answer.aiter_bytes():
                content += part
                if len(content) > LARGEST:
                    raise CannotSee(f"{self._shown} answered with more than {LARGEST >> 20} MiB")
        return bytes(content)

    def _trusted(self) -> ssl.SSLContext:
        if self._trust is None:  # it takes 20 ms to make
            self._trust = ssl.create_default_context(cafile=self._settings.tls.ca_file)
        return self._trust

    async def _headers(self) -> dict[str, str]:
        sent = {"accept": "application/json"}
        for name, value in self._settings.headers.items():
            sent[name] = (await self._secrets.get(value)).reveal() if isinstance(value, SecretReference) else value
        return sent

    def _note_refusal(self, status: int) -> None:
        if status in _REFUSED:
            for value in self._settings.headers.values():
                if isinstance(value, SecretReference):
                    self._secrets.refused(value)

    def _entries(self, document: object) -> Iterator[LogEntry]:
        hits = strict_json.find(document, steps(self._settings.hits))
        if not isinstance(hits, list):
            raise CannotSee(f"{self._shown} answered without a list at {self._settings.hits}")
        if len(hits) >= MOST:
            raise CannotSee(f"{self._shown} answered with {MOST} entries or more: narrow the search, or its limit")
        for hit in hits:
            yield self._entry(hit)

    def _entry(self, hit: object) -> LogEntry:
        settings = self._settings
        at = strict_json.find(hit, steps(settings.at))
        when = _instant(at)
        if when is None:
            raise CannotSee(f"{self._shown} answered with an entry that has no time at {settings.at}")
        own = _word(hit, settings.entry)
        whole = own if own is not None else json.dumps(hit, sort_keys=True)
        given = {"person": _word(hit, settings.person), "second": _word(hit, settings.second)}
        given["target"] = _word(hit, settings.target_at)
        found = made_of({**given, "id": _word(hit, settings.attempt)}, entry_id(self._name, whole))
        return LogEntry(found.id, when, found.person, found.target, found.attempt, found.second)


def _word(hit: object, path: str | None) -> str | None:
    found = strict_json.find(hit, steps(path)) if path is not None else None
    if isinstance(found, bool) or not isinstance(found, str | int):
        return None
    return str(found)


def _instant(value: object) -> datetime | None:
    """Return a time, written with its offset or as a count since 1970 in whatever unit its size tells."""
    if isinstance(value, str) and not value.isdigit():
        return instant(value)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        count = float(value)
        unit = next(each for least, each in _UNITS if count >= least)
        return EPOCH + timedelta(seconds=count / unit)
    except (OverflowError, ValueError, StopIteration):
        return None


def _parsed(place: str | None) -> tuple[datetime, datetime] | None:
    try:
        begun, latest = (datetime.fromisoformat(each) for each in json.loads(place or ""))
    except (ValueError, TypeError):
        return None
    return (begun, latest) if begun.tzinfo is not None and latest.tzinfo is not None else None
