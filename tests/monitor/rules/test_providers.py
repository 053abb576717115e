"""What PagerDuty, Alertmanager and Apprise are told, whatever the page: within their bounds, and the same each time."""

import json
from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from monitor.model.page import SEVERITY, Page, PageContext, PageKind, PageStatus, Severity
from monitor.model.told import Acknowledgement
from monitor.rules import alert, pagerduty, severities
from monitor.rules.trial import trial_page
from tests.support.clock import START
from tests.support.pagerduty import ROUTING_KEY, faults_of
from tests.support.pages import CONTEXT

texts = st.text(min_size=1, max_size=2000)
keys = st.text(min_size=1, max_size=600)
instants = st.integers(0, 10**6).map(lambda seconds: START + timedelta(seconds=seconds))
pages = st.builds(
    lambda kind, status, key, summary, reason, at: Page(
        id=f"{key}/{status}",
        kind=kind,
        severity=SEVERITY[kind],
        status=status,
        platform="payments",
        dedup_key=key,
        summary=summary,
        reason=reason,
        decided_at=at,
        outage="1",
    ),
    st.sampled_from(PageKind),
    st.sampled_from(PageStatus),
    keys,
    texts,
    texts,
    instants,
)
contexts = st.builds(
    lambda text, status_page: replace(CONTEXT, procedure_text=text, status_page=status_page),
    st.text(max_size=20_000),
    st.sampled_from(["", "https://status.example.com/"]),
)


@given(pages, contexts, st.booleans())
def test_every_event_is_one_that_pagerduty_publishes(
    page: Page,
    context: PageContext,
    is_plain: bool,  # noqa: FBT001 - drawn
) -> None:
    """Of any page, plain or not; and it is JSON of a size that is taken."""
    event = pagerduty.event(page, context, ROUTING_KEY, is_plain=is_plain)
    assert list(faults_of(json.loads(json.dumps(event)))) == []
    assert len(json.dumps(event)) < 512 * 1024


@given(keys, keys)
def test_keys_stay_apart_and_the_same(one: str, other: str) -> None:
    """However long: cut keys are told apart by their digest."""
    assert pagerduty.dedup_key(one) == pagerduty.dedup_key(one)
    assert len(pagerduty.dedup_key(one)) <= pagerduty.LONGEST_KEY
    assert (pagerduty.dedup_key(one) == pagerduty.dedup_key(other)) == (one == other)


@given(pages, contexts, instants)
def test_an_alert_is_the_same_whenever_and_however_it_is_told(page: Page, context: PageContext, now: datetime) -> None:
    """Its labels are those of its problem; the end of what fires lies ahead, that of what is over doesn't move."""
    ends_after = timedelta(minutes=5)
    found = alert.alerts(page, context, now, ends_after)
    later = alert.alerts(replace(page, summary="x", reason="y"), context, now + timedelta(hours=1), ends_after)
    assert [each["labels"] for each in found] == [each["labels"] for each in later]
    for each in found:
        ends = datetime.fromisoformat(str(each["endsAt"]))
        starts = datetime.fromisoformat(str(each.get("startsAt", each["endsAt"])))
        assert starts <= ends
        if page.status is PageStatus.FIRING:
            assert ends == now + ends_after
        else:
            assert ends == page.decided_at
        assert all(isinstance(value, str) and value for value in dict(each["labels"]).values())  # type: ignore[call-overload]  # a mapping


@given(pages)
def test_what_is_over_ends_every_alert_that_it_may_have_been(page: Page) -> None:
    """Under whatever severity it fired, maintenance or not."""
    over = alert.alerts(replace(page, status=PageStatus.RESOLVED), CONTEXT, START, timedelta(minutes=5))
    ended = [each["labels"] for each in over]
    for severity in Severity:
        fired = replace(page, status=PageStatus.FIRING, severity=severity)
        assert next(each["labels"] for each in alert.alerts(fired, CONTEXT, START, timedelta(minutes=5))) in ended


@given(pages)
def test_only_what_wakes_somebody_is_urgent(page: Page) -> None:
    """A ticket never has an urgent severity, a page always has."""
    assert (severities.for_pagerduty(page) == "critical") == (page.severity is Severity.PAGE)
    is_urgent = page.severity is Severity.PAGE and page.status is PageStatus.FIRING
    assert (severities.for_apprise(page) == "failure") == is_urgent


def test_the_first_of_several_acknowledged() -> None:
    """Of all that is open under a key; what can't be read is left out."""

    def incident(*given: tuple[str, object]) -> dict[str, object]:
        return {"acknowledgements": [{"at": at, "acknowledger": {"summary": name}} for at, name in given]}

    answer = {
        "incidents": [
            incident(("2026-03-01T03:05:00Z", "Ben"), ("soon", "Cara")),
            incident(
                ("2026-03-01T03:04:00+00:00", "Anna"), ("2026-03-01T03:00:00", "no zone"), ("2026-03-01T00:00:00Z", 7)
            ),
        ]
    }
    assert pagerduty.acknowledgement(answer, "pager") == Acknowledgement("Anna", START + timedelta(minutes=4), "pager")
    assert pagerduty.acknowledgement({"incidents": []}, "pager") is None
    assert pagerduty.acknowledgement([], "pager") is None


def test_a_trial_says_so_in_every_text() -> None:
    """Its key names the channel, and is the same each time."""
    first = trial_page("prod", "ops", START, severity=Severity.PAGE, status=PageStatus.FIRING)
    over = trial_page("prod", "ops", START, severity=Severity.PAGE, status=PageStatus.RESOLVED)
    assert first.dedup_key == over.dedup_key == "prod/test/ops"
    assert first.id != over.id
    assert (first.kind, first.platform, first.outage) == (PageKind.TEST, "", None)
    assert "TEST" in first.summary
    assert "TEST" in over.summary
