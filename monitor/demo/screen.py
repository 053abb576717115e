"""What the demo says to a person: words only. Colours are for terminals; click leaves them out elsewhere."""

import shlex
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

import click

from monitor.demo.settings import DEPLOYMENT, PLATFORM
from monitor.demo.stage import Stage
from monitor.demo.targets.places import TargetName
from monitor.demo.told import Happened, Missing, NotReached, Result, Told, Unmeasured

_GLOSS = {
    "break": "red",
    "down": "red",
    "ready": "yellow",
    "page": "magenta",
    "flag_page": "magenta",
    "over": "magenta",
    "flag_over": "magenta",
}
_NAME_WIDTH = 11
_LONGEST = 130


def told_line(told: Told) -> str:
    """Return one line of the story's time line."""
    match told:
        case Happened(name, words, seconds):
            at = "         " if seconds is None else f"{seconds:7.2f} s"
            return f"{at}  {click.style(f'{name:<{_NAME_WIDTH}}', fg=_GLOSS.get(name, 'green'))}{_cut(words)}"
        case Missing(name, words, seen):
            return _bad(name, f"MISSING: {words}; instead: {seen}")
        case Unmeasured(name, words, why):
            return _bad(name, f"NOT MEASURED: {words}; {why}")
        case NotReached(name, words):
            return _bad(name, f"not reached: {words}")


def verdict_lines(result: Result) -> Iterable[str]:
    """Return the story's last lines: what it all came to."""
    seconds = {each.name: each.seconds for each in result.told if isinstance(each, Happened)}
    missing = [each.words for each in result.told if isinstance(each, Missing)]
    unmeasured = [each.words for each in result.told if isinstance(each, Unmeasured)]
    if not missing and not unmeasured:
        yield click.style("All of it happened.", bold=True)
        yield f"From the break: down after {_s(seconds, 'down')}, break-glass ready after {_s(seconds, 'ready')},"
        yield f"the page at the receiver after {_s(seconds, 'page')}."
        mended = seconds.get("recover") or 0.0
        yield f"From the recovery: outage over after {_s(seconds, 'over', mended)}, sealed again after"
        yield f"{_s(seconds, 'standby', mended)} (up again, and 10 s of it without break: in production 15 minutes)."
        return
    yield click.style("The story did not happen as it should.", fg="red", bold=True)
    yield from (f"Missing: {words}." for words in missing)
    yield from (f"Not measured: {words}." for words in unmeasured)


def target_lines(stage: Stage) -> Iterable[str]:
    """Return what the glass is broken on in the drill, and what is left out of it, by name."""
    ports = stage.targets.ports
    words = {
        TargetName.SSH: f"OpenSSH's sshd behind the shipped reader, on 127.0.0.1:{ports.ssh_drill}",
        TargetName.SQL: f"PostgreSQL with a sealed break-glass password, on 127.0.0.1:{ports.sql}",
    }
    for name, said in words.items():
        if name in stage.targets.names:
            yield f"The glass stands before {said}"
    for left_out in stage.targets.left_out:
        yield click.style(f"Left out of the drill: {left_out.name.value}, because {left_out.why}", fg="yellow")


def opening_lines(stage: Stage, asked_port: int) -> Iterable[str]:
    """Return what to open and how to break it, ready to be copied."""
    places, us = stage.places, own_command()
    token = shlex.quote(str(places.admin_token))
    here = f" --dir {shlex.quote(str(places.root))}"
    yield click.style("glasswatch watches a simulated JIT platform.", bold=True) + "  Ctrl-C ends it and cleans up."
    if asked_port and not stage.url.endswith(f":{asked_port}"):
        yield f"(Port {asked_port} can't be had, so another one is used.)"
    yield ""
    yield f"  Status page   {stage.url}/"
    yield f"  Metrics       {stage.url}/metrics"
    yield f"  Signed flag   {places.flag}"
    yield f"  Logs          {places.logs}"
    yield ""
    yield "Is break-glass permitted? Ask the flag, not the monitor:"
    yield f"  {us} flag verify {_q(places.flag)} \\"
    yield f"    --trust {_q(places.trust)} --audience {DEPLOYMENT} --platform {PLATFORM}"
    yield ""
    yield "Break the platform, and mend it:"
    yield f"  {us} demo break sign_in --fault fail{here}"
    yield f"  {us} demo recover{here}"
    yield "or without us:"
    yield f'  curl -X PUT -H "Authorization: Bearer $(cat {token})" -d \'{{"kind": "fail", "status": 503}}\' \\'
    yield f"    {stage.admin_url}/admin/faults/sign_in"
    yield f'  curl -X POST -H "Authorization: Bearer $(cat {token})" {stage.admin_url}/admin/recover'
    yield ""
    yield from target_lines(stage)
    yield "This monitor begins with an empty store and knows of no drill, also where `make demo` just played one: its"
    yield "first page is a ticket that the quarterly drill is due."
    yield ""
    yield "Pages, as they arrive:"


def own_command() -> str:
    """Return how `monitor` is called from this shell, so that what we print can be copied."""
    beside = Path(sys.executable).with_name("monitor")
    found = shutil.which("monitor")
    if found is not None and Path(found).parent == beside.parent:
        return "monitor"
    return shlex.quote(str(beside)) if beside.exists() else f"{shlex.quote(sys.executable)} -m monitor"


def _bad(name: str, words: str) -> str:
    return f"           {click.style(f'{name:<{_NAME_WIDTH}}{words}', fg='red')}"


def _cut(words: str) -> str:
    line = "".join(each if each.isprintable() else " " for each in words)
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def _q(path: Path) -> str:
    return shlex.quote(str(path))


def _s(seconds: dict[str, float | None], name: str, since: float = 0.0) -> str:
    at = seconds.get(name)
    return "?" if at is None else f"{at - since:.1f} s"
