"""What `monitor flag verify` takes: one table, for its own quick reading of the command line and for click's help."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from glasswatch import arguments
from glasswatch.arguments import Given, Option
from glasswatch.durations import render
from glasswatch.errors import UsageFault
from glasswatch.flag.reader import MAX_TTL, Expectation

STDIN = "-"
MAX_DOCUMENTS = 64
DOCUMENT = "DOCUMENT"


def _deployment(given: str) -> str:
    if "/" in given:
        raise ValueError("expected the deployment alone, such as prod: the state is the answer")
    return arguments.name(given)


OPTIONS = (
    Option("--trust", "The pinned trust file.", "FILE", arguments.text, is_required=True),
    Option("--audience", "The deployment, such as prod.", "DEPLOYMENT", _deployment, is_required=True),
    Option("--platform", "The platform that is asked about.", "NAME", arguments.name, is_required=True),
    Option("--floor", "Where accepted versions are remembered, so that nothing older opens.", "FILE", arguments.text),
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
    Option("--at", "Judge as of this instant instead of now; the floor stays as it is.", "RFC3339", arguments.instant),
    Option("--reset-floor", "Forget what the floor holds of this platform, and begin anew."),
    Option("--json", "Print JSON, for programs."),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What `verify` was asked: which documents, against which files, for whom, and as of which instant."""

    documents: tuple[str, ...]
    trust: str
    expect: Expectation
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
    _check_words(given.words)
    _check_floor(given)
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
        floor=given.get("--floor", str),
        at=given.get("--at", datetime),
        resets_floor=given.has("--reset-floor"),
        as_json=given.has("--json"),
    )


def _check_words(words: Sequence[str]) -> None:
    if not words:
        raise UsageFault(f"{DOCUMENT} is missing: one or more files, or - for standard input")
    if len(words) > MAX_DOCUMENTS:
        raise UsageFault(f"more than {MAX_DOCUMENTS} documents")
    if not all(words):
        raise UsageFault(f"{DOCUMENT}: expected a file, found an empty text")
    if words.count(STDIN) > 1:
        raise UsageFault("standard input is given twice")


def _check_floor(given: Given) -> None:
    if given.has("--reset-floor") and not given.has("--floor"):
        raise UsageFault("--reset-floor needs --floor: which one is to be reset?")
    if given.has("--reset-floor") and given.has("--at"):
        raise UsageFault("--reset-floor and --at don't go together: judging as of another instant changes no floor")
