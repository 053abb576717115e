"""What `monitor flag verify` takes: one table, for its own quick reading of the command line and for click's help."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from os.path import realpath

from glasswatch import arguments
from glasswatch.arguments import Given, Option
from glasswatch.durations import render
from glasswatch.errors import UsageFault
from glasswatch.flag.reader import MAX_TTL, Expectation
from monitor.commands.flag.sources import STDIN

MAX_DOCUMENTS = 64
DOCUMENT = "DOCUMENT"


def deployment(given: str) -> str:
    """Return the name of a deployment."""
    if "/" in given:
        raise ValueError("expected the deployment alone, such as prod: the state is the answer")
    return arguments.name(given)


TRUST = Option("--trust", "The pinned trust file.", "FILE", arguments.text, is_required=True)
AUDIENCE = Option("--audience", "The deployment, such as prod.", "DEPLOYMENT", deployment, is_required=True)
PLATFORM = Option("--platform", "The platform that is asked about.", "NAME", arguments.name, is_required=True)
FLOOR = Option(
    "--floor", "Where accepted versions are remembered, so that nothing older opens.", "FILE", arguments.text
)
AT = Option("--at", "Judge as of this instant instead of now; the floor stays as it is.", "RFC3339", arguments.instant)
JSON = Option("--json", "Print JSON, for programs.")

OPTIONS = (
    TRUST,
    AUDIENCE,
    PLATFORM,
    Option("--order", "An order, or -: while it is in force it beats the flag.", "FILE", arguments.text),
    FLOOR,
    Option(
        "--max-ttl", f"Longest life a flag may claim.  [default: {render(MAX_TTL)}]", "DURATION", arguments.duration
    ),
    Option(
        "--exercise-principal",
        "Ask for an exercise that names this principal, instead of for an emergency.",
        "NAME",
        arguments.name,
    ),
    Option("--min-agreeing", "Vantages that must agree on an outage.  [default: 0]", "N", arguments.number),
    AT,
    Option("--reset-floor", "Forget what the floor holds of this platform, and begin anew."),
    JSON,
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What `verify` was asked: which documents, against which files, for whom, and as of which instant."""

    documents: tuple[str, ...]
    trust: str
    expect: Expectation
    order: str | None
    floor: str | None
    at: datetime | None
    resets_floor: bool
    as_json: bool


def asked(argv: Sequence[str]) -> Asked:
    """Return what a command line asks.

    Raises:
        UsageFault: it can't be meant.
    """
    given = arguments.read(argv, OPTIONS)
    _check_words(given)
    _check_floor(given)
    _check_files(given)
    return Asked(
        documents=given.words,
        trust=given.demand("--trust", str),
        expect=Expectation(
            audience=given.demand("--audience", str),
            platform=given.demand("--platform", str),
            max_ttl=given.get("--max-ttl", timedelta) or MAX_TTL,
            min_agreeing=given.get("--min-agreeing", int) or 0,
            exercise_principal=given.get("--exercise-principal", str),
        ),
        order=given.get("--order", str),
        floor=given.get("--floor", str),
        at=given.get("--at", datetime),
        resets_floor=given.has("--reset-floor"),
        as_json=given.has("--json"),
    )


def _check_words(given: Given) -> None:
    words = given.words
    if not words:
        raise UsageFault(f"{DOCUMENT} is missing: one or more files, or - for standard input")
    if len(words) > MAX_DOCUMENTS:
        raise UsageFault(f"more than {MAX_DOCUMENTS} documents")
    if not all(words) or any("\0" in word for word in words):
        raise UsageFault(f"{DOCUMENT}: expected a file, found no name of one")
    if [*words, given.get("--order", str)].count(STDIN) > 1:
        raise UsageFault("standard input is given twice")


def _check_files(given: Given) -> None:
    order = given.get("--order", str)
    check_floor_alone(given, (*given.words, *([] if order is None else [order])))


def check_floor_alone(given: Given, files: Sequence[str]) -> None:
    """Refuse a floor that is, or whose lock is, the trust file or one of the files that are judged.

    Raises:
        UsageFault: it is.
    """
    floor = given.get("--floor", str)
    if floor is None:
        return
    # What is no floor is set aside: what is read must not be, for a slip of the hand.
    others = {realpath(name) for name in (given.demand("--trust", str), *files) if name != STDIN}
    if not others.isdisjoint({realpath(floor), realpath(f"{floor}.lock")}):
        raise UsageFault("--floor: expected a file of its own, found the trust file, a document or an order")


def _check_floor(given: Given) -> None:
    if given.has("--reset-floor") and not given.has("--floor"):
        raise UsageFault("--reset-floor needs --floor: which one is to be reset?")
    if given.has("--reset-floor") and given.has("--at"):
        raise UsageFault("--reset-floor and --at don't go together: judging as of another instant changes no floor")
