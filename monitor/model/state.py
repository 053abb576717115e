"""What is held of a platform between one event and the next, and what survives a restart."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from monitor.model.act import Acts
from monitor.model.exercise import Exercise
from monitor.model.maintenance import Maintenance
from monitor.model.outcome import Reason, Warn
from monitor.model.verdict import CauseKind, FlagState, Phase, Verdict


@dataclass(frozen=True, slots=True)
class ProbeState:
    """What is believed of one probe.

    A *round* is a run of attempts that confirms a bad outcome: `round_bad` counts its bad outcomes (0: no round),
    `round_since` is when its first bad attempt started, `suspect_since` when the first one since anything conclusive
    did, whatever became of its round. `conclusive_at` is when the last outcome that settles something ended: a good
    one, or a bad one while confirmed bad. `recent` holds the last 20 measured scheduled outcomes as bits (1 is bad, the
    newest lowest), `recent_count` how many there are; `pending_bad` counts the bad ones that enter it with the next
    conclusive outcome, or never, if no control answered. `warnings` are those of the last good outcome. `last_*` also
    tell what was not believed.
    """

    fingerprint: str
    phase: Phase = Phase.UNPROVEN
    round_bad: int = 0
    round_since: datetime | None = None
    suspect_since: datetime | None = None
    bad_since: datetime | None = None  # start of the first bad attempt of the streak; set while `phase` is bad
    confirmed_at: datetime | None = None
    bad_detail: str = ""  # what the outcome that confirmed it found; set while `phase` is bad
    good_run: int = 0  # good outcomes in a row while confirmed bad
    good_since: datetime | None = None  # start of the first of them; kept while `phase` is good
    conclusive_at: datetime | None = None
    needs_reconfirm: bool = False  # believed bad before a gap: not believed again until a new round confirms it
    recent: int = 0
    recent_count: int = 0
    pending_bad: int = 0
    warnings: tuple[Warn, ...] = ()
    last_reason: Reason | None = None
    last_detail: str = ""
    last_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class FunctionState:
    """What is held true of one function, since when, and why in one line."""

    verdict: Verdict = Verdict.UNKNOWN
    since: datetime | None = None
    why: str = ""
    critical: bool = True


@dataclass(frozen=True, slots=True)
class Outage:
    """One outage of a platform: from the first bad outcome of the streak to the first good one that ended it.

    Half-open: `[opened_at, ended_at)`. `openers` are the probes whose good outcomes alone can end it.
    `ended_at` and `cleared_at` (when that was found) are set while it is over; reopening within `lower_after` of
    `cleared_at` continues the same outage and adds to `interruptions` the good span between. Without `functions` it
    rests on other vantages' word alone.
    """

    id: str
    platform: str
    opened_at: datetime
    confirmed_at: datetime
    functions: tuple[str, ...]
    openers: tuple[str, ...]
    reason: str
    ended_at: datetime | None = None
    cleared_at: datetime | None = None
    interruptions: tuple[tuple[datetime, datetime], ...] = ()

    @property
    def detection_seconds(self) -> float:
        """How long it took from the first bad outcome to the confirmed verdict."""
        return (self.confirmed_at - self.opened_at).total_seconds()


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason for the flag to be raised (design 3.4).

    `suspended`: believed before a gap longer than `ready_ttl`, so it isn't signed until confirmed again. `inhibited`:
    two persons hold it closed. `reason` and `renewed_by` (who let it hold for longer, last) are not signed.
    """

    kind: CauseKind
    id: str
    since: datetime
    until: datetime | None = None
    by: str | None = None
    confirmed_by: str | None = None
    ticket: str | None = None
    run: str | None = None
    principals: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    suspended: bool = False
    inhibited: bool = False
    reason: str = ""
    renewed_by: str | None = None

    @property
    def is_held_back(self) -> bool:
        """Whether it raises nothing although it has not ended."""
        return self.suspended or self.inhibited


@dataclass(frozen=True, slots=True)
class FlagHead:
    """Where the flag's own history stands: state, and `change`, which counts changes of state or causes."""

    state: FlagState = FlagState.STANDBY
    since: datetime | None = None
    change: int = 0


@dataclass(frozen=True, slots=True)
class PlatformState:
    """Everything held of one platform.

    `vote` is this vantage's own verdict, `verdict` what the quorum makes of all votes. `quiet_since` is since when
    the verdict has been up without break; `unknown_since` since when it has been unknown.
    `outage` is the latest one, kept after it cleared until `lower_after` has passed; `last_ended_at` is when the
    latest one ended, kept for ever: none that opens later begins before it. `others` are the other vantages' votes.
    `wake_at` is a lower bound of the instant at which time alone changes something; None: it never does.
    `unwatched_since` is set while the platform is out of the settings: what was believed before grows old from there.
    `exercises` are the latest ones, newest first; at most one of them runs.
    """

    platform: str
    probes: Mapping[str, ProbeState] = field(default_factory=dict)
    functions: Mapping[str, FunctionState] = field(default_factory=dict)
    blind: bool = False
    vote: Verdict = Verdict.UNKNOWN
    verdict: Verdict = Verdict.UNKNOWN
    verdict_since: datetime | None = None
    why: str = ""
    quiet_since: datetime | None = None
    unknown_since: datetime | None = None
    outage: Outage | None = None
    causes: tuple[Cause, ...] = ()
    flag: FlagHead = field(default_factory=FlagHead)
    firing: Mapping[str, str] = field(default_factory=dict)  # dedup key of every page now firing → its kind
    others: Mapping[str, Verdict] = field(default_factory=dict)
    last_ended_at: datetime | None = None
    wake_at: datetime | None = None
    unwatched_since: datetime | None = None
    acts: Acts = field(default_factory=Acts)
    maintenance: Maintenance = field(default_factory=Maintenance)
    exercises: tuple[Exercise, ...] = ()
