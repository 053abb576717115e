"""What an HTTP answer must look like."""

from collections.abc import Iterable, Mapping
from typing import Annotated, ClassVar, Final

from pydantic import Field

from glasswatch.settings.headers import HeaderName, repeated
from glasswatch.settings.json_path import JsonPathText
from glasswatch.settings.model import Finding, SettingsModel, finding
from glasswatch.settings.sentences import Words
from glasswatch.settings.shapes import JsonValue, Pattern, WholeNumber

# What is judged of a body.
OF_BODY: Final = ("body_matches", "body_not_matches", "json")
_FIRST_FINAL: Final = 200
_BODILESS: Final = frozenset({204, 304})


class ExpectSettings(SettingsModel):
    """What decides between good and bad. Everything that is given must hold."""

    expected: ClassVar[str] = "a mapping of what the answer must look like, such as status: [200]"

    status: Annotated[
        tuple[Annotated[int, WholeNumber(100, 599)], ...],
        Field(min_length=1),
        Words("a list of status codes such as [200, 204]"),
    ] = (200,)
    """Status codes that are good."""
    headers: Annotated[Mapping[HeaderName, Pattern], Words("a mapping from headers to patterns")] = Field(
        default_factory=dict
    )
    """Headers the answer must have, each with a pattern found somewhere in its value."""
    body_matches: Pattern | None = None
    """Pattern that must be found in the body."""
    body_not_matches: Pattern | None = None
    """Pattern that must not be found in the body."""
    json_values: Annotated[Mapping[JsonPathText, JsonValue], Words("a mapping such as status: ok")] = Field(
        default_factory=dict, alias="json"
    )
    """Places in the body, read as JSON, and the exact value each must hold."""

    @finding("status")
    def statuses_can_come(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """An interim answer is followed by another, and 101 was not asked for."""
        for index, status in enumerate(self.status):
            if status < _FIRST_FINAL:
                yield ("status", index), "expected a status from 200 on: no answer ends with one below"

    @finding("status", "body_matches", "body_not_matches", "json_values")
    def bodies_can_come(self, given: Mapping[str, object]) -> Iterable[Finding]:
        """Where no status that is expected has a body, there is none to judge."""
        if _BODILESS.issuperset(self.status):
            for key in OF_BODY:
                if key in given:
                    yield (key,), "expected a status whose answer has a body: 204 and 304 have none"

    @finding("headers")
    def headers_differ(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """A header is named once, whatever its case."""
        return repeated("headers", self.headers)
