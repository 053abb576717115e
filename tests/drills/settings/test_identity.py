"""Who tries what by a step is told by a digest, in which nothing is that is secret."""

from collections.abc import Mapping
from typing import Any

import pytest

from drills.settings.identity import identity
from tests.support.drill_actions import TOKEN, step_of

MINT = {"ca": "ca", "principals": ["drill"], "key_id": "drill/${run}"}
LOGIN = {"host": "bastion", "user": "drill", "key": "key", "known_hosts": "known", "mint": MINT}
QUERY = {"url": "sqlite:///db", "user": "drill", "password": TOKEN, "statement": "SELECT 1"}


def of(action: str, with_: Mapping[str, Any], **more: Any) -> str:
    """Return the identity of a step."""
    return identity(step_of(action, with_=with_, **more))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"timeout": "5s"}, id="how long a try takes"),
        pytest.param({"mint": {**MINT, "valid_for": "1m"}}, id="how long its certificate is good for"),
    ],
)
def test_the_same_is_told_as_the_same(change: dict[str, Any]) -> None:
    """Whether it is to be refused, what it is called and how long it may take are no part of it."""
    assert of("ssh", {**LOGIN, **change}, refused=True, within="2m") == of("ssh", LOGIN) != ""


@pytest.mark.parametrize(
    ("action", "with_", "change"),
    [
        pytest.param("ssh", LOGIN, {"host": "other"}, id="host"),
        pytest.param("ssh", LOGIN, {"user": "root"}, id="account"),
        pytest.param("ssh", LOGIN, {"key": "other"}, id="key"),
        pytest.param("ssh", LOGIN, {"mint": {**MINT, "principals": ["other"]}}, id="principals"),
        pytest.param("ssh", LOGIN, {"mint": {**MINT, "key_id": "mallory/${run}"}}, id="key id"),
        pytest.param("sql", QUERY, {"password": {"env": "OTHER"}}, id="password"),
        pytest.param("sql", QUERY, {"statement": "SELECT 2"}, id="statement"),
    ],
)
def test_another_is_told_from_it(action: str, with_: dict[str, Any], change: dict[str, Any]) -> None:
    """By any place that is not of timing."""
    assert of(action, {**with_, **change}) != of(action, with_)


def test_what_is_hidden_is_like_nothing() -> None:
    """Two passwords that are written down, where none should be, could be any two."""
    with_ = {"method": "POST", "url": "https://door.example.com/", "json": {"password": "hunter2"}}
    assert of("http", with_, id="one") != of("http", with_, id="two")


def test_what_is_no_way_in_has_none() -> None:
    """Nobody is refused a pause."""
    assert of("wait", {"for": "1s"}) == ""
