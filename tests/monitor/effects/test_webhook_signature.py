"""Webhooks are signed as Standard Webhooks say."""

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.channels.webhook import key_of, signature


def hmac_by_hand(key: bytes, message: bytes) -> bytes:
    """Return HMAC-SHA256 written out as RFC 2104 has it, without the library that the product uses."""
    if len(key) > 64:
        key = hashlib.sha256(key).digest()
    key = key.ljust(64, b"\x00")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in key) + message).digest()
    return hashlib.sha256(bytes(byte ^ 0x5C for byte in key) + inner).digest()


def test_published_vector() -> None:
    """The example in the standard's reference libraries (standard-webhooks/standard-webhooks, libraries/) comes out."""
    key = key_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    made = signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')

    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@given(st.binary(min_size=1, max_size=100), st.text("abc/-_0123", min_size=1), st.integers(0, 2**40), st.binary())
def test_agrees_with_hmac_by_hand(key: bytes, message_id: str, timestamp: int, body: bytes) -> None:
    """For any key, id, time and body the signature is the HMAC of the three, joined by full stops."""
    expected = hmac_by_hand(key, message_id.encode() + b"." + str(timestamp).encode() + b"." + body)

    assert signature(key, message_id, timestamp, body) == "v1," + base64.b64encode(expected).decode()


def test_secret_is_base64_after_its_prefix_or_plain_text() -> None:
    """Both forms of a secret are read as what they are."""
    assert key_of("whsec_AAEC") == b"\x00\x01\x02"
    assert key_of("correct horse") == b"correct horse"


@pytest.mark.parametrize("secret", ["whsec_", "whsec_a", "whsec_AA!C", "whsec_hunter2é"])
def test_wrong_base64_is_told_without_the_secret(secret: str) -> None:
    """A secret with the prefix that isn't base64 is a mistake, and its text stays out of the message."""
    with pytest.raises(ValueError, match=r"^expected base64 after whsec_$") as caught:
        key_of(secret)

    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
