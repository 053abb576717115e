"""Everything the flag's modules raise on purpose, and the alarms that they give instead of raising.

GlasswatchError
└── FlagError                  something about the flag; closed, so 4
    ├── Malformed              bytes, JSON or a member of it are not what they must be; says where and what was expected
    │   └── RepeatedName       a JSON object names a member twice
    ├── Refused                a document must not be believed: a stable code and one line for a person
    ├── TrustFault             the trust file can't be relied on
    ├── NotWritten             a key, trust file or order could not be written
    ├── OrderFault             an order can't be signed, added to, combined or ended
    │   └── OrderExists        there is something where it was to be written, and it is never overwritten (2)
    └── KeyFault               a private key can't be used (3)
        └── KeyExists          there is one already, and it is never overwritten (2)

Messages are one line and hold no key material. What a document says of itself enters them only through `shown`.
"""

from dataclasses import dataclass
from enum import StrEnum

from glasswatch.errors import ExitCode, GlasswatchError

_SHOWN = 80


class Refusal(StrEnum):
    """Why a document is not believed (design 3.4). The values are stable: programs read them."""

    # form
    TOO_LARGE = "too_large"
    PARTS = "parts"
    ENCODING = "encoding"
    HEADER = "header"
    DUPLICATE_KEY = "duplicate_key"
    ALGORITHM = "algorithm"
    TYPE = "type"
    # key and signature
    KEY_UNKNOWN = "key_unknown"
    KEY_REVOKED = "key_revoked"
    KEY_DATES = "key_dates"
    KEY_ROLE = "key_role"
    SIGNATURE = "signature"
    KEY_DEMO = "key_demo"
    KEY_PERSON = "key_person"
    # content
    PAYLOAD = "payload"
    FORMAT = "format"
    CLAIMS = "claims"
    ISSUER = "issuer"
    PLATFORM = "platform"
    AUDIENCE = "audience"
    ISSUED_LATER = "issued_later"
    VER_AHEAD = "ver_ahead"
    LIFETIME = "lifetime"
    STATE = "state"
    TOO_FEW_PERSONS = "too_few_persons"
    # against the floor
    VER_BELOW_FLOOR = "ver_below_floor"
    EQUIVOCATION = "equivocation"
    CLOCK_BEHIND = "clock_behind"
    # what was asked
    EXPIRED = "expired"
    TOO_FEW_AGREEING = "too_few_agreeing"
    EXERCISE = "exercise"
    PRINCIPAL = "principal"
    EMERGENCY = "emergency"
    # nothing to judge, or nothing to judge by
    NO_ORDER = "no_order"
    UNREADABLE = "unreadable"
    TRUST = "trust"


class AlarmCode(StrEnum):
    """What somebody should look at although nothing is refused for it. The values are stable: programs read them."""

    # the documents of one signer don't follow from one another
    CHANGE_BACK = "change_back"
    CHANGE_FORKED = "change_forked"
    LOG_BACK = "log_back"
    LOG_FORKED = "log_forked"
    EQUIVOCATION = "equivocation"
    # an order, or a line of its file, that does not count
    ORDER = "order"
    ORDER_LINE = "order_line"
    ORDER_UNREADABLE = "order_unreadable"
    # the trust file is not the one that was used before
    TRUST_BACK = "trust_back"
    TRUST_FORKED = "trust_forked"
    # the floor's file
    FLOOR_CORRUPT = "floor_corrupt"
    FLOOR_FORMAT = "floor_format"
    FLOOR_LOCKED = "floor_locked"
    FLOOR_OPEN = "floor_open"
    FLOOR_RESET = "floor_reset"
    FLOOR_UNREADABLE = "floor_unreadable"
    FLOOR_UNWRITABLE = "floor_unwritable"


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something to look at; `what` is one line for a person. It never changes an answer."""

    code: AlarmCode
    what: str


class FlagError(GlasswatchError):
    """Something about the flag, its keys or its trust file."""

    exit_code = ExitCode.NOT_MEASURED


class Malformed(FlagError):
    """Bytes, JSON or a member of it are not what they must be."""


class RepeatedName(Malformed):
    """A JSON object names a member twice, so that two readers could see two documents."""


class Refused(FlagError):
    """A document must not be believed. `what` says in a few words what is wrong with it."""

    def __init__(self, code: Refusal, what: str) -> None:
        super().__init__(what)
        self.code = code
        self.what = what


class TrustFault(FlagError):
    """The trust file is missing, unreadable, malformed or open to others."""


class NotWritten(FlagError):
    """A key, trust file or order could not be written; what was there before is there still."""


class OrderFault(FlagError):
    """An order can't be signed, added to, combined or ended."""


class OrderExists(OrderFault):
    """There is something already where an order was to be written."""

    exit_code = ExitCode.USAGE


class KeyFault(FlagError):
    """A private key can't be read, or is not an Ed25519 key in PKCS#8 PEM."""

    exit_code = ExitCode.INVALID


class KeyExists(KeyFault):
    """There is a key already where one was to be made."""

    exit_code = ExitCode.USAGE


def shown(text: object) -> str:
    """Return foreign text as one short, quoted line of printable ASCII, safe on any terminal and in any log."""
    line = ascii(str(text))
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 4]}...{line[0]}"


def plain(text: object) -> str:
    """Return text of our own user, such as a path, as one line that drives no terminal; good text stays as it is."""
    line = str(text)
    return line if line.isascii() and line.isprintable() else ascii(line)
