"""Whether a run's evidence is what was written while it ran.

What is wrong (exit 1), each with its line:
1. The chain is broken: an entry was changed, taken out, put in or moved (`drills.journal.reading` finds the first).
2. It does not begin with what was to be run, or says so twice; or it is of another run than was asked for.
3. A checkpoint, or a receipt in the journal, is not signed by whom it must be, or speaks of something else
   (`signatures`). An entry that names a head names one of this journal.
4. An output is missing, or not what was kept.
5. It goes on after it was closed with anything but what witnesses said, and checkpoints; or, if something was left
   behind, with anything but cleaning up by whoever took it up again.
6. It was closed as passed, while its entries come to something else (`verdict`). That nobody can tell by them is not
   wrong: an earlier version may have asked for less. Then the run is not known to have passed (exit 4).
7. The approval that it says it had was none (`approved`).
8. A head that is held elsewhere is not in it: what was cut off at the end, and what was written anew as a whole, show
   here and nowhere else. Also a head that nobody signed must be there.

How far it is anchored: up to the last head that is believed, which is one whose receipt is (`signatures`), or any
where the monitor itself was asked. Heads in a file need no trust of their own. It is whole if it was closed, and is
anchored up to there, and its approval, if it says it had one, could be checked (exit 0). If not, it is not known to be
all that was written, or approved (exit 4): what came after the last believed head may be missing, and without any head
all of it may have been written anew.

A receipt by a key that the trust file doesn't have can't be checked, wherever it stands (exit 4): no head is believed
by it, nor by the monitor's own word beside it. Whoever makes one gains what leaving receipts out gains: nothing.

A file beside the outputs that no entry names is said, and changes nothing: whoever was killed before it wrote the entry
leaves one, too.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from drills.model.event import (
    Checkpoint,
    CleaningUp,
    Closed,
    Confirmed,
    Ended,
    Entry,
    Event,
    Head,
    Interrupted,
    KeptOutput,
    NotTold,
    Opened,
    Receipted,
    Resumed,
    UndoBegan,
    UndoEnded,
)
from drills.model.proof import Evidence, FoundOutput, Problem, ToldHead, Verification
from drills.model.verdict import Verdict
from drills.rules.approved import checked
from drills.rules.course import closed_in
from drills.rules.signatures import Subject, checkpoint_problems, is_ours, receipt_problem, unknown_signer
from drills.rules.verdict import judge
from glasswatch.chain import GENESIS
from glasswatch.errors import ExitCode
from glasswatch.flag.errors import shown

_MOST_NAMED: Final = 3
_AFTER_ITS_END: Final = (Receipted, NotTold, Checkpoint)
_CLEANING_UP: Final = (Resumed, Interrupted, CleaningUp, UndoBegan, UndoEnded, Closed)


def verify(evidence: Evidence) -> Verification:
    """Return what the evidence shows."""
    entries = evidence.entries
    first = entries[0] if entries else None
    is_closed = closed_in([entry.event for entry in entries]) is not None
    closed = max((entry.head.seq for entry in entries if is_closed and isinstance(entry.event, Closed)), default=0)
    problems = [evidence.problem] if evidence.problem else []
    anchored, untold, notes = 0, [], list(_notes_of_end(evidence, closed))
    if first is None or not isinstance(first.event, Opened):
        problems.append(Problem(1, "it does not begin with what was to be run"))
    else:
        subject = Subject(first.run, first.event, entries)
        approval = checked(first.event, first.at, evidence.trust)
        passed = _closed_as_passed(entries, closed)
        untold = [*_strangers(subject, evidence), *filter(None, (approval.untold, passed[1]))]
        problems += _problems(subject, evidence)
        wrong = (Problem(1, approval.problem), Problem(closed, passed[0]))
        problems += [each for each in wrong if each.what]
        anchored, of_heads, said = _anchored(subject, evidence)
        problems += of_heads
        notes += [*said, *untold]
    is_whole = not problems and not untold and 0 < closed <= anchored and not evidence.torn
    return Verification(
        run=first.run if first else "",
        head=entries[-1].head if entries else Head(0, GENESIS),
        problems=tuple(sorted(problems, key=lambda problem: problem.line or len(entries) + 2)),
        anchored=anchored,
        is_closed=closed > 0,
        is_whole=is_whole,
        notes=tuple(notes),
        exit_code=ExitCode.FINDING if problems else ExitCode.GOOD if is_whole else ExitCode.NOT_MEASURED,
    )


def _problems(subject: Subject, evidence: Evidence) -> Iterator[Problem]:
    if evidence.run and evidence.run != subject.run:
        yield Problem(1, "it is of another run than was asked for")
    for line, problem in checkpoint_problems(subject, evidence.trust).items():
        yield Problem(line, problem)
    for entry in evidence.entries:
        event, seq = entry.event, entry.head.seq
        if isinstance(event, Opened) and seq > 1:
            yield Problem(seq, "it says again what was to be run")
        elif isinstance(event, Receipted) and (what := _receipted(event, seq, subject, evidence)):
            yield Problem(seq, what)
        elif isinstance(event, Ended | Confirmed):
            yield from _outputs(seq, event, evidence)
    yield from (Problem(seq, "it goes on after it was closed") for seq in _after_its_end(evidence.entries))


def _closed_as_passed(entries: Sequence[Entry], closed: int) -> tuple[str, str]:
    """Return what is wrong with that it was closed as passed, or why nobody can tell whether it was right to be."""
    last = entries[closed - 1].event if closed else None
    result = judge(entries) if isinstance(last, Closed) and last.verdict == Verdict.PASSED else None
    if result is None or result.verdict is Verdict.PASSED:
        return "", ""
    if result.verdict is Verdict.NOT_MEASURED:
        return "", f"it was closed as passed, and by the rules of this version that was not measured: {result.why}"
    return f"it was closed as passed, and its entries come to {result.verdict}: {result.why}", ""


def _after_its_end(entries: Sequence[Entry]) -> Iterator[int]:
    """Yield the numbers of entries that can't come where they are, after the run was closed."""
    closed: Closed | None = None
    is_taken_up = False
    for entry in entries:
        event = entry.event
        if closed is not None and not isinstance(event, _AFTER_ITS_END):
            is_taken_up = is_taken_up or (isinstance(event, Resumed) and bool(closed.residue))
            if not is_taken_up or not isinstance(event, _CLEANING_UP):
                yield entry.head.seq
        if isinstance(event, Closed):
            closed, is_taken_up = event, False


def _receipted(event: Receipted, seq: int, subject: Subject, evidence: Evidence) -> str | None:
    head = Head(event.seq, event.hash)
    if event.seq >= seq or subject.head(event.seq) != head:
        return f"{event.by} was told of an entry that is not in this journal"
    if not event.jws or evidence.trust is None or (event.by != "monitor" and not is_ours(event.jws)):
        return None  # nobody signed it, nobody knows whose signature to believe, or a witness has its own form
    if unknown_signer(subject, event.jws, evidence.trust):
        return None
    what = receipt_problem(subject, ToldHead(head, "", event.jws), evidence.trust)
    return f"the receipt by {event.by} is not believed: {what}" if what else None


def _outputs(seq: int, event: Ended | Confirmed, evidence: Evidence) -> Iterator[Problem]:
    for kept in _kept(event):
        found = evidence.outputs.get(kept.file)
        if found is None:
            yield Problem(seq, f"the output {kept.file} of {event.step} is missing, or can't be read")
        elif found != FoundOutput(kept.size, kept.sha256):
            yield Problem(seq, f"the output {kept.file} of {event.step} is not what was kept")


def _anchored(subject: Subject, evidence: Evidence) -> tuple[int, list[Problem], list[str]]:
    """Return the last entry that is held elsewhere, what is wrong with heads, and what has to be said of them."""
    heads = evidence.heads
    if heads is None:
        return 0, [], ["not anchored: no heads were given that are held elsewhere (--heads)"]
    if heads.run != subject.run:
        return 0, [Problem(0, "the heads are of another run")], []
    anchored, unsigned, problems = 0, 0, []
    for told in heads.told:
        if evidence.problem and told.head.seq > len(evidence.entries):
            continue  # it may be there, behind what is broken
        what, is_believed = _told(told, subject, evidence)
        if what:
            problems.append(Problem(told.head.seq if subject.head(told.head.seq) else 0, what))
        elif is_believed:
            anchored = max(anchored, told.head.seq)
        elif not _unknown(told, subject, evidence):
            unsigned += 1
    return anchored, problems, _notes_of_heads(anchored, unsigned, evidence)


def _told(told: ToldHead, subject: Subject, evidence: Evidence) -> tuple[str, bool]:
    """Return what is wrong with a head that is held elsewhere, and whether it is believed."""
    there = subject.head(told.head.seq)
    if there is None:
        return f"entry {told.head.seq} is held elsewhere, and is not in this journal: its end was cut off", False
    if there != told.head:
        return f"entry {told.head.seq} is not the one that is held elsewhere", False
    if _unknown(told, subject, evidence):
        return "", False
    if told.receipt and evidence.trust is not None:
        problem = receipt_problem(subject, told, evidence.trust)
        return (f"the receipt for entry {told.head.seq} is not believed: {problem}" if problem else ""), not problem
    return "", evidence.heads is not None and evidence.heads.is_own_word


def _unknown(told: ToldHead, subject: Subject, evidence: Evidence) -> str | None:
    """Return the name of the key of a head's receipt, where the trust file doesn't have it."""
    trust = evidence.trust
    return unknown_signer(subject, told.receipt, trust) if told.receipt and trust is not None else None


def _strangers(subject: Subject, evidence: Evidence) -> list[str]:
    """Return what is said of receipts, in the journal and elsewhere, by keys that the trust file doesn't have."""
    trust = evidence.trust
    if trust is None:
        return []
    there = [entry.event.jws for entry in evidence.entries if isinstance(entry.event, Receipted)]
    held = [told.receipt for told in evidence.heads.told] if evidence.heads else []
    names = {name for jws in (*there, *held) if jws and (name := unknown_signer(subject, jws, trust))}
    if not names:
        return []
    named = ", ".join(shown(name) for name in sorted(names)[:_MOST_NAMED])
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return [f"not checked: receipts by keys that the trust file does not have: {named}{more}"]


def _notes_of_heads(anchored: int, unsigned: int, evidence: Evidence) -> list[str]:
    notes = []
    if unsigned:
        why = "there is no trust file to know their signers by" if evidence.trust is None else "nobody signed them"
        notes.append(f"{unsigned} heads fit, and are not believed: {why}")
    last = len(evidence.entries)
    if anchored == 0:
        notes.append("not anchored: no head that is held elsewhere is believed")
    elif anchored < last:
        notes.append(f"anchored up to entry {anchored} of {last}: what came after could have been cut off or replaced")
    return notes


def _notes_of_end(evidence: Evidence, closed: int) -> Iterator[str]:
    if evidence.torn:
        yield f"torn: {evidence.torn} bytes after the last entry are none"
    if not closed and not evidence.problem:
        yield "not closed: it counts as failed, and something may be left behind"
    if evidence.trust is None and any(isinstance(entry.event, Receipted) for entry in evidence.entries):
        yield "its receipts were not checked: there is no trust file to know their signers by (--trust)"
    if evidence.beside and not evidence.problem:
        names = ", ".join(shown(name) for name in evidence.beside[:_MOST_NAMED])
        more = f" and {len(evidence.beside) - _MOST_NAMED} more" if len(evidence.beside) > _MOST_NAMED else ""
        yield f"beside its outputs lies what no entry names, and nothing vouches for: {names}{more}"


def confirmed_with(entries: Sequence[Entry]) -> tuple[str, ...]:
    """Return the files that people handed in with their answers; they lie with the outputs."""
    return tuple(entry.event.file for entry in entries if isinstance(entry.event, Confirmed) and entry.event.file)


def outputs_of(entries: Sequence[Entry]) -> tuple[str, ...]:
    """Return the files that a journal says were kept, of steps and of people's answers."""
    return tuple(kept.file for entry in entries for kept in _kept(entry.event))


def _kept(event: Event) -> tuple[KeptOutput, ...]:
    if isinstance(event, Confirmed):
        return () if event.kept is None else (event.kept,)
    return event.outputs if isinstance(event, Ended) else ()
