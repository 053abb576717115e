"""What is written of the model's values, and what is taken back."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.errors import StoreUnusable
from monitor.model.fact import Fact
from monitor.model.page import Page
from monitor.model.state import Cause, FlagHead, Outage, PlatformState, ProbeState
from monitor.model.verdict import CauseKind
from monitor.store.codec import decode, encode
from tests.support.commits import at, story

times = st.datetimes(timezones=st.just(UTC))
st.register_type_strategy(datetime, times)
KINDS: tuple[type[Any], ...] = (PlatformState, ProbeState, Outage, Page, *get_args(Fact))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@given(data=st.data())
@settings(max_examples=15, deadline=None)
def test_every_value_comes_back_as_it_was(kind: type[Any], data: st.DataObject) -> None:
    """Whatever a field may hold by its type is read back equal."""
    value = data.draw(st.builds(kind, **{field.name: _strategy(kind, field.name) for field in fields(kind)}))
    assert decode(kind, encode(value), what="it") == value


def _strategy(kind: type[Any], name: str) -> st.SearchStrategy[Any]:
    return st.from_type(kind.__annotations__[name])


@pytest.mark.parametrize("zone", [timedelta(hours=5, minutes=30), timedelta(hours=-11)])
def test_times_come_back_in_utc(zone: timedelta) -> None:
    """A time of another zone is the same instant, in UTC, when read back."""
    from datetime import timezone  # noqa: PLC0415 - only here

    there = datetime(2026, 3, 1, 12, tzinfo=timezone(zone))
    back = decode(FlagHead, encode(FlagHead(since=there)), what="it").since
    assert back == there
    assert back is not None
    assert back.tzinfo is UTC


def test_fields_added_later_take_their_defaults() -> None:
    """A row written before a field existed is read with the field's default."""
    stored = json.loads(encode(ProbeState("print")))
    old = {name: stored[name] for name in ("fingerprint", "phase")}
    assert decode(ProbeState, json.dumps(old), what="it") == ProbeState("print")


def test_a_platform_stored_before_people_could_act_is_read() -> None:
    """Nothing is left standing, and its causes are as they were."""
    cause = Cause(CauseKind.OUTAGE, "payments-1", at(1))
    stored = json.loads(encode(PlatformState("payments", causes=(cause,))))
    del stored["acts"]
    for member in ("inhibited", "reason", "renewed_by"):
        del stored["causes"][0][member]
    assert decode(PlatformState, json.dumps(stored), what="it") == PlatformState("payments", causes=(cause,))


def test_all_fields_are_written_also_those_at_their_default() -> None:
    """A default that changes later does not change what was stored."""
    assert set(json.loads(encode(ProbeState("print")))) == {field.name for field in fields(ProbeState)}


WRONG = [
    ("text that isn't JSON", "{", "expected JSON"),
    ("an endless number", '{"platform": "p", "blind": NaN}', "expected a finite number"),
    ("deeper than anything of ours", "[" * 100_000, "expected JSON"),
    ("a list for an object", "[]", "expected an object"),
    ("a missing field", "{}", "platform: missing"),
    ("a field of a newer version", '{"platform": "p", "mood": 1}', "mood: not known to this version"),
    ("a number for text", '{"platform": 1}', "platform: expected text"),
    ("a number for true or false", '{"platform": "p", "blind": 1}', "blind: expected true or false"),
    ("nothing for text", '{"platform": "p", "why": null}', "why: expected text"),
    ("true for a whole number", '{"platform": "p", "flag": {"change": true}}', "flag.change: expected a whole number"),
    ("a fraction for a whole number", '{"platform": "p", "flag": {"change": 1.0}}', "flag.change: expected a whole"),
    ("a verdict of a newer version", '{"platform": "p", "vote": "odd"}', "vote: expected one of up, degraded, down"),
    ("a list for a verdict", '{"platform": "p", "vote": []}', "vote: expected one of"),
    ("a naive time", '{"platform": "p", "quiet_since": "2026-03-01T00:00:00"}', "quiet_since: expected a time"),
    ("a number for a time", '{"platform": "p", "quiet_since": 5}', "quiet_since: expected a time"),
    (
        "a time before the calendar begins",
        '{"platform": "p", "quiet_since": "0001-01-01T00:00:00+14:00"}',
        "quiet_since: expected a time",
    ),
    ("a mapping for a list", '{"platform": "p", "causes": {}}', "causes: expected a list"),
    ("a list for a mapping", '{"platform": "p", "probes": []}', "probes: expected a mapping"),
    (
        "a mistake far inside",
        '{"platform": "p", "probes": {"a": {"fingerprint": 1}}}',
        "probes[a].fingerprint: expected",
    ),
    (
        "a span of three ends",
        '{"platform": "p", "outage": {"interruptions": [["x", "y", "z"]]}}',
        "outage.confirmed_at: missing",
    ),
    ("a hostile field name", '{"platform": "p", "<b>\\n": 1}', "?: not known to this version"),
    ("a hostile key", '{"platform": "p", "firing": {"\\n": 1}}', "firing[?]: expected text"),
]


@pytest.mark.parametrize(("text", "expected"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
def test_what_does_not_fit_is_refused_with_its_place(text: str, expected: str) -> None:
    """One line says where and what was expected, and what to do; never the value."""
    with pytest.raises(StoreUnusable) as caught:
        decode(PlatformState, text, what="platform payments")
    message = str(caught.value)
    assert message.startswith(f"the store's record of platform payments can't be read: {expected}")
    assert message.endswith("run that version, or restore a backup")
    assert "\n" not in message


def test_a_span_in_a_record_must_have_two_ends() -> None:
    """A fixed list is of its length."""
    stored = json.loads(encode(story()[1].after.outage))
    stored["interruptions"] = [[at(1).isoformat()]]
    with pytest.raises(StoreUnusable, match=r"interruptions\[0\]: expected a list of 2"):
        decode(Outage, json.dumps(stored), what="it")


@pytest.mark.parametrize(
    ("field", "value"),
    [("platform", 1), ("blind", "yes"), ("verdict_since", datetime(2026, 3, 1)), ("vote", "odd")],  # noqa: DTZ001 - naive on purpose
)
def test_what_could_not_be_read_back_is_not_written(field: str, value: object) -> None:
    """A value of the wrong type fails while the caller is there, not at the next start."""
    with pytest.raises((TypeError, ValueError)):
        encode(_with(field, value))


def _with(field: str, value: object) -> PlatformState:
    values: dict[str, Any] = {field: value}
    return replace(PlatformState("p"), **values)


@dataclass(frozen=True)
class _Measured:
    span: timedelta = timedelta(0)
    ratio: float = 0.0


@pytest.mark.parametrize("value", [_Measured(timedelta(microseconds=-1), 0.5), _Measured(timedelta(days=400), 3)])
def test_durations_and_fractions_come_back(value: _Measured) -> None:
    """Kinds of fields the model may yet get are known."""
    assert decode(_Measured, encode(value), what="it") == value


@pytest.mark.parametrize("text", ['{"span": 1.5}', '{"span": 1e400}', '{"ratio": "1"}', f'{{"span": {10**30}}}'])
def test_wrong_durations_and_fractions_are_refused(text: str) -> None:
    """They are numbers, and within what can be held."""
    with pytest.raises(StoreUnusable):
        decode(_Measured, text, what="it")


@pytest.mark.parametrize("ratio", [float("nan"), float("inf")])
def test_endless_numbers_are_not_written(ratio: float) -> None:
    """JSON has no word for them."""
    with pytest.raises(ValueError, match="finite"):
        encode(_Measured(ratio=ratio))


@pytest.mark.parametrize("annotation", [set[str], int | str, Mapping[int, str], bytes])
def test_a_kind_of_field_we_do_not_know_is_our_own_mistake(annotation: object) -> None:
    """It fails at the first use, loudly."""
    kind: Any = dataclass(type("Odd", (), {"__annotations__": {"field": annotation}}))
    with pytest.raises(TypeError, match="record can"):
        encode(kind(None))
