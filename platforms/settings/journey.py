"""Settings of a journey: an engineer's whole way over HTTP, in named steps.

What can be found wrong before anything is sent is found here: a value that no earlier step captures, a secret in an
address, something opened that could not be closed after a crash.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import ClassVar
from urllib.parse import urlsplit

from pydantic import Field

from glasswatch.settings.model import Finding, SettingsModel, finding
from glasswatch.settings.shape import KEY
from glasswatch.settings.shapes import AddressShape, Switch
from platforms.addresses import is_forbidden
from platforms.journey.model import TOTAL, Ask, Journey, Step
from platforms.journey.rules.names import names_in, names_in_path
from platforms.journey.rules.needs import unclosable
from platforms.settings.meanings import NO_BODY, bodiless, unclosing
from platforms.settings.steps import (
    Captures,
    StepExpectSettings,
    StepName,
    StepRequestSettings,
    UndoSettings,
    UntilSettings,
)

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


class JourneyStepSettings(SettingsModel):
    """One named step of a journey."""

    expected: ClassVar[str] = "a mapping with id and request"

    id: StepName
    """Its name, in outcomes and metrics."""
    request: StepRequestSettings
    """What is sent."""
    expect: StepExpectSettings = Field(default_factory=StepExpectSettings)
    """What its answer must look like; of a step that must be refused, the statuses that refuse."""
    capture: Captures = Field(default_factory=dict)
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


def fitting(
    steps: Sequence[JourneyStepSettings], outside: frozenset[str], secrets: frozenset[str]
) -> Iterator[Finding]:
    """Find values that are not there when a step needs them, or stand where they may not.

    `outside`: names of values that are there from the start, besides the secrets.
    """
    known, names, openings = {*outside, *secrets}, set[str](), set[str]()
    for place, step in enumerate(steps):
        at = ("steps", place)
        if step.id in names:
            yield (*at, "id"), "is given twice: expected another name"
        names.add(step.id)
        if step.closes is not None and step.closes not in openings:
            yield (*at, "closes"), "expected the id of an earlier step with undo"
        yield from ((((*at, "request"), text)) for text in _wrong_names(step.request.ask(), known, secrets))
        yield from (
            (((*at, "capture", name, KEY), "is a name that is taken: expected another"))
            for name in step.capture
            if name in known
        )
        known |= set(step.capture)
        if step.undo is not None:
            openings.add(step.id)


def closable(journey: Journey, outside: frozenset[str], secrets: frozenset[str]) -> Iterator[Finding]:
    """Find what is opened and could not be closed after a crash."""
    there = outside | secrets
    captured = {capture.name for step in journey.steps for capture in step.capture}
    for place, step in enumerate(journey.steps):
        if step.undo is None:
            continue
        at = ("steps", place, "undo")
        find = step.undo.find
        found = {capture.name for capture in find.capture} if find is not None else set()
        wrong = list(_wrong_names(step.undo.ask, there | captured | found, secrets))
        wrong += _wrong_names(find.ask, there | captured, secrets) if find is not None else ()
        yield from ((at, text) for text in wrong)
        if not wrong and unclosable(journey, step, there):
            yield at, _UNCLOSABLE


def _wrong_names(ask: Ask, known: Iterable[str], secrets: frozenset[str]) -> Iterator[str]:
    if names_in(ask) - set(known):
        yield "expected only values that are known by then: secrets, run, and what earlier steps capture"
    if names_in_path(ask) & secrets:
        yield "expected no secret in an address: headers and bodies carry them"
