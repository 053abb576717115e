import pytest
from hypothesis import given
from hypothesis import strategies as st

from glasswatch.flag.errors import Refusal, Refused
from glasswatch.flag.jws import FLAG_TYP, MAX_BYTES, is_signed, open_, sign
from glasswatch.flag.strict import decode_base64url, encode_base64url
from tests.support.flags import KEY, OTHER_KEY, READY_CLAIMS, header_with, signed, signed_header

GOOD = signed(READY_CLAIMS)


def test_the_header_has_exactly_three_members() -> None:
    """A document's header is alg, kid and typ, without white space."""
    header = decode_base64url(sign(b"{}", KEY, FLAG_TYP).split(".")[0].encode())
    assert header == f'{{"alg":"EdDSA","kid":"{KEY.kid}","typ":"{FLAG_TYP}"}}'.encode()


@given(st.binary(max_size=200))
def test_what_is_signed_is_opened(payload: bytes) -> None:
    """Any payload but nothing comes back, under its key's signature and no other."""
    document = sign(payload or b"x", KEY, FLAG_TYP)
    opened = open_(document, FLAG_TYP)
    assert (opened.kid, opened.payload) == (KEY.kid, payload or b"x")
    assert is_signed(opened, KEY.public)
    assert not is_signed(opened, OTHER_KEY.public)


def test_one_trailing_newline_is_allowed() -> None:
    """A document as editors and `echo` leave it is read, as text and as bytes."""
    assert open_(GOOD + b"\n", FLAG_TYP) == open_(GOOD.decode(), FLAG_TYP)


@pytest.mark.parametrize("length", [1, 63, 65])
def test_a_signature_of_another_length_is_none(length: int) -> None:
    """A signature of other than 64 bytes verifies nothing, and is no error."""
    opened = open_(GOOD.rpartition(b".")[0] + b"." + encode_base64url(b"s" * length).encode(), FLAG_TYP)
    assert not is_signed(opened, KEY.public)


def test_a_public_key_of_another_length_verifies_nothing() -> None:
    """A public key that is none is no error here."""
    assert not is_signed(open_(GOOD, FLAG_TYP), b"short")


BIGGEST = next(
    document
    for size in range(MAX_BYTES // 2, MAX_BYTES)
    if len(document := signed_header(header_with({}), b" " * size)) >= MAX_BYTES - 1
)

REFUSED = {
    "over 16 KiB": (GOOD + b"A" * (MAX_BYTES + 1 - len(GOOD)), Refusal.TOO_LARGE),
    "nothing": (b"", Refusal.PARTS),
    "a newline": (b"\n", Refusal.PARTS),
    "two parts": (GOOD.rpartition(b".")[0], Refusal.PARTS),
    "four parts": (GOOD + b".AAAA", Refusal.PARTS),
    "five parts, as JWE has": (b"YQ.YQ.YQ.YQ.YQ", Refusal.PARTS),
    "an empty signature": (GOOD.rpartition(b".")[0] + b".", Refusal.PARTS),
    "an empty payload": (b".".join([GOOD.split(b".")[0], b"", GOOD.split(b".")[2]]), Refusal.PARTS),
    "a JSON serialization": (b'{"payload":"e30"}', Refusal.PARTS),
    "two newlines": (GOOD + b"\n\n", Refusal.ENCODING),
    "a carriage return": (GOOD + b"\r\n", Refusal.ENCODING),
    "a space before": (b" " + GOOD, Refusal.ENCODING),
    "a newline inside": (GOOD[:20] + b"\n" + GOOD[20:], Refusal.ENCODING),
    "padding": (GOOD + b"==", Refusal.ENCODING),
    "a byte order mark": (b"\xef\xbb\xbf" + GOOD, Refusal.ENCODING),
    "text beyond ASCII": (GOOD.decode() + "é", Refusal.ENCODING),
    "no JSON header": (signed_header(b"nonsense"), Refusal.HEADER),
    "a list as header": (signed_header(b"[]"), Refusal.HEADER),
    "a header with crit": (signed_header(header_with({"crit": ["exp"]})), Refusal.HEADER),
    "a header with its own key": (signed_header(header_with({"jwk": {"kty": "OKP"}})), Refusal.HEADER),
    "a header with jku": (signed_header(header_with({"jku": "https://evil.example"})), Refusal.HEADER),
    "a header with b64": (signed_header(header_with({"b64": False})), Refusal.HEADER),
    "a header with zip": (signed_header(header_with({"zip": "DEF"})), Refusal.HEADER),
    "a header without kid": (signed_header(header_with({"kid": ...})), Refusal.HEADER),
    "a header without typ": (signed_header(header_with({"typ": ...})), Refusal.HEADER),
    "a header without alg": (signed_header(header_with({"alg": ...})), Refusal.HEADER),
    "a number as kid": (signed_header(header_with({"kid": 1})), Refusal.HEADER),
    "an alg twice": (
        signed_header(b'{"alg":"EdDSA","alg":"EdDSA","kid":"k","typ":"break-glass-flag+jwt"}'),
        Refusal.DUPLICATE_KEY,
    ),
    "alg none": (signed_header(header_with({"alg": "none"})), Refusal.ALGORITHM),
    "alg HS256": (signed_header(header_with({"alg": "HS256"})), Refusal.ALGORITHM),
    "alg in another case": (signed_header(header_with({"alg": "eddsa"})), Refusal.ALGORITHM),
    "another typ": (signed_header(header_with({"typ": "JWT"})), Refusal.TYPE),
    "an order's typ": (signed_header(header_with({"typ": "break-glass-order+jwt"})), Refusal.TYPE),
}


@pytest.mark.parametrize(("document", "code"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_a_compact_jws_of_ours_is_refused(document: bytes | str, code: Refusal) -> None:
    """Each way of not being a flag in form has its code, before any key is asked."""
    with pytest.raises(Refused) as caught:
        open_(document, FLAG_TYP)
    assert caught.value.code is code


def test_a_document_of_exactly_16_kib_is_read() -> None:
    """The bound is the bound, newline included: at 16 KiB a document is taken apart, one byte more is refused."""
    full = BIGGEST + b"\n" * (MAX_BYTES - len(BIGGEST))
    assert len(full) == MAX_BYTES
    assert open_(full, FLAG_TYP).kid == KEY.kid
    with pytest.raises(Refused) as caught:
        open_(BIGGEST + b"\n" * (MAX_BYTES + 1 - len(BIGGEST)), FLAG_TYP)
    assert caught.value.code is Refusal.TOO_LARGE
