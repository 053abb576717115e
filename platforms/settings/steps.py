"""Settings of a journey's steps: what is sent, what is expected, what is captured, and how it is undone."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Annotated, Any, ClassVar

import re2
from pydantic import Field

from glasswatch.settings.duration import Duration, DurationShape
from glasswatch.settings.fill import FillShape, HeaderFillShape, JsonFillShape, PathFillShape
from glasswatch.settings.headers import FRAMING, TURNING, TURNS, HeaderName, is_secret, repeated
from glasswatch.settings.json_path import JsonPathText, parse
from glasswatch.settings.model import Finding, SettingsModel, finding
from glasswatch.settings.sentences import Words
from glasswatch.settings.shape import KEY
from glasswatch.settings.shapes import JsonValue, OneOf, Pattern, Switch, TextShape, WholeNumber
from platforms.journey import model
from platforms.settings.meanings import bodiless, unclosing

_METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH")

ValueName = Annotated[str, TextShape("a name of a-z, 0-9 and _, at most 63 long", "[a-z][a-z0-9_]{0,62}")]
StepName = Annotated[str, TextShape("a name of a-z, 0-9, - and _, at most 63 long", "[a-z0-9][a-z0-9_-]{0,62}")]
_Codes = Annotated[
    tuple[Annotated[int, WholeNumber(200, 599)], ...],
    Field(min_length=1),
    Words("a list of status codes such as [200, 204]"),
]


class StepRequestSettings(SettingsModel):
    """What is sent. `${name}` stands for a secret, a captured value, or `${run}`, the run's id."""

    expected: ClassVar[str] = "a mapping such as method: POST with path: /requests"

    method: Annotated[str, OneOf(_METHODS)] = "GET"
    """Request method."""
    path: Annotated[str, PathFillShape()] | None = None
    """Path and query, at the journey's `url`."""
    link: ValueName | None = None
    """In place of a path: name of a captured value that is an address. It must stay on the journey's origin."""
    headers: Annotated[
        Mapping[HeaderName, Annotated[str, HeaderFillShape()]], Words("a mapping from headers to values")
    ] = Field(default_factory=dict, repr=False)
    """Headers to send, such as `Authorization: Bearer ${session}`."""
    json_body: Annotated[Any, JsonFillShape()] = Field(default=None, alias="json", repr=False)
    """Body, sent as JSON. A text that is nothing but `${name}` becomes the value with its own type."""
    form: Annotated[Mapping[str, Annotated[str, FillShape()]], Words("a mapping from fields to text")] | None = Field(
        default=None, repr=False
    )
    """Body, sent as a form."""

    @finding("path", "link")
    def goes_somewhere(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """There is one place to go to."""
        if (self.path is None) == (self.link is None):
            yield (), "expected either path or link"

    @finding("json_body", "form")
    def has_one_body(self, given: Mapping[str, object]) -> Iterable[Finding]:
        """A request has one body."""
        if "json" in given and self.form is not None:
            yield ("form",), "expected either json or form"
        if self.form is not None and any("${" in name for name in self.form):
            yield ("form",), "expected names without ${: values go into values"

    @finding("headers")
    def headers_are_ours_to_set(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """Headers that frame the request are made by the probe; credentials are never written down."""
        for name, text in self.headers.items():
            if name.lower() in TURNING:
                yield ("headers", name, KEY), TURNS
            elif name.lower() in FRAMING:
                yield ("headers", name, KEY), "is set by the probe itself: expected another header"
            elif is_secret(name) and "${" not in text:
                yield (
                    ("headers", name),
                    "expected a value such as ${name}, never the secret itself: it goes into secrets",
                )
        yield from repeated("headers", self.headers)

    def ask(self) -> model.Ask:
        """Return it as a plain value."""
        return model.Ask(
            method=self.method,
            path=self.path or "/",
            link=self.link,
            headers=dict(self.headers),
            json=self.json_body,
            has_json="json_body" in self.model_fields_set,
            form=self.form,
        )


class StepExpectSettings(SettingsModel):
    """What an answer must look like. Everything that is given must hold."""

    expected: ClassVar[str] = "a mapping of what the answer must look like, such as status: [200]"

    status: _Codes = (200,)
    """Status codes that are expected."""
    json_values: Annotated[Mapping[JsonPathText, JsonValue], Words("a mapping such as status: ok")] = Field(
        default_factory=dict, alias="json"
    )
    """Places in the body, read as JSON, and the exact value each must hold."""
    matches: Annotated[Mapping[JsonPathText, Pattern], Words("a mapping such as id: ^req-")] = Field(
        default_factory=dict
    )
    """Places in the body, read as JSON, and a pattern found in the text that stands there."""

    def expect(self) -> model.Expect:
        """Return it as a plain value."""
        texts = [_matched(path, pattern) for path, pattern in self.matches.items()]
        return model.Expect(self.status, (*_equal(self.json_values), *texts))


class CaptureSettings(SettingsModel):
    """Where a value is taken from."""

    expected: ClassVar[str] = "a mapping with exactly one of json, header and status"

    json_place: JsonPathText | None = Field(default=None, alias="json")
    """Place in the body, read as JSON: a text, a number, true, false or null."""
    header: HeaderName | None = None
    """Header of the answer; its first value."""
    status: Switch = False
    """Take the status code."""
    keep: Switch = False
    """Whether it may be put on record, so that what was opened can be closed after a crash. Never a token."""

    @finding("json_place", "header", "status")
    def comes_from_one_place(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """A value comes from one place."""
        if sum((self.json_place is not None, self.header is not None, self.status)) != 1:
            yield (), f"expected {self.expected}"

    def capture(self, name: str) -> model.Capture:
        """Return it as a plain value."""
        path = parse(self.json_place) if self.json_place is not None else None
        return model.Capture(name, path, self.header, self.keep)


Captures = Annotated[Mapping[ValueName, CaptureSettings], Words("a mapping from names to where each value comes from")]


class UntilSettings(SettingsModel):
    """How a step is repeated: until all of `json` holds; a step that must be refused, until it is."""

    expected: ClassVar[str] = "a mapping such as json: {state: granted}"

    json_values: Annotated[Mapping[JsonPathText, JsonValue], Words("a mapping such as state: granted")] = Field(
        default_factory=dict, alias="json"
    )
    """Places in the body, and the exact value each must hold for the step to be over."""
    denied: Annotated[Mapping[JsonPathText, JsonValue], Words("a mapping such as state: denied")] = Field(
        default_factory=dict
    )
    """Places and values that say no: the attempt ends, and is not measured."""
    every: Annotated[timedelta, DurationShape(at_least=timedelta(milliseconds=100), at_most=timedelta(minutes=5))] = (
        timedelta(seconds=1)
    )
    """Pause between two requests."""
    within: Duration = timedelta(seconds=60)
    """The longest it is repeated."""
    tries: Annotated[int, WholeNumber(1, 1000)] = 300
    """The most requests it takes."""

    def until(self) -> model.Until:
        """Return it as a plain value."""
        return model.Until(self.every, self.within, self.tries, _equal(self.json_values), _equal(self.denied))


class FindSettings(SettingsModel):
    """How to look up what a step may have opened whose answer was not seen."""

    expected: ClassVar[str] = "a mapping with request and capture"

    request: StepRequestSettings
    """What is sent; it asks for what this run opened, by `${run}`."""
    expect: StepExpectSettings = Field(default_factory=StepExpectSettings)
    """What its answer must look like. 404 and 410 mean that nothing is there."""
    capture: Annotated[Captures, Field(min_length=1)]
    """The values that undoing needs. One that isn't in the answer means that nothing is there."""
    certain_after: Duration = timedelta(minutes=1)
    """That nothing is there is believed so long after the request was sent: the server may still be at it."""

    @finding("request", "expect", "capture")
    def nothing_there_can_be_said(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """What says that nothing is there can say so."""
        yield from unclosing(self.expect.status, ("expect", "status"))
        yield from bodiless(self.request.method, self.expect, self.capture)

    def find(self) -> model.Find:
        """Return it as a plain value."""
        captures = tuple(each.capture(name) for name, each in self.capture.items())
        return model.Find(self.request.ask(), self.expect.expect(), captures, self.certain_after)


class UndoSettings(SettingsModel):
    """How what a step opened is closed. It is closed whatever happens, last in, first out."""

    expected: ClassVar[str] = "a mapping with request"

    request: StepRequestSettings
    """What is sent."""
    expect: StepExpectSettings = Field(default_factory=StepExpectSettings)
    """What its answer must look like for it to be known closed."""
    gone: _Codes = (404, 410)
    """Status codes that say it isn't open any more, whatever else the answer says."""
    find: FindSettings | None = None
    """How to look up what may have been opened when no answer was seen."""
    ends_after: (
        Annotated[timedelta, DurationShape(at_least=timedelta(seconds=1), at_most=timedelta(days=31))] | None
    ) = None
    """The platform itself ends what was opened, after this at the latest. If left out, it is open until closed."""

    @finding("request", "expect", "gone")
    def closed_can_be_said(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """What says that it is closed can say so."""
        yield from unclosing(self.expect.status, ("expect", "status"))
        yield from unclosing(self.gone, ("gone",))
        yield from bodiless(self.request.method, self.expect, {})

    def undo(self) -> model.Undo:
        """Return it as a plain value."""
        find = self.find.find() if self.find is not None else None
        return model.Undo(self.request.ask(), self.expect.expect(), self.gone, find, self.ends_after)


def _equal(values: Mapping[str, JsonValue]) -> tuple[model.JsonValue, ...]:
    return tuple(model.JsonValue(path, parse(path), value=value) for path, value in values.items())


def _matched(path: str, pattern: str) -> model.JsonValue:
    options = re2.Options()
    options.log_errors = False  # its log would repeat the pattern
    return model.JsonValue(path, parse(path), pattern=re2.compile(pattern, options))
