"""What a step sends, from the text in the settings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.rules.sending import bytes_of, flaw, names_in


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        (r"QUIT\r\n", b"QUIT\r\n"),
        ("QUIT\r\n", b"QUIT\r\n"),
        (r"\0\x00\xfF\t\\r", b"\0\0\xff\t\\r"),
        ("é $5 $", "é $5 $".encode()),
        ("${a}${b}", b"1${a}\\n"),
        (r"\x24{a}", b"${a}"),
    ],
)
def test_what_is_written_is_sent(text: str, sent: bytes) -> None:
    """Escapes are bytes, secrets are put in once, and all else is itself."""
    assert flaw(text) is None
    assert bytes_of(text, {"a": "1", "b": r"${a}\n"}) == sent


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("\\", "a backslash begins none"),
        (r"\q", "a backslash begins none"),
        (r"\x1", "two hexadecimal digits"),
        (r"\xgg", "two hexadecimal digits"),
        ("${", "no name"),
        ("${A}", "no name"),
        ("${a", "no name"),
        ("${}", "no name"),
        (r"a\${a}", "a backslash begins none"),
    ],
)
def test_what_stands_for_nothing_is_a_mistake(text: str, words: str) -> None:
    """It is found in the settings, not sent, and said to be what it is."""
    assert words in (flaw(text) or "")


def test_names_the_secrets_it_needs() -> None:
    """Each once, and none that an escape hides."""
    assert names_in(r"${a} ${b_1} ${a} \x24{c}") == {"a", "b_1"}


@given(st.binary())
def test_any_bytes_can_be_written(data: bytes) -> None:
    """By their escapes, all of them."""
    text = "".join(f"\\x{byte:02x}" for byte in data)
    assert flaw(text) is None
    assert bytes_of(text, {}) == data
