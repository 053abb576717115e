"""What a JSON document must hold, and what is captured of it."""

from collections.abc import Mapping, Sequence
from typing import Any

from drills.model.found import Found, Output, Value
from drills.model.step import Status
from drills.rules import fill
from drills.rules.answer import JsonExpected, scalar, shown
from drills.settings.actions.document import DocumentCaptureSettings
from glasswatch import strict_json
from glasswatch.settings.json_path import parse


def expected(json_values: Mapping[str, Any], values: Mapping[str, Value]) -> Sequence[JsonExpected]:
    """Return what a document must hold, with its values.

    Raises:
        Unfillable: a value isn't there.
    """
    return [
        JsonExpected(path, parse(path), fill.json_body(value, values), shown(value))
        for path, value in json_values.items()
    ]


def captured(
    document: object, capture: Mapping[str, DocumentCaptureSettings], detail: str, outputs: tuple[Output, ...]
) -> Found:
    """Return that it passed, with the values that are captured; that it failed, where one isn't there."""
    found: dict[str, Value] = {}
    for name, place in capture.items():
        text = scalar(strict_json.find(document, parse(place.json_place)))
        if text is None:
            detail = f"{detail}, but json {place.json_place} holds no value to capture"
            return Found(Status.FAILED, detail, outputs=outputs)
        found[name] = Value(text, place.secret)
    return Found(Status.PASSED, detail, found, outputs)
