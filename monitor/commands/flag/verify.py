"""`monitor flag verify`: says whether break-glass is ready by signed documents.

It opens or closes production: it ends with 0 only for a flag that is ready (or, where one of its principals is asked
for, an exercise), 1 for one on standby, 2 for wrong usage, and 4 for everything else, a trust file that can't be
relied on included. Alarms go to stderr and change none of it, and neither does an answer that a full disk can't take.

It runs at every login, so nothing here imports click: `monitor.entry` calls it before click is loaded.
"""

import io
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from glasswatch.clock import Clock, SystemClock
from glasswatch.ending import complain, is_full, let_go_of_output
from glasswatch.errors import ExitCode, UsageFault
from glasswatch.flag import disk, floor_file, trust
from glasswatch.flag.document import FlagState, payload
from glasswatch.flag.errors import Alarm, Refusal, Refused, TrustFault, plain
from glasswatch.flag.floor import Floor
from glasswatch.flag.floor_file import Held
from glasswatch.flag.jws import FLAG_TYP, MAX_BYTES
from glasswatch.flag.reader import refuse
from glasswatch.flag.selection import Answer, Question, judge_all
from monitor.commands.flag.verify_options import STDIN, Asked, asked

NAME = "monitor flag verify"
HUMAN_PATH = "no way in by this flag: try its other copies, or use the sealed credential that no reader guards"
_EXIT = {
    FlagState.READY: ExitCode.GOOD,
    FlagState.EXERCISE: ExitCode.GOOD,  # accepted only for a principal of it
    FlagState.STANDBY: ExitCode.FINDING,
}


def main(argv: Sequence[str]) -> int:
    """Judge, tell, and return the exit code."""
    try:
        wanted = asked(argv)
    except UsageFault as fault:
        complain(f"{NAME}: {fault} (see {NAME} --help)")
        return ExitCode.USAGE
    answer, alarms = _judge(wanted, SystemClock())
    _show(wanted, answer, alarms)
    state = answer.judgement.state
    return ExitCode.NOT_MEASURED if state is None else _EXIT[state]


def _judge(wanted: Asked, clock: Clock) -> tuple[Answer, list[Alarm]]:
    """Return the answer, and the alarms of the floor and of the documents."""
    try:
        trusted = trust.load(Path(wanted.trust), clock)
    except TrustFault as fault:
        return Answer(refuse(Refusal.TRUST, f"the trust file can't be relied on: {fault}"), None), []
    documents = _documents(wanted.documents, clock)
    with _floor(wanted, clock) as held:
        now = wanted.at or clock.now()
        question = Question(trusted, wanted.expect, now, is_now=wanted.at is None)
        answer = judge_all(documents, question, Floor() if held is None else held.floor)
        if held is None:
            return answer, [*answer.alarms]
        held.keep(answer.floor)
        return answer, [*held.alarms, *answer.alarms]


@contextmanager
def _floor(wanted: Asked, clock: Clock) -> Iterator[Held | None]:
    if wanted.floor is None:
        yield None
    elif wanted.at is not None:
        yield floor_file.peek(Path(wanted.floor), clock)
    else:
        with floor_file.held(Path(wanted.floor), clock) as held:
            if wanted.resets_floor:
                held.reset(FLAG_TYP, wanted.expect.platform)
            yield held


def _documents(names: Sequence[str], clock: Clock) -> list[bytes | Refused]:
    """Return what each document holds, or why it could not be had; all of them have one time-limit together."""
    ends_at = clock.monotonic() + disk.READ_SECONDS
    found: list[bytes | Refused] = []
    for name in names:
        left = max(ends_at - clock.monotonic(), disk.LEAST_SECONDS)
        try:
            found.append(_read(name, clock, left))
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or error
            found.append(Refused(Refusal.UNREADABLE, f"{plain(name)}: can't be read: {why}"))
    return found


def _read(document: str, clock: Clock, seconds: float) -> bytes:
    if document != STDIN:
        return disk.read(Path(document), MAX_BYTES, clock, seconds).data
    stdin: TextIO | None = sys.stdin  # None where a program was started with it closed
    if stdin is None:
        raise OSError("standard input is closed")
    try:
        descriptor = stdin.fileno()
    except io.UnsupportedOperation:
        return stdin.buffer.read(MAX_BYTES + 1)
    return disk.drain(descriptor, MAX_BYTES, clock, seconds)


def _show(wanted: Asked, answer: Answer, alarms: Sequence[Alarm]) -> None:
    for alarm in alarms:
        complain(f"alarm ({alarm.code.value}): {alarm.what}")
    for place, refused in answer.passed_over:
        complain(f"passed over ({refused.code.value}): {plain(wanted.documents[place])}: {refused.what}")
    judgement = answer.judgement
    if judgement.refusal is not None:
        complain(f"refused ({judgement.refusal.value}): {judgement.reason}\n{HUMAN_PATH}")
    if wanted.as_json:
        _say(json.dumps(_json(wanted, answer, alarms)))
    elif judgement.refusal is None:
        _say(judgement.reason)


def _json(wanted: Asked, answer: Answer, alarms: Sequence[Alarm]) -> dict[str, object]:
    judgement = answer.judgement
    return {
        "state": judgement.state,
        "refusal": judgement.refusal,
        "reason": judgement.reason,
        "document": None if answer.judged is None else wanted.documents[answer.judged],
        "claims": None if judgement.claims is None else payload(judgement.claims),
        "alarms": [{"code": alarm.code, "what": alarm.what} for alarm in alarms],
        "passed_over": [
            {"document": wanted.documents[place], "refusal": refused.code, "what": refused.what}
            for place, refused in answer.passed_over
        ],
    }


def _say(line: str) -> None:
    stream: TextIO | None = sys.stdout  # None where a program was started with it closed
    if stream is None:
        return
    try:
        stream.write(f"{line}\n")
        stream.flush()
    except OSError as fault:
        if not is_full(fault):
            raise
        # The answer is the exit code: a full disk locks nobody out.
        let_go_of_output()
        complain(f"the answer can't be written: {fault.strerror}")
