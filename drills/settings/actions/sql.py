"""The action `sql`: one statement, and what must come of it."""

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, ClassVar, Final
from urllib.parse import parse_qsl, urlsplit

from pydantic import Field

from drills.settings.actions.parts import HiddenGiven, JsonGiven, nothing_comes_of, secrets, texts
from drills.settings.fill import FillShape
from drills.settings.step import StepSettings, ValueName
from glasswatch.settings.addresses import is_loopback
from glasswatch.settings.duration import Duration
from glasswatch.settings.model import Finding, SettingsModel, finding
from glasswatch.settings.sentences import Words
from glasswatch.settings.shape import PlacedShape, Shape, expected
from glasswatch.settings.shapes import Pattern, RelativePath, Switch, TextShape, WholeNumber
from glasswatch.settings.straight import straight_path

_LONGEST: Final = 16 * 1024
_BOUND: Final = re.compile(r"(?<![:\w\\]):(\w+)(?!:)")  # as SQLAlchemy finds them
_SQLITE: Final = "sqlite:///"
_OURS: Final = frozenset(
    {"password", "passfile", "sslpassword", "application_name", "options", "connect_timeout", "service"}
)
_Count = Annotated[int, WholeNumber(0, 200)]


class DatabaseAddressShape(PlacedShape):
    """Address of a database, without a password; the file of an SQLite one is made absolute."""

    expected = (
        "a database's address as SQLAlchemy writes it, without password, such as postgresql+psycopg://HOST/DATABASE"
    )
    json: ClassVar[Mapping[str, object]] = {"type": "string", "pattern": "^[a-z0-9_+]+://"}

    def read_at(self, value: object, directory: Path) -> str:
        """Return the address."""
        if not isinstance(value, str) or not re.fullmatch(r"[a-z0-9_]+(?:\+[a-z0-9_]+)?://[!-~]+", value):
            raise self.wrong()
        if value.startswith("sqlite"):
            return self._file(str(value), directory)
        try:
            parts = urlsplit(value)
            _ = parts.port
        except ValueError:
            raise self.wrong() from None
        if "${" in value:
            raise expected("an address without ${: host and database are literal, and user has a place of its own")
        ours = sorted({key.lower() for key, _ in parse_qsl(parts.query, keep_blank_values=True)} & _OURS)
        if parts.password is not None or ours:
            raise expected(f"an address without {ours[0] if ours else 'password'}")
        return str(value)

    def _file(self, value: str, directory: Path) -> str:
        if not value.startswith(_SQLITE) or "?" in value or value[len(_SQLITE) :].startswith((":memory:", "file:")):
            raise expected("a file after sqlite:///, without parameters")
        return _SQLITE + str(straight_path(directory / value.removeprefix(_SQLITE)))


class StatementShape(Shape):
    """A statement. What a value holds never becomes part of it."""

    expected = f"a statement of at most {_LONGEST} characters, without ${{…}}: values are bound, as :name"
    json: ClassVar[Mapping[str, object]] = {"type": "string", "maxLength": _LONGEST}

    def read(self, value: object) -> str:
        """Return it."""
        if not isinstance(value, str) or not 0 < len(value.strip()) <= _LONGEST or "${" in value or "\0" in value:
            raise self.wrong()
        return str(value)


class SqlWithSettings(SettingsModel):
    """What is asked of which database, as whom."""

    expected: ClassVar[str] = "a mapping with url and statement"

    url: Annotated[str, DatabaseAddressShape()]
    """Address of the database, as SQLAlchemy writes it, without password."""
    user: Annotated[str, FillShape()] | None = Field(default=None, repr=False)
    """Who signs in, in place of the address's: text, in which `${name}` stands for a value."""
    password: HiddenGiven | None = Field(default=None, repr=False)
    """Password: a reference to a secret, or a captured value."""
    ca_file: RelativePath | None = None
    """PostgreSQL's authorities to trust, as PEM: the server must be who the address says."""
    statement: Annotated[str, StatementShape()]
    """One statement, in SQL. `:name` stands for a bound value."""
    values: Annotated[
        Mapping[Annotated[str, TextShape("a name of a-z, A-Z, 0-9 and _", "[A-Za-z_][A-Za-z0-9_]{0,62}")], JsonGiven],
        Words("a mapping from names to values"),
    ] = Field(default_factory=dict, repr=False)
    """Values that are bound. In a text `${name}` stands for a value."""
    writes: Switch = False
    """Whether it may change something. Else the transaction is read-only, and never committed."""
    timeout: Duration = timedelta(seconds=15)
    """How long one try may take. After that it is cut off."""

    @finding("statement", "values")
    def values_are_bound(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """Every value has its place, and every place its value."""
        bound = set(_BOUND.findall(self.statement))
        if bound != set(self.values):
            wanted = ", ".join(f":{name}" for name in sorted(bound)) or "none"
            yield ("values",), f"expected the values that the statement binds: {wanted}"

    @finding("url", "ca_file")
    def the_server_is_known(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """A password is not shown to whoever answers."""
        if not self.url.startswith("postgresql"):
            if self.ca_file is not None:
                yield ("ca_file",), "expected it for PostgreSQL only: other drivers take it in the address"
            return
        parts = urlsplit(self.url)
        query = dict(parse_qsl(parts.query))
        host = parts.hostname or query.get("host", "")
        if self.ca_file is None and host and not host.startswith("/") and not is_loopback(host):
            if "sslmode" not in query:
                yield (
                    ("ca_file",),
                    "expected it, or sslmode in the address: else a password is shown to whoever answers",
                )
        elif self.ca_file is not None and {"sslmode", "sslrootcert"} & set(query):
            yield ("ca_file",), "expected either it, or sslmode and sslrootcert in the address"


class SqlExpectSettings(SettingsModel):
    """What must come of it. Everything that is given must hold."""

    expected: ClassVar[str] = "a mapping such as rows: 1"

    rows: _Count | None = None
    """How many rows it gives; how many it changed, where it gives none."""
    at_least: _Count | None = None
    """This many rows or more."""
    at_most: _Count | None = None
    """This many rows or fewer."""
    scalar: JsonGiven = None
    """Exact value of the only column of the only row. In a text `${name}` stands for a value."""
    scalar_matches: Pattern | None = None
    """Pattern that must be found in it."""


class SqlCaptureSettings(SettingsModel):
    """Where a value is taken from."""

    expected: ClassVar[str] = "a mapping with column"

    column: Annotated[str, TextShape("a column's name", r"[^\x00-\x1f\x7f]{1,128}")]
    """Column of the first row: a text, a number, true or false."""
    secret: Switch = False
    """Whether it is a secret: it goes nowhere but into later steps."""


class SqlStep(StepSettings):
    """Runs a statement."""

    is_access: ClassVar[bool] = True
    what: SqlWithSettings = Field(alias="with")
    """What is asked of which database, as whom."""
    expect: SqlExpectSettings = SqlExpectSettings()
    """What must come of it."""
    capture: Annotated[
        Mapping[ValueName, SqlCaptureSettings], Words("a mapping from names to where each value comes from")
    ] = Field(default_factory=dict)
    """Values that later steps use."""

    @finding("refused", "capture", "expect")
    def nothing_comes_of_a_refusal(self, given: Mapping[str, object]) -> Iterable[Finding]:
        """Who is refused gets no rows."""
        if self.refused:
            yield from nothing_comes_of("where access is refused", given)

    @property
    def line(self) -> str:
        """What it does."""
        who = f" as {self.what.user}" if self.what.user else ""
        refused = ", which must be refused" if self.refused else ""
        return f"run in {self.what.url}{who}: {' '.join(self.what.statement.split())}{refused}"

    @property
    def door(self) -> str:
        """What it tries to get into."""
        return self.what.url

    @property
    def touches(self) -> tuple[str, ...]:
        """What is only read is not changed."""
        return (f"whatever the statement changes in {self.what.url}",) if self.what.writes else ()

    @property
    def rights(self) -> tuple[str, ...]:
        """What it needs to be allowed."""
        return secrets([self.what.password])

    def names(self) -> frozenset[str]:
        """Return the names of the values that it uses."""
        what = self.what
        return texts([what.user, what.password, *what.values.values(), self.expect.scalar])

    def captures(self) -> Mapping[str, bool]:
        """Return the names of the values that it captures, and whether each is secret."""
        return {name: each.secret for name, each in self.capture.items()}
