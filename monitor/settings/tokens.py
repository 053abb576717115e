"""Tokens: who may ask the monitor for what. The file holds only what proves a token, never the token itself.

One person has one name in all of their tokens: written in two ways, pages and audit would show two persons.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, ClassVar, Final

from pydantic import Field

from glasswatch.flag.persons import folded
from glasswatch.settings.ends import EndShape
from glasswatch.settings.model import Finding, SettingsModel, finding
from glasswatch.settings.sentences import Words, unknown_choice
from glasswatch.settings.shape import Shape, expected
from glasswatch.settings.shapes import Name, TextShape
from monitor.model.caller import HEARTBEAT, PERSONS_ONLY, SCOPES, Caller, Token

_HEARTBEATS: Final = TextShape("heartbeat:NAME", HEARTBEAT + "[a-z0-9][a-z0-9_-]{0,62}")

Person = Annotated[
    str, TextShape("a person's name of a-z, 0-9 and . _ @ + -, at most 63 long", r"[a-z0-9][a-z0-9._@+-]{0,62}")
]


class ScopeShape(Shape):
    """One scope of the closed list; there is no wildcard."""

    expected = "a scope such as flag:raise"

    def read(self, value: object) -> str:
        """Return the scope."""
        if isinstance(value, str) and value.startswith(HEARTBEAT):
            return _HEARTBEATS.read(value)
        if isinstance(value, str) and value in SCOPES:
            return str(value)
        raise expected(unknown_choice(value, (*SCOPES, _HEARTBEATS.expected)).removeprefix("expected "))

    def schema(self) -> dict[str, object]:
        """Return the JSON Schema of a scope."""
        return {"oneOf": [{"enum": list(SCOPES)}, _HEARTBEATS.schema()]}


class TokenSettings(SettingsModel):
    """One token: whom it stands for, what for, and until when. `monitor token` makes one, with the row for it."""

    expected: ClassVar[str] = "a mapping with name, person or machine, sha256, scopes and expires"

    name: Name
    """What it is called in the audit."""
    person: Person | None = None
    """Whose it is: exactly one of `person` and `machine`."""
    machine: Name | None = None
    """The program it belongs to, where no person uses it."""
    sha256: Annotated[str, TextShape("the SHA-256 of the token, as 64 hex digits", "[0-9a-fA-F]{64}")]
    """SHA-256 of the token. The token itself stands nowhere."""
    scopes: Annotated[
        tuple[Annotated[str, ScopeShape()], ...], Field(min_length=1), Words("a list of scopes such as [flag:raise]")
    ]
    """What it may be used for; `flag:…` needs a person."""
    platforms: Annotated[
        tuple[Name, ...] | None, Field(min_length=1), Words("a list of platforms' names, all of them if left out")
    ] = None
    """Platforms it is limited to; all of them if left out."""
    expires: Annotated[datetime, EndShape()]
    """When it ends: the end of that day in UTC, or that very instant."""

    @finding()
    def is_of_one_kind(self, given: Mapping[str, object]) -> Iterable[Finding]:
        """A token belongs to a person or to a machine."""
        if len([kind for kind in ("person", "machine") if given.get(kind) is not None]) != 1:
            yield (), "expected exactly one of person and machine"

    @finding("scopes", "person")
    def the_flag_needs_a_person(self, given: Mapping[str, object]) -> Iterable[Finding]:
        """No machine raises, lowers, confirms or inhibits."""
        if self.person is None and given.get("machine") is not None:
            for index, scope in enumerate(self.scopes):
                if scope.startswith(PERSONS_ONLY):
                    yield ("scopes", index), "expected no flag:… here: the flag needs a person's token"

    def token(self) -> Token:
        """Return it as the rules take it."""
        platforms = None if self.platforms is None else frozenset(self.platforms)
        caller = Caller(self.name, self.person, self.machine, frozenset(self.scopes), platforms)
        return Token(caller, bytes.fromhex(self.sha256), self.expires)


def mistakes(tokens: Iterable[TokenSettings], platforms: object) -> Iterable[Finding]:
    """Return what is wrong between tokens, and between them and the platforms that were written."""
    known = tuple(str(name) for name in platforms) if isinstance(platforms, Mapping) else ()
    names: set[str] = set()
    digests: set[str] = set()
    persons: dict[str, tuple[int, str]] = {}
    for index, token in enumerate(tokens):
        if token.name in names:
            yield (index, "name"), "is given twice: expected another name"
        if token.sha256.lower() in digests:
            yield (index, "sha256"), "is given twice: expected another token"
        names.add(token.name)
        digests.add(token.sha256.lower())
        if token.person is not None:
            first, written = persons.setdefault(folded(token.person), (index, token.person))
            if token.person != written:
                told = f"is the person of tokens[{first}], written another way: expected one name for one person"
                yield (index, "person"), told
        for position, name in enumerate(token.platforms or ()):
            if name not in known:
                yield (index, "platforms", position), unknown_choice(name, known, "a platform's name")
