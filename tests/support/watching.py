"""A running monitor as the web face sees it, in any state that a test wants."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from glasswatch.instants import unix_ms
from monitor.model.outcome import Reason
from monitor.model.policy import PlatformPolicy, ProbePolicy
from monitor.model.record import FlagDocument
from monitor.model.state import Cause, FlagHead, FunctionState, Outage, PlatformState, ProbeState
from monitor.model.told import Acknowledgement
from monitor.model.verdict import CauseKind, FlagState, Phase, Role, Verdict
from monitor.web.site import Site, Watched
from tests.support.clock import START

PLATFORM = "payments"
TARGET = "elsewhere"
PROCEDURE = """1. Say in #incident that you are going to break the glass, and why.
2. Take the sealed envelope from the safe with a second person.
3. Sign in with the credential in it:

       ssh breakglass@bastion.example.com

4. When done: rotate the credential, seal it again, write down what you did.
"""
KEY = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "kid": "k1", "use": "sig"}


def probe_policy(name: str, function: str, *, critical: bool = True) -> ProbePolicy:
    """Return a probe every 15 s, bad after 3 attempts."""
    return ProbePolicy(
        name=name,
        function=function,
        critical=critical,
        role=Role.FIRST_HAND,
        interval=timedelta(seconds=15),
        timeout=timedelta(seconds=5),
        confirm_attempts=3,
        confirm_every=timedelta(seconds=5),
        recover=3,
        fingerprint=f"print-of-{name}",
    )


def policy(platform: str = PLATFORM, probes: Sequence[ProbePolicy] | None = None) -> PlatformPolicy:
    """Return a platform with two critical functions and one that isn't."""
    chosen = probes or (
        probe_policy("portal", "sign_in"),
        probe_policy("identity", "sign_in"),
        probe_policy("requests", "request"),
        probe_policy("docs", "help", critical=False),
    )
    return PlatformPolicy(
        deployment="prod",
        platform=platform,
        probes={probe.name: probe for probe in chosen},
        configured_vantages=1,
        lower_after=timedelta(minutes=15),
        ready_ttl=timedelta(minutes=15),
        unknown_max=timedelta(hours=4),
        unknown_pages_after=timedelta(minutes=2),
        targets=(TARGET,),
        manual_max=timedelta(hours=4),
        manual_persons=1,
    )


def site(*policies: PlatformPolicy, procedure: str = PROCEDURE, url: str = "https://wiki.example.com/glass") -> Site:
    """Return what the web face is told at the start."""
    return Site(
        deployment="prod",
        vantage="fra-1",
        version="0.1.0",
        platforms={each.platform: Watched(each, url, procedure) for each in policies or (policy(),)},
        keys=(KEY,),
    )


def document(
    state: FlagState = FlagState.STANDBY, at: datetime = START, *, platform: str = PLATFORM, minutes: float = 5
) -> FlagDocument:
    """Return a signed flag (of a signature that nobody checks here), valid for some minutes."""
    return FlagDocument(
        platform=platform,
        ver=unix_ms(at),
        change=3,
        state=state.value,
        issued_at=at,
        expires_at=at + timedelta(minutes=minutes),
        jws="eyJhbGciOiJFZERTQSJ9.eyJ2IjoxfQ.c2lnbmF0dXJl",
        sha256="ab" * 32,
        is_change=True,
    )


def good_probe(at: datetime = START, **changes: object) -> ProbeState:
    """Return a probe believed good that was measured 7 s ago."""
    values: dict[str, object] = {
        "fingerprint": "print",
        "phase": Phase.GOOD,
        "conclusive_at": at - timedelta(seconds=7),
        "last_reason": Reason.OK,
        "last_detail": "200 in 84 ms",
        "last_at": at - timedelta(seconds=7),
    }
    return ProbeState(**{**values, **changes})  # type: ignore[arg-type]  # a test names fields that exist


def bad_probe(at: datetime = START, **changes: object) -> ProbeState:
    """Return a probe confirmed bad 12 minutes ago."""
    return good_probe(
        at,
        **{
            "phase": Phase.BAD,
            "bad_since": at - timedelta(minutes=12),
            "confirmed_at": at - timedelta(minutes=11),
            "last_reason": Reason.STATUS,
            "last_detail": "status 503, expected 200",
            **changes,
        },
    )


def up(at: datetime = START, platform: str = PLATFORM) -> PlatformState:
    """Return a platform on which all is well."""
    since = at - timedelta(days=3, hours=5)
    good = FunctionState(Verdict.UP, since, "every probe is good")
    return PlatformState(
        platform=platform,
        probes={name: good_probe(at) for name in ("portal", "identity", "requests", "docs")},
        functions={"sign_in": good, "request": good, "help": FunctionState(Verdict.UP, since, "", critical=False)},
        vote=Verdict.UP,
        verdict=Verdict.UP,
        verdict_since=since,
        why="every function is up",
        quiet_since=since,
        flag=FlagHead(FlagState.STANDBY, since, 2),
    )


def outage(at: datetime = START, platform: str = PLATFORM, **changes: object) -> Outage:
    """Return an outage that began 12 minutes ago and goes on."""
    values: dict[str, object] = {
        "id": "01JNP4",
        "platform": platform,
        "opened_at": at - timedelta(minutes=12),
        "confirmed_at": at - timedelta(minutes=11, seconds=49),
        "functions": ("sign_in",),
        "openers": ("portal", "identity"),
        "reason": "sign_in is down: portal and identity answered 503 three times",
    }
    return Outage(**{**values, **changes})  # type: ignore[arg-type]  # a test names fields that exist


def down(at: datetime = START, platform: str = PLATFORM) -> PlatformState:
    """Return a platform that is down, its flag ready."""
    since = at - timedelta(minutes=11, seconds=49)
    healthy = up(at, platform)
    return PlatformState(
        platform=platform,
        probes={**healthy.probes, "portal": bad_probe(at), "identity": bad_probe(at)},
        functions={
            **healthy.functions,
            "sign_in": FunctionState(Verdict.DOWN, since, "portal and identity are confirmed bad"),
        },
        vote=Verdict.DOWN,
        verdict=Verdict.DOWN,
        verdict_since=since,
        why="sign_in is down: portal and identity answered 503 three times, and a control answered",
        outage=outage(at, platform),
        causes=(Cause(CauseKind.OUTAGE, "01JNP4", at - timedelta(minutes=12)),),
        flag=FlagHead(FlagState.READY, since, 3),
    )


def degraded(at: datetime = START, platform: str = PLATFORM) -> PlatformState:
    """Return a platform of which something is wrong."""
    since = at - timedelta(minutes=42)
    healthy = up(at, platform)
    return PlatformState(
        platform=platform,
        probes={
            **healthy.probes,
            "docs": bad_probe(at),
            "portal": good_probe(at, round_bad=1, last_reason=Reason.TIMEOUT, last_detail="no answer within 5 s"),
        },
        functions={**healthy.functions, "help": FunctionState(Verdict.DOWN, since, "docs is bad", critical=False)},
        vote=Verdict.DEGRADED,
        verdict=Verdict.DEGRADED,
        verdict_since=since,
        why="help, which is not critical, is down",
        flag=FlagHead(FlagState.STANDBY, at - timedelta(days=3), 2),
    )


def blind(at: datetime = START, platform: str = PLATFORM) -> PlatformState:
    """Return a platform looked at by a vantage that can't see."""
    since = at - timedelta(minutes=3)
    unseen = FunctionState(Verdict.UNKNOWN, since, "this vantage is blind")
    return PlatformState(
        platform=platform,
        probes={name: good_probe(at - timedelta(minutes=3)) for name in ("portal", "identity", "requests", "docs")},
        functions={"sign_in": unseen, "request": unseen, "help": unseen},
        blind=True,
        vote=Verdict.UNKNOWN,
        verdict=Verdict.UNKNOWN,
        verdict_since=since,
        why="no control answers: this vantage is blind",
        unknown_since=since,
        flag=FlagHead(FlagState.STANDBY, at - timedelta(days=3), 2),
    )


@dataclass
class FakeMonitor:
    """`monitor.ports.StatusReader` over values that a test sets."""

    states: list[PlatformState] = field(default_factory=lambda: [up()])
    documents: dict[str, FlagDocument] = field(default_factory=lambda: {PLATFORM: document()})
    missing: list[str] = field(default_factory=list)
    behind: dict[str, list[str]] = field(default_factory=dict)
    unclosed: list[str] = field(default_factory=list)
    taken_on: dict[str, Acknowledgement] = field(default_factory=dict)

    def platforms(self) -> Sequence[PlatformState]:
        """Return the states set."""
        return self.states

    def document(self, platform: str) -> FlagDocument | None:
        """Return the document set."""
        return self.documents.get(platform)

    def unpublished(self, platform: str) -> Sequence[str]:
        """Return the targets set to be behind."""
        return self.behind.get(platform, ())

    def forgotten(self) -> Sequence[str]:
        """Return what was set to be open."""
        return self.unclosed

    def acknowledged(self, platform: str) -> Acknowledgement | None:
        """Return who was set to deal with it."""
        return self.taken_on.get(platform)

    def waiting_for(self) -> Sequence[str]:
        """Return what was set to be missing."""
        return self.missing
