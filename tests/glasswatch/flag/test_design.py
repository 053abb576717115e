"""Design 3.4, rule by rule: a document that breaks only this one, and the reader without the rule, which lets it in.

Each entry quotes the rule. Its cases are refused with the code; with the line that holds the rule taken away or turned
round, the same cases are answered with ready. So no line of these can be lost without a test that tells.
"""

import pytest

from glasswatch.flag import floor, reader
from glasswatch.flag.errors import Refusal
from tests.support.design import DEMO, HEADER_RULE, MISSING, NUMBERS, SEVERAL, STATE, TRUSTED, Rule
from tests.support.design_claims import CLAIMS
from tests.support.design_form import FORM
from tests.support.mutants import answer

RULES = (*FORM, *CLAIMS)


# What section 3.4 says of a reader, in its order.
DESIGN = (
    "header typ `break-glass-flag+jwt`",
    "canonical JSON",
    "an end within `manual_max`",
    TRUSTED,
    "revoked: `false`, `true`, or since when; for no time at all",
    "[--min-agreeing N]",
    SEVERAL,
    "over 16 KiB",
    "not three strict base64url parts",
    HEADER_RULE,
    "duplicate JSON keys",
    "another algorithm",
    "another algorithm or key type",
    "bad signature",
    "key unknown",
    "revoked",
    "out of its dates",
    "out of its role",
    DEMO,
    "`iss` not exactly the expected string",
    "`sub` not exactly the expected string",
    "`aud` not exactly the expected string",
    "`v` not 1",
    MISSING,
    "`iat` later than now + 60 s",
    "`exp` not after now",
    "`exp - iat` over the cap",
    "`ver` more than 60 s ahead of `iat`",
    "`ver` lower than the floor",
    "same `ver`, other bytes (equivocation: this document only)",
    STATE,
    "own clock more than 60 s behind the highest accepted `iat`",
    "an exercise unless `--exercise-principal` names one of its principals",
    "and then a real ready is refused too (standby stays exit 1)",
    "One trailing newline is allowed",
    NUMBERS,
    "Unknown claims are ignored",
)
_OF_TABLES = {  # the codes that reader.RULES, reader.ANSWERING and floor.RULES refuse with
    Refusal.KEY_DEMO,
    Refusal.ISSUER,
    Refusal.PLATFORM,
    Refusal.AUDIENCE,
    Refusal.ISSUED_LATER,
    Refusal.VER_AHEAD,
    Refusal.LIFETIME,
    Refusal.STATE,
    Refusal.EXPIRED,
    Refusal.TOO_FEW_AGREEING,
    Refusal.EXERCISE,
    Refusal.VER_BELOW_FLOOR,
    Refusal.EQUIVOCATION,
    Refusal.CLOCK_BEHIND,
}
_OF_FILES = {Refusal.UNREADABLE, Refusal.TRUST}
_OF_ORDERS = {Refusal.KEY_PERSON, Refusal.TOO_FEW_PERSONS, Refusal.NO_ORDER}
_IDS = [f"{number}-{rule.code}" for number, rule in enumerate(RULES)]


def test_every_rule_of_the_design_has_its_case() -> None:
    """Nothing in the list goes without a case, and no case stands for nothing in it; every code is reached."""
    assert {rule.quoted for rule in RULES} == set(DESIGN)
    assert {rule.code for rule in RULES if isinstance(rule.code, Refusal)} == set(Refusal) - _OF_FILES - _OF_ORDERS
    assert all(rule.cases for rule in RULES)


@pytest.mark.parametrize("rule", RULES, ids=_IDS)
def test_the_reader_keeps_the_rule(rule: Rule) -> None:
    """Every case has the answer that the rule asks for."""
    assert [answer(case) for case in rule.cases] == [rule.code] * len(rule.cases)


@pytest.mark.parametrize("rule", RULES, ids=_IDS)
def test_the_line_that_holds_the_rule_is_needed(rule: Rule) -> None:
    """Without it, and with everything else as it is, each case has another answer: the one that must not be given."""
    assert [answer(case, rule.held_by) for case in rule.cases] == [rule.then] * len(rule.cases)


def test_no_rule_in_a_table_is_forgotten() -> None:
    """Each rule in the tables of reader and floor refuses one of the cases: its code is among theirs."""
    assert len((*reader.RULES, *reader.ANSWERING, *floor.RULES)) == len(_OF_TABLES)
    assert {rule.code for rule in RULES} >= _OF_TABLES
