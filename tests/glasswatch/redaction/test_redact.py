"""No secret is in text that is shown, however it is written."""

import base64
import json
import re
import shlex
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from glasswatch.redaction.redact import HIDDEN, WITHHELD, Redactor, is_telling, parts_of, telling_values
from tests.support.explaining import core, in_lines, notations

SECRET = 'Sw0rd/f+ish é"&<x>'
SECRETS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zs", "Zl", "Zp"]), min_size=8, max_size=40)
AROUND = st.text(st.sampled_from("abc xyz=:;,\"'{}<>&%\\\n"), max_size=20)


@pytest.mark.parametrize("notation", notations(SECRET))
def test_a_secret_is_found_in_every_notation(notation: str) -> None:
    """In the middle of other text, which stays."""
    written = notations(SECRET)[notation]
    shown = Redactor([SECRET]).text(f"before {written} after", 1000)
    assert core(notation, written) not in shown
    assert HIDDEN in shown
    assert shown.startswith("before ")
    assert shown.endswith(" after")


@pytest.mark.parametrize(
    ("secret", "written"),
    [("0000000\N{MICRO SIGN}", "0000000\N{GREEK CAPITAL LETTER MU}"), ("straße-12", "STRASSE-12")],
)
def test_a_change_of_case_hides_nothing_beyond_ascii_either(secret: str, written: str) -> None:
    """Also where upper case is another alphabet's letter, or two of them."""
    assert Redactor([secret]).text(f"said {written}", 100) == f"said {HIDDEN}"


@given(SECRETS, AROUND, AROUND, st.sampled_from(sorted(notations("x"))), st.integers(0, 200))
def test_no_secret_passes_whatever_it_is(secret: str, before: str, after: str, notation: str, most: int) -> None:
    """Any secret, any notation, anything around it, cut anywhere."""
    assume(secret.upper().casefold() == secret.casefold())  # else it is another word
    assume(secret not in f"{before}{HIDDEN}{after}")
    written = notations(secret)[notation]
    hidden = core(notation, written)
    assume(len(hidden) >= 4 and hidden not in f"{before}{HIDDEN}{after}")
    shown = Redactor([secret]).text(before + written + after, most)
    assert hidden not in shown
    assert secret not in shown


BREAKS: dict[str, Callable[[str], str]] = {
    "as they are": lambda text: text,
    "in JSON": lambda text: json.dumps(text)[1:-1],
    "percent-encoded": lambda text: quote(text, safe=""),
}


@pytest.mark.parametrize("written", BREAKS)
@given(SECRETS, st.integers(4, 76), st.sampled_from(["\n", "\r\n", "\n  "]), st.sampled_from(["base64", "hex"]))
def test_no_line_of_a_secret_in_lines_is_shown(written: str, secret: str, width: int, between: str, how: str) -> None:
    """Base64 that a tool wraps, a dump in hexadecimal: however long its lines, but for what is no secret's alone."""
    raw = secret.encode()
    text = base64.b64encode(raw).decode() if how == "base64" else raw.hex()
    lines = BREAKS[written](in_lines(text, width, between))
    shown = Redactor([secret]).text(f"x: {lines} :y", 10_000)
    assert shown.startswith(f"x: {HIDDEN}")
    left = re.sub(r"\\[rn]|%0[AD]|%20|%3D|[=\s]", "", shown.replace(HIDDEN, "")[3:-3])
    assert len(left) <= 3


@pytest.mark.parametrize("secret", ['it\'s "so" $x', "'\"'\"", "a'b\\c\"d\n"])
@pytest.mark.parametrize("quoted", [shlex.quote, repr, lambda text: "'" + text.replace("'", "'\\''") + "'"])
def test_quote_marks_of_a_secret_hide_it_from_nobody(quoted: Callable[[str], str], secret: str) -> None:
    """A secret with both quote marks, as a shell or Python writes it."""
    shown = Redactor([secret]).text(f"failed: {quoted(secret)}, 1", 100)
    assert shown in {f"failed: {HIDDEN}, 1", f"failed: '{HIDDEN}', 1"}


@given(SECRETS, st.integers(0, 60))
def test_no_cut_shows_half_a_secret(secret: str, most: int) -> None:
    """Where the text shown ends within a secret, nothing of it is shown."""
    shown = Redactor([secret]).text(f"{'=' * 30}{secret}", most)
    assert shown.rstrip("…").removesuffix(HIDDEN).strip("=") == ""


@given(SECRETS, st.integers(1, 40))
def test_text_that_was_cut_before_shows_no_half_either(secret: str, kept: int) -> None:
    """What came may end within a secret: so much of the end is left out as one could take."""
    arrived = ("=" * 30 + secret)[: 30 + kept]
    shown = Redactor([secret]).text(arrived, 1000, is_cut=True)
    assert shown.rstrip("…").removesuffix(HIDDEN).strip("=") == ""


def test_a_long_secret_is_found_too() -> None:
    """A private key of many lines: as it is, and in the usual notations."""
    key = "-----BEGIN THING-----\n" + "\n".join("Ab+/" * 16 for _ in range(20))
    for notation in ("raw", "base64", "percent-encoded", "inside base64"):
        written = notations(key)[notation]
        assert core(notation, written)[:60] not in Redactor([key]).text(f"x {written} y", 100_000), notation


def test_each_word_of_a_secret_is_one() -> None:
    """A header's value holds a scheme and a token; the token alone is given back. The scheme is no secret."""
    shown = Redactor(["Bearer tok-12345678"]).text("scheme Bearer, got tok-12345678", 100)
    assert shown == f"scheme Bearer, got {HIDDEN}"


def test_a_secret_that_is_too_short_leaves_nothing_to_show() -> None:
    """It can't be told from other text: better nothing than all but it."""
    assert Redactor(["abc"]).text("anything", 100) == WITHHELD
    assert Redactor(["abc"]).text("", 100) == ""


@pytest.mark.parametrize(
    "text",
    [
        '{"access_token": "s3cretvalue", "x": 1}',
        '{"a":{"password":"s3cretvalue',
        "https://x.example/cb?state=1&code=s3cretvalue#x",
        "a=1&client_secret=s3cretvalue&b=2",
        "Authorization: Bearer s3cretvalue",
        "x eyJhbGciOiJIUzI1NiJ9.s3cretvalue.sig y",
        "-----BEGIN RSA PRIVATE KEY-----\ns3cretvalue\n-----END RSA PRIVATE KEY-----",
        '{"refresh_token": "with \\" a quote s3cretvalue"}',
    ],
)
def test_what_looks_like_a_credential_is_hidden(text: str) -> None:
    """Whoever's it is: nobody told us of it."""
    shown = Redactor().text(text, 1000)
    assert "s3cretvalue" not in shown
    assert HIDDEN in shown


def test_a_letter_in_two_halves_is_one() -> None:
    """Also where only one of them can be read at first: JSON's escapes behind a backslash."""
    shown = Redactor(["\U00010000-0000000"]).text(r"\\ud800\udc00-0000000", 100)
    assert shown == HIDDEN
    assert Redactor(["N000000¡"]).text(r"\N000000\u00a1", 100) == rf"\{HIDDEN}"  # no escape of anybody's


def test_what_stands_before_a_secret_hides_none_of_it() -> None:
    """A percent sign makes an escape of its first letters, which it is not in JSON."""
    assert HIDDEN in Redactor(["0000000/"]).text(r"at 99%0000000\/", 100)
    assert "000" not in Redactor(["0000000/"]).text(r"at 99%0000000\/", 100)


@pytest.mark.parametrize(
    ("secret", "written", "shown"),
    [
        ("k@~00000", "%a0B%2BMDAwMDA%3D", "%[hidden]A%3D"),  # its base64 within an address
        ("k@~00000", "%%a0B%2BMDAwMDA%3D", "%%[hidden]A%3D"),
        ("k@~00000", "%a0B%252BMDAwMDA", "%[hidden]A"),
        ("u0041\N{LATIN SMALL LETTER E WITH ACUTE}xyz", r"\u0041\u00e9xyz", r"\[hidden]"),
        ("n+é 12345", r"\n+\u00e9 12345", r"\[hidden]"),
        ("#65;é-x", "&#65;&#233;-x", "&[hidden]"),
    ],
)
def test_a_sign_before_a_secret_hides_no_part_of_it_from_us(secret: str, written: str, shown: str) -> None:
    """Of the same notation as the secret's own: with it, the secret's first letters read as an escape."""
    assert Redactor([secret]).text(written, 100) == shown


def test_other_text_stays_as_it_is() -> None:
    """Up to the bound; and it says that there was more."""
    text = '{"status": "ok", "checks": [1, 2], "key": "value", "token_count": 3}'
    assert Redactor(["Sw0rdfish"]).text(text, 1000) == text
    assert Redactor(["Sw0rdfish"]).text("abcdef", 3) == "abc…"


@given(st.text(st.sampled_from('token":=&? \\eyJ.-BEGINPRIVATKY'), max_size=400))
def test_nothing_is_slow_or_lost(text: str) -> None:
    """Any text is cleared, and what is not hidden is there."""
    shown = Redactor(["Sw0rdfish"]).text(text, 10_000)
    assert all(part in text for part in shown.split(HIDDEN))


@pytest.mark.parametrize("name", ["Authorization", "set-cookie", "X-Api-Key", "X-Auth-Token", "sid", "X-CSRF"])
def test_a_name_tells(name: str) -> None:
    """Of headers, members and parameters that hold credentials."""
    assert is_telling(name)


@pytest.mark.parametrize("name", ["Content-Type", "Location", "X-Key-Count", "status", "X-Author"])
def test_other_names_tell_nothing(name: str) -> None:
    """Their values are shown."""
    assert not is_telling(name)


def test_what_is_secret_in_a_header_that_was_sent() -> None:
    """The token without its scheme, a cookie's value without its name."""
    assert parts_of("Bearer tok-12345678") == {"tok-12345678"}
    assert {"abcdefgh", "12345678"} <= parts_of("sid=abcdefgh; other=12345678")
    assert set(telling_values("grant=x&client_secret=abcdefgh&y=2")) == {"abcdefgh"}


@pytest.mark.parametrize("second", ["percent-encoded", "a form's field", "JSON", "HTML", "HTML by number"])
@pytest.mark.parametrize("first", ["raw", "percent-encoded", "a form's field", "JSON", "HTML", "base64"])
def test_a_secret_that_was_written_twice_over_is_found(first: str, second: str) -> None:
    """Percent-encoded JSON, base64 in a form's field."""
    written = notations(notations(SECRET)[first])[second]
    shown = Redactor([SECRET]).text(f"x {written} y", 5000)
    assert written not in shown
    assert HIDDEN in shown


def test_bytes_that_are_not_utf_8_hide_nothing_around_them() -> None:
    """Nor do they hide a secret among them."""
    shown = Redactor(["Sw0rdfish"]).text("%FF%53w0rdfish %FF%61 \\ud83d &#99999999; end", 1000)
    assert shown == f"%FF{HIDDEN} %FF%61 \\ud83d &#99999999; end"
    shown = Redactor(["0000000¡é"]).text("%aa%30%30%30%30%30%30%30%C2%A1%C3%A9%aa", 1000)
    assert shown == f"%aa{HIDDEN}%aa"


@pytest.mark.parametrize("notation", notations(SECRET))
def test_a_text_that_must_stay_as_it_is_can_be_asked(notation: str) -> None:
    """Whether a secret stands in it; what only looks like a credential is none."""
    assert Redactor([SECRET]).holds(f"a {notations(SECRET)[notation]} b")
    assert not Redactor([SECRET]).holds("token=eyJhbGciOiJFZERTQSJ9.e30.c2ln")
    assert not Redactor().holds("anything")


def test_a_place_for_a_value_is_no_value() -> None:
    """How a drill's step is taken back by hand stands in pages: hidden, nobody could do it. What is given is hidden."""
    named = "by hand: DELETE https://gateway.example.com/sessions?for=${run}; then call"
    assert Redactor().text(named, 200) == named
    assert Redactor().text("at /sessions?for=${run}", 200) == "at /sessions?for=${run}"
    assert Redactor().text("at /sessions?for=${run}abcdef", 200) == f"at /sessions?for={HIDDEN}"
    assert Redactor().text("at /sessions?for=abc-123", 200) == f"at /sessions?for={HIDDEN}"
