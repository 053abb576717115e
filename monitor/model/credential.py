"""What is known of the credentials that the monitor holds: until when, and by whose word. Never what they are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class EndSource(StrEnum):
    """Whose word an end is: a certificate's, a token's of itself, which nobody verified, or the settings'."""

    CERTIFICATE = "certificate"
    TOKEN = "token"  # noqa: S105 - a kind of source
    SETTINGS = "settings"


@dataclass(frozen=True, slots=True)
class Ending:
    """When a credential ends, and where that is known, from when on it held."""

    ends_at: datetime
    source: EndSource
    begins_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """One credential, by its place in the settings.

    `ending` is None where nobody knows; `is_readable` is where nothing is read: of a private key, or what a program
    prints.
    """

    credential: str
    ending: Ending | None = None
    is_readable: bool | None = None


@dataclass(frozen=True, slots=True)
class ToRenew:
    """A credential that it is time to renew, by its place; `has_ended`: it was time before."""

    credential: str
    ends_at: datetime
    source: EndSource
    has_ended: bool


@dataclass(frozen=True, slots=True)
class Concern:
    """A credential to look after: it is time to renew it, or it can't be read, or both.

    `due` is what is known of the first: of one that can't be read it is what was told of it.
    """

    credential: str
    due: ToRenew | None
    is_readable: bool = True


@dataclass(frozen=True, slots=True)
class RenewalRecord:
    """What is kept of the tickets that fire: by credential, what was told of it."""

    told: Mapping[str, ToRenew] = field(default_factory=dict)
