"""What an account is made from: record in, history out."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from glasswatch.spans import Span, merge, subtract, total_seconds
from monitor.model.maintenance import Origin, Range, Window
from monitor.model.past import Past, Said, VerdictChange, Word
from monitor.model.state import Outage
from monitor.model.verdict import Verdict
from monitor.rules.past import downtime, functions, history, pages, said, unmeasured
from monitor.rules.sla import account
from tests.support.rulings import BOUNDED, SECOND

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
UP, DOWN, UNKNOWN, DEGRADED = Verdict.UP, Verdict.DOWN, Verdict.UNKNOWN, Verdict.DEGRADED


def _at(second: int) -> datetime:
    return BEGIN + second * SECOND


def _span(first: int, last: int) -> Span:
    return Span(_at(first), _at(last))


def _past(until: int = 1000, **parts: object) -> Past:
    found = Past("payments", BEGIN, _at(until), changes=[_change(None, 0, UNKNOWN, UP), _change("sign_in", 0, UP, UP)])
    return replace(replace(found, alive=[_span(0, until)]), **parts)  # type: ignore[arg-type]  # whatever a test gives


def _change(function: str | None, at: int, was: Verdict, now: Verdict) -> VerdictChange:
    return VerdictChange(function, was, now, _at(at))


OUTAGE = Outage(
    id="payments-1",
    platform="payments",
    opened_at=_at(100),
    confirmed_at=_at(110),
    functions=("connect", "sign_in"),
    openers=("portal",),
    reason="",
    ended_at=_at(200),
    cleared_at=_at(230),
)
FELL = [
    _change(None, 0, UNKNOWN, UP),
    _change("sign_in", 0, UNKNOWN, UP),
    _change("connect", 0, UNKNOWN, UP),
    _change("sign_in", 110, UP, DOWN),
    _change(None, 110, UP, DOWN),
    _change("connect", 150, UP, DOWN),
    _change("sign_in", 230, DOWN, UP),
    _change("connect", 230, DOWN, UP),
    _change(None, 230, DOWN, UP),
]


def test_what_opened_an_outage_was_down_from_its_first_bad_outcome() -> None:
    """What joined it later, from when that was found; both until the first good outcome."""
    past = _past(changes=FELL, outages=[OUTAGE])
    assert functions(past) == ("connect", "sign_in")
    assert downtime(past, "sign_in") == [_span(100, 200)]
    assert downtime(past, "connect") == [_span(150, 200)]
    whole = account(history(past), _span(0, 1000))
    assert (whole.down_seconds, whole.outages, whole.coverage) == (100, 1, 1.0)


def test_a_function_that_is_not_critical_has_downtime_without_an_outage() -> None:
    """Of the platform there is none."""
    past = _past(changes=[_change(None, 0, UNKNOWN, UP), _change("api", 40, UP, DOWN), _change("api", 70, DOWN, UP)])
    assert downtime(past, "api") == [_span(40, 70)]
    assert account(history(past, "api"), _span(0, 1000)).outages == 1
    assert account(history(past), _span(0, 1000)).down_seconds == 0


def test_an_outage_that_came_back_is_one_with_a_hole() -> None:
    """Of a function as of the platform."""
    outage = replace(OUTAGE, functions=("sign_in",), ended_at=_at(400), interruptions=((_at(200), _at(300)),))
    outage = replace(outage, cleared_at=_at(430))
    changes = [*FELL[:2], FELL[3], FELL[6], _change("sign_in", 310, UP, DOWN), _change("sign_in", 430, DOWN, UP)]
    past = _past(changes=changes, outages=[outage])
    assert downtime(past, "sign_in") == [_span(100, 200), _span(300, 400)]
    assert account(history(past, "sign_in"), _span(0, 1000)).outages == 1


def test_an_open_outage_lasts_until_now() -> None:
    """Of a function too."""
    outage = replace(OUTAGE, functions=("sign_in",), ended_at=None, cleared_at=None)
    past = _past(changes=FELL[:5], outages=[outage])
    assert downtime(past, "sign_in") == [_span(100, 1000)]


def test_nobody_saw_while_blind_away_unknown_or_unwatched() -> None:
    """Each by itself; and before anything was found out."""
    changes = [_change(None, 50, UNKNOWN, UP), _change(None, 300, UP, UNKNOWN), _change(None, 320, UNKNOWN, UP)]
    past = _past(
        changes=changes,
        alive=[_span(10, 400), _span(450, 1000)],
        blind=[_span(500, 510)],
        unwatched=[_span(600, 700)],
    )
    assert unmeasured(past) == [
        *(_span(0, 50), _span(300, 320), _span(400, 450), _span(500, 510)),
        _span(600, 700),
    ]


def test_a_sign_of_life_that_is_due_is_waited_for() -> None:
    """Not one that is late: then nobody was there."""
    soon, late = (_past(until=1000, alive=[_span(0, last)]) for last in (975, 900))
    assert (history(soon).now, unmeasured(soon)) == (_at(975), [])
    assert (history(late).now, unmeasured(late)) == (_at(1000), [_span(900, 1000)])


def test_nothing_on_record_is_nothing_measured() -> None:
    """Not health."""
    found = account(history(_past(changes=[])), _span(0, 1000))
    assert (found.up_seconds, found.coverage, found.availability) == (0, 0, None)


def _window(first: int, last: int, *functions: str) -> Window:
    since, until = _at(first), _at(last)
    return Window("w", "payments", Origin.PERSON, since, until, "anna", since, "", range=Range(functions=functions))


def test_maintenance_of_what_alone_was_down_is_taken_out() -> None:
    """Not while something else is down as well, nor for a function outside it."""
    past = _past(changes=FELL, outages=[OUTAGE], windows=[_window(90, 170, "sign_in")])
    found = account(history(past), _span(0, 1000))
    assert (found.excluded_seconds, found.down_seconds) == (50, 50)  # from 150 on connect was down too
    assert account(history(past, "sign_in"), _span(0, 1000)).excluded_seconds == 80
    assert account(history(past, "connect"), _span(0, 1000)).excluded_seconds == 0
    all_of_it = replace(past, windows=[_window(90, 170), _window(160, 180)])
    assert account(history(all_of_it), _span(0, 1000)).excluded_seconds == 90


def test_what_a_page_said_holds_until_it_said_something_else() -> None:
    """And not while nobody listened."""
    words = [
        Said("vendor", _at(-50), Word.WELL),
        Said("vendor", _at(300), Word.OUTAGE),
        Said("vendor", _at(350), Word.NOT_TOLD),
        Said("vendor", _at(400), Word.WELL),
    ]
    past = _past(alive=[_span(0, 500), _span(600, 1000)], said=words)
    found = said(past, "vendor")
    assert pages(past) == ("vendor",)
    assert found[Word.OUTAGE] == [_span(300, 350)]
    assert found[Word.WELL] == [_span(0, 300), _span(400, 500), _span(600, 1000)]
    assert found[Word.NOT_TOLD] == [_span(350, 400), _span(500, 600)]


WORDS = st.sampled_from(list(Verdict))
MOMENTS = st.lists(st.tuples(st.integers(0, 60), WORDS), max_size=8)


@BOUNDED
@given(MOMENTS, st.integers(0, 60), st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=3))
def test_each_second_of_a_function_is_what_its_verdict_was(
    moments: list[tuple[int, Verdict]], until: int, lives: list[tuple[int, int]]
) -> None:
    """Looked at one by one, without an outage of the platform."""
    moments.sort(key=lambda each: each[0])
    was, changes = UNKNOWN, []
    for at, word in moments:
        changes.append(_change("api", at, was, word))
        was = word
    alive = [_span(min(pair), max(pair)) for pair in lives]
    past = Past("payments", BEGIN, _at(until), changes=changes, alive=alive)
    found = account(history(past, "api"), _span(0, 60))

    def held(second: int) -> Verdict:
        return ([UNKNOWN, *(word for at, word in moments if at <= second)])[-1]

    now = int((history(past, "api").now - BEGIN).total_seconds())
    seconds = [second for second in range(now) if any(span.contains(_at(second)) for span in alive)]
    assert found.down_seconds == sum(held(second) is DOWN for second in seconds)
    assert found.up_seconds == sum(held(second) in (UP, DEGRADED) for second in seconds)
    assert found.unmeasured_seconds == now - found.down_seconds - found.up_seconds
    assert total_seconds(subtract(merge(unmeasured(past, "api")), [_span(0, 60)])) == 0


def test_a_quarter_is_a_matter_of_spans() -> None:
    """However long: nothing is walked through."""
    past = _past(until=90 * 86400, changes=FELL, outages=[OUTAGE], alive=[Span(BEGIN, BEGIN + timedelta(days=90))])
    found = account(history(past), Span(BEGIN, BEGIN + timedelta(days=90)))
    assert found.up_seconds == 90 * 86400 - 100


def test_what_is_not_critical_opens_no_outage() -> None:
    """It fell while one was beginning: what opened it was down from its first bad attempt all the same."""
    early = [_change("api", 0, UNKNOWN, UP), _change("api", 105, UP, DOWN), _change("api", 300, DOWN, UP)]
    changes = sorted([*FELL, *early], key=lambda each: each.at)
    past = _past(changes=changes, outages=[replace(OUTAGE, functions=("sign_in",))])
    assert downtime(past, "sign_in") == [_span(100, 200)]
    assert downtime(past, "api") == [_span(105, 300)]


def test_what_was_down_before_an_outage_is_not_lost_in_it() -> None:
    """Other vantages see it later than we do: until then it is this function's own downtime."""
    changes = [_change("sign_in", 0, UNKNOWN, UP), _change("sign_in", 20, UP, DOWN), _change("sign_in", 230, DOWN, UP)]
    outage = replace(OUTAGE, functions=("sign_in",), interruptions=((_at(140), _at(160)),))
    past = _past(changes=[_change(None, 0, UNKNOWN, UP), *changes], outages=[outage])
    assert downtime(past, "sign_in") == [_span(20, 140), _span(160, 200)]


PIECES = st.lists(st.integers(0, 60), max_size=8, unique=True).map(
    lambda edges: list(zip(sorted(edges)[::2], sorted(edges)[1::2], strict=False))
)
STEPS = MOMENTS.map(lambda moments: sorted(dict(moments).items()))
MEMBERS = st.sampled_from([("api",), ("api", "sign_in"), ("sign_in",)])


def _outages(pieces: list[tuple[int, int]], joined: list[bool], members: list[tuple[str, ...]]) -> list[Outage]:
    """Return outages that are on in these pieces; one that is joined goes on with the one before."""
    found: list[Outage] = []
    for nth, (first, last) in enumerate(pieces):
        if found and joined[nth]:
            before = found[-1]
            hole = (before.ended_at or _at(first), _at(first))
            found[-1] = replace(before, ended_at=_at(last), interruptions=(*before.interruptions, hole))
        else:
            opened = replace(OUTAGE, id=f"o{first}", opened_at=_at(first), confirmed_at=_at(first), ended_at=_at(last))
            found.append(replace(opened, functions=members[nth], cleared_at=_at(last)))
    return found


def _held(moments: list[tuple[int, Verdict]], second: int) -> Verdict:
    return ([UNKNOWN, *(word for at, word in moments if at <= second)])[-1]


def _fell_at(moments: list[tuple[int, Verdict]]) -> list[int]:
    before = [UNKNOWN, *(word for _, word in moments)]
    return [at for (at, word), was in zip(moments, before, strict=False) if word is DOWN and was is not DOWN]


def _walked(api: list[tuple[int, Verdict]], other: list[tuple[int, Verdict]], outages: list[Outage]) -> list[int]:
    """Return the seconds in which `api` was down, looking at each by itself and keeping only what was just before."""
    falls = {"api": _fell_at(api), "sign_in": _fell_at(other)}
    down, was_in_outage = [], False
    for second in range(60):
        verdict = _held(api, second)
        was_in_outage = was_in_outage and verdict is DOWN and second not in falls["api"]
        on = next(
            (
                (each, start)
                for each in outages
                if "api" in each.functions
                and each.opened_at <= _at(second) < (each.ended_at or _at(60))
                and not any(first <= _at(second) < last for first, last in each.interruptions)
                for start in [max([each.opened_at, *(end for _, end in each.interruptions if end <= _at(second))])]
            ),
            None,
        )
        if on is None:
            down += [second] if verdict is DOWN and not was_in_outage else []
            continue
        outage, start = on
        begin = int((start - BEGIN).total_seconds())
        ends = [*(int((at - BEGIN).total_seconds()) for at, _ in outage.interruptions), 60]
        ends += [int(((outage.ended_at or _at(60)) - BEGIN).total_seconds())]
        end = min(each for each in ends if each > begin)
        mine, everyones = (
            [at for name in names for at in falls[name] if begin <= at < end] for names in (("api",), outage.functions)
        )
        was_on = any(
            _held(told, begin) is DOWN for told, name in ((api, "api"), (other, "sign_in")) if name in outage.functions
        )
        is_head = not was_on and bool(mine) and min(mine) == min(everyones) and second < min(mine)
        down += [second] if verdict is DOWN or is_head else []
        was_in_outage = was_in_outage or verdict is DOWN
    return down


@BOUNDED
@given(STEPS, STEPS, PIECES, st.lists(st.booleans(), min_size=4, max_size=4), st.lists(MEMBERS, min_size=4, max_size=4))
def test_a_function_is_backdated_and_joined_as_one_would_by_hand(
    api: list[tuple[int, Verdict]],
    other: list[tuple[int, Verdict]],
    pieces: list[tuple[int, int]],
    joined: list[bool],
    members: list[tuple[str, ...]],
) -> None:
    """Whatever verdicts do meanwhile: outages that began before they were confirmed, came back, and were joined."""
    changes: list[VerdictChange] = []
    for name, moments in (("api", api), ("sign_in", other)):
        for (at, word), was in zip(moments, [UNKNOWN, *(word for _, word in moments)], strict=False):
            changes += [_change(name, at, was, word)] if word is not was else []
    outages = _outages(pieces, joined, members)
    past = _past(until=60, changes=sorted(changes, key=lambda each: each.at), outages=outages)
    seconds = [second for second in range(60) if any(span.contains(_at(second)) for span in downtime(past, "api"))]
    assert seconds == _walked(api, other, outages)
