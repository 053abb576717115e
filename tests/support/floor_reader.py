"""A process that reads, judges against and writes floors, as readers at a login do: what is killed and raced in tests.

python -m tests.support.floor_reader FLOOR            one look, one try to advance it; prints what came of it
python -m tests.support.floor_reader FLOOR race N     N times: advances to random versions, and checks what it reads
python -m tests.support.floor_reader FLOOR forever    advances by one, again and again, until it is killed
"""

import json
import random
import sys
from dataclasses import replace
from pathlib import Path

from glasswatch.clock import SystemClock
from glasswatch.flag import floor, floor_file
from tests.support.floors import MARK

CLOCK = SystemClock()


def _tell(what: object) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


def look(path: Path) -> None:
    """Print the version found and the alarms given when the next one is accepted."""
    with floor_file.held(path, CLOCK) as holder:
        before = holder.floor.mark(MARK)
        holder.keep(floor.advance(holder.floor, replace(MARK, ver=MARK.ver + 1)))
    found = {"ver": None if before is None else before.ver, "alarms": [alarm.code for alarm in holder.alarms]}
    _tell(json.dumps(found))


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


def forever(path: Path) -> None:
    """Advance by one until killed; print each version once it is kept."""
    while True:
        with floor_file.held(path, CLOCK) as holder:
            before = holder.floor.mark(MARK)
            ver = 1 if before is None else before.ver + 1
            holder.keep(floor.advance(holder.floor, replace(MARK, ver=ver)))
        if holder.alarms:
            sys.exit(f"unexpected: {holder.alarms}")
        _tell(ver)


if __name__ == "__main__":
    place = Path(sys.argv[1])
    if sys.argv[2:] == ["forever"]:
        forever(place)
    elif sys.argv[2:3] == ["race"]:
        race(place, int(sys.argv[3]))
    else:
        look(place)
