"""`monitor probe --explain`: why one attempt was judged so, for a person at a terminal, and the same as data.

Nothing is shown that was not cleared of secrets before (`monitor.probes.explained`), and all that comes from outside is
made visible. The last failures are asked of the running monitor; where none answers, that is said and nothing more.
"""

import asyncio
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from shutil import get_terminal_size
from typing import Any, Final

import click
from pydantic import ValidationError

from glasswatch import visible
from glasswatch.errors import GlasswatchError
from monitor.commands import client
from monitor.model.explanation import Check, Exchange, Explanation, Message, Room, TlsSeen
from monitor.model.outcome import Outcome
from monitor.probes.explained import Listener
from monitor.rules.explaining import WARNING
from monitor.settings.effective import effective
from monitor.settings.probe import ProbeSettings
from monitor.wire.endpoints import BY_NAME
from monitor.wire.probes import AttemptAnswer, ExplanationAnswer, ProbeDetailAnswer

_BAR: Final = 24
_WIDEST: Final = 140
_NARROWEST: Final = 60
_INDENT: Final = "  "


@dataclass(slots=True)
class Heard:
    """`Listener` that keeps the explanation of one attempt."""

    room: Room = field(default_factory=Room)
    is_every: bool = True
    explanation: Explanation | None = None

    def wants(self, _outcome: Outcome) -> bool:
        """See `Listener`."""
        return True

    def told(self, _outcome: Outcome, explanation: Explanation | None) -> None:
        """See `Listener`."""
        self.explanation = explanation


@dataclass(slots=True)
class Explaining:
    """What attempts are explained with: who heard each of them, by platform and probe."""

    heard: dict[tuple[str, str], Heard] = field(default_factory=dict)

    def listener(self, platform: str, probe: str) -> Listener:
        """Return who listens to a probe's attempt."""
        return self.heard.setdefault((platform, probe), Heard())

    def explanation(self, platform: str, probe: str) -> Explanation:
        """Return why its attempt was judged so."""
        heard = self.heard.get((platform, probe))
        return (heard.explanation if heard is not None else None) or Explanation()


@dataclass(frozen=True, slots=True)
class Failures:
    """A probe's last failures as the running monitor tells of them; where it can't be asked, `note` says why.

    `teller`: which monitor that is.
    """

    shown: tuple[AttemptAnswer, ...] = ()
    note: str = ""
    teller: str = ""


def failures(config: Path, deployment: str, platform: str, probe: str) -> Failures:
    """Ask the running monitor. Raises nothing: what is explained is the attempt that was made.

    Where settings leave the address out, the one that answers at the default may watch something else.
    """
    try:
        place = client.reach(client.Given(config))
        body = asyncio.run(client.ask(place, BY_NAME["probe"], platform=platform, probe=probe))
        answer = ProbeDetailAnswer.model_validate_json(body)
    except GlasswatchError as fault:
        return Failures(note=str(fault))
    except ValidationError:
        return Failures(note="what answers there is not a monitor of this version")
    if answer.deployment != deployment:
        return Failures(note=f"the monitor at {place.base} is another deployment's: {answer.deployment}")
    teller = f"{answer.deployment}/{answer.vantage} at {place.base}"
    if answer.failures is None:
        return Failures(note="the monitor can't read its store now", teller=teller)
    return Failures(answer.failures, "" if answer.failures else "none on record", teller)


def as_data(settings: ProbeSettings, explanation: Explanation, last: Failures) -> dict[str, Any]:
    """Return all of it as JSON values."""
    return {
        "settings": effective(settings),
        "explanation": ExplanationAnswer.model_validate(explanation).model_dump(mode="json"),
        "failures": [each.model_dump(mode="json") for each in last.shown],
        "failures_note": last.note,
        "failures_of": last.teller,
    }


def as_text(settings: ProbeSettings, outcome: Outcome, explanation: Explanation, last: Failures) -> str:
    """Return all of it for a person, in lines that fit the terminal."""
    width = max(_NARROWEST, min(get_terminal_size().columns, _WIDEST))
    parts = (
        ("settings", _settings(effective(settings))),
        ("phases", _phases(outcome.phases, outcome.duration_seconds)),
        *_exchanges(explanation, width),
        ("why", _why(explanation.checks, width)),
        (f"last failures{f', by {visible.line(last.teller)}' if last.teller else ''}", _failures(last, width)),
    )
    return "\n".join(line for title, lines in parts for line in _part(title, list(lines)))


def _part(title: str, lines: Sequence[str]) -> Iterator[str]:
    yield ""
    yield _INDENT + click.style(title, bold=True)
    yield from (f"{_INDENT * 2}{line}" if line else "" for line in lines or ["none"])


def _settings(settings: Mapping[str, Any]) -> Iterator[str]:
    import yaml  # noqa: PLC0415 - as with all commands

    text = yaml.safe_dump(dict(settings), sort_keys=False, allow_unicode=True, default_flow_style=None, width=70)
    yield from visible.lines(text).splitlines()


def _phases(phases: Mapping[str, float], whole: float) -> Iterator[str]:
    longest = max([whole, sum(phases.values())]) or 1.0
    at = 0.0
    for name, seconds in phases.items():
        begin = min(round(at / longest * _BAR), _BAR - 1)
        end = max(round((at + seconds) / longest * _BAR), begin + 1)
        bar = "·" * begin + "█" * (end - begin) + "·" * (_BAR - end)
        yield f"{name:<12}{seconds * 1000:9.1f} ms  {bar}"
        at += seconds
    yield f"{'in all':<12}{whole * 1000:9.1f} ms"


def _exchanges(explanation: Explanation, width: int) -> Iterator[tuple[str, Iterator[str]]]:
    several = len(explanation.exchanges) > 1
    for number, each in enumerate(explanation.exchanges, explanation.left_out + 1):
        label = f", {each.label}" if each.label else ""
        yield f"exchange{f' {number}' if several else ''}{label}", _exchange(each, width)
    if not explanation.exchanges:
        yield "exchange", iter(["no connection was tried"])


def _exchange(exchange: Exchange, width: int) -> Iterator[str]:
    at = f" at {exchange.address}" if exchange.address != exchange.place else ""
    yield visible.line(f"{exchange.place}{at}")
    if exchange.tls is not None:
        yield from _tls(exchange.tls, width)
    if exchange.sent is None and exchange.heard is None:
        yield "(nothing was sent)"
    if exchange.sent is not None:
        yield from _message("> ", exchange.sent, width)
    if exchange.heard is not None:
        yield from _message("< ", exchange.heard, width)
    elif exchange.sent is not None:
        yield "< (nothing came)"


def _tls(tls: TlsSeen, width: int) -> Iterator[str]:
    agreed = ", ".join(each for each in (tls.version, tls.cipher) if each)
    if tls.is_accepted or tls.version:
        yield from _wrapped("", agreed or "the session broke off", width)
    else:
        yield from _wrapped("", f"the handshake failed{f', with {agreed}' if agreed else ''}", width)
    ends = f", ends {tls.ends_at:%Y-%m-%d %H:%M:%SZ}" if tls.ends_at else ""
    what = "certificate" if tls.is_accepted else "certificate shown, not accepted:"
    yield from _wrapped("", f"{what} {tls.subject or 'without subject'}, issued by {tls.issuer}{ends}", width)
    if tls.names:
        yield from _wrapped("", f"for {', '.join(tls.names)}", width)


def _message(mark: str, message: Message, width: int) -> Iterator[str]:
    if message.line:
        yield from _wrapped(mark, message.line, width)
    for name, value in message.fields:
        yield from _wrapped(mark, f"{name}: {value}" if value else name, width)
    if message.note:
        yield from _wrapped(mark, f"({message.note})", width)
    if message.body:
        yield mark.rstrip()
        for line in visible.lines(message.body).splitlines():
            yield from _wrapped("| ", line, width)
    if message.trailers:
        yield mark.rstrip()
        for name, value in message.trailers:
            yield from _wrapped(mark, f"{name}: {value}" if value else name, width)


def _why(checks: Sequence[Check], width: int) -> Iterator[str]:
    """Yield each rule that was looked at; the first that does not hold decided."""
    rules = max((len(each.rule) for each in checks), default=0)
    for each in checks:
        sign = _sign(each)
        lines = list(_wrapped(f"{visible.line(each.rule):<{rules}}  ", f"expected {each.expected}", width - 3))
        yield sign + lines[0]
        yield from (f"   {line}" for line in lines[1:])
        yield from (f"   {line}" for line in _wrapped(" " * (rules + 2), f"found {each.found}", width - 3))


def _sign(check: Check) -> str:
    if check.holds:
        return click.style("ok ", fg="green")
    if check.rule.startswith(WARNING):  # never decides
        return click.style("!! ", fg="yellow")
    return click.style("NO ", fg="red", bold=True)


def _failures(last: Failures, width: int) -> Iterator[str]:
    for each in last.shown:
        phases = " ".join(f"{name} {seconds * 1000:.1f}" for name, seconds in each.phases.items())
        more = f"  ({phases} ms)" if phases else ""
        believed = "" if each.is_believed else ", not believed: no control answered"
        text = f"{each.outcome.replace('_', ' ')}: {each.reason}, {each.detail}{believed}{more}"
        yield from _wrapped(f"{each.at:%Y-%m-%d %H:%M:%SZ}  ", text, width)
    if last.note:
        yield from _wrapped("", f"{last.note}", width)


def _wrapped(mark: str, text: str, width: int) -> Iterator[str]:
    """Yield a line of text in pieces that fit, the later ones set in."""
    room = max(width - len(_INDENT * 2) - len(mark), 20)
    pieces = textwrap.wrap(
        visible.line(text),
        room,
        subsequent_indent="    ",
        break_on_hyphens=False,
        drop_whitespace=False,
        replace_whitespace=False,
    )
    yield mark + (pieces[0] if pieces else "")
    yield from (" " * len(mark) + piece for piece in pieces[1:])
