"""docs/reference/channels.md says what a page's body holds, and its receiver believes exactly our signatures."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from monitor.channels.webhook import signature
from monitor.model.page import SEVERITY, Page, PageContext, PageKind, PageStatus
from monitor.model.state import Outage
from monitor.model.verdict import FlagState
from monitor.rules import retry, wording
from tests.support.documents import REFERENCE, blocks, rows, section

TEXT = (REFERENCE / "channels.md").read_text()
NOW = datetime(2026, 11, 23, 17, 29, 23, tzinfo=UTC)
OUTAGE = Outage("payments-1", "payments", NOW - timedelta(seconds=10), NOW, ("sign_in",), ("portal",), "it is down")
PAGE = Page(
    id="prod/payments/outage/payments-1/firing/1",
    kind=PageKind.OUTAGE,
    severity=SEVERITY[PageKind.OUTAGE],
    status=PageStatus.FIRING,
    platform="payments",
    dedup_key="prod/payments/outage/payments-1",
    summary="payments is down",
    reason="sign_in is down",
    decided_at=NOW,
    outage=OUTAGE.id,
)
CONTEXT = PageContext("prod", "main", "https://wiki.example.com/", "Two people.", FlagState.READY, OUTAGE)
BODY = wording.body(PAGE, CONTEXT)

KEY = b"0123456789abcdef01234567"
SENT = int(NOW.timestamp())


def _shape(value: object) -> object:
    """Return an object's members, all the way down, without what they hold."""
    return {key: _shape(each) for key, each in value.items()} if isinstance(value, dict) else None


def _receiver() -> dict[str, object]:
    """Run the receiver that the document prints, short of serving."""
    names: dict[str, object] = {"__name__": "receiver"}
    exec(compile(blocks(TEXT, "python")[0], "receiver.py", "exec"), names)
    return names


def _headers(body: bytes, key: bytes = KEY) -> dict[str, str]:
    return {
        "webhook-id": PAGE.id,
        "webhook-timestamp": str(SENT),
        "webhook-signature": signature(key, PAGE.id, SENT, body),
    }


def test_every_member_of_the_body_has_its_row() -> None:
    """All of them, in the order in which they are sent."""
    assert [cells[0] for cells in rows(section(TEXT, "Body"))] == [f"`{name}`" for name in BODY]


def test_the_printed_body_has_the_shape_of_a_real_one() -> None:
    """The example has every member, and the same kinds and severity as the code."""
    printed = json.loads(blocks(TEXT, "json")[0])
    assert _shape(printed) == _shape(json.loads(json.dumps(BODY)))
    assert printed["severity"] == SEVERITY[PageKind(printed["kind"])]
    assert printed["break_glass"] == BODY["break_glass"]


def test_bounds_of_retries_are_documented() -> None:
    """Seconds, minutes and counts are those of the rule."""
    pace, text = retry.DEFAULT, section(TEXT, "Receipts and retries")
    assert f"after about {pace.first.seconds} s, then twice" in text
    assert f"after {pace.first_refused.seconds} s, doubled up to {pace.cap.seconds // 60} minutes" in text
    assert f"the {pace.refusals_until_given_up}th such answer" in text
    assert f"given up at the {pace.refusals_until_outdated}rd" in text
    assert f"up to {pace.spread_ratio:.0%}".replace("%", " %") in text


def test_the_cut_of_procedures_is_documented() -> None:
    """Characters, as the body has them."""
    assert re.search(r"cut at ([\d,]+) characters", TEXT).group(1).replace(",", "") == str(wording.LONGEST_PROCEDURE)  # type: ignore[union-attr]  # missing is a failure too


def test_the_printed_receiver_believes_our_pages() -> None:
    """What the channel signs, with the key it makes of a `whsec_` secret, is genuine."""
    is_genuine, body = _receiver()["is_genuine"], b'{"kind": "outage"}'
    assert callable(is_genuine)
    assert is_genuine(KEY, _headers(body), body, SENT + 3)


@pytest.mark.parametrize("late", [-301, 301])
def test_the_printed_receiver_refuses_old_and_future_pages(late: int) -> None:
    """A page that was kept and sent again by somebody else is not believed."""
    is_genuine, body = _receiver()["is_genuine"], b"{}"
    assert callable(is_genuine)
    assert not is_genuine(KEY, _headers(body), body, SENT + late)


def test_the_printed_receiver_refuses_what_we_did_not_sign() -> None:
    """Another body, another key, no signature, a signature in letters of no alphabet."""
    is_genuine, body = _receiver()["is_genuine"], b"{}"
    assert callable(is_genuine)
    assert not is_genuine(KEY, _headers(body), b"[]", SENT)
    assert not is_genuine(KEY, _headers(body, b"another key"), body, SENT)
    assert not is_genuine(KEY, {}, body, SENT)
    assert not is_genuine(KEY, _headers(body) | {"webhook-signature": "v1,é"}, body, SENT)
