"""What is held true of a function and of a platform."""

from enum import StrEnum


class Verdict(StrEnum):
    """Up, degraded, down or unknown (design 3.3)."""

    UP = "up"
    DEGRADED = "degraded"
    DOWN = "down"
    UNKNOWN = "unknown"


class FlagState(StrEnum):
    """What the break-glass flag says (design 3.4)."""

    STANDBY = "standby"
    EXERCISE = "exercise"
    READY = "ready"


class CauseKind(StrEnum):
    """Why the flag is raised."""

    OUTAGE = "outage"
    MANUAL = "manual"
    EXERCISE = "exercise"


class Phase(StrEnum):
    """What is believed of a probe."""

    UNPROVEN = "unproven"  # not good once since its settings changed: it may not confirm bad
    GOOD = "good"
    BAD = "bad"  # confirmed bad, until `recover` good outcomes in a row


class Role(StrEnum):
    """What a probe's word is worth for its function."""

    DECIDING = "deciding"  # access, journey: goes the engineer's whole way
    FIRST_HAND = "first_hand"  # http, tcp, tls, dns, grpc_health
    SECOND_HAND = "second_hand"  # heartbeat, status_page: never decides alone


class View(StrEnum):
    """What a probe says at an instant, for judging its function."""

    GOOD = "good"
    BAD = "bad"
    UNMEASURED = "unmeasured"  # unproven, stale, not confirmed again after a gap, or seen by a blind vantage
