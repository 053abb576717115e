import re
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

import pytest
from prometheus_client.parser import text_string_to_metric_families

from glasswatch.names import METRICS, MetricKind
from monitor.metrics.book import NAMES, MetricsBook
from monitor.metrics.exposition import start
from monitor.model.act import ActKind, Acts, Inhibition
from monitor.model.credential import Ending, EndSource, Held
from monitor.model.drill import Cadence, CalendarLine, DrillFigures, RunVerdict
from monitor.model.exercise import Exercise, Wish
from monitor.model.figures import Figures
from monitor.model.maintenance import InForce, Maintenance, Origin, Range, Window
from monitor.model.outcome import PHASES, Attempt, Outcome, OutcomeKind, Reason
from monitor.model.page import PageKind
from monitor.model.state import Cause, FlagHead, PlatformState
from monitor.model.verdict import CauseKind, FlagState, Verdict
from monitor.ports import PageObserver
from monitor.rules.drillcalendar import Past, due_line
from tests.support.clock import START
from tests.support.drilled import ran
from tests.support.pages import page
from tests.support.watching import PLATFORM, TARGET, blind, degraded, document, down, outage, policy, up

_PROBE = policy().probes["portal"]
PORTAL = {"platform": PLATFORM, "probe": "portal", "function": "sign_in"}

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def _outcome(kind: OutcomeKind = OutcomeKind.GOOD, **changes: object) -> Outcome:
    found = Outcome(
        kind=kind,
        reason=Reason.OK,
        detail="",
        started_at=START,
        duration_seconds=0.3,
        phases=MappingProxyType({"resolve": 0.01, "connect": 0.02, "processing": 0.27}),
    )
    return replace(found, **changes)  # type: ignore[arg-type]  # a test names fields that exist


def _book() -> MetricsBook:
    return MetricsBook([policy()], "0.1.0")


def _with_journey() -> MetricsBook:
    probes = {name: replace(probe, spans=("request", "total")) for name, probe in policy().probes.items()}
    return MetricsBook([replace(policy(), probes=probes)], "0.1.0")


def _samples(book: MetricsBook) -> Samples:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(book.render().decode())
        for sample in family.samples
    }


def _value(book: MetricsBook, name: str, **labels: str) -> float | None:
    return _samples(book).get((name, frozenset(labels.items())))


def test_every_metric_of_the_names_is_shown_and_no_other() -> None:
    """HELP and TYPE of each come once, as `names.METRICS` has them."""
    assert set(METRICS) == NAMES
    lines = _book().render().decode().splitlines()
    helps = dict(line.split(" ", 3)[2:] for line in lines if line.startswith("# HELP "))
    types = dict(line.split(" ", 3)[2:] for line in lines if line.startswith("# TYPE "))
    assert helps == {name: described.help for name, described in METRICS.items()}
    assert types == {name: described.kind.value for name, described in METRICS.items()}
    assert sum(line.startswith("#") for line in lines) == 2 * len(METRICS)


def test_lines_of_a_family_stand_together() -> None:
    """Between a TYPE line and the next HELP there are only lines of that family, however much has happened."""
    book = MetricsBook([policy("a"), policy("b")], "0.1.0")
    for platform in ("a", "b"):
        for probe in policy().probes:
            book.outcome(platform, probe, _outcome(tls_expiry_at=START))
        book.state(up(platform=platform))
    family = ""
    for line in book.render().decode().splitlines():
        if line.startswith("# TYPE "):
            family = line.split(" ")[2]
        elif not line.startswith("#"):
            name = line.split("{")[0].split(" ")[0]
            suffixes = ("_bucket", "_sum", "_count") if METRICS[family].kind is MetricKind.HISTOGRAM else ("",)
            assert name in {family + suffix for suffix in suffixes}


def _drilled() -> DrillFigures:
    line = due_line(CalendarLine("restore", PLATFORM, Cadence.QUARTERLY), Past(), START, START)
    runs = {"restore": (ran(is_real=False), ran(RunVerdict.FAILED), ran()), "faked": (ran(is_real=False),)}
    return DrillFigures({"restore": START}, {"restore": {"detect": 12.5}}, (line,), runs)


def test_what_a_scenario_came_to_last_is_shown() -> None:
    """By the last run that really acted; one that never did has no line."""
    book = _book()
    book.drills.scenarios(_drilled())
    lines = [line for line in book.render().decode().splitlines() if line.startswith("jit_drill_last_run")]
    assert lines == [
        f'jit_drill_last_run_timestamp_seconds{{scenario="restore",verdict="failed"}} {START.timestamp()!r}'
    ]


def test_labels_are_those_of_the_names() -> None:
    """Every line carries exactly the labels it should, in their order."""
    book = _with_journey()
    book.outcome(PLATFORM, "portal", _outcome(tls_expiry_at=START))
    window = InForce("w", "w", START, START + timedelta(hours=1))
    wish, took = Wish("e", "r", ("p",), (), timedelta(hours=1)), timedelta(seconds=9)
    drill = Exercise(wish, "anna", "anna-cli", START, START + timedelta(hours=1), START, took)
    book.state(replace(down(), maintenance=Maintenance(in_force=(window,), coming=window), exercises=(drill,)))
    book.flag(document())
    book.publish_tried(document(), TARGET, is_out=True)
    book.watcher("db-log", is_seeing=True)
    book.heard(PLATFORM, "portal", START)
    book.dead_man(["elsewhere"])
    each = {"1h": 1.0}
    book.sla(PLATFORM, Figures(0.999, 0.5, each, each, each, each))
    book.drills.scenarios(_drilled())
    book.credentials.show([Held("tokens.x", Ending(START, EndSource.TOKEN), is_readable=True)])
    seen = set()
    for family in text_string_to_metric_families(book.render().decode()):
        for sample in family.samples:
            metric = next(name for name in (sample.name, sample.name.rsplit("_", 1)[0]) if name in METRICS)
            assert set(sample.labels) - {"le"} == set(METRICS[metric].labels)
            seen.add(metric)
    assert seen == set(METRICS)


def test_of_credentials_only_what_is_known_is_shown() -> None:
    """No end where nobody knows it, nothing of reading what isn't read; what left the settings leaves nothing."""
    book = _book()
    ending = Ending(START, EndSource.SETTINGS, START - timedelta(days=30))
    book.credentials.show([Held("a", ending), Held("b", is_readable=True), Held("c", is_readable=False), Held("d")])
    name = "jit_credential_expiry_timestamp_seconds"
    shown = [line for line in book.render().decode().splitlines() if line.startswith("jit_credential")]
    due, labels = (START - timedelta(days=5)).timestamp(), '{credential="a",source="settings"}'
    assert shown == [
        f"{name}{labels} {START.timestamp()!r}",
        f"jit_credential_renewal_due_timestamp_seconds{labels} {due!r}",
        'jit_credential_readable{credential="b"} 1',
        'jit_credential_readable{credential="c"} 0',
    ]
    book.credentials.show([])
    assert "\njit_credential" not in book.render().decode()


def test_beats_to_a_dead_mans_switch_are_counted() -> None:
    """Both counters are there from the start; one that was not taken counts in both."""
    book = _book()
    book.dead_man(["elsewhere"])
    names = ("jit_monitor_dead_man_beats_total", "jit_monitor_dead_man_beats_failed_total")
    assert [_value(book, name, switch="elsewhere") for name in names] == [0, 0]
    book.beaten("elsewhere", True)
    book.beaten("elsewhere", False)
    assert [_value(book, name, switch="elsewhere") for name in names] == [2, 1]


def test_a_heartbeat_shows_when_it_was_heard_last() -> None:
    """Absent before the first beat, and of every other probe; the latest one counts."""
    book = _book()
    assert "\njit_heartbeat_last_timestamp_seconds{" not in book.render().decode()
    book.heard(PLATFORM, "portal", START)
    book.heard(PLATFORM, "portal", START + timedelta(seconds=90))
    lines = [line for line in book.render().decode().splitlines() if line.startswith("jit_heartbeat")]
    labels = f'platform="{PLATFORM}",probe="portal",function="sign_in"'
    at = (START + timedelta(seconds=90)).timestamp()
    assert lines == [f"jit_heartbeat_last_timestamp_seconds{{{labels}}} {at!r}"]


def test_a_journey_has_its_spans_and_its_residue_and_no_other_probe_has() -> None:
    """Each span from the start at 0; those that held are observed; residue is what is open now."""
    book = _with_journey()
    request, total = {**PORTAL, "span": "request"}, {**PORTAL, "span": "total"}
    assert _value(book, "jit_access_duration_seconds_count", **total) == 0
    assert _value(book, "jit_access_residue", **PORTAL) == 0
    book.outcome(PLATFORM, "portal", _outcome(OutcomeKind.BAD, spans={"request": 2.0}, residue=("request of run x",)))
    assert _value(book, "jit_access_duration_seconds_sum", **request) == 2
    assert _value(book, "jit_access_duration_seconds_bucket", le="2.5", **request) == 1
    assert _value(book, "jit_access_duration_seconds_bucket", le="1.0", **request) == 0
    assert _value(book, "jit_access_duration_seconds_bucket", le="1800.0", **total) == 0
    assert _value(book, "jit_access_residue", **PORTAL) == 1
    book.outcome(PLATFORM, "portal", _outcome(spans={"request": 2.0, "total": 3.0}))
    assert _value(book, "jit_access_residue", **PORTAL) == 0
    assert not [name for name, _ in _samples(_book()) if name.startswith("jit_access")]


def test_known_label_sets_exist_at_zero() -> None:
    """Before anything happened counters are 0; what is a time, or not known, is absent."""
    book = _book()
    for name in ("jit_probe_runs_total", "jit_probe_bad_total", "jit_probe_not_measured_total"):
        assert _value(book, name, **PORTAL) == 0
    assert _value(book, "jit_probe_duration_seconds_count", **PORTAL) == 0
    assert _value(book, "jit_outages_total", platform=PLATFORM) == 0
    assert _value(book, "jit_outage_active", platform=PLATFORM) == 0
    assert _value(book, "jit_outage_detection_seconds_count", platform=PLATFORM) == 0
    assert _value(book, "jit_break_glass_ready", platform=PLATFORM) == 0
    for cause in CauseKind:
        assert _value(book, "jit_break_glass_cause", platform=PLATFORM, cause=cause.value) == 0
    for kind in PageKind:
        assert _value(book, "jit_pages_total", kind=kind.value) == 0
        assert _value(book, "jit_pages_failed_total", kind=kind.value) == 0
    names = {name for name, _ in _samples(book)}
    assert not names & {
        "jit_function_up",
        "jit_platform_up",
        "jit_probe_phase_duration_seconds",
        "jit_probe_tls_expiry_timestamp_seconds",
        "jit_break_glass_flag_expiry_timestamp_seconds",
    }


def test_attempts_are_counted_by_what_they_found() -> None:
    """All in one counter; bad ones, and those that could not measure, each in another. Confirmations count."""
    book = _book()
    book.outcome(PLATFORM, "portal", _outcome())
    book.outcome(PLATFORM, "portal", _outcome(OutcomeKind.BAD))
    book.outcome(PLATFORM, "portal", _outcome(OutcomeKind.BAD, attempt=Attempt.CONFIRMATION))
    book.outcome(PLATFORM, "portal", _outcome(OutcomeKind.NOT_MEASURED))
    book.outcome(PLATFORM, "portal", _outcome(OutcomeKind.SKIPPED))
    assert _value(book, "jit_probe_runs_total", **PORTAL) == 5
    assert _value(book, "jit_probe_bad_total", **PORTAL) == 2
    assert _value(book, "jit_probe_not_measured_total", **PORTAL) == 2
    assert _value(book, "jit_probe_duration_seconds_count", **PORTAL) == 4
    assert _value(book, "jit_probe_runs_total", **{**PORTAL, "probe": "identity"}) == 0


def test_durations_fill_their_buckets() -> None:
    """Buckets are cumulative, an upper bound belongs to its bucket, sum and count agree."""
    book = _book()
    for seconds in (0.005, 0.25, 0.3, 45.0):
        book.outcome(PLATFORM, "portal", _outcome(duration_seconds=seconds))
    buckets = {
        dict(labels)["le"]: value
        for (name, labels), value in _samples(book).items()
        if name == "jit_probe_duration_seconds_bucket" and ("probe", "portal") in labels
    }
    assert buckets["0.01"] == 1
    assert buckets["0.1"] == 1
    assert buckets["0.25"] == 2
    assert buckets["0.5"] == buckets["30.0"] == 3
    assert buckets["+Inf"] == 4
    assert list(buckets.values()) == sorted(buckets.values())
    assert _value(book, "jit_probe_duration_seconds_sum", **PORTAL) == pytest.approx(45.555)


def test_phases_are_of_the_latest_attempt_only() -> None:
    """A phase that did not happen this time is absent, not left over; a skipped attempt changes nothing."""
    book = _book()
    book.outcome(PLATFORM, "portal", _outcome(phases=dict.fromkeys(PHASES, 0.1)))
    book.outcome(PLATFORM, "portal", _outcome(phases={"resolve": 0.25}))
    book.outcome(PLATFORM, "portal", _outcome(OutcomeKind.SKIPPED, phases={}))
    phases = {
        dict(labels)["phase"]: value
        for (name, labels), value in _samples(book).items()
        if name == "jit_probe_phase_duration_seconds"
    }
    assert phases == {"resolve": 0.25}


def test_a_certificates_end_is_remembered() -> None:
    """An attempt that saw no certificate does not wipe out the last one seen."""
    book = _book()
    book.outcome(PLATFORM, "portal", _outcome(tls_expiry_at=START))
    book.outcome(PLATFORM, "portal", _outcome(OutcomeKind.BAD))
    assert _value(book, "jit_probe_tls_expiry_timestamp_seconds", **PORTAL) == START.timestamp()


@pytest.mark.parametrize(
    ("state", "is_up"), [(up(), 1), (degraded(), 1), (down(), 0), (blind(), None), (PlatformState(PLATFORM), None)]
)
def test_up_is_absent_for_unknown(state: PlatformState, is_up: float | None) -> None:
    """1 for up and degraded, 0 for down, no series for unknown; the verdict itself is always there."""
    book = _book()
    book.state(up())
    book.state(state)
    assert _value(book, "jit_platform_up", platform=PLATFORM) == is_up
    for verdict in Verdict:
        assert _value(book, "jit_platform_verdict", platform=PLATFORM, verdict=verdict.value) == (
            verdict is state.verdict
        )


def test_each_function_has_its_own_up() -> None:
    """Functions are judged apart, those of the settings and no others."""
    book = _book()
    book.state(down())
    assert _value(book, "jit_function_up", platform=PLATFORM, function="sign_in") == 0
    assert _value(book, "jit_function_up", platform=PLATFORM, function="request") == 1
    book.state(blind())
    assert not {labels for name, labels in _samples(book) if name == "jit_function_up"}


@pytest.mark.parametrize(("flag", "ready"), [(FlagState.READY, 1), (FlagState.EXERCISE, 0), (FlagState.STANDBY, 0)])
def test_a_drill_is_not_ready(flag: FlagState, ready: int) -> None:
    """Ready is 1 only when break-glass is marked ready for real."""
    book = _book()
    book.state(replace(up(), flag=FlagHead(flag, START, 1)))
    assert _value(book, "jit_break_glass_ready", platform=PLATFORM) == ready


def test_causes_are_shown_by_kind() -> None:
    """A cause held back does not raise the flag, so it is not shown."""
    book = _book()
    manual = Cause(CauseKind.MANUAL, "m", START)
    book.state(replace(up(), causes=(manual, Cause(CauseKind.OUTAGE, "o", START, suspended=True))))
    assert _value(book, "jit_break_glass_cause", platform=PLATFORM, cause="manual") == 1
    assert _value(book, "jit_break_glass_cause", platform=PLATFORM, cause="outage") == 0


def test_what_two_persons_hold_closed_is_no_cause_and_shows_as_held_closed() -> None:
    """The cause raises nothing meanwhile."""
    book = _book()
    assert _value(book, "jit_break_glass_inhibited", platform=PLATFORM) == 0
    held = Inhibition("i", "anna", "ben", "false", START, START)
    outage_cause = Cause(CauseKind.OUTAGE, "o", START, inhibited=True)
    book.state(replace(down(), causes=(outage_cause,), acts=Acts(inhibition=held)))
    assert _value(book, "jit_break_glass_inhibited", platform=PLATFORM) == 1
    assert _value(book, "jit_break_glass_cause", platform=PLATFORM, cause="outage") == 0


def test_acts_are_counted_by_what_was_done() -> None:
    """Each kind from 0."""
    book = _book()
    book.acted(PLATFORM, ActKind.RAISE)
    book.acted(PLATFORM, ActKind.RAISE)
    found = {kind: _value(book, "jit_break_glass_acts_total", platform=PLATFORM, act=kind.value) for kind in ActKind}
    assert found == {**dict.fromkeys(ActKind, 0), ActKind.RAISE: 2}


def test_an_outage_is_active_until_it_ended() -> None:
    """It is kept in the state for a while after its end, but is not active then."""
    book = _book()
    book.state(down())
    assert _value(book, "jit_outage_active", platform=PLATFORM) == 1
    book.state(replace(up(), outage=outage(ended_at=START)))
    assert _value(book, "jit_outage_active", platform=PLATFORM) == 0


def test_outages_are_counted_with_their_detection() -> None:
    """From the first bad outcome to the confirmation."""
    book = _book()
    book.outage_confirmed(outage())
    assert _value(book, "jit_outages_total", platform=PLATFORM) == 1
    assert _value(book, "jit_outage_detection_seconds_sum", platform=PLATFORM) == 11
    assert _value(book, "jit_outage_detection_seconds_bucket", platform=PLATFORM, le="10.0") == 0
    assert _value(book, "jit_outage_detection_seconds_bucket", platform=PLATFORM, le="15.0") == 1


def test_the_flags_end_moves_with_each_signature() -> None:
    """The latest document's expiry, in Unix time."""
    book = _book()
    book.flag(document(minutes=5))
    book.flag(document(at=START + timedelta(minutes=1), minutes=5))
    expiry = _value(book, "jit_break_glass_flag_expiry_timestamp_seconds", platform=PLATFORM)
    assert expiry == (START + timedelta(minutes=6)).timestamp()


def test_it_observes_pages_as_the_outbox_tells() -> None:
    """Decided, given up, on their way."""
    book: PageObserver = _book()
    book.page_decided(page())
    book.page_decided(page(kind=PageKind.FLAG))
    book.page_delivered(page(), "phone")
    book.page_failed(page(), "phone")
    book.pages_pending(3)
    book.page_fell_back(page())
    assert isinstance(book, MetricsBook)
    assert _value(book, "jit_pages_fell_back_total", kind="outage") == 1
    assert _value(book, "jit_pages_fell_back_total", kind="flag") == 0
    assert _value(book, "jit_pages_total", kind="outage") == 1
    assert _value(book, "jit_pages_total", kind="flag") == 1
    assert _value(book, "jit_pages_failed_total", kind="outage") == 1
    assert _value(book, "jit_pages_failed_total", kind="flag") == 0
    assert _value(book, "jit_pages_pending") == 3


def test_the_monitor_shows_itself() -> None:
    """Lag, blindness, the store, what was dropped, and what was built."""
    book = _book()
    book.lag(0.02)
    book.blind(is_blind=True)
    book.forgotten(3)
    book.store_writable(is_writable=True)
    book.outcomes_dropped(4)
    book.outcomes_dropped(9)
    book.request_refused("unauthorized")
    book.audit_dropped(2)
    book.audit_dropped(2)
    assert _value(book, "jit_monitor_probe_lag_seconds_bucket", le="0.01") == 0
    assert _value(book, "jit_monitor_probe_lag_seconds_bucket", le="0.05") == 1
    assert _value(book, "jit_monitor_vantage_blind") == 1
    assert _value(book, "jit_monitor_residue_forgotten") == 3
    assert _value(book, "jit_monitor_store_writable") == 1
    assert _value(book, "jit_monitor_outcomes_dropped_total") == 9
    assert _value(book, "jit_monitor_requests_refused_total", code="unauthorized") == 1
    assert _value(book, "jit_monitor_requests_refused_total", code="throttled") == 0
    assert _value(book, "jit_monitor_audit_entries_dropped_total") == 2
    (build,) = [dict(labels) for name, labels in _samples(book) if name == "jit_monitor_build_info"]
    assert build["version"] == "0.1.0"


def test_two_books_do_not_share_anything() -> None:
    """Each has a registry of its own, so that a reload can build a second."""
    one, other = _book(), _book()
    one.page_decided(page())
    one.outcome(PLATFORM, "portal", _outcome())
    assert _value(other, "jit_pages_total", kind="outage") == 0
    assert _value(other, "jit_probe_runs_total", **PORTAL) == 0


@pytest.mark.parametrize(
    "values", [{"platform": "p"}, {"platform": "p", "verdict": "up", "more": "x"}, {"verdict": "up"}]
)
def test_wrong_labels_are_a_bug(values: dict[str, str]) -> None:
    """A line with a label too many or too few is never written."""
    with pytest.raises(ValueError, match="jit_platform_verdict has the labels"):
        start("jit_platform_verdict", values)


def test_publishing_is_counted_for_each_target() -> None:
    """All at 0 from the start; tries, failures among them, and what is behind."""
    book = _book()
    names = [f"jit_break_glass_flag_publish_{name}" for name in ("total", "failed_total", "behind")]
    assert [_value(book, name, target=TARGET) for name in names] == [0, 0, 0]
    book.publish_behind(TARGET, 1)
    for is_out in (False, False, True):
        book.publish_tried(document(), TARGET, is_out=is_out)
    assert [_value(book, name, target=TARGET) for name in names] == [3, 2, 1]
    book.publish_behind(TARGET, 0)
    assert _value(book, names[2], target=TARGET) == 0


def test_the_end_of_a_copy_is_absent_until_it_is_there() -> None:
    """A failed try shows nothing; the next success shows its own end, in one line."""
    book = _book()
    name = "jit_break_glass_flag_published_expiry_timestamp_seconds"
    book.publish_tried(document(), TARGET, is_out=False)
    assert _value(book, name, platform=PLATFORM, target=TARGET) is None
    for minutes in (5, 15):
        book.publish_tried(document(minutes=minutes), TARGET, is_out=True)
    ends = (START + timedelta(minutes=15)).timestamp()
    assert _value(book, name, platform=PLATFORM, target=TARGET) == ends
    assert book.render().decode().count(f"{name}{{") == 1


def test_a_target_of_several_platforms_is_counted_once() -> None:
    """Its series are its own, not a platform's."""
    book = MetricsBook([policy("a"), policy("b")], "0")
    assert book.render().decode().count(f'jit_break_glass_flag_publish_total{{target="{TARGET}"}}') == 1


def test_what_stays_keeps_its_counts_and_what_goes_is_shown_no_more() -> None:
    """Other settings: one probe stays, one goes, one comes, one is of another function now."""
    before = replace(policy(), probes={name: replace(_PROBE, name=name) for name in ("portal", "gone", "moved")})
    book = MetricsBook([before], "0.1.0")
    for name in before.probes:
        book.outcome(PLATFORM, name, _outcome())
    moved = replace(_PROBE, name="moved", function="api")
    after = {"portal": replace(_PROBE, interval=timedelta(minutes=1)), "moved": moved}
    after["came"] = replace(_PROBE, name="came")
    book.adopt(replace(before, probes=after))
    text = book.render().decode()
    runs = {line for line in text.splitlines() if line.startswith("jit_probe_runs_total{")}
    assert len(runs) == 3
    shown = {re.search(r'probe="(\w+)"', line)[1]: line.rpartition(" ")[2] for line in runs}  # type: ignore[index]
    assert shown == {"portal": "1", "moved": "0", "came": "0"}
    assert 'probe="gone"' not in text
    with pytest.raises(KeyError):
        book.outcome(PLATFORM, "gone", _outcome())


def test_a_platform_and_a_target_that_go_are_shown_no_more() -> None:
    """Nothing of them is left; the names of the metrics are."""
    book = _book()
    book.flag(document())
    book.publish_tried(document(), TARGET, is_out=True)
    empty = {line for line in _book().render().decode().splitlines() if line.startswith("#")}
    book.forget(PLATFORM)
    book.forget_target(TARGET)
    text = book.render().decode()
    assert PLATFORM not in text
    assert TARGET not in text
    assert {line for line in text.splitlines() if line.startswith("#")} == empty


def test_a_reload_is_shown() -> None:
    """Whether the settings in force are the file's, and since when."""
    book = _book()
    book.reloaded(START)
    assert "jit_monitor_config_last_reload_successful 1.0" in book.render().decode()
    book.not_reloaded()
    text = book.render().decode()
    assert "jit_monitor_config_last_reload_successful 0.0" in text
    assert f"jit_monitor_config_last_reload_success_timestamp_seconds {START.timestamp()!r}" in _plain(text)


def _plain(text: str) -> str:
    return re.sub(r"(\d)\.(\d+)e\+09", lambda found: repr(float(found[0])), text)


@pytest.mark.parametrize(
    ("ranges", "expected"),
    [
        ((), False),
        ((Range(),), True),
        ((Range(functions=("sign_in",)),), True),
        ((Range(functions=("request",)),), False),
        ((Range(probes=("portal",)),), False),
        ((Range(functions=("request",)), Range()), True),
    ],
)
def test_what_maintenance_takes_out_of_an_outage_is_shown(ranges: tuple[Range, ...], *, expected: bool) -> None:
    """A window for all of it, or for all that is down; not one for a probe, nor one for what is not down."""
    windows = tuple(_window(nth, each) for nth, each in enumerate(ranges))
    force = tuple(InForce(each.id, each.id, START, START + timedelta(hours=1)) for each in windows)
    book = _book()
    book.state(replace(down(), maintenance=Maintenance(windows=windows, in_force=force)))
    line = f'jit_sla_excluded{{platform="{PLATFORM}"}} {float(expected)}'
    assert line in book.render().decode().splitlines()


def test_a_window_for_what_is_up_takes_nothing_out() -> None:
    """Only while there is an outage do windows for functions count for the platform."""
    window = _window(0, Range(functions=("sign_in",)))
    book = _book()
    book.state(replace(up(), maintenance=Maintenance((window,), in_force=(InForce("w0", "w0", START, START),))))
    assert f'jit_sla_excluded{{platform="{PLATFORM}"}} 0.0' in book.render().decode().splitlines()


def _window(nth: int, of: Range) -> Window:
    until = START + timedelta(hours=1)
    return Window(f"w{nth}", PLATFORM, Origin.PERSON, START, until, "anna", START, "why", range=of)
