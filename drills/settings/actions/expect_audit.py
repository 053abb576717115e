"""The action `expect_audit`: which log is looked into, and what entry of this run must stand there."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Annotated, ClassVar, Final

from pydantic import Field

from drills.rules.parts import Sought
from drills.settings.actions.asked import AskedSettings
from drills.settings.actions.parts import JsonGiven, secrets, texts
from drills.settings.actions.sql import SqlWithSettings
from drills.settings.fill import FillShape, UrlFillShape, wrong_program
from drills.settings.fitting import RUN
from drills.settings.step import StepSettings
from glasswatch.placeholders import is_stray, names_in
from glasswatch.settings.addresses import SafeAddressShape
from glasswatch.settings.duration import Duration, DurationShape
from glasswatch.settings.json_path import JsonPathText
from glasswatch.settings.model import Finding, SettingsModel, finding
from glasswatch.settings.sentences import Words
from glasswatch.settings.shape import Shape
from glasswatch.settings.shapes import AddressShape, OneOf, Pattern, RelativePath, Switch, TextShape

SOURCES: Final = ("file", "journald", "postgresql_log", "sql", "http_json", "loki", "elasticsearch")
_JSON_SOURCES: Final = frozenset({"sql", "http_json", "loki", "elasticsearch"})
_MATCH: Final = TextShape("a match such as SYSLOG_IDENTIFIER=sshd", r"[A-Z_][A-Z0-9_]{0,63}=[ -~]+")
_ROOM: Final = timedelta(seconds=10)
_LONGEST_QUERY: Final = 4096


class LogQueryShape(Shape):
    """A query that asks for this run by its id, the one value that it holds."""

    expected = f"a query of at most {_LONGEST_QUERY} characters that asks for ${{run}}, and holds no other value"
    json: ClassVar[Mapping[str, object]] = {"type": "string", "maxLength": _LONGEST_QUERY}

    def read(self, value: object) -> str:
        """Return it."""
        if not isinstance(value, str) or len(value) > _LONGEST_QUERY or is_stray(value) or names_in(value) != {RUN}:
            raise self.wrong()
        return str(value)


class FileAuditSettings(SettingsModel):
    """A file of lines."""

    expected: ClassVar[str] = "a mapping with path"

    path: RelativePath
    """The file. It may be rotated meanwhile: renamed and made anew, or cut short."""
    format: Annotated[str, OneOf(("text", "json"))] = "text"
    """Whether a line is text, or a JSON object."""
    at: JsonPathText | None = None
    """Of JSON lines: place of the entry's own time, with its offset."""

    @finding("format", "at")
    def only_json_has_places(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """A line of text has no places."""
        if self.at is not None and self.format != "json":
            yield ("at",), "expected it with format: json only"


class JournaldAuditSettings(SettingsModel):
    """The journal of systemd, through `journalctl`."""

    expected: ClassVar[str] = "a mapping with matches"

    matches: Annotated[
        tuple[
            Annotated[str, TextShape("a match such as SYSLOG_IDENTIFIER=sshd", r"[A-Z_][A-Z0-9_]{0,63}=[ -~]+")], ...
        ],
        Field(min_length=1, max_length=20),
        Words("a list of matches such as [SYSLOG_IDENTIFIER=sshd]"),
    ]
    """Which entries are looked at, as `journalctl` takes it."""
    directory: RelativePath | None = None
    """Where the journal's files are; the machine's own journal, if left out."""
    program: Annotated[str, TextShape("an absolute path", "/[ -~]+")] = "/usr/bin/journalctl"
    """The program."""

    @finding("program")
    def program_is_literal(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """Nothing is searched for, and no value is a program."""
        yield from ((("program",), text) for _, text in wrong_program((self.program,)))


class PostgresqlLogAuditSettings(SettingsModel):
    """A PostgreSQL server's own log, in which the run's id is the application's name."""

    expected: ClassVar[str] = "a mapping with path"

    path: RelativePath
    """The log, or the directory that the server's logging collector writes it to."""
    format: Annotated[str, OneOf(("csv", "json", "stderr"))] = "csv"
    """How the server writes it: csvlog, jsonlog or stderr."""
    statement: Switch = False
    """Whether the entry must be a statement that the action `sql` made in this run, and not only its login."""


class SqlAuditSettings(SqlWithSettings):
    """A database that holds an audit: what the action `sql` asks, and nothing that changes it."""

    expected: ClassVar[str] = "a mapping with url, statement and values"

    at: Annotated[str, TextShape("the name of a column", r"[^\x00-\x1f\x7f]{1,255}")] | None = None
    """Column of the entry's own time, with its offset."""

    @finding("values", "writes")
    def asks_for_this_run(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """Rows are asked for by the run's id, and left as they are."""
        if "${run}" not in self.values.values():
            yield ("values",), "expected one that is ${run}: it is this run's rows that are asked for"
        if self.writes:
            yield ("writes",), "expected nothing: an audit is not written by who looks into it"


class HttpJsonAuditSettings(AskedSettings):
    """Anything that searches and answers with JSON."""

    expected: ClassVar[str] = "a mapping with url"

    url: Annotated[str, UrlFillShape(AddressShape("http", "https"))]
    """Address of the search, with `${run}` in its path or query."""
    entries: JsonPathText | None = None
    """Place of the list of entries in the answer; the answer itself, if left out."""
    at: JsonPathText | None = None
    """Place in an entry of its own time, with its offset."""
    more: JsonPathText | None = None
    """Place in the answer where something stands if there is more than it holds: a token, an address, `true`."""
    total: JsonPathText | None = None
    """Place in the answer of how many entries there are."""
    whole: Switch = False
    """Whether the answer holds every entry, however many there are."""

    @finding("url")
    def asks_for_this_run(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """A search for anything else is cut before it comes to this run."""
        if RUN not in names_in(self.url):
            yield ("url",), "expected ${run} in it: it is this run's entries that are searched for"


class LokiAuditSettings(AskedSettings):
    """Grafana Loki's `query_range`."""

    expected: ClassVar[str] = "a mapping with url and query"

    url: Annotated[str, SafeAddressShape()]
    """Its address, without `/loki/api/v1`."""
    query: Annotated[str, LogQueryShape()]
    """Log query in LogQL that asks for this run, by `${run}`."""


class ElasticsearchAuditSettings(AskedSettings):
    """Elasticsearch's, or OpenSearch's, `_search`."""

    expected: ClassVar[str] = "a mapping with url, index and field"

    url: Annotated[str, SafeAddressShape()]
    """Its address, without index."""
    index: Annotated[str, TextShape("an index, data stream or alias, * included", r"[a-z0-9.*][a-z0-9._*,-]{0,254}")]
    """What is searched."""
    field: Annotated[str, TextShape("a field such as message", r"[A-Za-z_@][A-Za-z0-9_.@-]{0,254}")]
    """Field that the run's id is searched in."""
    query: Annotated[str, OneOf(("match_phrase", "term"))] = "match_phrase"
    """How: `match_phrase` in a field of text, `term` where the field (a keyword) holds the id alone."""
    at: JsonPathText | None = None
    """Place in a document of its own time, such as '@timestamp'."""


class DecisionSettings(SettingsModel):
    """How an entry says what was decided."""

    expected: ClassVar[str] = "a mapping with allowed and refused"

    allowed: Pattern
    """Pattern found in entries of what was allowed."""
    refused: Pattern
    """Pattern found in entries of what was refused."""


class ExpectAuditWithSettings(SettingsModel):
    """Which log, and which entry."""

    expected: ClassVar[str] = f"a mapping with exactly one of: {', '.join(SOURCES)}"

    file: FileAuditSettings | None = None
    """Look into a file."""
    journald: JournaldAuditSettings | None = None
    """Look into the journal."""
    postgresql_log: PostgresqlLogAuditSettings | None = None
    """Look into a PostgreSQL server's log."""
    sql: SqlAuditSettings | None = None
    """Ask a database."""
    http_json: HttpJsonAuditSettings | None = None
    """Search over HTTP."""
    loki: LokiAuditSettings | None = None
    """Search Loki."""
    elasticsearch: ElasticsearchAuditSettings | None = None
    """Search Elasticsearch."""
    principal: Annotated[str, FillShape()] | None = None
    """Whom the entry must name besides the run, as a whole word."""
    target: Annotated[str, FillShape()] | None = None
    """What the entry must name besides the run, as a whole word."""
    match: Annotated[Mapping[JsonPathText, JsonGiven], Words("a mapping such as user.name: breakglass")] = Field(
        default_factory=dict
    )
    """Of entries in JSON: places, and the exact value each must hold. `${name}` stands for a value."""
    decision: Annotated[str, OneOf(("allowed", "refused"))] | None = None
    """What the entry must say was decided."""
    decisions: DecisionSettings | None = None
    """How entries say so."""
    timed_by: Annotated[str, OneOf(("seen", "entry"))] = "seen"
    """When it happened: when it was seen here, or what the entry itself says."""

    @finding(*SOURCES)
    def one_log_is_looked_into(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """A log is of one kind."""
        if sum(getattr(self, each) is not None for each in SOURCES) != 1:
            yield (), f"expected exactly one of: {', '.join(SOURCES)}"

    @finding("decision", "decisions")
    def decision_can_be_told(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """Every log has words of its own."""
        if (self.decision is None) != (self.decisions is None):
            yield ("decisions",), "expected decision and decisions together"

    @finding("match", *SOURCES)
    def places_are_of_json(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """Text has no places."""
        is_json = self.source in _JSON_SOURCES or (self.file is not None and self.file.format == "json")
        if self.match and not is_json:
            yield ("match",), "expected it for entries in JSON only"

    @property
    def source(self) -> str:
        """Which kind of log it is."""
        return next((each for each in SOURCES if getattr(self, each) is not None), "file")

    @property
    def asked(self) -> AskedSettings | None:
        """Who is asked over HTTP; None for the others."""
        return self.http_json or self.loki or self.elasticsearch


class ExpectAuditExpectSettings(SettingsModel):
    """What must stand there."""

    expected: ClassVar[str] = "a mapping such as absent_for: 30s"

    absent_for: Annotated[timedelta, DurationShape(at_least=timedelta(seconds=1))] | None = None
    """No such entry, for so long. An entry is expected if left out."""


class ExpectAuditStep(StepSettings):
    """Looks into a log."""

    what: ExpectAuditWithSettings = Field(alias="with")
    """Which log, and which entry."""
    expect: ExpectAuditExpectSettings = ExpectAuditExpectSettings()
    """What must stand there."""
    every: Duration | None = timedelta(seconds=2)
    """Pause between looks."""

    @finding("expect", "within")
    def absence_has_its_time(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """What is absent has to be looked for to the end."""
        if self.expect.absent_for is not None and self.within < self.expect.absent_for + _ROOM:
            yield ("within",), "expected absent_for and 10 s more, so that it can be looked for to the end"

    @finding("expect", "ends")
    def absence_ends_nothing(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """What never comes, comes at no time."""
        if self.expect.absent_for is not None and self.ends:
            yield ("ends",), "expected nothing beside absent_for: what does not come ends no span"

    @finding("expect", "what")
    def absence_is_of_the_whole(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """What one page of many lacks may stand on the next."""
        log = self.what.http_json
        if self.expect.absent_for is not None and log is not None and not (log.more or log.total or log.whole):
            yield ("with", "http_json"), "expected more, total or whole: an answer may be the first page of many"

    @property
    def sought(self) -> Sought:
        """What must be found."""
        if self.expect.absent_for is not None:
            return Sought.ABSENCE
        return Sought.REFUSED if self.what.decision == "refused" else Sought.ENTRY

    @property
    def line(self) -> str:
        """What it does."""
        said = f" that says {self.what.decision}" if self.what.decision else ""
        count = "no entry" if self.expect.absent_for is not None else "an entry"
        return f"look for {count} of this run{said} in {self.place}"

    @property
    def place(self) -> str:
        """What is looked into."""
        what = self.what
        if what.file is not None:
            return str(what.file.path)
        if what.journald is not None:
            return f"the journal ({', '.join(what.journald.matches)})"
        if what.postgresql_log is not None:
            return f"PostgreSQL's log {what.postgresql_log.path}"
        if what.sql is not None:
            return f"the database {what.sql.url}"
        return f"{what.source} at {what.asked.url}" if what.asked is not None else "the log"

    @property
    def rights(self) -> tuple[str, ...]:
        """What it needs to be allowed."""
        return (f"to read {self.place}", *secrets(self._given()))

    def names(self) -> frozenset[str]:
        """Return the names of the values that it uses."""
        return texts([self.what.principal, self.what.target, *self.what.match.values(), *self._given()])

    def _given(self) -> tuple[object, ...]:
        asked, database = self.what.asked, self.what.sql
        if database is not None:
            return (database.user, database.password, *database.values.values())
        return (asked.url, *asked.given()) if asked is not None else ()
