"""What `trust check` finds in a trust file whose form is right."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from glasswatch.flag.trust import KeyRole, Trust, TrustKey
from glasswatch.flag.trust_findings import Standing, findings, standing
from tests.support.flags import AT, KEY, NOW, OTHER_KEY, key_number, trust_key

ANNA_KEY, BEN_KEY = key_number(11), key_number(12)
DAY = 86_400
FLAG = trust_key()
ANNA = TrustKey(ANNA_KEY.kid, ANNA_KEY.public, KeyRole.ORDER, "prod", "anna")
BEN = TrustKey(BEN_KEY.kid, BEN_KEY.public, KeyRole.ORDER, "prod", "ben")
HEIR = TrustKey(OTHER_KEY.kid, OTHER_KEY.public, KeyRole.FLAG, FLAG.iss)


def _found(*keys: TrustKey, persons: int = 2) -> list[tuple[str | None, str]]:
    trust = Trust(1, {key.kid: key for key in keys}, persons)
    return [(finding.kid, finding.what) for finding in findings(trust, NOW)]


def test_a_good_file_has_no_finding() -> None:
    """A flag key and order keys of two persons, each with a name, are all it takes."""
    assert _found(FLAG, ANNA, BEN) == []


def test_what_is_over_is_no_finding_by_itself() -> None:
    """Keys that are revoked or ended stand there for the record, whatever they lack."""
    old = replace(FLAG, kid="old", iss=None, exp=AT - 1)
    stolen = replace(ANNA, kid="stolen", person=None, is_revoked=True)
    assert _found(FLAG, ANNA, BEN, old, stolen) == []


_TOO_FEW = "a ready order needs 2 persons, and the order keys that count now are of {}: add keys of other persons"
_TOO_FEW_FOR = (
    "a ready order for 'prod' needs 2 persons, and the order keys that count for 'prod' now are of {}: add keys of "
    "other persons"
)
_NEEDS = (FLAG, ANNA, BEN)
FOUND: dict[str, tuple[list[TrustKey], list[tuple[str | None, str]]]] = {
    "no flag key": ([ANNA, BEN], [(None, "no flag key is valid now, so readers refuse every flag: add one")]),
    "no order key": ([FLAG], [(None, _TOO_FEW.format(0))]),
    "one person": ([FLAG, ANNA], [(None, _TOO_FEW.format(1))]),
    "one person in two spellings": ([FLAG, ANNA, replace(BEN, person=" ANNA ")], [(None, _TOO_FEW.format(1))]),
    "a second person later": ([FLAG, ANNA, replace(BEN, nbf=AT + 1)], [(None, _TOO_FEW.format(1))]),
    "an issuer missing": (
        [replace(FLAG, iss=None), ANNA, BEN],
        [(FLAG.kid, "a flag key without iss speaks for vantage main of whatever deployment is asked for")],
    ),
    "an order's issuer missing": (
        [FLAG, replace(ANNA, iss=None), BEN],
        [(ANNA.kid, "an order key without iss counts for whatever deployment is asked for")],
    ),
    "a person missing": (
        [FLAG, ANNA, BEN, replace(ANNA, kid="p", person=None)],
        [("p", "an order key without person never counts: say whose it is")],
    ),
    "a vantage as an order's issuer": (
        [FLAG, ANNA, replace(BEN, iss="prod/main")],
        [
            (None, _TOO_FEW.format(1)),
            (BEN.kid, "an order key's iss is the deployment alone, so with 'prod/main' it never counts"),
        ],
    ),
    "order keys of another deployment": (
        [FLAG, replace(ANNA, iss="staging"), replace(BEN, iss="staging")],
        [(None, _TOO_FEW_FOR.format(0))],
    ),
    "one person of each deployment": (
        [FLAG, ANNA, replace(BEN, iss="staging")],
        [(None, _TOO_FEW_FOR.format(1))],
    ),
    "two deployments, and order keys of one": (
        [*_NEEDS, replace(HEIR, iss="staging/main")],
        [(None, _TOO_FEW_FOR.format(0).replace("'prod'", "'staging'"))],
    ),
    "order keys alone, of one person": (
        [ANNA],
        [(None, "no flag key is valid now, so readers refuse every flag: add one"), (None, _TOO_FEW.format(1))],
    ),
    "a demo's key": (
        [*_NEEDS, replace(HEIR, is_demo=True)],
        [(HEIR.kid, "a demo made it, and it counts for nothing else: this may be a demo's trust file")],
    ),
    "a key never valid": (
        [*_NEEDS, replace(HEIR, iss="prod/b", nbf=AT + 90 * DAY, exp=AT + 90 * DAY)],
        [(HEIR.kid, "it ends before it begins, so it is never valid")],
    ),
    "a key that ends soon": (
        [replace(FLAG, exp=AT + 30 * DAY), ANNA, BEN],
        [
            (
                FLAG.kid,
                (
                    "it ends at 2026-03-31T03:00:00Z, and no other of its kind is valid then: make one, and hand it to "
                    "all readers"
                ),
            )
        ],
    ),
    "a gap between two flag keys": (
        [replace(FLAG, exp=AT + 90 * DAY), replace(HEIR, nbf=AT + 91 * DAY), ANNA, BEN],
        [
            (
                FLAG.kid,
                (
                    "it ends at 2026-05-30T03:00:00Z, and the next of its kind begins at 2026-05-31T03:00:00Z: in "
                    "between there is none"
                ),
            )
        ],
    ),
}


@pytest.mark.parametrize(("keys", "found"), FOUND.values(), ids=FOUND)
def test_each_fault_is_found(keys: list[TrustKey], found: list[tuple[str | None, str]]) -> None:
    """One line each, with the key it is about."""
    assert _found(*keys) == found


QUIET: dict[str, list[TrustKey]] = {
    "an end beyond the 30 days": [replace(FLAG, exp=AT + 30 * DAY + 1), ANNA, BEN],
    "an end with an heir": [replace(FLAG, exp=AT + DAY), HEIR, ANNA, BEN],
    "an heir from the end on": [replace(FLAG, exp=AT + DAY), replace(HEIR, nbf=AT + DAY), ANNA, BEN],
    "a file for two deployments": [
        *(FLAG, ANNA, BEN, replace(HEIR, iss="staging/main")),
        *(replace(key, kid=f"{key.kid}-2", iss="staging") for key in (ANNA, BEN)),
    ],
    "an order key with an heir of the same person": [
        FLAG,
        replace(ANNA, exp=AT + DAY),
        replace(ANNA, kid="new", person="Anna"),
        BEN,
    ],
}


@pytest.mark.parametrize("keys", QUIET.values(), ids=QUIET)
def test_what_is_cared_for_is_no_finding(keys: list[TrustKey]) -> None:
    """An orderly rotation, or an end far away, is not told."""
    assert _found(*keys) == []


def test_the_number_of_persons_is_the_files() -> None:
    """A file that asks for three persons needs order keys of three."""
    assert [what for _, what in _found(FLAG, ANNA, BEN, persons=3)] == [
        "a ready order needs 3 persons, and the order keys that count now are of 2: add keys of other persons"
    ]


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(-61, Standing.NOT_YET), (-60, Standing.VALID), (59, Standing.VALID), (60, Standing.ENDED)],
)
def test_standing_is_half_open(seconds: int, expected: Standing) -> None:
    """A key is believed from its nbf on, until before its exp."""
    key = replace(FLAG, nbf=AT - 60, exp=AT + 60)
    assert standing(key, datetime.fromtimestamp(AT + seconds, UTC)) is expected
    assert standing(replace(key, is_revoked=True), NOW + timedelta(seconds=seconds)) is Standing.REVOKED


@pytest.mark.parametrize(
    "other", ["ANNA", " anna", "anna\u2003", "".join(chr(ord(letter) + 0xFEE0) for letter in "anna"), "Anna  "]
)
def test_one_person_has_one_name(other: str) -> None:
    """Case, spaces and compatible characters make no second person."""
    assert replace(ANNA, person=other).holder == ANNA.holder == "anna"


def test_nobody_is_nobody() -> None:
    """Without a person, or with nothing but spaces, a key is nobody's."""
    assert replace(ANNA, person=None).holder is None
    assert replace(ANNA, person=" ").holder is None
    assert KEY.kid != OTHER_KEY.kid
