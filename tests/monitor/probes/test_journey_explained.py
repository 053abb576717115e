"""A journey is explained step by step, and what it was given on the way is a secret like our own."""

import json
from collections.abc import Iterator
from dataclasses import asdict, replace

import pytest

from glasswatch.redaction.redact import HIDDEN
from monitor.model.explanation import Explanation
from monitor.model.outcome import Outcome, OutcomeKind, Reason
from monitor.probes.context import ProbeContext
from monitor.probes.journey import make
from tests.servers.http import answer, answering
from tests.servers.raw import serving
from tests.support.explaining import explained
from tests.support.journey_settings import SECRET, journey_settings
from tests.support.simulator import Simulated, simulated

GRANTED = "gr4nted-on-the-way"
INNOCENT = """\
- id: arrive
  request: {path: /arrive}
  capture: {mine: {json: id}}
- id: use
  request: {path: /use, headers: {Authorization: "Bearer ${mine}"}}
  expect: {status: [204]}
"""


@pytest.fixture(scope="module")
def platform() -> Iterator[Simulated]:
    """One simulated platform for all tests here."""
    with simulated() as running:
        yield running


async def _explained(context: ProbeContext, url: str, steps: str | None = None) -> tuple[Outcome, Explanation]:
    settings = journey_settings(url) if steps is None else journey_settings(url, steps=steps)
    return await explained(context, lambda noted: make(settings, replace(noted, book=context.book)))


async def test_each_step_is_told(context: ProbeContext, platform: Simulated, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it expected, that it held, and its exchanges; no secret and no session is shown."""
    monkeypatch.setenv(SECRET, "probe-pretend")
    outcome, why = await _explained(context, platform.url)
    assert outcome.kind is OutcomeKind.GOOD
    assert [check.rule for check in why.checks][:4] == ["step sign_in", "step request", "step granted", "step use"]
    assert all(check.holds for check in why.checks)
    labels = [exchange.label for exchange in why.exchanges]
    assert list(dict.fromkeys(labels)) == ["sign_in", "request", "granted", "use", "revoke", "use_refused"]
    shown = json.dumps(asdict(why), default=str)
    assert "probe-pretend" not in shown
    assert why.exchanges[0].heard is not None
    assert json.loads(why.exchanges[0].heard.body)["session"] == HIDDEN
    assert all(("Authorization", HIDDEN) in each.sent.fields for each in why.exchanges[1:] if each.sent is not None)


async def test_the_step_that_did_not_hold_is_the_last_that_is_told(
    context: ProbeContext, platform: Simulated, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what was found."""
    monkeypatch.setenv(SECRET, "probe-pretend")
    platform.show("connect", kind="fail")
    outcome, why = await _explained(context, platform.url)
    platform.recover()
    assert outcome.reason is Reason.STATUS
    assert [check.holds for check in why.checks] == [True, True, True, False]
    assert why.checks[-1].rule == "step use"
    assert why.checks[-1].found in outcome.detail


async def test_what_was_given_under_an_innocent_name_is_hidden(
    context: ProbeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shown as a credential later, it was one from the first."""
    monkeypatch.setenv(SECRET, "probe-pretend")
    body = f'{{"id": "{GRANTED}", "again": "{GRANTED}"}}'.encode()
    async with serving(answering(answer(200, body))) as server:
        outcome, why = await _explained(context, server.url().rstrip("/"), INNOCENT)
    assert outcome.reason is Reason.STATUS
    shown = json.dumps(asdict(why), default=str)
    assert GRANTED not in shown
    assert HIDDEN in shown
