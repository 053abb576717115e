"""The action `expect_metric`: what Prometheus says."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Annotated, ClassVar

from pydantic import Field

from drills.settings.step import StepSettings
from glasswatch.placeholders import is_stray, names_in
from glasswatch.settings.duration import Duration
from glasswatch.settings.model import Finding, SettingsModel, finding
from glasswatch.settings.shape import Shape
from glasswatch.settings.shapes import JsonScalarShape, Switch

_COMPARISONS = ("equals", "at_least", "at_most", "above", "below")
_LONGEST_QUERY = 4096


class NumberShape(Shape):
    """A number."""

    expected = "a number"
    json: ClassVar[Mapping[str, object]] = {"type": "number"}
    _scalar = JsonScalarShape()

    def read(self, value: object) -> float:
        """Return it."""
        found = self._scalar.read(value)
        if isinstance(found, bool) or not isinstance(found, int | float):
            raise self.wrong()
        return found


class QueryShape(Shape):
    """An expression; the one value it may hold can't be anything but a name."""

    expected = f"an expression in PromQL of at most {_LONGEST_QUERY} characters, in which ${{run}} is the only value"
    json: ClassVar[Mapping[str, object]] = {"type": "string", "maxLength": _LONGEST_QUERY}

    def read(self, value: object) -> str:
        """Return it."""
        if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_QUERY:
            raise self.wrong()
        if is_stray(value) or not names_in(value) <= {"run"}:
            raise self.wrong()
        return str(value)


_Number = Annotated[float, NumberShape()]


class ExpectMetricWithSettings(SettingsModel):
    """What is asked."""

    expected: ClassVar[str] = "a mapping with query"

    query: Annotated[str, QueryShape()]
    """Expression in PromQL, such as `jit_break_glass_ready{platform="payments"}`. `${run}` is the run's id."""


class ExpectMetricExpectSettings(SettingsModel):
    """What every series that the expression gives must hold; all of it."""

    expected: ClassVar[str] = "a mapping such as at_least: 1, or present: true"

    equals: _Number | None = None
    """Exactly this number."""
    at_least: _Number | None = None
    """This number or more."""
    at_most: _Number | None = None
    """This number or less."""
    above: _Number | None = None
    """More than this number."""
    below: _Number | None = None
    """Less than this number."""
    present: Switch | None = None
    """Whether there is any series at all: true or false."""

    @finding(*_COMPARISONS, "present")
    def something_is_expected(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """Without an expectation anything would do."""
        compares = any(getattr(self, each) is not None for each in _COMPARISONS)
        if not compares and self.present is None:
            yield (), f"expected {self.expected}"
        if compares and self.present is not None:
            yield ("present",), "expected either present or a comparison, which needs a series anyway"


class ExpectMetricStep(StepSettings):
    """Asks Prometheus."""

    what: ExpectMetricWithSettings = Field(alias="with")
    """What is asked."""
    expect: ExpectMetricExpectSettings
    """What every series must hold."""
    every: Duration | None = timedelta(seconds=1)
    """Pause between tries."""

    @property
    def line(self) -> str:
        """What it does."""
        given = self.expect.model_dump(exclude_none=True)
        wanted = ", ".join(f"{name.replace('_', ' ')} {value}".lower() for name, value in given.items())
        return f"ask Prometheus for {self.what.query}: {wanted}"

    def names(self) -> frozenset[str]:
        """Return the names of the values that it uses."""
        return names_in(self.what.query)
