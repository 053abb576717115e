"""Each reason is of one outcome: in the reference, on the status page, and wherever the code gives it."""

import ast
from collections.abc import Iterator

from monitor.model.outcome import Outcome, OutcomeKind, Reason
from monitor.rules.explaining import completed
from monitor.web import phrases
from tests.support.clock import START
from tests.support.documents import REFERENCE, ROOT, rows, section


def _documented() -> dict[str, str]:
    table = rows(section((REFERENCE / "probes.md").read_text(), "Outcomes"))
    return {cells[0].strip("`"): cells[1] for cells in table if len(cells) == 3}


def _given() -> Iterator[tuple[str, str, str]]:
    """Yield each reason that stands in our code beside an outcome, with that outcome, and where."""
    for path in sorted((ROOT / "monitor").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Tuple | ast.Call):
                continue
            beside = node.elts if isinstance(node, ast.Tuple) else node.args
            beside = [*beside, *(each.value for each in getattr(node, "keywords", ()))]
            named = [each for each in beside if isinstance(each, ast.Attribute) and isinstance(each.value, ast.Name)]
            kinds = [each.attr for each in named if isinstance(each.value, ast.Name) and each.value.id == "OutcomeKind"]
            reasons = [each.attr for each in named if isinstance(each.value, ast.Name) and each.value.id == "Reason"]
            if len(kinds) == len(reasons) == 1:
                yield Reason[reasons[0]].value, OutcomeKind[kinds[0]].replace("_", " "), f"{path.name}:{node.lineno}"


def test_a_reason_is_given_with_the_outcome_that_the_reference_and_the_page_say() -> None:
    """Good, bad, not measured or skipped: the same three times."""
    documented = _documented()
    given = list(_given())
    assert len({reason for reason, _, _ in given}) >= 15
    wrong = [(reason, kind, where) for reason, kind, where in given if documented[reason] != kind]
    assert wrong == []
    assert {reason: phrases.reason(Reason(reason)).split(":")[0] for reason in documented} == documented


def test_each_list_of_the_page_holds_what_the_reference_says() -> None:
    """Those that say nothing of a platform; all others are bad, or good."""
    documented = _documented()
    assert {reason for reason, kind in documented.items() if kind == "not measured"} == phrases.NOT_MEASURED
    assert {reason for reason, kind in documented.items() if kind == "skipped"} == phrases.SKIPPED


def test_each_reason_is_explained_by_a_rule_of_its_own() -> None:
    """An attempt that tells no rule is never said to have failed "the attempt"."""
    by_reason = {}
    for reason in Reason:
        kind = OutcomeKind.GOOD if reason is Reason.OK else OutcomeKind.BAD
        (check,) = completed((), Outcome(kind, reason, "found", START, 0.1))
        by_reason[reason] = check.rule
    assert [reason for reason, rule in by_reason.items() if rule == by_reason[Reason.OK]] == [Reason.OK]
