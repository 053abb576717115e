"""What ssh's log says of a login. The log of a real ssh is tried with the action."""

import pytest

from drills.rules.login import Door, taken

_OFFER = "debug1: Offering public key: /k ED25519 SHA256:x explicit\n"
_CERT = "debug1: Offering public key: /k ED25519-CERT SHA256:x explicit\n"
_NO = "debug1: Authentications that can continue: publickey\n"
_TAKES = "debug1: Server accepts key: /k ED25519 SHA256:x explicit\n"
_PARTLY = 'Authenticated using "publickey" with partial success.\n'
_DENIED = "a@h: Permission denied (publickey).\n"


@pytest.mark.parametrize(
    ("log", "door"),
    [
        ('Authenticated to h ([127.0.0.1]:22) using "publickey".\n', Door.IN),
        (_NO + _OFFER + _NO + _DENIED, Door.REFUSED),
        (_NO + _OFFER + _TAKES + _NO + _DENIED, Door.REFUSED),
        (_NO + _OFFER + _TAKES + _DENIED, Door.UNKNOWN),
        (_NO + _OFFER + _TAKES + _PARTLY + _NO + _DENIED, Door.UNKNOWN),
        (_NO + _DENIED, Door.UNKNOWN),
        (_OFFER + _NO, Door.UNKNOWN),
        ("debug1: Remote: a@h: Permission denied (publickey).\n" + _OFFER + _NO, Door.UNKNOWN),
        ("Host key verification failed.\r\n", Door.UNKNOWN),
        ("ssh: connect to host h port 22: Connection timed out\n", Door.UNKNOWN),
        ("", Door.UNKNOWN),
    ],
)
def test_only_sshds_no_to_the_key_is_a_refusal(log: str, door: Door) -> None:
    """Once sshd has taken a key, it is for us to sign."""
    assert taken(log, by_certificate=False).door is door


@pytest.mark.parametrize(
    ("log", "door"),
    [
        (_CERT + _NO + _OFFER + _NO + _DENIED, Door.REFUSED),
        (_CERT + _TAKES + _OFFER + _NO + _DENIED, Door.UNKNOWN),
        (_OFFER + _NO + _DENIED, Door.UNKNOWN),
    ],
)
def test_a_certificate_must_have_been_refused_itself(log: str, door: Door) -> None:
    """The bare key that is offered after it says nothing of it."""
    assert taken(log, by_certificate=True).door is door


def test_another_host_is_said_aloud() -> None:
    """Whatever else stands in the log."""
    log = "@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\nHost key verification failed.\n"
    assert taken(log, by_certificate=False).why.startswith("HOST KEY MISMATCH")
