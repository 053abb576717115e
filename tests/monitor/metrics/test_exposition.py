import asyncio
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from glasswatch import visible
from monitor.metrics.book import MetricsBook
from monitor.metrics.exposition import PIECE
from monitor.model.outcome import Outcome, OutcomeKind, Reason
from tests.support.clock import START
from tests.support.face import World, serving
from tests.support.programs import require
from tests.support.prometheus import prometheus
from tests.support.watching import PLATFORM, document, down, outage, policy, probe_policy

HOSTILE = 'a"b\\c\nd{e="f"} 1\n# TYPE evil counter\nevil 1 %d %s é \u202e日'


def _told(platform: str = PLATFORM, probe: str = "portal", function: str = "sign_in") -> MetricsBook:
    """Return a book to which everything has happened once."""
    watched = policy(platform, [probe_policy(probe, function)])
    book = MetricsBook([watched], "0.1.0")
    found = Outcome(
        OutcomeKind.GOOD, Reason.OK, "", START, 0.123, phases={"resolve": 1e-05, "tls": 0.1}, tls_expiry_at=START
    )
    book.outcome(platform, probe, found)
    book.state(down(platform=platform))
    book.flag(document(platform=platform))
    book.outage_confirmed(outage(platform=platform))
    book.lag(0.001)
    book.store_writable(is_writable=True)
    return book


async def _promtool(exposition: bytes) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        require("promtool", package="prometheus"),
        "check",
        "metrics",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(20):
        said, _ = await process.communicate(exposition)
    assert process.returncode is not None
    return process.returncode, said.decode()


@pytest.mark.parametrize(
    "book",
    [MetricsBook([policy()], "0.1.0"), MetricsBook([], "0.1.0"), _told(), _told(HOSTILE, HOSTILE, HOSTILE)],
    ids=["before anything", "no platform", "after everything", "hostile names"],
)
async def test_promtool_has_nothing_to_complain_about(book: MetricsBook) -> None:
    """Names, types, help and format are as Prometheus wants them."""
    assert await _promtool(book.render()) == (0, "")


async def test_promtool_would_complain() -> None:
    """The test above can fail."""
    code, said = await _promtool(b"# TYPE jit_wrong counter\njit_wrong 1\n")
    assert code != 0
    assert "jit_wrong" in said


def test_hostile_names_stay_inside_their_labels() -> None:
    """Quotes, backslashes, line breaks and percent signs neither break a line nor add one."""
    hostile, plain = (_told(name, name, name).render().decode() for name in (HOSTILE, "plain"))
    assert len(hostile.splitlines()) == len(plain.splitlines())
    families = {family.name: family for family in text_string_to_metric_families(hostile)}
    assert "evil" not in families
    (sample,) = families["jit_probe_runs"].samples
    assert sample.labels["probe"] == HOSTILE.replace("\n", "\\u000a").replace("\u202e", "\\u202e")


@settings(max_examples=60, deadline=None)
@given(st.text(min_size=1))
def test_any_name_can_be_read_back(name: str) -> None:
    """Whatever a probe is called, the exposition parses and its label shows the name, spelled out where it must be."""
    exposition = _told(name, name, name).render().decode()
    families = {family.name: family for family in text_string_to_metric_families(exposition)}
    (sample,) = families["jit_probe_runs"].samples
    assert sample.labels["probe"] == visible.line(name)


async def test_a_real_prometheus_scrapes_a_real_server(tmp_path: Path) -> None:
    """Every series that we show is there to be queried, and counters rise there as they rise here."""
    book = _told()
    world = World()
    world.exposition = book.render()
    shown = {
        sample.name for family in text_string_to_metric_families(world.exposition.decode()) for sample in family.samples
    }
    async with serving(world.face()) as address, prometheus(tmp_path, [address]) as server:
        ((_, is_up),) = await server.wait_for("up == 1")
        found = {labels["__name__"] for labels, _ in await server.query('{__name__=~"jit_.+"}')}
        ((platform, _),) = await server.query("jit_platform_up == 0")
        ((_, bad),) = await server.query("jit_probe_bad_total")
        (target,) = await server.targets()
        book.outcome(PLATFORM, "portal", Outcome(OutcomeKind.BAD, Reason.TIMEOUT, "", START, 5.0))
        world.exposition = book.render()
        ((probe, more_bad),) = await server.wait_for("jit_probe_bad_total > 0")
    assert (is_up, target["lastError"], bad, more_bad) == (1, "", 0, 1)
    assert (platform["platform"], probe["probe"], probe["function"]) == (PLATFORM, "portal", "sign_in")
    assert found == shown


def test_a_large_exposition_comes_in_pieces() -> None:
    """Of bounded size, whole lines each, and together what one piece would be."""
    book = MetricsBook([policy(PLATFORM, [probe_policy(f"p{nth}", "sign_in") for nth in range(200)])], "0.1.0")
    pieces = list(book.pieces())
    assert len(pieces) > 3
    assert all(len(piece) < 2 * PIECE for piece in pieces)
    assert all(piece.endswith(b"\n") for piece in pieces)
    assert b"".join(pieces) == book.render()
