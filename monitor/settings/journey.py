"""Settings of the `journey` probe: an engineer's whole way in named steps.

What can be found wrong before anything is sent is found here: a value that no earlier step captures, a secret in an
address, something opened that could not be closed after a crash.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import Field

from glasswatch.secrets import SecretReference
from glasswatch.settings.duration import DurationShape
from glasswatch.settings.model import Finding, SettingsModel, finding
from glasswatch.settings.sentences import Words
from glasswatch.settings.shape import KEY
from glasswatch.settings.shapes import AddressShape, Switch, WholeNumber
from glasswatch.settings.tls import TlsSettings
from monitor.model.policy import ProbePolicy
from monitor.model.verdict import Role
from monitor.settings.meanings import NO_BODY, bodiless, unclosing
from monitor.settings.places import is_loopback
from monitor.settings.probe import ConfirmSettings, ProbeSettings
from monitor.settings.steps import (
    StepExpectSettings,
    StepName,
    StepRequestSettings,
    UndoSettings,
    UntilSettings,
    ValueName,
    _Captures,
)
from platforms.addresses import is_forbidden
from platforms.journey.model import RUN, TOTAL, Ask, Journey, Step
from platforms.journey.record import RECORD_SECONDS
from platforms.journey.rules.fill import names_in, names_in_path
from platforms.journey.rules.needs import unclosable

_MEBIBYTE = 1024 * 1024
_MOST_STEPS = 50
_REFUSALS = frozenset(range(400, 500)) - {408, 429}
_UNCLOSABLE = (
    "expected only values that are there after a crash: kept (keep: true), looked up (find), or captured by a step "
    "that opens nothing"
)


class OriginShape(AddressShape):
    """Scheme, host and port, and nothing after them."""

    def __init__(self) -> None:
        super().__init__("http", "https")
        self.expected = "an http or https address without a path, such as https://access.example.com"

    def read(self, value: object) -> str:
        """Return the origin."""
        address = super().read(value)
        parts = urlsplit(address)
        if parts.path not in ("", "/") or parts.query or is_forbidden(parts.hostname or ""):
            raise self.wrong()
        return address.rstrip("/")


class StepSettings(SettingsModel):
    """One named step of a journey."""

    expected: ClassVar[str] = "a mapping with id and request"

    id: StepName
    """Its name, in outcomes and metrics."""
    request: StepRequestSettings
    """What is sent."""
    expect: StepExpectSettings = Field(default_factory=StepExpectSettings)
    """What its answer must look like; of a step that must be refused, the statuses that refuse."""
    capture: _Captures = Field(default_factory=dict)
    """Values that later steps use, by name."""
    until: UntilSettings | None = None
    """How it is repeated."""
    undo: UndoSettings | None = None
    """How what it opens is closed. A step without it opens nothing."""
    closes: StepName | None = None
    """The earlier step whose opening is closed once this one holds."""
    refused: Switch = False
    """Whether it must be refused. Let in, it is bad: access after revocation."""
    span: StepName | None = None
    """What its time counts as; several steps may share one. If left out, its id."""

    @finding("refused", "expect", "capture", "undo", "closes", "until")
    def refusal_is_plain(self, given: Mapping[str, object]) -> Iterable[Finding]:
        """A step that must be refused says how, and does nothing else."""
        if not self.refused:
            return
        if not all(status in _REFUSALS for status in self.expect.status):
            yield (
                ("expect",) if "expect" in given else (),
                "expected the status codes that refuse, such as status: [403]",
            )
        if self.capture or self.undo is not None or self.closes is not None:
            yield ("refused",), "expected nothing captured, opened or closed by a step that must be refused"
        if self.until is not None and (self.until.json_values or self.until.denied):
            yield ("until",), "expected no json and no denied: a step that must be refused is repeated until it is"

    @finding("until", "undo", "refused")
    def repeating_has_an_end(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """What is repeated waits for something, and opens nothing."""
        if self.until is not None and not self.refused and not self.until.json_values:
            yield ("until",), "expected json: what it is repeated for"
        if self.until is not None and self.undo is not None:
            yield ("until",), "expected no until: a step that opens something is sent once"

    @finding("request", "expect", "capture", "until", "closes")
    def answers_can_say_so(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """What is looked for in an answer can be there."""
        yield from bodiless(self.request.method, self.expect, self.capture)
        if self.until is not None and self.until.json_values and self.request.method == "HEAD":
            yield ("until", "json"), NO_BODY
        if self.closes is not None:
            yield from unclosing(self.expect.status, ("expect", "status"))

    @finding("span")
    def total_is_ours(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """The whole way has a span of its own."""
        if self.span == TOTAL:
            yield ("span",), "expected another name: total is the whole way"

    def step(self, secrets: frozenset[str]) -> Step:
        """Return it as a plain value."""
        ask = self.request.ask()
        return Step(
            id=self.id,
            ask=ask,
            expect=self.expect.expect(),
            capture=tuple(each.capture(name) for name, each in self.capture.items()),
            until=self.until.until() if self.until is not None else None,
            undo=self.undo.undo() if self.undo is not None else None,
            closes=self.closes,
            is_refused=self.refused,
            span=self.span or self.id,
            sends_secret=not names_in(ask).isdisjoint(secrets),
        )


class JourneyConfirmSettings(ConfirmSettings):
    """How a bad outcome is confirmed before it is believed."""

    attempts: Annotated[int, WholeNumber(1, 10)] = 2
    """Bad outcomes in a row that are believed, the first one included."""
    every: Annotated[timedelta, DurationShape()] = timedelta(seconds=30)
    """Pause between them, counted from the end of an attempt."""


class JourneyProbeSettings(ProbeSettings):
    """An engineer's whole way over HTTP, in named steps. It decides its function."""

    role: ClassVar[Role] = Role.DECIDING
    _JUDGING: ClassVar[frozenset[str]] = ProbeSettings._JUDGING | {"clean_up"}  # noqa: SLF001 - our own base's

    type: Literal["journey"] = "journey"
    """What kind of probe it is."""
    interval: Annotated[timedelta, DurationShape(at_least=timedelta(seconds=1), at_most=timedelta(days=1))] = timedelta(
        minutes=5
    )
    """How often it runs."""
    timeout: Annotated[
        timedelta, DurationShape(at_least=timedelta(milliseconds=100), at_most=timedelta(minutes=10))
    ] = timedelta(minutes=2)
    """The longest the steps may take together."""
    confirm: JourneyConfirmSettings = JourneyConfirmSettings()
    """How a bad outcome is confirmed."""
    recover: Annotated[int, WholeNumber(1, 100)] = 1
    """Good outcomes in a row that end a confirmed bad one."""
    url: Annotated[str, OriginShape()]
    """Where every request goes: scheme, host and port."""
    secrets: Annotated[Mapping[ValueName, SecretReference], Words("a mapping from names to references to secrets")] = (
        Field(default_factory=dict, repr=False)
    )
    """Our own credentials, by the names under which steps use them."""
    steps: Annotated[
        tuple[StepSettings, ...], Field(min_length=1, max_length=_MOST_STEPS), Words("a list of 1 to 50 steps")
    ]
    """What is done, in order."""
    clean_up: Annotated[timedelta, DurationShape(at_least=timedelta(seconds=1), at_most=timedelta(minutes=2))] = (
        timedelta(seconds=30)
    )
    """The longest that closing what was opened may take: after the steps, and before them what is left of earlier."""
    tls: TlsSettings = TlsSettings()
    """How the server is verified."""
    max_body: Annotated[int, WholeNumber(1, 16 * _MEBIBYTE)] = _MEBIBYTE
    """Largest body that is read, in bytes, after decompression; more is bad."""

    @property
    def whole(self) -> timedelta:
        """The longest an attempt takes, with what is closed before and after the steps; but for our own record."""
        return self.timeout + 2 * self.clean_up

    @property
    def requests(self) -> int:
        """How many requests an attempt makes where all is well: one a step, at the least."""
        return len(self.steps)

    @finding("interval", "timeout", "clean_up")
    def timeout_fits(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """An attempt ends before the next one is due."""
        if self.whole > self.interval:
            yield ("interval",), "expected no less than timeout and twice clean_up together"

    @finding("url", "tls")
    def tls_needs_https(self, given: Mapping[str, object]) -> Iterable[Finding]:
        """What only makes sense with TLS is refused where it can never take effect."""
        if self.url.startswith("http://") and "tls" in given:
            yield ("tls",), "expected an https address, or no TLS settings"

    @finding("url", "secrets")
    def secrets_need_https(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """Secrets leave this machine encrypted, or not at all."""
        if self.secrets and self.url.startswith("http:") and not is_loopback(urlsplit(self.url).hostname or ""):
            yield ("secrets",), "expected an https address with it: in clear everybody on the way could read it"

    @finding("steps", "timeout")
    def waiting_fits(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """What is waited for has its time within that of all steps."""
        for place, step in enumerate(self.steps):
            until = step.until
            if until is not None and "within" in until.model_fields_set and until.within > self.timeout:
                yield ("steps", place, "until", "within"), "expected no more than timeout"

    @finding("steps", "secrets")
    def steps_fit_together(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """Every value that a step needs is there by then, and is put where it may stand."""
        known, names, openings = {RUN, *self.secrets}, set[str](), set[str]()
        for place, step in enumerate(self.steps):
            at = ("steps", place)
            if step.id in names:
                yield (*at, "id"), "is given twice: expected another name"
            names.add(step.id)
            if step.closes is not None and step.closes not in openings:
                yield (*at, "closes"), "expected the id of an earlier step with undo"
            yield from ((((*at, "request"), text)) for text in self._wrong_names(step.request.ask(), known))
            yield from (
                (((*at, "capture", name, KEY), "is a name that is taken: expected another"))
                for name in step.capture
                if name in known
            )
            known |= set(step.capture)
            if step.undo is not None:
                openings.add(step.id)

    @finding("steps", "secrets")
    def undoing_works(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """What is opened can be closed, after a crash as well; no secret stands in an address."""
        journey = self.journey()
        outside = frozenset({RUN, *self.secrets})
        captured = {capture.name for step in journey.steps for capture in step.capture}
        for place, step in enumerate(journey.steps):
            if step.undo is None:
                continue
            at = ("steps", place, "undo")
            find = step.undo.find
            found = {capture.name for capture in find.capture} if find is not None else set()
            wrong = list(self._wrong_names(step.undo.ask, outside | captured | found))
            wrong += self._wrong_names(find.ask, outside | captured) if find is not None else ()
            yield from ((at, text) for text in wrong)
            if not wrong and unclosable(journey, step, outside):
                yield at, _UNCLOSABLE

    def _wrong_names(self, ask: Ask, known: Iterable[str]) -> Iterator[str]:
        if names_in(ask) - set(known):
            yield "expected only values that are known by then: secrets, run, and what earlier steps capture"
        if names_in_path(ask) & set(self.secrets):
            yield "expected no secret in an address: headers and bodies carry them"

    def journey(self) -> Journey:
        """Return the steps as a plain value."""
        secrets = frozenset(self.secrets)
        return Journey(self.url if hasattr(self, "url") else "", tuple(step.step(secrets) for step in self.steps))

    def policy(self, name: str) -> ProbePolicy:
        """Return how this probe is run and believed, as a plain value."""
        spans = dict.fromkeys([*(step.span or step.id for step in self.steps), TOTAL])
        timeout = self.whole + 3 * timedelta(seconds=RECORD_SECONDS)
        return replace(super().policy(name), timeout=timeout, spans=tuple(spans))
