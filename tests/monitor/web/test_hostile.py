import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glasswatch import visible
from monitor.model.outcome import Reason
from monitor.model.state import FunctionState, PlatformState
from monitor.model.verdict import Verdict
from monitor.web.page import render
from monitor.web.view import Held, page_view
from tests.support.clock import START
from tests.support.face import World, asking
from tests.support.html import Reader
from tests.support.watching import document, good_probe, outage, policy, probe_policy, site

MARKUP = "</style></pre><script>alert(1)</script><img src=x onerror=alert(1)>"
QUOTES = "\" onmouseover='alert(1)' {{ 7*7 }} {% raw %} \\"
TURNED = "up\u202enwod\u2066\u200b"
BROKEN = "one\ntwo\r\x00\x1b[31m\u2028three\ud800"
TEXTS = [MARKUP, QUOTES, TURNED, BROKEN]


def _state(text: str) -> PlatformState:
    return PlatformState(
        platform=text,
        probes={text: good_probe(last_reason=Reason.STATUS, last_detail=text)},
        functions={text: FunctionState(Verdict.DEGRADED, START, text)},
        verdict=Verdict.DEGRADED,
        verdict_since=START,
        why=text,
    )


def _hostile(text: str) -> str:
    hostile_site = replace(
        site(policy(text, [probe_policy(text, text)]), procedure=text, url=text), deployment=text, vantage=text
    )
    found = outage(platform=text, functions=(text,), reason=text, id=text)
    held = Held([_state(text)], {text: document(platform=text)}, {text: (found,)})
    return render(page_view(hostile_site, held, START, is_file=False))


@pytest.mark.parametrize("text", TEXTS, ids=["markup", "quotes", "turned", "broken"])
def test_text_from_outside_stays_text(text: str) -> None:
    """Whatever a name, reason, detail or procedure holds, the page has the same elements as with plain words."""
    page = _hostile(text)
    assert Reader(page).tags == Reader(_hostile("No name")).tags
    assert " onmouseover='" not in page
    assert "{{ 7*7 }}" in page or text is not QUOTES
    assert page.encode()


@pytest.mark.parametrize("text", [TURNED, BROKEN], ids=["turned", "broken"])
def test_what_can_not_be_seen_is_spelled_out(text: str) -> None:
    """Marks that turn the reading order, and control characters, appear as escapes and nowhere as themselves."""
    page = _hostile(text)
    assert not set("\u202e\u2066\u200b\x00\x1b\u2028\ud800\r") & set(page)
    assert ("up\\u202enwod" in page) or text is BROKEN


def test_lines_are_kept_only_where_they_belong() -> None:
    """A procedure keeps its lines; a name with a line break shows it."""
    assert visible.line("a\tb\nc") == "a\\u0009b\\u000ac"
    assert visible.lines("a\tb\r\nc\rd") == "a\tb\nc\\u000dd"
    assert visible.line("Zażółć gęślą jaźń 日本語 👩\u200d🚒") == "Zażółć gęślą jaźń 日本語 👩\u200d🚒"


@pytest.mark.parametrize("text", [MARKUP, QUOTES, TURNED], ids=["markup", "quotes", "turned"])
async def test_json_carries_hostile_text_as_it_is(text: str) -> None:
    """JSON escapes what it must and changes nothing."""
    world = World(site=site(policy(text, [probe_policy(text, text)])))
    world.monitor.states = [_state(text)]
    async with asking(world.face()) as client:
        response = await client.get("/api/v1/status")
    (platform,) = json.loads(response.content)["platforms"]
    assert platform["why"] == platform["functions"][0]["probes"][0]["last_detail"] == text


@settings(max_examples=60, deadline=None)
@given(st.text(min_size=1).filter(lambda text: visible.lines(text).strip("\n")))  # an empty procedure is refused
def test_no_text_at_all_changes_the_page(text: str) -> None:
    """Whatever a platform, its functions and its words are called, the page's elements stay the same."""
    page = _hostile(text)
    # The procedure's address is a link where it is one; so is a probe's name where it is a name.
    plain = "https://plain/" if "noreferrer noopener" in page else "plain" if 'href="probes/' in page else "Plain"
    assert Reader(page).tags == Reader(_hostile(plain)).tags
    assert page.encode()
