"""Processes that read, judge against and write floors, as readers at a login do: what is killed and raced in tests.

python -m tests.support.floor_reader FLOOR            one look, one try to advance it; tells what came of it
python -m tests.support.floor_reader FLOOR as UID     the same as another user, where root starts it
python -m tests.support.floor_reader FLOOR race N     N times: advances to random versions, and checks what it reads
python -m tests.support.floor_reader FLOOR kills N    a child that advances by one for ever is killed, N times
"""

import json
import os
import random
import select
import signal
import sys
from dataclasses import replace
from pathlib import Path

from glasswatch.clock import SystemClock
from glasswatch.flag import floor, floor_file
from tests.support.floors import MARK

CLOCK = SystemClock()
WRITE_SECONDS = 0.004  # about what one round of a child takes


def _tell(what: object) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


def look(path: Path) -> None:
    """Tell the version found and the alarms given when the next one is accepted."""
    with floor_file.held(path, CLOCK) as holder:
        before = holder.floor.mark(MARK)
        holder.keep(floor.advance(holder.floor, replace(MARK, ver=MARK.ver + 1)))
    found = {"ver": None if before is None else before.ver, "alarms": [alarm.code for alarm in holder.alarms]}
    _tell(json.dumps(found))


def look_as(path: Path, user: int) -> None:
    """Look as another user."""
    os.setgroups([])
    os.setgid(user)
    os.setuid(user)
    look(path)


def race(path: Path, times: int) -> None:
    """Advance to versions in any order; end with 1 if the floor is ever lower than this process has seen it."""
    highest = 0
    for _ in range(times):
        with floor_file.held(path, CLOCK) as holder:
            before = holder.floor.mark(MARK)
            if before is not None and before.ver < highest:
                sys.exit("the floor went back")
            holder.keep(floor.advance(holder.floor, replace(MARK, ver=random.randrange(1_000_000))))
            after = holder.floor.mark(MARK)
            if after is not None and not holder.alarms:
                highest = after.ver
        if any(alarm.code.value != "floor_locked" for alarm in holder.alarms):
            sys.exit(f"unexpected: {holder.alarms}")
    _tell(highest)


def kills(path: Path, times: int) -> None:
    """Kill a child somewhere in its writing, again and again; end with 1 where the floor is not old or new then."""
    chance = random.Random(7)
    for number in range(times):
        read_end, write_end = os.pipe()
        child = os.fork()
        if child == 0:
            _advance_for_ever(path, write_end)
        os.close(write_end)
        told = b""
        for _ in range(chance.randrange(1, 4)):
            told += os.read(read_end, 16)
        select.select([read_end], [], [], chance.random() * WRITE_SECONDS)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        while rest := os.read(read_end, 4096):
            told += rest
        os.close(read_end)
        kept, last = _kept(path), int(told.split()[-1])
        if kept not in {last, last + 1}:
            sys.exit(f"kill {number}: told {last}, kept {kept}")
    _tell(_kept(path))


def _advance_for_ever(path: Path, write_end: int) -> None:
    while True:
        with floor_file.held(path, CLOCK) as holder:
            before = holder.floor.mark(MARK)
            ver = 1 if before is None else before.ver + 1
            holder.keep(floor.advance(holder.floor, replace(MARK, ver=ver)))
        if holder.alarms:
            os.write(write_end, b"-1\n")
            os._exit(1)
        os.write(write_end, b"%d\n" % ver)


def _kept(path: Path) -> int:
    mark = floor.parse(path.read_bytes()).mark(MARK)
    return 0 if mark is None else mark.ver


def main(path: Path, words: list[str]) -> None:
    """Do what the words say."""
    if not words:
        look(path)
    else:
        {"as": look_as, "race": race, "kills": kills}[words[0]](path, int(words[1]))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
