"""Settings of the watchers that find uses of break-glass in logs."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Annotated, Final, Literal

import re2
from pydantic import Field

from glasswatch.settings.duration import DurationShape
from glasswatch.settings.headers import FRAMING, HeaderName, HeaderValue, sent
from glasswatch.settings.json_path import JsonPathText
from glasswatch.settings.model import Finding, SettingsModel, finding
from glasswatch.settings.sentences import Words
from glasswatch.settings.shapes import Address, Name, OneOf, Pattern, RelativePath, TextShape
from glasswatch.settings.tls import TrustSettings

GROUPS: Final = ("at", "person", "second", "target", "id")

TargetName = Annotated[str, TextShape("text on one line, at most 255 long", r"[!-~](?:[ -~]{0,253}[!-~])?")]
MatchText = Annotated[str, TextShape("FIELD=value", r"[A-Z_][A-Z0-9_]{0,63}=[ -~]{1,200}")]
SINCE: Final = "$since"
RoleName = Annotated[str, TextShape("a role's name, at most 63 long", r"[!-~]{1,63}")]


class WatcherSettings(SettingsModel):
    """Where uses of break-glass are looked for. Each type adds what it reads."""

    type: str
    """What kind of log it is."""
    platform: Name
    """The platform that break-glass stands in for."""
    target: TargetName | None = None
    """What the access is to, as readers name it; left out where the log tells."""
    every: Annotated[timedelta, DurationShape(at_most=timedelta(minutes=5))] = timedelta(seconds=1)
    """How often it is looked at."""


class FileWatcherSettings(WatcherSettings):
    """A file whose lines are matched."""

    type: Literal["file"] = "file"
    """What kind of log it is."""
    path: RelativePath
    """The file, followed when it is rotated."""
    pattern: Pattern
    """Lines that tell of an access. Named groups: `(?P<at>…)`, `person`, `second`, `target`, the attempt's `id`."""

    @finding("pattern")
    def groups_are_known(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """A misspelt group would be lost without a word."""
        return _unknown_groups(self.pattern)

    @finding("pattern", "target")
    def target_is_known(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """A report and a finding are joined by their target."""
        return _lacks_target(self.pattern, self.target)


class JournaldWatcherSettings(WatcherSettings):
    """Messages of the systemd journal, by `journalctl`."""

    type: Literal["journald"] = "journald"
    """What kind of log it is."""
    matches: Annotated[
        tuple[MatchText, ...], Field(min_length=1), Words("a list of matches such as [SYSLOG_IDENTIFIER=sshd]")
    ]
    """What to read, as `journalctl` takes it: entries in which each field has one of its values."""
    pattern: Pattern
    """Messages that tell of an access; groups as in a file's."""
    directory: RelativePath | None = None
    """A journal elsewhere, such as one that is collected from other hosts."""

    @finding("pattern")
    def groups_are_known(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """A misspelt group would be lost without a word."""
        return _unknown_groups(self.pattern)

    @finding("pattern", "target")
    def target_is_known(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """A report and a finding are joined by their target."""
        return _lacks_target(self.pattern, self.target)


class HttpJsonWatcherSettings(WatcherSettings):
    """A search over HTTP that answers with JSON."""

    type: Literal["http_json"] = "http_json"
    """What kind of log it is."""
    every: Annotated[timedelta, DurationShape(at_most=timedelta(minutes=5))] = timedelta(seconds=30)
    """How often it is looked at."""
    url: Address
    """Address that is asked for; `$since` in it stands for the time from which entries are wanted."""
    headers: Annotated[Mapping[HeaderName, HeaderValue], Words("a mapping from headers to values")] = Field(
        default_factory=dict, repr=False
    )
    """Headers to send. Credentials are references to secrets: `Authorization: {env: SEARCH_TOKEN}`."""
    hits: JsonPathText
    """Where the list of entries stands in the answer."""
    at: JsonPathText
    """Where an entry says when: with its offset, or as a count since 1970."""
    entry: JsonPathText | None = None
    """Where an entry has an id of its own; without one it is known by all it holds."""
    person: JsonPathText | None = None
    """Where an entry says whose access it was."""
    second: JsonPathText | None = None
    """Where an entry says who the second person was, of a two-person way past a reader."""
    target_at: JsonPathText | None = None
    """Where an entry says what the access was to; or name it as `target`."""
    attempt: JsonPathText | None = None
    """Where an entry holds the id that the reader gave the attempt."""
    late: Annotated[timedelta, DurationShape(at_most=timedelta(hours=1))] = timedelta(minutes=5)
    """How long after it was written an entry may first be shown."""
    timeout: Annotated[timedelta, DurationShape(at_most=timedelta(minutes=1))] = timedelta(seconds=10)
    """The longest one search may take."""
    tls: TrustSettings = TrustSettings()
    """How the server is verified."""

    @finding("headers")
    def credentials_are_secrets(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """Credentials are never written down."""
        return sent("headers", self.headers, FRAMING, "the watcher itself")

    @finding("target", "target_at")
    def target_is_known(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """A report and a finding are joined by their target."""
        if self.target is None and self.target_at is None:
            yield ("target",), "is required: expected what the access is to, or target_at"


class PostgresqlLogWatcherSettings(WatcherSettings):
    """Logins of one role in a PostgreSQL server's log, which must have `log_connections` on."""

    type: Literal["postgresql_log"] = "postgresql_log"
    """What kind of log it is."""
    target: TargetName = Field()
    """What the access is to, as readers name it."""
    path: RelativePath
    """The server's log."""
    role: RoleName
    """The role that break-glass logs in as."""
    format: Annotated[Literal["stderr", "csv", "json"], OneOf(("stderr", "csv", "json"))] = "stderr"
    """How the log is written: `stderr`, `csv` (`csvlog`) or `json` (`jsonlog`)."""


def _unknown_groups(pattern: str) -> Iterable[Finding]:
    if set(re2.compile(pattern).groupindex) - set(GROUPS):
        yield ("pattern",), f"expected no other named groups than {', '.join(GROUPS)}"


def _lacks_target(pattern: str, target: str | None) -> Iterable[Finding]:
    if target is None and "target" not in re2.compile(pattern).groupindex:
        yield ("target",), "is required: expected what the access is to, because the pattern has no group target"
