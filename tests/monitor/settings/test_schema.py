"""The JSON Schema takes what we take, as far as editors can tell."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from glasswatch.names import SECTIONS
from glasswatch.settings import sections
from glasswatch.settings.schema import json_schema
from tests.support.settings_files import GOOD

SCHEMA = json_schema(sections.models())
EXAMPLE = Path(__file__).parents[3] / "examples" / "glasswatch.yaml"
TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}


class _Editor(yaml.SafeLoader):
    """Reads as editors do, by YAML 1.2: it knows no dates."""


_Editor.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _is_type(value: object, name: str) -> bool:
    return isinstance(value, TYPES[name]) and (name == "boolean" or not isinstance(value, bool))


def faults(schema: dict[str, Any], value: Any, path: str = "") -> list[str]:
    """What is wrong with a value, for the part of JSON Schema that ours uses; a keyword it doesn't know fails."""
    if "$ref" in schema:
        return faults(SCHEMA["$defs"][schema["$ref"].removeprefix("#/$defs/")], value, path)
    found: list[str] = []
    for keyword, wanted in schema.items():
        found += [f"{path}: {fault}" for fault in _CHECKS[keyword](schema, wanted, value)]
    return found


def _alternatives(_schema: dict[str, Any], wanted: list[dict[str, Any]], value: Any) -> list[str]:
    tries = [faults(choice, value) for choice in wanted]
    return [] if [] in tries else [str(tries)]


def _properties(schema: dict[str, Any], wanted: dict[str, Any], value: Any) -> list[str]:
    if not isinstance(value, dict):
        return []
    unknown = [key for key in value if key not in wanted and schema.get("additionalProperties") is False]
    below = [fault for key in wanted.keys() & value.keys() for fault in faults(wanted[key], value[key], key)]
    return [f"{key} is unknown" for key in unknown] + below


def _pattern_properties(_schema: dict[str, Any], wanted: dict[str, Any], value: Any) -> list[str]:
    items = value.items() if isinstance(value, dict) else ()
    ((pattern, below),) = wanted.items()
    return [fault for key, item in items for fault in faults(below, item, key) if re.search(pattern, key)]


_CHECKS: dict[str, Any] = {
    **dict.fromkeys(("$schema", "title", "description", "default", "examples", "format", "$defs"), lambda *_: []),
    "additionalProperties": lambda *_: [],
    "type": lambda _, wanted, value: (
        []
        if any(_is_type(value, name) for name in ([wanted] if isinstance(wanted, str) else wanted))
        else [str(wanted)]
    ),
    "const": lambda _, wanted, value: [] if value == wanted else [f"not {wanted}"],
    "enum": lambda _, wanted, value: [] if value in wanted else [f"not of {wanted}"],
    "pattern": lambda _, wanted, value: (
        [] if not isinstance(value, str) or re.search(wanted, value) else [f"no match for {wanted}"]
    ),
    "minimum": lambda _, wanted, value: [f"below {wanted}"] if isinstance(value, int) and value < wanted else [],
    "maximum": lambda _, wanted, value: [f"above {wanted}"] if isinstance(value, int) and value > wanted else [],
    "minLength": lambda _, wanted, value: [] if not isinstance(value, str) or len(value) >= wanted else ["short"],
    "maxLength": lambda _, wanted, value: [] if not isinstance(value, str) or len(value) <= wanted else ["long"],
    "maxItems": lambda _, wanted, value: [] if not isinstance(value, list) or len(value) <= wanted else ["many"],
    "minItems": lambda _, wanted, value: [] if not isinstance(value, list) or len(value) >= wanted else ["few"],
    "minProperties": lambda _, wanted, value: [] if not isinstance(value, dict) or len(value) >= wanted else ["few"],
    "required": lambda _, wanted, value: (
        [f"{key} is missing" for key in wanted if key not in value] if isinstance(value, dict) else []
    ),
    "items": lambda _, wanted, value: (
        [fault for item in value for fault in faults(wanted, item)] if isinstance(value, list) else []
    ),
    "properties": _properties,
    "patternProperties": _pattern_properties,
    "oneOf": _alternatives,
    "anyOf": _alternatives,
}


def test_is_json_and_names_every_section() -> None:
    """The schema can be written down, and knows all sections and no others."""
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA
    assert set(SCHEMA["properties"]) == set(SECTIONS)
    assert SCHEMA["required"] == ["controls", "deployment", "flag", "platforms"]


@pytest.mark.parametrize("text", [GOOD, EXAMPLE.read_text()], ids=["smallest", "example"])
def test_takes_a_good_file(text: str) -> None:
    """An editor finds nothing wrong with what we take."""
    assert faults(SCHEMA, yaml.load(text, _Editor)) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("deployment: prod", "deployment: Prod"),
        ("deployment: prod", "deploymnet: prod"),
        ("interval: 15s", "interval: 15"),
        ("interval: 15s", "interval: 1.5s"),
        ("interval: 15s", "intervall: 15s"),
        ("type: http", "type: htttp"),
        ("type: http\n", "# no type\n"),
        ("url: https://portal", "url: ftp://portal"),
        ("key: {file: flag.key}", "key: hunter2"),
        ("key: {file: flag.key}", "key: {fil: flag.key}"),
        ("key: {file: flag.key}", "key: {file: flag.key}\n  ttl: 5"),
        ("controls: none", "controls: off"),
        ("controls: none", "controls: [https://www.example.org/]"),
        ("controls: none", "controls: none\nstore: mysql://db/x"),
        ("controls: none", "controls: none\nlisten: 9780"),
        ("controls: none", "controls: none\nlisten: {address: 10.0.0.7:9780, tls: true}"),
        ("controls: none", "controls: none\ntokens: [{name: anna-cli, person: anna}]"),
    ],
)
def test_refuses_what_an_editor_can_tell(old: str, new: str) -> None:
    """An editor marks the commonest mistakes."""
    text = GOOD.replace(old, new)
    assert text != GOOD
    assert faults(SCHEMA, yaml.safe_load(text)) != []


def test_defaults_are_shown_as_they_are_written() -> None:
    """An editor that fills in a default writes something we take."""
    assert SCHEMA["$defs"]["FlagSettings"]["properties"]["ttl"]["default"] == "5m"
    assert SCHEMA["properties"]["listen"]["default"] == "127.0.0.1:9780"


def test_numbers_that_are_names_may_stand_without_quotes() -> None:
    """An editor reads `1.2` as a number, and we as text."""
    assert faults(SCHEMA["$defs"]["IdentifiedTlsSettings"], {"min_version": 1.2}) == []
    assert faults(SCHEMA["$defs"]["IdentifiedTlsSettings"], {"min_version": "1.3"}) == []
    assert faults(SCHEMA["$defs"]["IdentifiedTlsSettings"], {"min_version": 1.1}) != []
