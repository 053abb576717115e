"""The approval that a run says it had: it holds, it is none, or nobody can tell."""

from dataclasses import replace
from datetime import timedelta

import pytest

from drills.model.event import Approval
from drills.rules.approved import Checked, checked
from drills.rules.verification import verify
from glasswatch.errors import ExitCode
from glasswatch.flag.keys import generate
from tests.support.clock import START
from tests.support.proving import BERTA, MONITOR, PLAN, approval, closed_run, evidence, trusted

STRANGER = generate()


def found(said: Approval, **plan: object) -> Checked:
    """Return what an approval comes to of a run that was opened now."""
    return checked(replace(PLAN, approval=said, **plan), START, trusted())  # type: ignore[arg-type]


def test_an_approval_that_was_signed_holds() -> None:
    """Nothing is left to be said. Nor is there of a run that says that nobody approved it."""
    assert found(approval()) == Checked()
    assert found(Approval(None, why="let go by the settings")) == Checked()


@pytest.mark.parametrize(
    ("said", "plan", "why"),
    [
        (approval(scenario_sha256="0" * 64), {}, "was changed after it was approved"),
        (approval(sub="another"), {}, "is of the scenario 'another'"),
        (approval(exp=1), {}, "claims to live"),
        (approval(act="open"), {}, "expected approve"),
        (approval(), {"operator": "Berta "}, "'berta' runs the drill"),
        (approval(), {"scenario_sha256": "1" * 64}, "was changed after it was approved"),
        (approval(MONITOR), {}, "signs for 'prod/main'"),
        (replace(approval(), jws="no jws"), {}, "is not believed"),
        (replace(approval(), person="anna"), {}, "of another person, key or time"),
        (replace(approval(), at=START), {}, "of another person, key or time"),
        (replace(approval(), person=None), {}, "names nobody"),
    ],
)
def test_one_that_would_not_have_counted_is_wrong(said: Approval, plan: dict[str, str], why: str) -> None:
    """Of another scenario or version of it, over, by whoever ran the drill, by no person, or told otherwise."""
    assert why in found(said, **plan).problem


def test_what_can_not_be_told_is_neither() -> None:
    """No signed word, a key that nobody knows, no trust file."""
    assert "does not hold what was signed" in found(replace(approval(), jws="")).untold
    assert "by a key that the trust file does not have" in found(approval(STRANGER)).untold
    assert "there is no trust file" in checked(PLAN, START, None).untold


def test_a_run_is_whole_only_with_an_approval_that_was_checked() -> None:
    """Whoever ran it may write a name, and can't sign for it."""

    def code(said: Approval) -> int:
        journal = closed_run(approved=said)
        return verify(evidence(journal.raw, journal.told)).exit_code

    assert code(approval()) == ExitCode.GOOD
    assert code(Approval("berta", BERTA.kid, START - timedelta(hours=1))) == ExitCode.NOT_MEASURED
    assert code(replace(approval(), person="anna")) == ExitCode.FINDING
