"""What is wrong with a chain, in words."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from platforms.transport.flaws import Flaw, moment, named, told

AT = datetime(2026, 11, 28, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("flaws", "code", "said"),
    [
        ([], None, ()),
        ([], 10, ()),
        ([], 62, ("the server's own certificate is not for 'x'",)),
        ([], 64, ("the server's own certificate is not for 'x'",)),
        ([Flaw(1, 10, None, AT)], 10, ("certificate 2 of the chain has expired, on 2026-11-28T12:00:00Z",)),
        ([Flaw(0, 9, AT)], 9, ("the server's own certificate is not valid before 2026-11-28T12:00:00Z",)),
        ([Flaw(0, 10)], 10, ("the server's own certificate is not accepted, by code 10 of OpenSSL",)),
        ([Flaw(0, 999)], 999, ("the server's own certificate is not accepted, by code 999 of OpenSSL",)),
        (
            [Flaw(0, 20), Flaw(0, 21), Flaw(0, 27)],
            20,
            ("the server's own certificate was issued by an authority that is not known here",),
        ),
        ([Flaw(0, 21)], 21, ("the server's own certificate was issued by an authority that is not known here",)),
        (
            [Flaw(2, 26), Flaw(0, 26), Flaw(0, 26)],
            62,
            (
                "the server's own certificate is not for 'x'",
                "the server's own certificate is not meant for servers",
                "certificate 3 of the chain is not meant for servers",
            ),
        ),
    ],
)
def test_each_flaw_has_its_words(flaws: list[Flaw], code: int | None, said: tuple[str, ...]) -> None:
    """By place, once, and without what merely follows."""
    assert told(flaws, code, "x") == said


def test_no_more_than_a_person_reads() -> None:
    """Three things are enough."""
    assert len(told([Flaw(depth, 26) for depth in range(9)], 26, "x")) == 3


def test_moments_are_in_utc() -> None:
    """To the second."""
    assert moment(AT.astimezone(timezone(timedelta(hours=2)))) == "2026-11-28T12:00:00Z"
    assert named(0) == "the server's own certificate"
