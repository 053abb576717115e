"""Every change to what was written is found that heads kept elsewhere can show, and what they can't show is said."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from drills.journal import checkpoints
from drills.model.event import (
    Approval,
    Began,
    Checkpoint,
    Closed,
    Confirmed,
    Ended,
    Gated,
    Head,
    KeptOutput,
    NotTold,
    Opened,
    Receipted,
    Resumed,
)
from drills.model.proof import Evidence, FoundOutput, Heads, ToldHead, Verification
from drills.model.step import Status, Way
from drills.rules.verification import outputs_of, verify
from glasswatch.errors import ExitCode
from glasswatch.flag.jws import FLAG_TYP, sign
from glasswatch.flag.keys import generate
from glasswatch.flag.trust import KeyRole, Trust
from glasswatch.instants import unix_seconds
from tests.support.clock import START
from tests.support.proving import MONITOR, OWN, PLAN, RUN, Journal, closed_run, evidence, receipt, trusted

SOUND = closed_run()
RAW = SOUND.raw
WHOLE = evidence(RAW, SOUND.told)


def test_a_closed_and_anchored_run_is_whole() -> None:
    """Nothing is wrong, and nothing is left to be said."""
    found = verify(WHOLE)
    assert (found.exit_code, found.problems, found.notes) == (ExitCode.GOOD, (), ())
    assert (found.is_whole, found.is_closed, found.anchored, found.head) == (True, True, SOUND.head.seq, SOUND.head)
    assert found.run == RUN
    assert outputs_of(WHOLE.entries) == ("0001-answer",)


# Every change


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_byte_can_be_changed_unseen(data: st.DataObject) -> None:
    """Whichever, and whatever is put in its place."""
    at = data.draw(st.integers(0, len(RAW) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != RAW[at]))
    assert _code(RAW[:at] + bytes([byte]) + RAW[at + 1 :]) != ExitCode.GOOD


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(RAW) - 1), st.integers(1, 3000))
def test_no_bytes_can_be_taken_out_unseen(at: int, count: int) -> None:
    """The end included, whether within a line or at one's end."""
    assert _code(RAW[:at] + RAW[at + count :]) != ExitCode.GOOD


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(RAW)), st.binary(min_size=1, max_size=40))
def test_no_bytes_can_be_put_in_unseen(at: int, more: bytes) -> None:
    """Not after the end either."""
    assume(RAW[:at] + more + RAW[at:] != RAW)
    assert _code(RAW[:at] + more + RAW[at:]) != ExitCode.GOOD


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_lines_can_be_arranged_otherwise_unseen(data: st.DataObject) -> None:
    """Left out, given twice, moved."""
    lines = data.draw(st.lists(st.sampled_from(SOUND.lines), max_size=len(SOUND.lines) + 3))
    assume(lines != SOUND.lines)
    assert _code(b"".join(lines)) != ExitCode.GOOD


@settings(max_examples=30, deadline=None)
@given(st.integers(0, len(SOUND.lines) - 1), st.booleans())
def test_a_journal_that_was_written_anew_from_some_entry_on_is_found(at: int, is_signed: bool) -> None:  # noqa: FBT001 - drawn
    """Properly chained, and signed with the run's own key: it is not the one that is held elsewhere."""
    anew = Journal(at=START + timedelta(seconds=5))
    for number, entry in enumerate(WHOLE.entries):
        event = entry.event
        if number == at and isinstance(event, Ended | Closed):
            event = replace(event, detail="it went well")
        if isinstance(event, Checkpoint) and is_signed:
            anew.checkpoint()
        else:
            anew.append(event)
    assert _code(anew.raw) == ExitCode.FINDING


def _code(raw: bytes) -> int:
    return verify(evidence(raw, SOUND.told)).exit_code


# What is wrong is named


def _first(found: Verification) -> tuple[int, str]:
    assert found.exit_code == ExitCode.FINDING
    assert not found.is_whole
    return found.problems[0].line, found.problems[0].what


def test_what_was_cut_off_is_named_by_what_is_held_elsewhere() -> None:
    """The first head that is missing."""
    line, what = _first(verify(evidence(b"".join(SOUND.lines[:-3]), SOUND.told)))
    assert (line, what) == (
        0,
        f"entry {SOUND.head.seq} is held elsewhere, and is not in this journal: its end was cut off",
    )


def test_a_broken_chain_is_named_alone() -> None:
    """What stands behind it may be there."""
    found = verify(evidence(RAW.replace(b'"taken back"', b'"taken away"'), SOUND.told))
    assert _first(found) == (SOUND.head.seq - 1, f"entry {SOUND.head.seq - 1} is not what was written")
    assert len(found.problems) == 1
    assert "not closed" not in "".join(found.notes)


def test_a_journal_of_nothing_is_none() -> None:
    """Nor is one that begins with something else."""
    assert _first(verify(evidence(b"", SOUND.told)))[1] == "it does not begin with what was to be run"
    other = Journal()
    other.append(Began("login"))
    assert _first(verify(evidence(other.raw, None)))[1] == "it does not begin with what was to be run"


def _journal(change: Callable[[Journal], None]) -> Evidence:
    journal = closed_run()
    change(journal)
    return evidence(journal.raw, SOUND.told)


AFTER: list[tuple[str, Callable[[Journal], None], str]] = [
    ("a step", lambda journal: journal.append(Began("login")), "it goes on after it was closed"),
    ("another beginning", lambda journal: journal.append(PLAN), "it says again what was to be run"),
    ("another process", lambda journal: journal.append(Resumed("anna", "host")), "it goes on after it was closed"),
    ("a checkpoint by a stranger", lambda journal: journal.checkpoint(generate()), "its checkpoint is not signed with"),
    ("a checkpoint that is none", lambda journal: journal.append(Checkpoint("x")), "its checkpoint can't be read"),
    (
        "an earlier checkpoint",
        lambda journal: journal.append(next(e.event for e in WHOLE.entries if isinstance(e.event, Checkpoint))),
        "its checkpoint speaks of something else",
    ),
    (
        "a receipt as a checkpoint",
        lambda journal: journal.append(Checkpoint(receipt("head", journal.head, OWN))),
        "its checkpoint speaks of something else",
    ),
    (
        "a flag as a checkpoint",
        lambda journal: journal.append(Checkpoint(sign(b"{}", OWN, FLAG_TYP))),
        "its checkpoint can't be read: the type is",
    ),
    (
        "a head that is not in it",
        lambda journal: journal.append(Receipted("witness", 3, "0" * 64)),
        "witness was told of an entry that is not in this journal",
    ),
    (
        "a head that is to come",
        lambda journal: journal.append(Receipted("witness", 99, "0" * 64)),
        "witness was told of an entry that is not in this journal",
    ),
    (
        "a receipt by the run's own key",
        lambda journal: journal.append(
            Receipted("monitor", journal.head.seq, journal.head.hash, receipt("close", journal.head, OWN))
        ),
        "the receipt by monitor is not believed: the run's own key",
    ),
    (
        "a receipt that is none",
        lambda journal: journal.append(Receipted("monitor", journal.head.seq, journal.head.hash, "kept")),
        "the receipt by monitor is not believed",
    ),
]


@pytest.mark.parametrize(("change", "what"), [row[1:] for row in AFTER], ids=[row[0] for row in AFTER])
def test_what_comes_after_the_end_must_be_so_too(change: Callable[[Journal], None], what: str) -> None:
    """Named with its line, which heads held elsewhere don't reach."""
    found = verify(_journal(change))
    after = [problem.what for problem in found.problems if problem.line == SOUND.head.seq + 1]
    assert any(each.startswith(what) for each in after)
    assert found.exit_code == ExitCode.FINDING


def test_what_witnesses_say_after_the_end_is_no_problem() -> None:
    """It can't be anchored, and that is said."""

    def after(journal: Journal) -> None:
        journal.append(Receipted("monitor", journal.head.seq, journal.head.hash, receipt("close", journal.head)))
        journal.append(NotTold("witness", "no answer"), Receipted("witness", 1, WHOLE.entries[0].head.hash, "kept it"))
        journal.checkpoint()

    found = verify(_journal(after))
    assert (found.exit_code, found.problems) == (ExitCode.GOOD, ())
    assert found.notes == (f"anchored up to entry {SOUND.head.seq} of {SOUND.head.seq + 4}: {_LATER}",)


_LATER = "what came after could have been cut off or replaced"


@pytest.mark.parametrize(
    ("outputs", "what"),
    [
        ({}, "the output 0001-answer of login is missing, or can't be read"),
        ({"0001-answer": None}, "the output 0001-answer of login is missing, or can't be read"),
        ({"0001-answer": FoundOutput(8, "0" * 64)}, "the output 0001-answer of login is not what was kept"),
        ({"0001-answer": FoundOutput(9, "0" * 64)}, "the output 0001-answer of login is not what was kept"),
    ],
)
def test_outputs_are_what_was_kept(outputs: dict[str, FoundOutput | None], what: str) -> None:
    """Named at the step's end."""
    assert _first(verify(replace(WHOLE, outputs=outputs))) == (4, what)


def test_a_file_that_was_handed_in_is_what_was_kept() -> None:
    """With an answer, as an output is with a step's end."""
    journal, kept = Journal(), KeptOutput("0001-ask-photo", 3, "ab" * 32)
    journal.append(PLAN, Began("login"), Confirmed("login", "berta", is_yes=True, file=kept.file, kept=kept))
    for found, what in ((None, "is missing, or can't be read"), (FoundOutput(3, "cd" * 32), "is not what was kept")):
        case = replace(evidence(journal.raw, None), outputs={kept.file: found})
        assert outputs_of(case.entries) == (kept.file,)
        assert _first(verify(case)) == (3, f"the output {kept.file} of login {what}")
    case = replace(evidence(journal.raw, None), outputs={kept.file: FoundOutput(3, "ab" * 32)})
    assert verify(case).problems == ()


def test_what_was_closed_as_passed_must_have_passed() -> None:
    """By the entries; what was closed as anything else is what it is."""
    for verdict, code in (("passed", ExitCode.FINDING), ("failed", ExitCode.NOT_MEASURED)):
        found = _closed(verdict, PLAN, Status.FAILED)
        assert found.exit_code == code
        if found.problems:
            assert found.problems[0].what.startswith("it was closed as passed, and its entries come to failed: login")


def test_what_an_earlier_version_closed_as_passed_is_not_wrong() -> None:
    """By what is asked for since, nobody got in by break-glass; its heads are held, and nothing was changed."""
    step = replace(PLAN.steps[0], way=Way.BREAK_GLASS, expects_refusal=True)
    found = _closed("passed", replace(PLAN, steps=(step,)), Status.PASSED)
    assert (found.exit_code, found.problems, found.is_whole) == (ExitCode.NOT_MEASURED, (), False)
    why = (
        "it was closed as passed, and by the rules of this version that was not measured: nobody got in by break-glass"
    )
    assert why in found.notes


def _closed(verdict: str, plan: Opened, status: Status) -> Verification:
    journal = Journal()
    journal.append(plan, Began("login"), Ended("login", status, ""), Closed(verdict, "", 0))
    return verify(evidence(journal.raw, journal.told))


# Keys


def test_who_goes_on_signs_with_a_key_of_its_own() -> None:
    """The first one's counts no more; each stands in the journal."""
    other = generate()
    journal = Journal()
    journal.append(PLAN, Began("login"))
    journal.checkpoint()
    journal.append(Resumed("anna", "host", checkpoint_key=checkpoints.public_half(other)))
    journal.checkpoint(other)
    assert verify(evidence(journal.raw, None)).problems == ()
    journal.checkpoint(OWN)
    assert _first(verify(evidence(journal.raw, None))) == (6, "its checkpoint is not signed with the run's key")


def test_a_checkpoint_of_a_run_without_a_key_is_signed_by_nobody() -> None:
    """Nothing says whose it is."""
    assert _first(verify(evidence(closed_run(None).raw, None)))[1] == "its checkpoint is not signed with the run's key"


def test_a_key_that_was_revoked_signs_no_checkpoint() -> None:
    """A key of the settings may be in the trust file; it is that one then, whatever the journal says of it."""
    keys = {**trusted().keys, **trusted(OWN, is_revoked=True).keys}
    found = verify(replace(WHOLE, trust=Trust(1, keys)))
    assert _first(found)[1] == "the key of its checkpoint is revoked"
    keys = {**trusted().keys, **trusted(OWN).keys}
    assert verify(replace(WHOLE, trust=Trust(1, keys))).problems == ()
    keys = {**trusted().keys, OWN.kid: replace(trusted(OWN).keys[OWN.kid], public=generate().public)}
    assert _first(verify(replace(WHOLE, trust=Trust(1, keys))))[1] == "the signature of its checkpoint does not fit"


UNBELIEVED: list[tuple[str, dict[str, Any], str]] = [
    ("revoked", {"is_revoked": True}, "is revoked"),
    ("a flag's", {"role": KeyRole.FLAG}, "may sign as flag, not as evidence"),
    ("another issuer's", {"iss": "prod/fra-1"}, "speaks in another name"),
    ("without an issuer, of another vantage", {"iss": None, "nbf": 2**31}, "is valid only from"),
    ("ended before it was issued", {"exp": unix_seconds(START)}, "was valid only until"),
    ("a demo's", {"is_demo": True}, "a demo's key signed it"),
    ("a person's", {"person": "berta"}, "a person's key signed it"),
    ("a person's, without an issuer", {"person": "berta", "iss": None}, "a person's key signed it"),
    ("another key of that name", {"public": generate().public}, "the signature does not fit"),
]


@pytest.mark.parametrize(("changes", "what"), [row[1:] for row in UNBELIEVED], ids=[row[0] for row in UNBELIEVED])
def test_a_receipt_is_believed_by_the_trust_file(changes: dict[str, Any], what: str) -> None:
    """Role, issuer, dates when it was issued, revocation at all times."""
    found = verify(replace(WHOLE, trust=trusted(**changes)))
    assert what in _first(found)[1]
    assert found.anchored == 0


def test_a_run_gives_itself_no_receipt() -> None:
    """The key of its checkpoints may stand in the trust file: who ran the drill holds it."""
    told = ToldHead(SOUND.head, "close", receipt("close", SOUND.head, OWN))
    trust = Trust(1, {**trusted().keys, **trusted(OWN, iss=None).keys})
    for known in (trust, trusted()):
        assert "the run's own key signed it" in _first(verify(replace(evidence(RAW, [told]), trust=known)))[1]


def test_what_nobody_has_the_key_for_is_not_checked_and_anchors_nothing() -> None:
    """Neither wrong nor good, in the journal or elsewhere, and whoever says that it holds the head."""
    stranger = generate()
    unknown = f"not checked: receipts by keys that the trust file does not have: '{stranger.kid}'"

    def after(journal: Journal) -> None:
        journal.append(
            Receipted("monitor", journal.head.seq, journal.head.hash, receipt("close", SOUND.head, stranger))
        )

    found = verify(_journal(after))
    assert (found.exit_code, found.problems, found.is_whole) == (ExitCode.NOT_MEASURED, (), False)
    assert (found.anchored, found.notes[-1]) == (SOUND.head.seq, unknown)
    told = ToldHead(SOUND.head, "close", receipt("close", SOUND.head, stranger))
    for is_own_word in (False, True):
        heads = Heads(RUN, (told,), is_own_word)
        found = verify(evidence(RAW, None, heads=heads))
        assert (found.exit_code, found.anchored, found.is_whole) == (ExitCode.NOT_MEASURED, 0, False)
        assert found.notes == ("not anchored: no head that is held elsewhere is believed", unknown)
    many = tuple(replace(told, receipt=receipt("close", SOUND.head, generate())) for _ in range(5))
    assert verify(evidence(RAW, many)).notes[-1].endswith("' and 2 more")


def test_a_head_by_an_unknown_key_must_be_in_the_journal_all_the_same() -> None:
    """What it names was cut off, or is another: that shows without a signature."""
    head = Head(SOUND.head.seq, "0" * 64)
    found = verify(evidence(RAW, [ToldHead(head, "close", receipt("close", head, generate()))]))
    assert _first(found)[1] == f"entry {head.seq} is not the one that is held elsewhere"


def test_receipts_of_long_ago_are_believed() -> None:
    """Their key has ended since, and was valid then."""
    assert verify(replace(WHOLE, trust=trusted(exp=unix_seconds(START) + 1))).exit_code == ExitCode.GOOD
    assert verify(replace(WHOLE, trust=trusted(iss=None))).exit_code == ExitCode.GOOD


UNTRUE: list[tuple[str, str, dict[str, object]]] = [
    ("another run", "head", {"sub": "quarterly-2"}),
    ("another number", "head", {"seq": 1}),
    ("another hash", "head", {"hash": "0" * 64}),
    ("another act", "head", {"act": "close", "verdict": "passed"}),
    ("another version", "head", {"v": 2}),
    ("another deployment", "head", {"iss": "test/main"}),
    ("no act", "head", {"act": "bless"}),
    ("another verdict", "close", {"verdict": "failed"}),
    ("another scenario", "open", {"scenario_sha256": "6" * 64}),
    ("another operator", "open", {"operator": "berta"}),
]


@pytest.mark.parametrize(("act", "changes"), [row[1:] for row in UNTRUE], ids=[row[0] for row in UNTRUE])
def test_what_a_receipt_says_must_be_so(act: str, changes: dict[str, object]) -> None:
    """Signed by whom it must be, and of something else."""
    head = WHOLE.entries[0].head if act == "open" else SOUND.head
    told = ToldHead(head, act, receipt(act, head, MONITOR, changes))
    assert "is not believed" in _first(verify(evidence(RAW, [*SOUND.told, told])))[1]


# How far it is known


def _said(told: Any, **changes: Any) -> tuple[int, int, str]:
    found = verify(evidence(RAW, told, **changes))
    assert found.problems == ()
    return found.exit_code, found.anchored, "; ".join(found.notes)


def test_without_heads_it_is_not_anchored() -> None:
    """The chain holds, and all of it may have been written anew."""
    code, anchored, notes = _said(None)
    assert (code, anchored) == (ExitCode.NOT_MEASURED, 0)
    assert notes.startswith("not anchored: no heads")


def test_without_the_last_head_its_end_is_not_known() -> None:
    """It says how far it is."""
    code, anchored, notes = _said(SOUND.told[:-1])
    assert (code, anchored) == (ExitCode.NOT_MEASURED, SOUND.told[-2].head.seq)
    assert notes == f"anchored up to entry {anchored} of {SOUND.head.seq}: {_LATER}"


def test_heads_that_nobody_signed_anchor_nothing() -> None:
    """Anybody can write such a file; what doesn't fit is found all the same."""
    unsigned = [replace(told, receipt="") for told in SOUND.told]
    code, anchored, notes = _said(unsigned)
    assert (code, anchored) == (ExitCode.NOT_MEASURED, 0)
    assert "4 heads fit, and are not believed: nobody signed them" in notes
    other = [replace(told, head=Head(told.head.seq, "0" * 64)) for told in unsigned]
    assert _first(verify(evidence(RAW, other))) == (1, "entry 1 is not the one that is held elsewhere")


def test_without_a_trust_file_signed_heads_anchor_nothing() -> None:
    """Whoever signed them."""
    code, anchored, notes = _said(SOUND.told, trust=None)
    assert (code, anchored) == (ExitCode.NOT_MEASURED, 0)
    assert "there is no trust file to know their signers by" in notes
    assert "its receipts were not checked" in notes


def test_the_monitor_itself_is_believed() -> None:
    """It was asked, and needs to sign nothing."""
    heads = Heads(RUN, tuple(replace(told, receipt="") for told in SOUND.told), is_own_word=True)
    assert verify(replace(WHOLE, heads=heads)).exit_code == ExitCode.GOOD
    unapproved = closed_run(approved=Approval(None, why="let go by the settings"))  # whose approval needs no trust
    heads = replace(heads, told=tuple(replace(told, receipt="") for told in unapproved.told))
    assert verify(replace(evidence(unapproved.raw, ()), heads=heads, trust=None)).exit_code == ExitCode.GOOD


def test_heads_of_another_run_are_none_of_this() -> None:
    """They were given by mistake, or the journal is another's."""
    found = verify(replace(WHOLE, heads=Heads("quarterly-2", tuple(SOUND.told))))
    assert _first(found) == (0, "the heads are of another run")


def test_a_run_that_is_not_closed_is_not_whole() -> None:
    """Also where all of it is anchored."""
    journal = Journal()
    journal.append(PLAN, Gated("evidence", Status.PASSED, ""))
    journal.tell("open")
    found = verify(evidence(journal.raw, journal.told))
    assert (found.exit_code, found.anchored, found.is_closed) == (ExitCode.NOT_MEASURED, 2, False)
    assert found.notes == ("not closed: it counts as failed, and something may be left behind",)


def test_a_torn_end_is_not_whole() -> None:
    """Somebody wrote after the last entry, or was about to."""
    found = verify(evidence(RAW + b'{"body":', SOUND.told))
    assert (found.exit_code, found.notes) == (ExitCode.NOT_MEASURED, ("torn: 8 bytes after the last entry are none",))
