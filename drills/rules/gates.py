"""Whether a run may begin: what each gate says, from what was asked beforehand.

| gate | holds when |
|---|---|
| `evidence` | the evidence directory can be written, by its owner alone, synced, and has room |
| `alone` | no other drill is open on the platform, neither here nor at the monitor |
| `window` | by the clock on the wall there, it is a day and a time at which the scenario may be run |
| `approval` | a second person signed the scenario as it stands |
| `monitor_healthy` | the monitor answers, and is well |
| `no_open_incident` | the platform is up, and nobody is in the middle of an incident on it |
| `witness` | somebody elsewhere holds the journal's heads: the monitor, or a command |

- What nobody could tell does not hold: `not_measured`, and the run does not begin.
- The settings may let a gate go: it is `waived`, said with what it would have said, and shown as a finding. Evidence
  and being alone are never let go: without them nothing that a run shows could be believed.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from drills.model.event import Gated
from drills.model.step import Status
from glasswatch.errors import ExitCode

EVIDENCE: Final = "evidence"
ALONE: Final = "alone"
WINDOW: Final = "window"
APPROVAL: Final = "approval"
MONITOR: Final = "monitor_healthy"
PLATFORM: Final = "no_open_incident"
WITNESS: Final = "witness"
GATES: Final = (EVIDENCE, ALONE, WINDOW, APPROVAL, MONITOR, PLATFORM, WITNESS)
NEVER_WAIVED: Final = frozenset({EVIDENCE, ALONE})
_OTHERS: Final = 0o022
LEAST_ROOM: Final = 64 * 1024 * 1024
"""Bytes that must be free: outputs are bounded, and a run has many."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found of one gate; `holds` is None where nobody could tell."""

    holds: bool | None
    detail: str


def judge(answers: Mapping[str, Answer], waived: Collection[str]) -> tuple[Gated, ...]:
    """Return what each gate says, in the table's order. A gate that nobody asked about has nothing to say."""
    return tuple(_gated(name, answers[name], is_waived=name in waived) for name in GATES if name in answers)


def shut(gated: Iterable[Gated]) -> tuple[Gated, ...]:
    """Return the gates that keep the run from beginning."""
    return tuple(gate for gate in gated if gate.status not in (Status.PASSED, Status.WAIVED))


def code_of(found: Iterable[Gated]) -> ExitCode:
    """Return what a run ends with that these gates keep from beginning."""
    is_measured = any(gate.status is Status.FAILED for gate in found)
    return ExitCode.FINDING if is_measured else ExitCode.NOT_MEASURED


def window(words: str, *, is_open: bool) -> Answer:
    """Return whether it is a time at which the scenario may be run; `words` say which are. None set is any time."""
    if not words:
        return Answer(holds=True, detail="no window is set")
    return Answer(holds=is_open, detail=words if is_open else f"not now: expected {words}")


def room(free: int | None, fault: str = "", mode: int = 0) -> Answer:
    """Return whether evidence can be kept: `fault` says why it can't be written, `free` how many bytes are left.

    `mode`: the directory's. Who else can write there can put other evidence in place of a run's.
    """
    if fault:
        return Answer(holds=False, detail=fault)
    if mode & _OTHERS:
        return Answer(holds=False, detail=f"others can write there (mode {mode & 0o777:o}): expected 700")
    if free is not None and free < LEAST_ROOM:
        return Answer(holds=False, detail=f"{free // 2**20} MiB are free; expected {LEAST_ROOM // 2**20} MiB at least")
    return Answer(holds=True, detail="written and synced")


def alone(runs: Sequence[str]) -> Answer:
    """Return whether no other run is open on the platform; `runs` are those that are."""
    if runs:
        what = ", ".join(runs)
        return Answer(holds=False, detail=f"{what} is not closed: finish it with `drill resume {runs[0]}`")
    return Answer(holds=True, detail="no other drill is open")


def platform(verdict: str, state: str, *, is_suspect: bool = False) -> Answer:
    """Return whether the platform is up: by its verdict, the state of its flag, and whether a probe is suspect."""
    if state == "ready":
        return Answer(holds=False, detail="break-glass is ready: an incident is open")
    if state == "exercise":
        return Answer(holds=False, detail="an exercise is on")
    if verdict == "unknown":
        return Answer(holds=None, detail="the monitor can't tell how the platform is")
    if verdict != "up" or is_suspect:
        return Answer(holds=False, detail=f"the platform is {'suspect' if verdict == 'up' else verdict}")
    return Answer(holds=True, detail="up")


def _gated(name: str, answer: Answer, *, is_waived: bool) -> Gated:
    if answer.holds:
        return Gated(name, Status.PASSED, answer.detail)
    if is_waived and name not in NEVER_WAIVED:
        return Gated(name, Status.WAIVED, f"let go by the settings or the scenario: {answer.detail}")
    return Gated(name, Status.FAILED if answer.holds is False else Status.NOT_MEASURED, answer.detail)
