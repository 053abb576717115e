"""What the monitor remembers of attempts: the last of each probe, why the last failures were, and never too much."""

from datetime import timedelta

from monitor.model.explanation import Attempted, Exchange, Explanation, Message
from monitor.model.outcome import Outcome, OutcomeKind, Reason
from monitor.recent import MOST_A_SECOND, MOST_FAILURES, Recent
from tests.support.clock import START, ManualClock


def outcome(seconds: float, kind: OutcomeKind = OutcomeKind.BAD) -> Outcome:
    """Return an outcome that began so many seconds after the start."""
    reason = Reason.OK if kind is OutcomeKind.GOOD else Reason.STATUS
    return Outcome(kind, reason, "what it was", START + timedelta(seconds=seconds), 0.1)


def explanation(text: str = "said") -> Explanation:
    """Return what was said in one."""
    return Explanation(exchanges=(Exchange("", "x:1", "1:1", heard=Message(body=text)),))


def test_the_last_attempt_is_known() -> None:
    """With why it was judged so, where it was bad; good ones have none."""
    recent = Recent(ManualClock())
    assert recent.last("payments", "portal") is None
    listener = recent.listener("payments", "portal")
    assert listener.wants(outcome(0))
    assert not listener.wants(outcome(0, OutcomeKind.GOOD))
    listener.told(outcome(0), explanation())
    assert recent.last("payments", "portal") == Attempted(outcome(0), explanation())
    listener.told(outcome(5, OutcomeKind.GOOD), None)
    assert recent.last("payments", "portal") == Attempted(outcome(5, OutcomeKind.GOOD))


def test_what_is_on_record_is_joined_with_why() -> None:
    """By when it began; only the last few are known."""
    recent = Recent(ManualClock())
    listener = recent.listener("payments", "portal")
    for second in range(MOST_FAILURES + 2):
        listener.told(outcome(second), explanation(f"said {second}"))
    stored = [Attempted(outcome(second), is_believed=second != 3) for second in range(MOST_FAILURES + 2)]
    joined = recent.with_reasons("payments", "portal", stored)
    assert [each.explanation is not None for each in joined] == [False, False] + [True] * MOST_FAILURES
    assert joined[3].explanation == explanation("said 3")
    assert [each.is_believed for each in joined] == [each.is_believed for each in stored]
    assert recent.with_reasons("payments", "api", stored) == tuple(stored)


def test_all_of_them_together_are_bounded() -> None:
    """Over the bound the oldest go, whosever they are."""
    recent = Recent(ManualClock(), most_bytes=100_000)
    for second in range(10):
        for probe in range(100):
            recent.listener("payments", f"probe-{probe}").told(outcome(second), explanation("x" * 2000))
            assert recent.size <= 100_000
    kept = [recent.last("payments", f"probe-{probe}") for probe in range(100)]
    assert all(each is not None for each in kept)
    known = [each is not None and each.explanation is not None for each in kept]
    assert not known[0]
    assert all(known[-20:])


def test_when_everything_fails_at_once_few_are_explained() -> None:
    """So that explaining never holds up probing; in the next second as many again."""
    clock = ManualClock()
    recent = Recent(clock)
    listeners = [recent.listener("payments", f"probe-{number}") for number in range(1000)]
    assert sum(each.wants(outcome(0)) for each in listeners) == MOST_A_SECOND
    clock.advance(1.0)
    assert sum(each.wants(outcome(1)) for each in listeners) == MOST_A_SECOND
