"""What is looked at to find what would lock engineers out: a deployment as plain values, and what is found."""

from dataclasses import dataclass
from enum import StrEnum


class LockoutCode(StrEnum):
    """Everything that can be found, one by one in docs/guide/lockout.md. The values are stable: programs read them."""

    FLAG_ONLY_LOCAL = "flag_only_local"
    SINGLE_VANTAGE = "single_vantage"
    NO_CONTROLS = "no_controls"
    NO_TRUST_FILE = "no_trust_file"
    NO_ORDER_KEYS = "no_order_keys"
    NO_HEARTBEAT = "no_heartbeat"
    PROCEDURE_ON_PLATFORM = "procedure_on_platform"
    PAGER_ON_PLATFORM = "pager_on_platform"
    STORE_ON_PLATFORM = "store_on_platform"
    COPIES_ON_PLATFORM = "copies_on_platform"
    STORE_EPHEMERAL = "store_ephemeral"
    NOBODY_CAN_RAISE = "nobody_can_raise"
    RAISE_ONLY_FROM_HERE = "raise_only_from_here"
    ONE_PERSON_RAISE = "one_person_raise"
    NO_SECOND_PERSON = "no_second_person"
    NO_CHANNEL = "no_channel"
    SINGLE_CHANNEL = "single_channel"
    UNROUTED_KIND = "unrouted_kind"


@dataclass(frozen=True, slots=True)
class Part:
    """Something that is needed in an outage: where its setting stands, and the host it lives on."""

    where: str
    host: str


@dataclass(frozen=True, slots=True)
class PlatformHosts:
    """The hosts whose failure is this platform's outage: those probed, and its identity provider."""

    platform: str
    hosts: frozenset[str]


@dataclass(frozen=True, slots=True)
class Deployment:
    """A deployment as its settings, the trust file beside its key and the disk under its store tell.

    `order_persons`: how many different persons' order keys the trust file holds; None where there is no trust file to
    look at; `trust_file` is where it lies, whole. `copies` are those of the flag that leave this machine, `stores`
    the hosts of a shared one. `store_filesystem`: the type of file system under a store in a file; empty for a
    database, None where that can't be told. `raisers` and `confirmers` are persons whose tokens have not ended.
    """

    configured_vantages: int
    has_controls: bool
    has_heartbeat: bool
    is_loopback_only: bool
    platforms: tuple[PlatformHosts, ...]
    procedures: tuple[Part, ...]
    channels: tuple[Part, ...]
    copies: tuple[Part, ...]
    stores: tuple[Part, ...]
    store_filesystem: str | None
    order_persons: int | None
    order_threshold: int
    raisers: frozenset[str]
    confirmers: frozenset[str]
    manual_persons: int
    unrouted_kinds: tuple[str, ...] = ()
    trust_file: str = "trust.json"


@dataclass(frozen=True, slots=True)
class LockoutFinding:
    """One thing that would lock somebody out, or open without a second look: where, what, and what to do about it."""

    code: LockoutCode
    where: str
    what: str
    remedy: str
